/* Whom each policy chooses, row by row. */
#include "balancer/routing/policies/policies.h"

#include <stdio.h>

#include "tests/lib/suite.h"

enum {
    ROW_MAX = 4,
};

static const int64_t wide = INT64_C(1) << 40; /* beyond 32 bits */

/* Candidates, and whom a policy chooses; `count` where it is nobody. */
struct row {
    const char *what;
    size_t count;
    struct candidate candidates[ROW_MAX];
    size_t chosen;
    bool tied; /* with another, by the policy's figures */
};

static void expect_rows(const struct policy_rule *rule, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        struct snapshot snapshot = {row->candidates, row->count, UINT64_C(0x123456789abcdef)};
        size_t chosen = rule->pick(&snapshot);
        bool tied = chosen < row->count && policy_tied(rule, &snapshot, chosen);
        if (chosen == row->chosen && tied == row->tied)
            continue;
        printf("  %s, %s: chosen %zu, tied %d\n", rule->why, row->what, chosen, tied);
        CU_FAIL("a policy chose another");
    }
}

#define EXPECT_ROWS(rule, rows) expect_rows(rule, rows, sizeof(rows) / sizeof *(rows))

/* Every policy: one alone is chosen, whoever is marked is not. */
static void nobody_and_one_alone(void)
{
    static const struct row rows[] = {
        {"nobody is there", 0, {{0}}, 0, false},
        {"one alone", 1, {{.told = 900, .busy = 30, .weight = 2, .last = 5}}, 0, false},
        {"one alone, out of the running", 1, {{.weight = 1, .mark = MARK_DOWN}}, 1, false},
        {"all out, each for its reason",
         4,
         {{.weight = 1, .mark = MARK_DOWN},
          {.weight = 1, .mark = MARK_JOINING},
          {.weight = 1, .mark = MARK_FULL},
          {.weight = 1, .mark = MARK_FULL}},
         4,
         false},
        {"all full", 2, {{.weight = 1, .mark = MARK_FULL}, {.weight = 1, .mark = MARK_FULL}}, 2, 0},
        {"all down", 2, {{.weight = 1, .mark = MARK_DOWN}, {.weight = 1, .mark = MARK_DOWN}}, 2, 0},
        {"all but one out",
         3,
         {{.weight = 1, .mark = MARK_DOWN},
          {.told = 9, .busy = 9, .weight = 1, .credit = -5, .workload = 999, .last = 7},
          {.weight = 1, .mark = MARK_FULL}},
         1,
         false},
    };
    for (enum policy policy = 0; policy < POLICY_COUNT; policy++)
        EXPECT_ROWS(policy_rule(policy), rows);
}

/* Every policy that goes by figures, where they are equal. */
static void ties_go_to_the_least_recent(void)
{
    static const struct row rows[] = {
        {"chosen longest ago",
         3,
         {{.weight = 1, .last = 7}, {.weight = 1, .last = 6}, {.weight = 1, .last = 8}},
         1,
         true},
        {"never chosen", 2, {{.weight = 1, .last = 1}, {.weight = 1, .last = 0}}, 1, true},
        {"equal in everything", 2, {{.weight = 1}, {.weight = 1}}, 0, true},
        {"who is out ties with nobody",
         3,
         {{.weight = 1, .mark = MARK_DOWN}, {.weight = 1, .last = 9}, {.weight = 1, .mark = MARK_FULL}},
         1,
         false},
    };
    for (enum policy policy = 0; policy < POLICY_COUNT; policy++)
        if (policy_rule(policy)->order != NULL)
            EXPECT_ROWS(policy_rule(policy), rows);
}

static void fewest_sold_by_the_table(void)
{
    static const struct row rows[] = {
        {"the fewest told", 3, {{.told = 5}, {.told = 4}, {.told = 6}}, 1, false},
        {"pending counts like told",
         3,
         {{.told = 5}, {.told = 4, .pending = 2}, {.told = 1, .pending = 5}},
         0,
         false},
        {"the fewest though chosen last",
         3,
         {{.told = 5, .last = 1}, {.told = 4, .last = 9}, {.told = 5, .last = 2}},
         1,
         false},
        {"told and pending, together equal",
         3,
         {{.told = 4, .last = 7}, {.told = 3, .pending = 1, .last = 6}, {.told = 4, .last = 8}},
         1,
         true},
        {"who is out does not count",
         4,
         {{.told = 0, .mark = MARK_DOWN},
          {.told = 9, .last = 3},
          {.told = 9, .last = 1, .mark = MARK_FULL},
          {.told = 10, .last = 2}},
         1,
         false},
        {"beyond 32 bits",
         2,
         {{.told = INT64_C(1) << 52, .pending = 2}, {.told = INT64_C(1) << 52, .pending = 1}},
         1,
         false},
    };
    EXPECT_ROWS(&fewest_sold, rows);
}

static void round_robin_by_the_table(void)
{
    static const struct row rows[] = {
        {"the most credit",
         3,
         {{.weight = 1, .credit = -1}, {.weight = 1, .credit = 2}, {.weight = 1, .credit = -1}},
         1,
         false},
        {"its weight counts before it is chosen",
         2,
         {{.weight = 1, .credit = 3}, {.weight = 5, .credit = 0}},
         1,
         false},
        {"credit and weight, together equal",
         2,
         {{.weight = 3, .credit = 0, .last = 4}, {.weight = 1, .credit = 2, .last = 3}},
         1,
         true},
        {"who is out keeps its credit",
         2,
         {{.weight = 9, .credit = 90, .mark = MARK_DOWN}, {.weight = 1, .credit = -8}},
         1,
         false},
        {"beyond 32 bits",
         2,
         {{.weight = 1, .credit = -wide}, {.weight = 1, .credit = 1 - wide}},
         1,
         false},
    };
    EXPECT_ROWS(&round_robin, rows);
}

static void least_connections_by_the_table(void)
{
    static const struct row rows[] = {
        {"the fewest under way",
         3,
         {{.busy = 3, .weight = 1}, {.busy = 2, .weight = 1}, {.busy = 4, .weight = 1}},
         1,
         false},
        {"for its weight",
         3,
         {{.busy = 2, .weight = 1}, {.busy = 5, .weight = 3}, {.busy = 9, .weight = 5}},
         1,
         false},
        {"as busy for its weight",
         2,
         {{.busy = 2, .weight = 1, .last = 5}, {.busy = 6, .weight = 3, .last = 4}},
         1,
         true},
        {"idle ones are equal, whatever their weights",
         2,
         {{.weight = 1, .last = 2}, {.weight = 100, .last = 3}},
         0,
         true},
        {"beyond 32 bits",
         2,
         {{.busy = wide, .weight = 1000}, {.busy = wide - 1, .weight = 1000}},
         1,
         false},
    };
    EXPECT_ROWS(&least_connections, rows);
}

static void ip_hash_by_the_table(void)
{
    static const struct row rows[] = {
        {"the highest score", 3, {{.score = 5}, {.score = 9}, {.score = 7}}, 1, false},
        {"the next where that is out",
         3,
         {{.score = 5}, {.score = 9, .mark = MARK_FULL}, {.score = 7}},
         2,
         false},
        {"all 32 bits", 2, {{.score = UINT32_MAX - 1}, {.score = UINT32_MAX}}, 1, false},
        {"recent or not", 2, {{.score = 2, .last = 9}, {.score = 1, .last = 1}}, 0, false},
    };
    EXPECT_ROWS(&ip_hash, rows);
}

static void least_workload_by_the_table(void)
{
    static const struct row rows[] = {
        {"the least loaded",
         3,
         {{.workload = 300, .weight = 1},
          {.workload = 200, .weight = 1},
          {.workload = 400, .weight = 1}},
         1,
         false},
        {"what is under way since its report counts",
         2,
         {{.workload = 200, .busy = 11, .weight = 1}, {.workload = 300, .weight = 1}},
         1,
         false},
        {"workload and requests, together equal",
         2,
         {{.workload = 200, .busy = 10, .weight = 1, .last = 4},
          {.workload = 300, .weight = 1, .last = 3}},
         1,
         true},
        {"one stale report comes last, idle or not",
         3,
         {{.workload = -1, .weight = 1},
          {.workload = 999, .busy = 50, .weight = 1},
          {.workload = 1000, .busy = 50, .weight = 1}},
         1,
         false},
        {"the stale one where the others are out",
         2,
         {{.workload = 1, .weight = 1, .mark = MARK_DOWN}, {.workload = -1, .weight = 1}},
         1,
         false},
        {"all stale: the least busy for its weight",
         3,
         {{.workload = -1, .busy = 2, .weight = 1},
          {.workload = -1, .busy = 3, .weight = 2},
          {.workload = -1, .busy = 9, .weight = 1}},
         1,
         false},
        {"all stale and as busy",
         2,
         {{.workload = -1, .busy = 2, .weight = 1, .last = 2},
          {.workload = -1, .busy = 2, .weight = 1, .last = 1}},
         1,
         true},
        {"beyond 32 bits",
         2,
         {{.workload = 1, .busy = wide, .weight = 1}, {.workload = 0, .busy = wide, .weight = 1}},
         1,
         false},
    };
    EXPECT_ROWS(&least_workload, rows);
}

/* A tie, chosen again and again, must reach everybody. */
static void nobody_starves(void)
{
    for (enum policy policy = 0; policy < POLICY_COUNT; policy++) {
        const struct policy_rule *rule = policy_rule(policy);
        struct candidate candidates[ROW_MAX];
        unsigned chosen[ROW_MAX] = {0};
        for (size_t i = 0; i < ROW_MAX; i++)
            candidates[i] = (struct candidate){.weight = 1};
        for (uint64_t n = 1; n <= 400; n++) {
            struct snapshot snapshot = {candidates, ROW_MAX, policy_draw(42, n)};
            size_t to = rule->pick(&snapshot);
            CU_ASSERT_FATAL(to < ROW_MAX);
            candidates[to].last = n;
            chosen[to]++;
        }
        for (size_t i = 0; i < ROW_MAX; i++)
            CU_ASSERT(rule->order != NULL ? chosen[i] == 100 : chosen[i] > 70 && chosen[i] < 130);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("policies", "nobody, and one alone", nobody_and_one_alone);
    suite_add("policies", "ties go to the least recent", ties_go_to_the_least_recent);
    suite_add("policies", "fewest-sold by the table", fewest_sold_by_the_table);
    suite_add("policies", "round-robin by the table", round_robin_by_the_table);
    suite_add("policies", "least-connections by the table", least_connections_by_the_table);
    suite_add("policies", "ip-hash by the table", ip_hash_by_the_table);
    suite_add("policies", "least-workload by the table", least_workload_by_the_table);
    suite_add("policies", "nobody starves", nobody_starves);
}
