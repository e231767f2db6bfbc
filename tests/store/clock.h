/* The wall clock of the store suite, which its tests may stop and step: clock_now is linked around
 * (-Wl,--wrap). The monotonic clock runs as ever. Children have it as it was when they were forked.
 *
 * Main thread only, while no other thread reads the time. */
#ifndef BOX_OFFICE_TEST_STORE_CLOCK_H
#define BOX_OFFICE_TEST_STORE_CLOCK_H

#include <stdint.h>

/* From now on the time is this, until it is stopped elsewhere, stepped or let run. */
void clock_stop(int64_t at);

/* Steps it, forth or back: a stopped one, which stays stopped, or the running one. */
void clock_step(int64_t span);

/* It runs as the system's again. */
void clock_run(void);

#endif
