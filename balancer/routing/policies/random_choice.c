#include "balancer/routing/policies/drawn.h"
#include "balancer/routing/policies/policies.h"

static size_t pick(const struct snapshot *snapshot)
{
    return drawn_nth(snapshot, drawn_below(snapshot->draw >> 32, drawn_unmarked(snapshot)));
}

const struct policy_rule random_choice = {.pick = pick, .why = "drawn"};
