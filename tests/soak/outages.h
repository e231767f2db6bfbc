/* Servers of a cluster under load break in all ways, at random, and are repaired: meanwhile no buyer fails,
 * and each that is well again is soon sold by.
 *
 * Some servers are the master's, the others have joined it, each behind a breakable server. One is always
 * left. The seed repeats the same outages in the same order. Findings are failed assertions. Main thread
 * only. */
#ifndef BOX_OFFICE_SOAK_OUTAGES_H
#define BOX_OFFICE_SOAK_OUTAGES_H

#include <stdint.h>

struct outages_settings {
    uint64_t seed;
    int outages;
    int64_t return_max; /* longest time from when a server is well until it is chosen again */
};

/* Runs them, and prints the figures on stdout. */
void outages_run(const struct outages_settings *settings);

#endif
