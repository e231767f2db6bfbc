#include "balancer/routing/policies/drawn.h"
#include "balancer/routing/policies/policies.h"

/* Two different ones (Mitzenmacher 1996). */
bool power_of_two_drawn(const struct snapshot *snapshot, size_t drawn[2])
{
    size_t unmarked = drawn_unmarked(snapshot);
    if (unmarked < 2)
        return false;
    size_t first = drawn_below(snapshot->draw >> 32, unmarked);
    size_t second = drawn_below(snapshot->draw, unmarked - 1);
    second += second >= first;
    drawn[0] = drawn_nth(snapshot, first);
    drawn[1] = drawn_nth(snapshot, second);
    return true;
}

/* Of two that are as busy, the one chosen longest ago. */
static size_t pick(const struct snapshot *snapshot)
{
    size_t drawn[2];
    if (!power_of_two_drawn(snapshot, drawn))
        return drawn_nth(snapshot, 0);
    const struct candidate *a = &snapshot->candidates[drawn[0]];
    const struct candidate *b = &snapshot->candidates[drawn[1]];
    int by = policy_less_busy(b, a);
    return drawn[by < 0 || (by == 0 && b->last < a->last)];
}

const struct policy_rule power_of_two = {.pick = pick, .why = "less-busy"};
