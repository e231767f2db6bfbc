/* Accepting requests: what each path means, and the way of a decision from HTTP to the seller and
 * back. The loop's thread only. */
#ifndef BOX_OFFICE_ACCEPT_H
#define BOX_OFFICE_ACCEPT_H

#include "common/http.h"
#include "ticket_server/catalog.h"
#include "ticket_server/guard.h"
#include "ticket_server/health.h"
#include "ticket_server/keys.h"
#include "ticket_server/routes.h"
#include "ticket_server/seller.h"
#include "ticket_server/share.h"

struct acceptor {
    struct seller *seller;   /* not owned */
    struct catalog *catalog; /* not owned */
    struct guard guard;
    struct keys keys;
    struct health health;
    struct share drawing;                /* of tickets: signing their codes, and pictures */
    struct item items[FLIGHT_ITEMS_MAX]; /* of the flight that is being read */
};

/* What an organiser or a gate asks for: one decision of any verb, or one change, made by the seller, of which the
 * answer tells the client. All are called back from seller_collect, or, where too much waits, at once, with
 * OVERLOADED; where the store refuses, with STORE_UNAVAILABLE. What is pointed to is copied, and what `answer` is
 * given is valid during the call. The request is `answer`'s. */
typedef void accept_decided(struct http_request *request, const struct decision *decision);
void accept_decide(struct acceptor *acceptor, struct http_request *request, const struct item *item,
                   const struct check_in *check_in, accept_decided *answer);

/* `context` must live until `answer`. */
typedef void accept_changed(struct http_request *request, const struct change *change,
                            void *context);
void accept_change(struct acceptor *acceptor, struct http_request *request,
                   const struct change *change, accept_changed *answer, void *context);

/* An http_body_limit: only a flight may be long. */
size_t accept_body_limit(const char *path);

/* An http_handler; `context` is the acceptor. */
void accept_request(void *context, struct http_request *request);

#endif
