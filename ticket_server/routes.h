/* Which path means what: tables of routes, one per part of the ticket server's HTTP face. */
#ifndef BOX_OFFICE_ROUTES_H
#define BOX_OFFICE_ROUTES_H

#include <stddef.h>
#include <stdint.h>

#include "common/http.h"

struct acceptor;

enum {
    ROUTE_PARTS_MAX = 4,   /* "{}" in one path */
    ROUTE_PATH_MAX = 1024, /* bytes of a path; there is nothing at a longer one */
};

struct route {
    const char *method; /* GET is also HEAD */
    const char *
        path; /* "{}" stands for one part between slashes, not empty, as it came (raw); "{}.svg" and
                           the like for one that ends so */
    uint32_t scope; /* enum scope: what a token must allow; 0: anybody may ask */

    /* `parts`: what the "{}" stood for, valid during the call. It answers, or has the seller answer. */
    void (*handle)(struct acceptor *acceptor, struct http_request *request,
                   const char *const *parts);
};

/* The tables, each in the file of its part; a row without a path ends it. */
extern const struct route selling_routes[]; /* accept.c */
extern const struct route reading_routes[];
extern const struct route document_routes[]; /* openapi.c */
extern const struct route event_routes[];    /* events.c */
extern const struct route order_routes[];
extern const struct route owed_routes[];
extern const struct route token_routes[];
extern const struct route key_routes[];
extern const struct route ticket_routes[];
extern const struct route check_in_routes[];

/* Finds the route and calls it; else refuses with 404, or 405 with the methods that the path has; 401
 * or 403 where the route has a scope, and the token is none or not for it. */
void routes_handle(struct acceptor *acceptor, struct http_request *request);

#endif
