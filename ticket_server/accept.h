/* Accepting requests: what each path means, and the way of a purchase from HTTP to the seller and
 * back. The loop's thread only. */
#ifndef BOX_OFFICE_ACCEPT_H
#define BOX_OFFICE_ACCEPT_H

#include "common/http.h"
#include "ticket_server/catalog.h"
#include "ticket_server/guard.h"
#include "ticket_server/health.h"
#include "ticket_server/routes.h"
#include "ticket_server/seller.h"

struct acceptor {
    struct seller *seller;   /* not owned */
    struct catalog *catalog; /* not owned */
    struct guard guard;
    struct health health;
    struct item items[FLIGHT_ITEMS_MAX]; /* of the flight that is being read */
};

/* Answers with a JSON body, which gets its closing newline here, and a Request-Id. */
void accept_answer(struct http_request *request, struct buffer *body);

/* An http_body_limit: only a flight may be long. */
size_t accept_body_limit(const char *path);

/* An http_handler; `context` is the acceptor. */
void accept_request(void *context, struct http_request *request);

#endif
