/* What a policy is: a pure function from a snapshot of a pool's servers to the index of one of them. No
 * clock, no lock, no I/O, no memory of its own: what it needs to know of the past is in the snapshot,
 * and so in the log line, from which the report computes it again. */
#ifndef BOX_OFFICE_POLICY_RULE_H
#define BOX_OFFICE_POLICY_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "common/routing_line.h"

struct snapshot {
    const struct candidate *candidates; /* in the order of the list */
    size_t count;
    uint64_t draw; /* a random number, another for each choice */
};

struct policy_rule {
    /* An unmarked candidate; `count` where all are marked. */
    size_t (*pick)(const struct snapshot *snapshot);

    /* Below 0 where a is to be preferred by its figures alone, above 0 where b is, 0 where they are
     * equal; NULL: chance decides. */
    int (*order)(const struct candidate *a, const struct candidate *b);

    const char *why; /* what it looks for, as the log says it */
};

/* The unmarked candidate that is first by `order`; among equals the one chosen longest ago (a fixed
 * order would favour one), then the first. `count` where all are marked. */
static inline __attribute__((always_inline)) size_t
policy_first(const struct snapshot *snapshot,
             int (*order)(const struct candidate *a, const struct candidate *b))
{
    const struct candidate *candidates = snapshot->candidates;
    size_t best = snapshot->count;
    for (size_t i = 0; i < snapshot->count; i++) {
        if (candidates[i].mark != MARK_NONE)
            continue;
        int by = best == snapshot->count ? -1 : order(&candidates[i], &candidates[best]);
        if (by < 0 || (by == 0 && candidates[i].last < candidates[best].last))
            best = i;
    }
    return best;
}

/* For figures a and b of which the smaller is to be preferred. */
static inline int policy_smaller(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Fewer requests under way for its weight. */
static inline int policy_less_busy(const struct candidate *a, const struct candidate *b)
{
    return policy_smaller(a->busy * b->weight, b->busy * a->weight);
}

#endif
