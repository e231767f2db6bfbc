#include "balancer/routing/policies/policies.h"

static size_t pick(const struct snapshot *snapshot)
{
    return policy_first(snapshot, policy_less_busy);
}

const struct policy_rule least_connections = {
    .pick = pick, .order = policy_less_busy, .why = "least-busy"};
