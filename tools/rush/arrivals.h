/* When buyers come, where they come at a rate: one after the other, evenly spaced, whether or not
 * those before them have been answered.
 *
 * A timer of its own, for the loop's is good to a millisecond only, and twenty buyers may come in one.
 * All functions: the loop's thread. */
#ifndef BOX_OFFICE_RUSH_ARRIVALS_H
#define BOX_OFFICE_RUSH_ARRIVALS_H

#include <stdint.h>

#include "common/loop.h"

struct arrivals;

/* `rate` buyers a second, the first one now. `ring` is called at the times asked for. */
struct arrivals *arrivals_open(struct loop *loop, int64_t rate, loop_call *ring, void *context);
void arrivals_close(struct arrivals *arrivals);

/* The clock_monotonic() time at which the buyer comes before whom so many others do. */
int64_t arrivals_moment(const struct arrivals *arrivals, int64_t others);

/* Rings once at that time, instead of when it was asked to before. */
void arrivals_ring_at(struct arrivals *arrivals, int64_t moment);

#endif
