#include "balancer/routing/policies/policies.h"

static const struct policy_rule *const rules[POLICY_COUNT] = {
    [POLICY_FEWEST_SOLD] = &fewest_sold,
    [POLICY_ROUND_ROBIN] = &round_robin,
    [POLICY_LEAST_CONNECTIONS] = &least_connections,
    [POLICY_POWER_OF_TWO] = &power_of_two,
    [POLICY_IP_HASH] = &ip_hash,
    [POLICY_LEAST_WORKLOAD] = &least_workload,
    [POLICY_RANDOM] = &random_choice,
};

const struct policy_rule *policy_rule(enum policy policy)
{
    return rules[policy];
}

bool policy_tied(const struct policy_rule *rule, const struct snapshot *snapshot, size_t chosen)
{
    const struct candidate *candidates = snapshot->candidates;
    for (size_t i = 0; rule->order != NULL && i < snapshot->count; i++)
        if (i != chosen && candidates[i].mark == MARK_NONE &&
            rule->order(&candidates[i], &candidates[chosen]) == 0)
            return true;
    return false;
}
