/* What is due when: the earliest first. A binary heap; one thread. */
#ifndef BOX_OFFICE_PAYMENTS_QUEUE_H
#define BOX_OFFICE_PAYMENTS_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "tools/payments/book.h"

/* Telling the shop once, however often that must be tried. */
struct errand {
    int64_t due; /* clock_monotonic() */
    struct charge *charge;
    int attempts;
};

enum {
    QUEUE_MAX = 2 * CHARGES_MAX, /* each charge may be told twice */
};

struct queue {
    struct errand *errands; /* owned */
    size_t count;
};

void queue_open(struct queue *queue);
void queue_close(struct queue *queue);

/* At most QUEUE_MAX. */
void queue_put(struct queue *queue, const struct errand *errand);

/* The earliest; the queue is not empty. */
struct errand queue_take(struct queue *queue);

#endif
