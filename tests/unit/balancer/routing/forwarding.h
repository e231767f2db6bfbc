/* Two pools for tests of choices: two ticket servers that are up (server-1, server-2), and as many servers
 * of "files" as asked for, up as well, of weight 1 and 2 in turn. Main thread. */
#ifndef BOX_OFFICE_TEST_FORWARDING_H
#define BOX_OFFICE_TEST_FORWARDING_H

#include "balancer/routing/choose.h"
#include "tests/unit/balancer/pool/history.h"

#define FORWARDED "0193b0aa-0000-7abc-8def-0123456789ab"

enum {
    FORWARDING_LIMIT = 4, /* requests under way at one server of "files" */
};

extern struct servers forwarding;

/* The history is taken. Workload reports of "files" leave a line. */
void forwarding_open(size_t files);
void forwarding_close(void);

/* The index of a server. */
size_t forwarding_index(const char *id);

/* Takes a server down; the history is taken. */
void forwarding_fail(const char *id);

/* A request of 127.0.0.1 on route "pictures", without a session. */
struct choice forwarding_choice(const char *pool, enum policy policy);

/* Chooses; SERVER_NONE where nobody is chosen. */
size_t forwarding_to(const struct choice *choice);

/* Chooses, and expects this line behind its request, client and route. */
void forwarding_expect(const struct choice *choice, const char *rest);

/* Ends all requests under way; the history is taken. */
void forwarding_finish(void);

/* The history since it was last taken: the texts of its lines. */
const char *forwarding_text(void);

#endif
