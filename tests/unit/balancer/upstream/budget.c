#include "balancer/upstream/budget.h"

#include "tests/lib/suite.h"

static struct budget budget;

static void open_budget(int64_t reserve, int64_t share, size_t sharers)
{
    struct pool_rules rules = {.retry_reserve = reserve, .retry_share = share};
    budget_open(&budget, &rules, sharers);
}

/* Until it is empty. */
static unsigned spend_all(void)
{
    unsigned spent = 0;
    while (budget_spend(&budget))
        spent++;
    return spent;
}

static void earn(unsigned requests)
{
    while (requests-- > 0)
        budget_earn(&budget);
}

static void is_full_at_first(void)
{
    open_budget(10, 200, 1);
    CU_ASSERT_EQUAL(spend_all(), 10);
    CU_ASSERT_FALSE(budget_spend(&budget));
    CU_ASSERT_EQUAL(budget.spent, 10);
    CU_ASSERT_EQUAL(budget.denied, 2);
}

static void holds_no_more_than_its_reserve(void)
{
    open_budget(10, 200, 1);
    earn(1000);
    CU_ASSERT_EQUAL(spend_all(), 10);
}

static void earns_its_share(void)
{
    open_budget(10, 200, 1);
    spend_all();
    earn(4);
    CU_ASSERT_EQUAL(spend_all(), 0);
    earn(1);
    CU_ASSERT_EQUAL(spend_all(), 1);
    earn(49);
    CU_ASSERT_EQUAL(spend_all(), 9);
    earn(1); /* nothing of a share is lost */
    CU_ASSERT_EQUAL(spend_all(), 1);
}

/* Whatever fails: repeats are at most a fifth of what was asked first, and the reserve. */
static void repeats_cannot_multiply(void)
{
    unsigned repeats = 0;
    open_budget(100, 200, 1);
    for (int i = 0; i < 10000; i++) {
        budget_earn(&budget);
        repeats += spend_all();
    }
    CU_ASSERT_EQUAL(repeats, 100 + 10000 / 5 - 1); /* what the first request earned did not fit */
}

static void workers_share_the_reserve(void)
{
    open_budget(10, 200, 4);
    CU_ASSERT_EQUAL(spend_all(), 3);
    open_budget(1, 0, 16);
    CU_ASSERT_EQUAL(spend_all(), 1);
}

static void without_a_reserve_nothing_is_repeated(void)
{
    open_budget(0, 1000, 2);
    earn(100);
    CU_ASSERT_EQUAL(spend_all(), 0);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("budget", "is full at first", is_full_at_first);
    suite_add("budget", "holds no more than its reserve", holds_no_more_than_its_reserve);
    suite_add("budget", "earns its share", earns_its_share);
    suite_add("budget", "repeats cannot multiply", repeats_cannot_multiply);
    suite_add("budget", "workers share the reserve", workers_share_the_reserve);
    suite_add("budget", "without a reserve nothing is repeated",
              without_a_reserve_nothing_is_repeated);
}
