/* What is found out about a request before a server is chosen: its route, who asks, and its session. */
#ifndef BOX_OFFICE_VISIT_H
#define BOX_OFFICE_VISIT_H

#include <stdbool.h>

#include "balancer/client/forwarded.h"
#include "balancer/pool/servers.h"
#include "balancer/routing/choose.h"
#include "balancer/routing/config.h"
#include "balancer/routing/jwt.h"
#include "balancer/routing/session.h"
#include "common/http.h"

/* What requests are looked at with. Fixed at start; all workers share it. Pools and their servers have the
 * same indices in `config` and `servers`. */
struct gate {
    const struct config *config;
    struct servers *servers;
    struct jwt_rules jwt;                        /* where config->has_jwt */
    unsigned char session_key[SESSION_KEY_SIZE]; /* where a route has affinity by cookie or jwt */
    bool asks_token;                             /* a route asks whether there is a token */
};

/* One request's; zeroed at first. It points into the http_request. */
struct visit {
    const struct route *route;
    const char *client;     /* the address; also where proxies that are trusted stand between */
    const char *id;         /* the client's own Request-Id; NULL: none that can be kept */
    enum affinity affinity; /* the route's, where this request can have it */
    struct session session; /* of affinity by cookie */
    size_t pinned;          /* the server that it is at; SERVER_NONE: none */
    char session_text[SESSION_ID_TEXT_SIZE];
    char client_text[FORWARDED_ADDRESS_SIZE];
};

/* Whether the request goes to ticket servers as a purchase, on a flight. Its head has come. */
bool visit_is_purchase(const struct gate *gate, const struct http_request *request);

/* Finds it all out. False where the request was refused: no route, or no token where one is demanded. */
bool visit_begin(const struct gate *gate, struct http_request *request, struct visit *visit);

/* What is to be chosen for. `request`: its id, UUID text. */
struct choice visit_choice(const struct visit *visit, const char *request);

/* After a choice: whether the client's cookie has to change, and the value of the Set-Cookie that does it. */
bool visit_cookie(const struct gate *gate, struct visit *visit, const char *server,
                  char out[SESSION_SET_COOKIE_SIZE]);

#endif
