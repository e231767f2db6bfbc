/* Who has sent wrong tokens lately: a client that does so again and again is told to wait.
 *
 * ATTEMPTS_WRONG wrong ones from one address within ATTEMPTS_SECONDS are answered as such; who sends more of them
 * is told to wait until the window has passed since the first. The right token always passes, also then: a
 * machine that guesses cannot lock out who shares its address, and 256 bits are not guessed.
 *
 * Bounded: the ATTEMPTS_CLIENTS addresses that were wrong last. Pure; one thread. */
#ifndef BOX_OFFICE_ATTEMPTS_H
#define BOX_OFFICE_ATTEMPTS_H

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ATTEMPTS_WRONG = 10,
    ATTEMPTS_SECONDS = 10, /* of the window */
    ATTEMPTS_CLIENTS = 256,
};

struct attempts_client {
    char address[INET6_ADDRSTRLEN]; /* "": unused */
    int64_t since;                  /* when its window began */
    int64_t last;                   /* its last wrong one */
    int wrong;
};

/* Zeroed: nobody has been wrong. */
struct attempts {
    struct attempts_client clients[ATTEMPTS_CLIENTS];
};

/* A wrong token has come from this address (numeric, without port). 0 where it is to be told so; else the
 * seconds, 1 or more, for which it is to wait. `now`: clock_monotonic(). */
int attempts_wrong(struct attempts *attempts, const char *address, int64_t now);

#endif
