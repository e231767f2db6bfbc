/* Many people at once at the public listener, each on a keep-alive connection, one request after the
 * other: purchases, repeats, refusals, nonsense, reads, and some who leave in the middle.
 *
 * One thread, one loop. What they ask follows from the dice. */
#ifndef BOX_OFFICE_TEST_BUYERS_H
#define BOX_OFFICE_TEST_BUYERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/loop.h"
#include "tests/lib/dice.h"

struct buyers_settings {
    const char *url;
    int connections;
    int readers;       /* so many of the connections may read, too */
    int64_t length;    /* µs: after this, nobody asks anything new */
    int mixed_percent; /* so many requests are a mixture of everything; the others are purchases */
    struct dice *dice;
    loop_call *look; /* called every `look_interval` µs meanwhile; NULL: nothing is */
    void *context;
    int64_t look_interval;
};

struct buyers_tally {
    int64_t asked;
    int64_t sold;    /* 201, repeats included */
    int64_t refused; /* as expected, of what was to be refused */
    int64_t read;
    int64_t left;   /* without waiting for the answer */
    int64_t turned; /* 503 */
    int64_t odd;    /* not answered as it should be, or not at all */
    char oddity[200];
};

/* Blocks until all have their answers. Adds to the tally. */
void buyers_run(const struct buyers_settings *settings, struct buyers_tally *tally);

#endif
