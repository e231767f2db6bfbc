#include "balancer/upstream/budget.h"

static const int64_t whole = 1000;

void budget_open(struct budget *budget, const struct pool_rules *rules, size_t sharers)
{
    int64_t reserve = (rules->retry_reserve + (int64_t)sharers - 1) / (int64_t)sharers;
    *budget = (struct budget){.most = reserve * whole, .share = rules->retry_share};
    budget->left = budget->most;
}

void budget_earn(struct budget *budget)
{
    int64_t left = budget->left + budget->share;
    budget->left = left < budget->most ? left : budget->most;
}

bool budget_spend(struct budget *budget)
{
    bool enough = budget->left >= whole;
    budget->left -= enough ? whole : 0;
    budget->spent += enough;
    budget->denied += !enough;
    return enough;
}
