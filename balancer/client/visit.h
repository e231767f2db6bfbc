/* What is found out about a request before a server is chosen: its route, who asks, and its session. */
#ifndef BOX_OFFICE_VISIT_H
#define BOX_OFFICE_VISIT_H

#include <stdbool.h>

#include "balancer/client/forwarded.h"
#include "balancer/client/gate.h"
#include "balancer/routing/choose.h"
#include "common/http.h"

/* One request's; zeroed at first. It may be copied. */
struct visit {
    const struct route *route;
    enum affinity affinity; /* the route's, where this request can have it */
    struct session session; /* of affinity by cookie */
    size_t pinned;          /* the server that it is at; SERVER_NONE: none */
    char session_text[SESSION_ID_TEXT_SIZE];
    char client[FORWARDED_ADDRESS_SIZE]; /* that a trusted proxy tells; "": who is connected */
};

/* Finds the route of a request whose head has come, and notes it; NULL: none. It is looked for once: a token
 * may have expired by the time the body has come. */
const struct route *visit_route(const struct gate *gate, struct http_request *request);

/* Finds all else out, once the route is noted. False where the request was refused: no route, or no token where one is demanded. */
bool visit_begin(const struct gate *gate, struct http_request *request, struct visit *visit);

/* Whether a request of this route goes to ticket servers on a flight: a purchase, a hold, and what follows of it. */
bool visit_flies(const struct route *route, const struct http_request *request);

/* What is to be chosen for; it points into all three. `id`: the request's, UUID text. */
struct choice visit_choice(const struct visit *visit, const struct http_request *request,
                           const char *id);

/* Before a further choice for the same request: a session that is at no server yet, and that the choice
 * before has put at one, in vain, begins anew. */
void visit_again(struct visit *visit);

/* After a choice: whether the client's cookie has to change, and the value of the Set-Cookie that does it. */
bool visit_cookie(const struct gate *gate, struct visit *visit, const char *server,
                  char out[SESSION_SET_COOKIE_SIZE]);

#endif
