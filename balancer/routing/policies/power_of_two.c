#include "balancer/routing/policies/drawn.h"
#include "balancer/routing/policies/policies.h"

/* Two different ones (Mitzenmacher 1996); of two that are as busy, the one chosen longest ago. */
static size_t pick(const struct snapshot *snapshot)
{
    size_t unmarked = drawn_unmarked(snapshot);
    size_t first = drawn_below(snapshot->draw >> 32, unmarked);
    if (unmarked < 2)
        return drawn_nth(snapshot, first);
    size_t second = drawn_below(snapshot->draw, unmarked - 1);
    second += second >= first;
    size_t a = drawn_nth(snapshot, first), b = drawn_nth(snapshot, second);
    const struct candidate *candidates = snapshot->candidates;
    int by = policy_less_busy(&candidates[b], &candidates[a]);
    return by < 0 || (by == 0 && candidates[b].last < candidates[a].last) ? b : a;
}

const struct policy_rule power_of_two = {.pick = pick, .why = "less-busy"};
