#include <stdio.h>

#include "balancer/routing/policies/fewest_sold.h"
#include "balancer/routing/policies/round_robin.h"
#include "tests/lib/suite.h"

enum {
    ROW_MAX = 4,
};

/* Candidates, and whom each policy chooses; `count` where it is nobody. */
struct row {
    const char *what;
    size_t count;
    struct candidate candidates[ROW_MAX];
    size_t fewest;
    bool tied; /* with another, for the fewest */
    size_t turn;
};

static const struct row rows[] = {
    {"nobody is there", 0, {{0}}, 0, false, 0},
    {"one alone", 1, {{.told = 900, .pending = 30, .last = 5}}, 0, false, 0},
    {"one alone, out of the running", 1, {{.mark = MARK_DOWN}}, 1, false, 1},
    {"all out, each for its reason",
     4,
     {{.mark = MARK_DOWN}, {.mark = MARK_JOINING}, {.mark = MARK_FULL}, {.mark = MARK_FULL}},
     4,
     false,
     4},
    {"the fewest told", 3, {{.told = 5}, {.told = 4}, {.told = 6}}, 1, false, 0},
    {"pending counts like told",
     3,
     {{.told = 5}, {.told = 4, .pending = 2}, {.told = 1, .pending = 5}},
     0,
     false,
     0},
    {"the fewest though chosen last",
     3,
     {{.told = 5, .last = 1}, {.told = 4, .last = 9}, {.told = 5, .last = 2}},
     1,
     false,
     0},
    {"a tie goes to the least recent",
     3,
     {{.told = 4, .last = 7}, {.told = 3, .pending = 1, .last = 6}, {.told = 4, .last = 8}},
     1,
     true,
     1},
    {"a tie goes to whom was never chosen",
     2,
     {{.told = 4, .last = 1}, {.told = 4, .last = 0}},
     1,
     true,
     1},
    {"a tie in everything goes to the first", 2, {{.told = 4}, {.told = 4}}, 0, true, 0},
    {"who is out does not count, and ties with nobody",
     4,
     {{.told = 0, .mark = MARK_DOWN},
      {.told = 9, .last = 3},
      {.told = 9, .last = 1, .mark = MARK_FULL},
      {.told = 10, .last = 2}},
     1,
     false,
     3},
    {"figures beyond 32 bits",
     2,
     {{.told = INT64_C(1) << 52, .pending = 2}, {.told = INT64_C(1) << 52, .pending = 1}},
     1,
     false,
     0},
};

static void policies_choose_by_the_table(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        size_t fewest = fewest_sold(row->candidates, row->count);
        size_t turn = round_robin(row->candidates, row->count);
        bool tied = fewest < row->count && fewest_sold_tied(row->candidates, row->count, fewest);
        if (fewest == row->fewest && turn == row->turn && tied == row->tied)
            continue;
        printf("  %s: fewest %zu, tied %d, turn %zu\n", row->what, fewest, tied, turn);
        CU_FAIL("a policy chose another");
    }
}

/* A tie, chosen again and again, must reach everybody. */
static void nobody_starves(void)
{
    struct candidate candidates[ROW_MAX] = {{0}};
    unsigned chosen[2][ROW_MAX] = {{0}};
    for (uint64_t n = 1; n <= 40; n++) {
        size_t to = fewest_sold(candidates, ROW_MAX);
        CU_ASSERT_EQUAL_FATAL(to, round_robin(candidates, ROW_MAX));
        candidates[to].last = n;
        chosen[0][to]++;
        chosen[1][round_robin(candidates, ROW_MAX)]++;
    }
    for (size_t i = 0; i < ROW_MAX; i++) {
        CU_ASSERT_EQUAL(chosen[0][i], 10);
        CU_ASSERT_EQUAL(chosen[1][i], 10);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("policies", "choose by the table", policies_choose_by_the_table);
    suite_add("policies", "nobody starves", nobody_starves);
}
