/* Finds the route of a request: the first, in the file's order, whose conditions all hold.
 *
 * On the way of every request: no allocation, no lock; the work is bounded by the configuration and the
 * size of the request's headers. Any thread. */
#ifndef BOX_OFFICE_ROUTES_H
#define BOX_OFFICE_ROUTES_H

#include <stdbool.h>

#include "balancer/routing/config.h"

/* A request as far as routes look at it. */
struct route_request {
    const char *method;
    const char *path;   /* without query, nothing encoded in it */
    const char *host;   /* the Host header, with or without a port; NULL: none */
    bool authenticated; /* it has a valid token; only looked at where a route asks */
    /* The value of the first header of this name (any case), or NULL where there is none. */
    const char *(*header)(const void *context, const char *name);
    const void *context;
};

/* NULL: no route takes it. Paths are compared byte by byte; the caller has decoded what was encoded
 * (path.h). A prefix ends at the boundary of a segment:
 * "/events" takes "/events" and "/events/x", not "/eventsx"; "/events/" takes what begins with it. Hosts
 * are compared without case and port (RFC 3986, section 3.2.2). Cookies are those of the first Cookie
 * header (RFC 6265, section 4.2.1); of several of one name the first counts. */
const struct route *routes_find(const struct config *config, const struct route_request *request);

/* Whether any route asks for "authenticated": then tokens must be verified before routes_find. */
bool routes_ask_token(const struct config *config);

#endif
