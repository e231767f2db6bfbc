#include "tests/lib/suite.h"

#include <CUnit/TestRun.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

enum {
    TESTS_MAX = 4096,
    LONG_SECONDS = 2, /* a test that takes so long says how long */
};

static struct {
    const char *suite;
    const char *name;
    void (*body)(void);
} tests[TESTS_MAX];
static size_t count;
static unsigned skipped;
static bool quiet;
static int64_t begun; /* the test that runs */

void suite_add(const char *suite, const char *test, void (*body)(void))
{
    if (count == TESTS_MAX)
        abort();
    tests[count].suite = suite;
    tests[count].name = test;
    tests[count].body = body;
    count++;
}

void suite_skip(const char *why)
{
    skipped++;
    printf("  SKIPPED: %s\n", why);
}

static void test_begins(const CU_pTest test, const CU_pSuite suite)
{
    if (!quiet)
        printf("%s/%s\n", suite->pName, test->pName);
    fflush(stdout);
    begun = clock_monotonic();
}

static void test_ended(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failure)
{
    for (CU_pFailureRecord f = failure; f != NULL; f = f->pNext)
        if (f->pTest == test)
            printf("  FAILED %s/%s: %s:%u: %s\n", suite->pName, test->pName, f->strFileName,
                   f->uiLineNumber, f->strCondition);
    int64_t took = clock_monotonic() - begun;
    if (!quiet && took >= LONG_SECONDS * CLOCK_SECOND)
        printf("  took %.1f s\n", (double)took / CLOCK_SECOND);
    fflush(stdout);
}

static CU_pSuite suite_of(const char *name)
{
    CU_pSuite suite = CU_get_suite_by_name(name, CU_get_registry());
    return suite != NULL ? suite : CU_add_suite(name, NULL, NULL);
}

/* SHARD=2/3: of three processes that share the tests, this is the second. */
static void read_shard(size_t *first, size_t *shards)
{
    const char *text = getenv("SHARD");
    *first = 0;
    *shards = 1;
    if (text != NULL &&
        (sscanf(text, "%zu/%zu", first, shards) != 2 || *first < 1 || *first > *shards))
        abort();
    if (text != NULL)
        --*first;
}

static void register_tests(const char *filter)
{
    size_t first, shards;
    read_shard(&first, &shards);
    for (size_t i = first; i < count; i += shards) {
        char name[256];
        snprintf(name, sizeof name, "%s/%s", tests[i].suite, tests[i].name);
        if (filter == NULL || strstr(name, filter) != NULL)
            CU_add_test(suite_of(tests[i].suite), tests[i].name, tests[i].body);
    }
}

int suite_main(int argc, char **argv)
{
    quiet = getenv("QUIET") != NULL;
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    register_tests(argc > 1 ? argv[1] : NULL);
    CU_set_test_start_handler(test_begins);
    CU_set_test_complete_handler(test_ended);
    if (CU_run_all_tests() != CUE_SUCCESS)
        printf("CUnit: %s\n", CU_get_error_msg());
    unsigned run = CU_get_number_of_tests_run();
    unsigned failed = CU_get_number_of_tests_failed();
    bool bad = run == 0 || failed > 0 || CU_get_number_of_failure_records() > 0;
    printf("%u passed, %u failed, %u skipped\n", run - failed - skipped, failed, skipped);
    CU_cleanup_registry();
    return bad ? 1 : 0;
}
