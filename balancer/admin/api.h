/* The admin API: what the balancer knows of its servers, as JSON.
 *
 *   GET /servers   every server: state, since when and why, counters (needs the bearer token)
 *   GET /healthz   200 where a server is up, else 503 (open: it tells nothing more) */
#ifndef BOX_OFFICE_ADMIN_API_H
#define BOX_OFFICE_ADMIN_API_H

#include "balancer/admin/token.h"
#include "balancer/pool/servers.h"
#include "common/http.h"

struct admin {
    struct servers *servers; /* not owned */
    char token[TOKEN_SIZE];
};

/* An http_handler; the context is a struct admin. */
void admin_handle(void *context, struct http_request *request);

/* Appends the answer to GET /servers. */
void admin_servers(struct servers *servers, struct buffer *out);

#endif
