/* One who buys a ticket every 50 ms, on a thread of his own, and notes how long each took. */
#ifndef BOX_OFFICE_TEST_BUYING_H
#define BOX_OFFICE_TEST_BUYING_H

#include <stddef.h>
#include <stdint.h>

#include "common/thread.h"

enum {
    BUYING_MAX = 20000, /* purchases that are noted */
};

struct buying {
    const char *url;
    pthread_t thread;
    struct lock lock; /* guards `ending` */
    int ending;

    /* valid after buying_end */
    size_t bought, failed;
    int64_t took[BUYING_MAX]; /* µs, sorted */
};

void buying_begin(struct buying *buying, const char *url);
void buying_end(struct buying *buying);

/* What so many percent of the purchases took at most, µs. */
int64_t buying_percentile(const struct buying *buying, int percent);

#endif
