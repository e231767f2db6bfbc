/* All policies. Pure; any thread.
 *
 *   fewest-sold        the fewest tickets told and pending: purchases
 *   round-robin        each in turn, as often as its weight says, spread evenly
 *   least-connections  the fewest requests under way, for its weight
 *   power-of-two       two are drawn, the less busy one is taken: nearly as even as least-connections,
 *                      and two balancers that know nothing of each other do not run to the same server
 *   ip-hash            the server that the client's address belongs to
 *   least-workload     the least loaded by its own report, with what is under way since
 *   random             one is drawn */
#ifndef BOX_OFFICE_POLICIES_H
#define BOX_OFFICE_POLICIES_H

#include <stdbool.h>

#include "balancer/routing/policies/policy_rule.h"
#include "common/policy.h"

extern const struct policy_rule fewest_sold, round_robin, least_connections, power_of_two, ip_hash,
    least_workload, random_choice;

const struct policy_rule *policy_rule(enum policy policy);

/* Whether another unmarked candidate than `chosen` is as good by the policy's figures. */
bool policy_tied(const struct policy_rule *rule, const struct snapshot *snapshot, size_t chosen);

/* The two that power-of-two compares. False where fewer than two are in the running. */
bool power_of_two_drawn(const struct snapshot *snapshot, size_t drawn[2]);

/* What the choice of round-robin changes: every unmarked candidate is given its weight as credit, and
 * the chosen one pays the sum of them. (Smooth weighted round-robin, as in nginx since 1.3.1.) */
void round_robin_turn(struct candidate *candidates, size_t count, size_t chosen);

#endif
