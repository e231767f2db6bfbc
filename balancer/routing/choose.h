/* Choosing a server: snapshot, policy, number and line, all under the servers' one lock. Any thread. */
#ifndef BOX_OFFICE_CHOOSE_H
#define BOX_OFFICE_CHOOSE_H

#include <stddef.h>
#include <stdint.h>

#include "balancer/pool/servers.h"

enum chosen {
    CHOSEN,
    CHOSEN_NO_ROOM, /* servers are up, but each has as much to do as it may; or one may be up in a moment */
    CHOSEN_NO_SERVER, /* none is up, or about to be */
};

/* What a choice is made for. Texts are not kept. */
struct choice {
    const char *request; /* UUID text */
    const char *client;
    const char *id; /* the client's own Request-Id, or NULL */
    const char *route;
    size_t pool;
    enum policy policy;
    enum affinity affinity;
    const char *session; /* of affinity by cookie or token: hexadecimal digits */
    size_t pinned; /* of affinity by cookie: the server that the session is at, or SERVER_NONE */
    const uint64_t
        *asked;         /* identities of servers that were given this request before, in vain ... */
    size_t asked_count; /* ... which are asked again only if nobody else can be */
};

/* What a purchase adds, or whatever else boards a flight. */
struct purchase_choice {
    enum verb verb;
    const char *event; /* NULL: it is about an order */
    const char *order; /* its id, UUID text; NULL: it is about an event */
    int quantity; /* that will be pending: the tickets asked for; 1 where only the store knows how many */
    size_t room; /* the most purchases a flight with this one may carry: 1 to FLIGHT_ITEMS_MAX */
    bool retry;  /* it was given to a server before, without an outcome */
};

/* Chooses a ticket server for a purchase, counts it as pending there, and lets it join the flight
 * loading[*index], or a new one where that has no room for it. A settlement ends it. */
enum chosen choose_for_purchase(struct servers *servers, const struct choice *choice,
                                const struct purchase_choice *purchase, struct loading *loading,
                                size_t *index);

/* Chooses the server that a request is forwarded to, and counts it as busy until servers_done. */
enum chosen choose_for_request(struct servers *servers, const struct choice *choice, size_t *index);

#endif
