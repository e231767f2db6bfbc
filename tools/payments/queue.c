#include "tools/payments/queue.h"

#include <assert.h>
#include <stdlib.h>

void queue_open(struct queue *queue)
{
    *queue = (struct queue){.errands = memory_new(QUEUE_MAX * sizeof *queue->errands)};
}

void queue_close(struct queue *queue)
{
    free(queue->errands);
}

static void swap(struct errand *a, struct errand *b)
{
    struct errand kept = *a;
    *a = *b;
    *b = kept;
}

void queue_put(struct queue *queue, const struct errand *errand)
{
    struct errand *errands = queue->errands;
    assert(queue->count < QUEUE_MAX);
    size_t at = queue->count++;
    errands[at] = *errand;
    while (at > 0 && errands[at].due < errands[(at - 1) / 2].due) {
        swap(&errands[at], &errands[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

struct errand queue_take(struct queue *queue)
{
    struct errand *errands = queue->errands, first = errands[0];
    assert(queue->count > 0);
    errands[0] = errands[--queue->count];
    for (size_t at = 0, child; (child = 2 * at + 1) < queue->count; at = child) {
        if (child + 1 < queue->count && errands[child + 1].due < errands[child].due)
            child++;
        if (errands[at].due <= errands[child].due)
            break;
        swap(&errands[at], &errands[child]);
    }
    return first;
}
