/* Choosing a server: snapshot, policy, number and line, all under the servers' one lock. */
#ifndef BOX_OFFICE_CHOOSE_H
#define BOX_OFFICE_CHOOSE_H

#include <stddef.h>
#include <stdint.h>

#include "balancer/pool/servers.h"

enum chosen {
    CHOSEN,
    CHOSEN_NO_ROOM,   /* servers are up, but each has as much pending as it may; or one joins */
    CHOSEN_NO_SERVER, /* none is up, or about to be */
};

struct purchase_choice {
    const char *request; /* UUID text */
    const char *client;
    const char *event;
    int quantity;
    size_t room; /* the most purchases a flight with this one may carry: 1 to FLIGHT_ITEMS_MAX */
    bool retry;  /* it was given to a server before, without an outcome */
};

/* Chooses the server for a purchase by fewest-sold, counts it as pending there, and lets it join the
 * flight loading[*index], or a new one where that has no room for it. Any thread. */
enum chosen choose_for_purchase(struct servers *servers, const struct purchase_choice *choice,
                                struct loading *loading, size_t *index);

/* Chooses the server for a read by round-robin. Any thread. */
enum chosen choose_for_read(struct servers *servers, const char *request, const char *client,
                            size_t *index);

#endif
