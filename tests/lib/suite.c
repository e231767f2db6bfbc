#include "tests/lib/suite.h"

#include <CUnit/TestRun.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* TESTS_TAKEN=DIRECTORY: of several processes that share the tests, each runs what it is the first to take there. */
static bool take(size_t test)
{
    const char *taken = getenv("TESTS_TAKEN");
    char path[4096];
    if (taken == NULL)
        return true;
    snprintf(path, sizeof path, "%s/%zu", taken, test);
    int mark = open(path, O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (mark >= 0)
        close(mark);
    else if (errno != EEXIST)
        abort();
    return mark >= 0;
}

static bool chosen(size_t test, const char *filter)
{
    char name[256];
    snprintf(name, sizeof name, "%s/%s", tests[test].suite, tests[test].name);
    return (filter == NULL || strstr(name, filter) != NULL) && take(test);
}

/* One by one, as others may take the next one meanwhile. */
static void run_tests(const char *filter, unsigned *run, unsigned *failed)
{
    for (size_t i = 0; i < count; i++) {
        if (!chosen(i, filter))
            continue;
        CU_pSuite suite = suite_of(tests[i].suite);
        CU_pTest test = CU_add_test(suite, tests[i].name, tests[i].body);
        if (CU_run_test(suite, test) != CUE_SUCCESS)
            printf("CUnit: %s\n", CU_get_error_msg());
        *run += CU_get_number_of_tests_run();
        *failed += CU_get_number_of_failure_records() > 0;
    }
}

int suite_main(int argc, char **argv)
{
    quiet = getenv("QUIET") != NULL;
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    unsigned run = 0, failed = 0;
    CU_set_test_start_handler(test_begins);
    CU_set_test_complete_handler(test_ended);
    run_tests(argc > 1 ? argv[1] : NULL, &run, &failed);
    printf("%u passed, %u failed, %u skipped\n", run - failed - skipped, failed, skipped);
    CU_cleanup_registry();
    return run == 0 || failed > 0 ? 1 : 0;
}
