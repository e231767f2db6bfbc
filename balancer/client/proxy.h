/* Requests that are forwarded one by one: to any pool, streamed both ways in bounded memory.
 *
 * Belongs to one worker; its thread only. */
#ifndef BOX_OFFICE_PROXY_H
#define BOX_OFFICE_PROXY_H

#include "balancer/client/visit.h"
#include "balancer/upstream/exchange.h"
#include "common/http.h"

enum {
    PROXY_READS_MAX = 512, /* of a worker under way at ticket servers; further ones are refused */
};

struct proxy;

/* `gate` and `exchanges` must outlive it. */
struct proxy *proxy_open(const struct gate *gate, struct exchanges *exchanges);

/* No request may be left. */
void proxy_close(struct proxy *proxy);

/* Takes a streamed request over (http.h), and answers it in the end; the visit is copied, or may have
 * been. What does not fit its route (fit.h) is refused, also where it is not streamed. Another server is asked where one cannot be reached, and where it failed and the request may be
 * repeated: one of a safe or idempotent method or with an Idempotency-Key, whose body was short. */
void proxy_accept(struct proxy *proxy, struct http_request *http, const struct visit *visit);

#endif
