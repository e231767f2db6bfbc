/* The way of what flies (visit_flies), which is called a purchase here, at the balancer: admit, choose, board a
 * flight or wait for room, answer.
 *
 * Belongs to one worker; its thread only. */
#ifndef BOX_OFFICE_PURCHASES_H
#define BOX_OFFICE_PURCHASES_H

#include <stddef.h>

#include "balancer/client/visit.h"
#include "balancer/routing/routing_log.h"
#include "balancer/upstream/upstream.h"
#include "common/http.h"
#include "common/loop.h"

struct purchases;

/* `waiting_max`: purchases that may wait for room; beyond, 503 at once. `workers`: how many there are, this
 * one included, who share the pool's reserve of repeats (upstream/budget.h). */
struct purchases *purchases_open(struct loop *loop, const struct gate *gate,
                                 struct routing_log *log, struct upstream *upstream,
                                 size_t waiting_max, size_t workers);

/* No purchase may be left. */
void purchases_close(struct purchases *purchases);

/* Takes a request that flies over and answers it in the end, within its deadline; at once with 503 where so
 * many are under way that it could hardly be decided in time (client/admission.h). */
void purchases_accept(struct purchases *purchases, struct http_request *http,
                      const struct visit *visit);

/* Once per turn of the loop: chooses for those that wait, writes the routing log, lets flights leave. */
void purchases_turn(struct purchases *purchases);

/* A few times a second: deadlines, and flights that take too long. */
void purchases_check(struct purchases *purchases);

/* How many wait for room. */
size_t purchases_waiting(const struct purchases *purchases);

#endif
