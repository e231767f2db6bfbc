#include "balancer/routing/policies/policies.h"

/* A report is some hundred milliseconds old: without what has been sent there since, all would run to
 * the server that was idle then (Mitzenmacher 2000). */
static int64_t load(const struct candidate *candidate)
{
    return candidate->workload + POLICY_BUSY_SHARE * candidate->busy;
}

/* A server without a fresh report comes behind all that have one. */
static int order(const struct candidate *a, const struct candidate *b)
{
    bool fresh_a = a->workload >= 0, fresh_b = b->workload >= 0;
    if (fresh_a != fresh_b)
        return fresh_a ? -1 : 1;
    return fresh_a ? policy_smaller(load(a), load(b)) : policy_less_busy(a, b);
}

static size_t pick(const struct snapshot *snapshot)
{
    return policy_first(snapshot, order);
}

const struct policy_rule least_workload = {.pick = pick, .order = order, .why = "least-loaded"};
