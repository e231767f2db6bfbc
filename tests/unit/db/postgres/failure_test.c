/* What PostgreSQL's failures mean, and how long is rested after them. */
#include "common/clock.h"
#include "db/postgres/dial.h"
#include "db/postgres/failure.h"
#include "db/postgres/transaction.h"
#include "tests/lib/suite.h"

static void codes(void)
{
    static const struct {
        const char *code;
        enum failure failure;
    } known[] = {
        {"23505", FAILURE_CONFLICT}, {"23514", FAILURE_CONFLICT}, {"22003", FAILURE_CONFLICT},
        {"40001", FAILURE_AGAIN},    {"40P01", FAILURE_AGAIN},    {"40002", FAILURE_OTHER},
        {"40003", FAILURE_LOST},     {"57P01", FAILURE_LOST},     {"57014", FAILURE_OTHER},
        {"08006", FAILURE_LOST},     {"25006", FAILURE_LOST},     {"25P03", FAILURE_LOST},
        {"25P02", FAILURE_OTHER},    {"42P01", FAILURE_GONE},     {"3F000", FAILURE_GONE},
        {"53100", FAILURE_OTHER},    {"", FAILURE_OTHER},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        CU_ASSERT_EQUAL(failure_of(known[i].code, false), known[i].failure);
        CU_ASSERT_EQUAL(failure_of(known[i].code, true), FAILURE_LOST);
    }
}

static void rests(void)
{
    int64_t rest = 0;
    CU_ASSERT_EQUAL(rest = postgres_dial_rest(rest), 50 * CLOCK_MILLISECOND);
    CU_ASSERT_EQUAL(rest = postgres_dial_rest(rest), 100 * CLOCK_MILLISECOND);
    for (int i = 0; i < 10; i++)
        rest = postgres_dial_rest(rest);
    CU_ASSERT_EQUAL(rest, CLOCK_SECOND);
    CU_ASSERT_EQUAL(transaction_rest(1), CLOCK_MILLISECOND);
    CU_ASSERT_EQUAL(transaction_rest(4), 8 * CLOCK_MILLISECOND);
    CU_ASSERT_EQUAL(transaction_rest(20), 64 * CLOCK_MILLISECOND);
}

static void words(void)
{
    char line[16];
    postgres_dial_words("no\n\tserver \n", line, sizeof line);
    CU_ASSERT_STRING_EQUAL(line, "no server");
    postgres_dial_words("one that is too long", line, sizeof line);
    CU_ASSERT_STRING_EQUAL(line, "one that is too");
    postgres_dial_words(" \n", line, sizeof line);
    CU_ASSERT_STRING_EQUAL(line, "no reason was t");
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("postgres failures", "codes", codes);
    suite_add("postgres failures", "rests are bounded", rests);
    suite_add("postgres failures", "one line", words);
}
