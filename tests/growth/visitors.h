/* Short visits to the public listener: connect, ask, go; and all the ways to go that are not polite.
 *
 * One thread, one loop. */
#ifndef BOX_OFFICE_TEST_VISITORS_H
#define BOX_OFFICE_TEST_VISITORS_H

#include <stdint.h>

#include "common/loop.h"
#include "tests/lib/dice.h"

struct visitors_settings {
    const char *url;
    int visits;
    int at_once;
    struct dice *dice;
    loop_call *look; /* called every `look_interval` µs meanwhile; NULL: nothing is */
    void *context;
    int64_t look_interval;
};

struct visitors_tally {
    int64_t answered; /* waited for the answer, and had it */
    int64_t gone;     /* without the answer, one way or another */
    int64_t failed;   /* wanted an answer and got none, or could not connect */
};

/* Blocks until all have been there. Adds to the tally. */
void visitors_run(const struct visitors_settings *settings, struct visitors_tally *tally);

#endif
