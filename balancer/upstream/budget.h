/* A retry budget: what may be asked again, so that repeats cannot multiply an overload.
 *
 * Full at first. Each request that is given to a server earns a share of a repeat, each repeat takes a whole
 * one; where there is none left, what failed is not repeated. Whoever could not be reached has no more to do
 * for it, and a broken connection is counted otherwise (upstream/flight.h): neither is asked for here.
 *
 * Pure; one thread. */
#ifndef BOX_OFFICE_BUDGET_H
#define BOX_OFFICE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "balancer/pool/rules.h"

struct budget {
    int64_t left, most, share; /* in thousandths of a repeat */
    uint64_t spent, denied;    /* repeats, so far */
};

/* By the rules of the pool, one of so many (1 or more) who share its reserve: each has as much, and at least
 * one repeat where there is a reserve at all. */
void budget_open(struct budget *budget, const struct pool_rules *rules, size_t sharers);

/* A request was given to a server for the first time. */
void budget_earn(struct budget *budget);

/* One is to be repeated. False: it may not. */
bool budget_spend(struct budget *budget);

#endif
