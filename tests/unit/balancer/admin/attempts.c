#include "balancer/admin/attempts.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/suite.h"

static struct attempts attempts;

static int wrong(const char *address, int64_t seconds)
{
    return attempts_wrong(&attempts, address, 1000 * CLOCK_SECOND + seconds * CLOCK_SECOND);
}

static void who_is_wrong_again_and_again_waits(void)
{
    memset(&attempts, 0, sizeof attempts);
    for (int i = 0; i < ATTEMPTS_WRONG; i++)
        CU_ASSERT_EQUAL(wrong("127.0.0.1", 0), 0);
    CU_ASSERT_EQUAL(wrong("127.0.0.1", 0), ATTEMPTS_SECONDS);
    CU_ASSERT_EQUAL(wrong("127.0.0.2", 0), 0); /* another address */
    CU_ASSERT_EQUAL(wrong("127.0.0.1", 7), ATTEMPTS_SECONDS - 7);
    CU_ASSERT_EQUAL(wrong("127.0.0.1", ATTEMPTS_SECONDS - 1), 1);
    CU_ASSERT_EQUAL(wrong("127.0.0.1", ATTEMPTS_SECONDS), 0); /* anew */
}

static void who_is_wrong_now_and_then_does_not(void)
{
    memset(&attempts, 0, sizeof attempts);
    for (int i = 0; i < 20 * ATTEMPTS_WRONG; i++)
        CU_ASSERT_EQUAL(wrong("127.0.0.1", 2 * i), 0);
}

/* Whoever has many addresses pushes others out, and is told no more by that than that he is wrong. */
static void the_table_has_an_end(void)
{
    char address[INET6_ADDRSTRLEN];
    memset(&attempts, 0, sizeof attempts);
    for (int i = 0; i <= ATTEMPTS_WRONG; i++)
        wrong("127.0.0.1", 0);
    for (int i = 0; i < ATTEMPTS_CLIENTS - 1; i++) {
        snprintf(address, sizeof address, "10.0.%d.%d", i / 256, i % 256);
        CU_ASSERT_EQUAL(wrong(address, 1), 0);
    }
    CU_ASSERT(wrong("127.0.0.1", 2) > 0); /* there is room for so many */
    for (int i = 0; i < ATTEMPTS_CLIENTS; i++) {
        snprintf(address, sizeof address, "10.1.%d.%d", i / 256, i % 256);
        CU_ASSERT_EQUAL(wrong(address, 3), 0);
    }
    CU_ASSERT_EQUAL(wrong("127.0.0.1", 4), 0);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("attempts", "who is wrong again and again waits", who_is_wrong_again_and_again_waits);
    suite_add("attempts", "who is wrong now and then does not", who_is_wrong_now_and_then_does_not);
    suite_add("attempts", "the table has an end", the_table_has_an_end);
}
