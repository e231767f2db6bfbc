#include "balancer/routing/policies/policies.h"

/* More credit comes first, once each has been given its weight. */
static int order(const struct candidate *a, const struct candidate *b)
{
    return policy_smaller(b->credit + b->weight, a->credit + a->weight);
}

static size_t pick(const struct snapshot *snapshot)
{
    return policy_first(snapshot, order);
}

const struct policy_rule round_robin = {.pick = pick, .order = order, .why = "turn"};

void round_robin_turn(struct candidate *candidates, size_t count, size_t chosen)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (candidates[i].mark != MARK_NONE)
            continue;
        candidates[i].credit += candidates[i].weight;
        sum += candidates[i].weight;
    }
    candidates[chosen].credit -= sum;
}
