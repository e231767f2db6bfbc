/* The checker of histories: by hand, against brute force, and with long histories. SEED=N repeats. */
#include "tests/lib/linear.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "tests/lib/dice.h"
#include "tests/lib/suite.h"
#include "tests/unit/lib/linear_search.h"

enum {
    CAPACITY = 10,
    OPERATIONS_MAX = 8,
    SMALL = 30000, /* histories for brute force */
    LONG = 100000, /* operations of a long history */
};

#define READ(begun, ended, sold)                                                                   \
    {                                                                                              \
        OPERATION_READ, begun, ended, sold, "", 0                                                  \
    }
#define SOLD(begun, ended, key, quantity, first)                                                   \
    {                                                                                              \
        OPERATION_SOLD, begun, ended, first, key, quantity                                         \
    }
#define SOLD_OUT(begun, ended, key, quantity, remaining)                                           \
    {                                                                                              \
        OPERATION_SOLD_OUT, begun, ended, remaining, key, quantity                                 \
    }
#define UNKNOWN(begun, key, quantity)                                                              \
    {                                                                                              \
        OPERATION_UNKNOWN, begun, begun, 0, key, quantity                                          \
    }

/* Histories of an event with 10 tickets. Times are those of one clock. */
static const struct {
    const char *name;
    const char *why; /* begins so; NULL: linearizable */
    size_t count;
    struct operation history[OPERATIONS_MAX];
} examples[] = {
    {"nothing happened", NULL, 0, {READ(0, 0, 0)}},
    {"one after the other",
     NULL,
     5,
     {READ(0, 1, 0), SOLD(2, 3, "a", 2, 1), READ(4, 5, 2), SOLD(6, 7, "b", 3, 3), READ(8, 9, 5)}},
    {"a read sees a sale that is not answered yet",
     NULL,
     2,
     {SOLD(0, 9, "a", 2, 1), READ(1, 2, 2)}},
    {"a read does not see it yet", NULL, 2, {SOLD(0, 9, "a", 2, 1), READ(1, 2, 0)}},
    {"a stale read",
     "the second ended before the first began",
     2,
     {SOLD(0, 1, "a", 2, 1), READ(2, 3, 0)}},
    {"reads going backwards",
     "the second ended before the first began",
     3,
     {SOLD(0, 9, "a", 2, 1), READ(1, 2, 2), READ(3, 4, 0)}},
    {"a read of what is to come",
     "the second ended before the first began",
     2,
     {READ(0, 1, 2), SOLD(2, 3, "a", 2, 1)}},
    {"a read of half a sale",
     "the second is in the midst of the first",
     2,
     {SOLD(0, 9, "a", 2, 1), READ(0, 9, 1)}},
    {"a read below zero", "no such state", 1, {READ(0, 1, -1)}},
    {"sales out of order",
     "the second ended before the first began",
     2,
     {SOLD(0, 1, "a", 1, 2), SOLD(2, 3, "b", 1, 1)}},
    {"a ticket sold twice",
     "the second is in the midst of the first",
     2,
     {SOLD(0, 9, "a", 2, 1), SOLD(0, 9, "b", 1, 2)}},
    {"the same ticket sold twice",
     "the second is in the midst of the first",
     2,
     {SOLD(0, 9, "a", 1, 1), SOLD(0, 9, "b", 1, 1)}},
    {"oversold", "oversold", 2, {SOLD(0, 1, "a", 9, 1), SOLD(2, 3, "b", 2, 10)}},
    {"sold to the last one",
     NULL,
     3,
     {SOLD(0, 1, "a", 9, 1), SOLD(2, 3, "b", 1, 10), SOLD_OUT(4, 5, "c", 1, 0)}},
    {"too few are left for one, enough for another",
     NULL,
     3,
     {SOLD(0, 1, "a", 9, 1), SOLD_OUT(2, 3, "b", 2, 1), SOLD(4, 5, "c", 1, 10)}},
    {"refused, though enough is left",
     "refused, though enough was left",
     1,
     {SOLD_OUT(0, 1, "a", 2, 10)}},
    {"refused too early",
     "the second ended before the first began",
     2,
     {SOLD_OUT(0, 1, "a", 2, 1), SOLD(2, 3, "b", 9, 1)}},
    {"sold again with the same key",
     "one key, two outcomes",
     2,
     {SOLD(0, 1, "a", 2, 1), SOLD(2, 3, "a", 2, 3)}},
    {"the same answer again", NULL, 2, {SOLD(0, 1, "a", 2, 1), SOLD(2, 3, "a", 2, 1)}},
    {"the same answer again, later than other sales",
     NULL,
     3,
     {SOLD(0, 1, "a", 2, 1), SOLD(2, 3, "b", 2, 3), SOLD(4, 5, "a", 2, 1)}},
    {"refused, then sold with the same key",
     "one key, two outcomes",
     3,
     {SOLD(0, 1, "a", 9, 1), SOLD_OUT(2, 3, "b", 2, 1), SOLD(4, 5, "b", 2, 8)}},
    {"refused, then with more left",
     "one key, two outcomes",
     3,
     {SOLD(0, 1, "a", 9, 1), SOLD_OUT(2, 3, "b", 3, 1), SOLD_OUT(4, 5, "b", 3, 2)}},
    {"two at once with one key, before others",
     NULL,
     3,
     {SOLD(0, 9, "a", 2, 1), SOLD(3, 4, "a", 2, 1), SOLD(2, 9, "b", 2, 3)}},
    {"the first answer of a key counts",
     "the second ended before the first began",
     3,
     {SOLD(0, 9, "a", 2, 3), SOLD(0, 1, "a", 2, 3), SOLD(2, 9, "b", 2, 1)}},
    {"a sale is lost",
     "the second ended before the first began",
     3,
     {SOLD(0, 1, "a", 2, 1), READ(2, 3, 0), SOLD(4, 5, "b", 2, 1)}},
    {"tickets that nobody bought", "tickets were sold before this", 1, {SOLD(0, 1, "a", 2, 3)}},
    {"an unanswered purchase bought them", NULL, 2, {UNKNOWN(0, "a", 2), SOLD(1, 2, "b", 2, 3)}},
    {"an unanswered purchase never happened", NULL, 2, {UNKNOWN(0, "a", 2), SOLD(1, 2, "b", 2, 1)}},
    {"an unanswered purchase happens late",
     NULL,
     3,
     {UNKNOWN(0, "a", 2), READ(1, 2, 0), READ(3, 4, 2)}},
    {"an unanswered purchase began later",
     "the second ended before the first began",
     2,
     {SOLD(1, 2, "b", 2, 3), UNKNOWN(3, "a", 2)}},
    {"an unanswered purchase of too many",
     "tickets were sold before this",
     2,
     {UNKNOWN(0, "a", 3), SOLD(1, 2, "b", 2, 3)}},
    {"an unanswered purchase, answered the next time",
     NULL,
     4,
     {UNKNOWN(0, "a", 2), READ(1, 2, 2), SOLD(3, 4, "b", 1, 3), SOLD(5, 6, "a", 2, 1)}},
    {"an unanswered purchase happens only once",
     "tickets were sold before this",
     3,
     {UNKNOWN(0, "a", 2), SOLD(1, 2, "b", 1, 3), SOLD(3, 4, "c", 1, 6)}},
    {"two unanswered purchases with one key are one",
     "tickets were sold before this",
     4,
     {UNKNOWN(0, "a", 2), UNKNOWN(0, "a", 2), SOLD(1, 2, "b", 1, 3), SOLD(3, 4, "c", 1, 6)}},
    {"the right ones of several unanswered purchases",
     NULL,
     5,
     {UNKNOWN(0, "a", 1), UNKNOWN(0, "b", 2), UNKNOWN(0, "c", 2), READ(1, 2, 4), READ(3, 4, 5)}},
};

enum {
    EXAMPLES = sizeof examples / sizeof *examples,
};

static void judged_right(void)
{
    for (size_t i = 0; i < EXAMPLES; i++) {
        struct verdict verdict = linear_check(examples[i].history, examples[i].count, CAPACITY);
        bool right = examples[i].why == NULL
                         ? verdict.result == LINEAR_YES
                         : verdict.result == LINEAR_NO &&
                               strncmp(verdict.why, examples[i].why, strlen(examples[i].why)) == 0;
        CU_ASSERT(right);
        if (!right)
            printf("  %s: %d %s\n", examples[i].name, verdict.result, verdict.why);
        CU_ASSERT_EQUAL(linear_search(examples[i].history, examples[i].count, CAPACITY),
                        examples[i].why == NULL);
    }
}

static void names_the_part(void)
{
    const struct operation history[] = {SOLD(0, 1, "a", 2, 1), READ(0, 5, 0), READ(6, 7, 2),
                                        READ(8, 9, 0), SOLD(10, 11, "b", 2, 3)};
    struct verdict verdict = linear_check(history, 5, CAPACITY);
    CU_ASSERT_EQUAL(verdict.count, 2);
    CU_ASSERT_EQUAL(history[verdict.part[0]].kind + history[verdict.part[1]].kind,
                    OPERATION_SOLD + OPERATION_READ);
    CU_ASSERT(verdict.part[0] == 3 || verdict.part[1] == 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(verdict.why, "[3] a read: 0, 8 to 9"));
}

/* --- random histories ---------------------------------------------------------------------- */

/* Any operation at all, out of few, so that some histories are good by chance. */
static struct operation any_operation(struct dice *dice)
{
    struct operation operation = {.kind = (enum operation_kind)dice_roll(dice, 4)};
    operation.begun = dice_roll(dice, 8);
    operation.ended = operation.begun + dice_roll(dice, 4);
    snprintf(operation.key, sizeof operation.key, "%c", 'a' + (int)dice_roll(dice, 3));
    operation.quantity = 1 + (operation.key[0] - 'a') % 2;
    operation.told = dice_roll(dice, 5);
    return operation;
}

static void agrees_with_brute_force(void)
{
    size_t good = 0;
    struct dice dice = dice_new(dice_seed());
    for (int i = 0; i < SMALL; i++) {
        struct operation history[7];
        size_t count = 2 + dice_roll(&dice, 6);
        int64_t capacity = 2 + dice_roll(&dice, 4);
        if (i % 2 == 0)
            history_make(history, count, capacity, 3, &dice);
        for (size_t k = 0; k < count; k++)
            if (i % 2 == 1 || dice_roll(&dice, 12) == 0)
                history[k] = any_operation(&dice);
        bool expected = linear_search(history, count, capacity);
        struct verdict verdict = linear_check(history, count, capacity);
        good += expected;
        CU_ASSERT_EQUAL(verdict.result, expected ? LINEAR_YES : LINEAR_NO);
        if (verdict.result != (expected ? LINEAR_YES : LINEAR_NO)) {
            printf("  history %d: %s\n", i, verdict.why);
            return;
        }
    }
    CU_ASSERT(good > SMALL / 5 && good < SMALL - SMALL / 5);
    printf("  %zu of %d are linearizable\n", good, SMALL);
}

static size_t read_before(const struct operation *history, size_t at)
{
    while (history[at].kind != OPERATION_READ)
        at--;
    return at;
}

/* A single read in a hundred thousand that is a little late. */
static void long_histories(void)
{
    struct dice dice = dice_new(dice_seed());
    struct operation *history = memory_new(LONG * sizeof *history);
    for (size_t round = 1; round <= 4; round++) {
        history_make(history, LONG, LONG / 2, 16, &dice);
        CU_ASSERT_EQUAL(linear_check(history, LONG, LONG / 2).result, LINEAR_YES);
        size_t late = read_before(history, round * LONG / 10);
        history[late].told = history[read_before(history, late - 100)].told;
        int64_t begun = clock_monotonic();
        struct verdict verdict = linear_check(history, LONG, LONG / 2);
        printf("  %d ms\n", (int)((clock_monotonic() - begun) / CLOCK_MILLISECOND));
        CU_ASSERT_EQUAL(verdict.result, LINEAR_NO);
        CU_ASSERT(verdict.count == 2 && (verdict.part[0] == late || verdict.part[1] == late));
    }
    free(history);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("linear", "histories by hand are judged right", judged_right);
    suite_add("linear", "the offending part is named", names_the_part);
    suite_add("linear", "agrees with brute force", agrees_with_brute_force);
    suite_add("linear", "long histories are judged in time", long_histories);
}
