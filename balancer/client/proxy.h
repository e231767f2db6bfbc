/* Requests that are forwarded one by one: to any pool, streamed both ways in bounded memory.
 *
 * Belongs to one worker; its thread only. */
#ifndef BOX_OFFICE_PROXY_H
#define BOX_OFFICE_PROXY_H

#include "balancer/client/visit.h"
#include "balancer/upstream/exchange.h"
#include "common/http.h"

enum {
    PROXY_READS_MAX = 512, /* of a worker under way at ticket servers; further ones wait */
};

struct proxy;

/* `gate` and `exchanges` must outlive it. `workers`: how many there are, this one included, who share what the
 * pools' rules allow to wait and to be repeated. */
struct proxy *proxy_open(const struct gate *gate, struct exchanges *exchanges, size_t workers);

/* No request may be left. */
void proxy_close(struct proxy *proxy);

/* Takes a streamed request over (http.h), and answers it in the end; the visit is copied, or may have been. What
 * does not fit its route (fit.h) is refused, also where it is not streamed.
 *
 * Where no server has room it waits, its body unread, in the order in which requests came: for 5 seconds at most,
 * and among no more than its pool's rules let wait; else 503. Another server is asked where one cannot be reached;
 * and within the pool's retry budget, and its time, where one failed, or answered 500, 502, 503 or 504, while
 * another is up, and the request may be sent twice (fit.h) and had a short body. Nobody is asked again once
 * something of an answer has gone to the client. */
void proxy_accept(struct proxy *proxy, struct http_request *http, const struct visit *visit);

/* Once per turn of the loop: chooses for those that wait. */
void proxy_turn(struct proxy *proxy);

/* A few times a second: who has waited too long. */
void proxy_check(struct proxy *proxy);

/* How many wait for room, in all pools. */
size_t proxy_waiting(const struct proxy *proxy);

#endif
