/* What a process costs: memory, descriptors and threads, as the kernel counts them (proc(5)). */
#ifndef BOX_OFFICE_TEST_FOOTPRINT_H
#define BOX_OFFICE_TEST_FOOTPRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct footprint {
    int64_t resident;     /* KiB: all that is in memory, what is shared counted whole */
    int64_t peak;         /* KiB: the most of that since the process began */
    int64_t proportional; /* KiB: what is shared counted by share */
    int64_t anonymous;    /* KiB: heap and stacks */
    int64_t descriptors;
    int64_t threads;
};

/* False where there is no such process. */
bool footprint_take(pid_t pid, struct footprint *footprint);

/* Raises each figure of `most` to that of `now`. */
void footprint_raise(struct footprint *most, const struct footprint *now);

#endif
