#include "balancer/routing/policies/policies.h"

static int order(const struct candidate *a, const struct candidate *b)
{
    return policy_smaller(a->told + a->pending, b->told + b->pending);
}

static size_t pick(const struct snapshot *snapshot)
{
    return policy_first(snapshot, order);
}

const struct policy_rule fewest_sold = {.pick = pick, .order = order, .why = "fewest"};
