#include "balancer/routing/policies/round_robin.h"

size_t round_robin(const struct candidate *candidates, size_t count)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++)
        if (candidates[i].mark == MARK_NONE &&
            (best == count || candidates[i].last < candidates[best].last))
            best = i;
    return best;
}
