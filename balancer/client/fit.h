/* Which requests are passed on at all: all but CONNECT and TRACE; to ticket servers only paths that they
 * could have, and no flights, to others no paths that climb (balancer/routing/path.h).
 * What does not fit is refused here, before anybody is asked. The loop's thread only. */
#ifndef BOX_OFFICE_FIT_H
#define BOX_OFFICE_FIT_H

#include <stdbool.h>

#include "balancer/routing/config.h"
#include "common/http.h"

bool fits_route(const struct http_request *request, const struct route *route);

/* Whether it may be sent to two servers: its method is safe, or it brings an Idempotency-Key; to ticket servers with
 * a key only POST /check-ins: what organisers change is not kept under their keys. (PUT and DELETE only say that the
 * last one counts; what another client has done between two of them would be lost.) */
bool fit_is_harmless(const struct http_request *request, const struct route *route);

/* Whether a server is told how long its body is, also where there is none. */
bool fit_has_body(const struct http_request *request);

/* Refuses a request that does not fit its route. */
void refuse_unfit(struct http_request *request, const struct route *route);

#endif
