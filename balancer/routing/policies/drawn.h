/* Drawing candidates by lot. */
#ifndef BOX_OFFICE_DRAWN_H
#define BOX_OFFICE_DRAWN_H

#include "balancer/routing/policies/policy_rule.h"

static inline size_t drawn_unmarked(const struct snapshot *snapshot)
{
    size_t unmarked = 0;
    for (size_t i = 0; i < snapshot->count; i++)
        unmarked += snapshot->candidates[i].mark == MARK_NONE;
    return unmarked;
}

/* The index of the unmarked candidate with that many unmarked ones before it. */
static inline size_t drawn_nth(const struct snapshot *snapshot, size_t before)
{
    for (size_t i = 0; i < snapshot->count; i++)
        if (snapshot->candidates[i].mark == MARK_NONE && before-- == 0)
            return i;
    return snapshot->count;
}

/* A number below `bound` from 32 random bits (Lemire 2019). */
static inline size_t drawn_below(uint64_t bits, size_t bound)
{
    return (size_t)((bits & UINT32_MAX) * bound >> 32);
}

#endif
