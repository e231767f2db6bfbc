#include "balancer/routing/policies/fewest_sold.h"

static int64_t load(const struct candidate *candidate)
{
    return candidate->told + candidate->pending;
}

static bool better(const struct candidate *a, const struct candidate *b)
{
    return load(a) < load(b) || (load(a) == load(b) && a->last < b->last);
}

size_t fewest_sold(const struct candidate *candidates, size_t count)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++)
        if (candidates[i].mark == MARK_NONE &&
            (best == count || better(&candidates[i], &candidates[best])))
            best = i;
    return best;
}

bool fewest_sold_tied(const struct candidate *candidates, size_t count, size_t chosen)
{
    for (size_t i = 0; i < count; i++)
        if (i != chosen && candidates[i].mark == MARK_NONE &&
            load(&candidates[i]) == load(&candidates[chosen]))
            return true;
    return false;
}
