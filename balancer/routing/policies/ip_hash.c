#include "balancer/routing/policies/policies.h"

static int order(const struct candidate *a, const struct candidate *b)
{
    return (a->score < b->score) - (a->score > b->score);
}

static size_t pick(const struct snapshot *snapshot)
{
    return policy_first(snapshot, order);
}

const struct policy_rule ip_hash = {.pick = pick, .order = order, .why = "hash"};
