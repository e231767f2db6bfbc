/* Test suites for CUnit that register themselves, so that a new test file needs no list.
 *
 *     static void adds(void) { CU_ASSERT_EQUAL(1 + 1, 2); }
 *     static __attribute__((constructor)) void suite(void) { suite_add("sum", "adds", adds); }
 *
 * The program's main is suite_main: it runs all tests, or those whose "suite/test" contains the
 * program's first argument, prints "N passed, N failed, N skipped" as its last line, and returns
 * non-zero where anything failed, also where no test ran. */
#ifndef BOX_OFFICE_SUITE_H
#define BOX_OFFICE_SUITE_H

#include <CUnit/CUnit.h>

void suite_add(const char *suite, const char *test, void (*body)(void));

/* Inside a test: counts it as skipped and says why. Allowed only where a privilege is missing. */
void suite_skip(const char *why);

int suite_main(int argc, char **argv);

#endif
