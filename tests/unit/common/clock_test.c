#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"

struct row {
    const char *text;
    int64_t time;
};

static const struct row rows[] = {
    {"1970-01-01T00:00:00.000000Z", 0},
    {"1970-01-01T00:00:00.000001Z", 1},
    {"1970-01-01T00:00:00.999999Z", 999999},
    {"2000-02-29T23:59:59.000000Z", INT64_C(951868799000000)},
    {"2026-11-21T10:00:00.123456Z", INT64_C(1795255200123456)},
    {"2038-01-19T03:14:08.000000Z", INT64_C(2147483648000000)},
    {"9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999)},
};

static void times_are_written_and_read(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[CLOCK_TEXT_SIZE];
        int64_t time = -1;
        clock_format(rows[i].time, text);
        CU_ASSERT_STRING_EQUAL(text, rows[i].text);
        CU_ASSERT(clock_parse(rows[i].text, &time));
        CU_ASSERT_EQUAL(time, rows[i].time);
    }
}

/* The calendar is kept from call to call, so also times that go back and forth. */
static void any_time_comes_back(void)
{
    unsigned seed = 20261121;
    for (int i = 0; i < 20000; i++) {
        char text[CLOCK_TEXT_SIZE];
        int64_t time = (((int64_t)rand_r(&seed) << 31) + rand_r(&seed)) % INT64_C(253402300800);
        time = time * CLOCK_SECOND + rand_r(&seed) % CLOCK_SECOND;
        int64_t again = -1;
        clock_format(time, text);
        CU_ASSERT(clock_parse(text, &again));
        CU_ASSERT_EQUAL_FATAL(again, time);
    }
}

static const char *const bad[] = {
    "",
    "2026-11-21",
    "2026-11-21T10:00:00Z",
    "2026-11-21T10:00:00.123Z",
    "2026-11-21T10:00:00.1234567Z",
    "2026-11-21T10:00:00.123456",
    "2026-11-21T10:00:00.123456z",
    "2026-11-21t10:00:00.123456Z",
    "2026-11-21 10:00:00.123456Z",
    "2026/11/21T10:00:00.123456Z",
    "2026-11-21T10.00.00.123456Z",
    "2026-11-21T10:00:00,123456Z",
    "2026-11-21T10:00:00.12345 Z",
    "2026-11-21T10:00:00.-12345Z",
    " 026-11-21T10:00:00.123456Z",
    "+026-11-21T10:00:00.123456Z",
    "2026-00-21T10:00:00.123456Z",
    "2026-13-21T10:00:00.123456Z",
    "2026-11-00T10:00:00.123456Z",
    "2026-11-31T10:00:00.123456Z",
    "2026-02-29T10:00:00.123456Z",
    "1900-02-29T10:00:00.123456Z",
    "2026-11-21T24:00:00.000000Z",
    "2026-11-21T10:60:00.123456Z",
    "2026-11-21T10:00:60.123456Z",
    "1969-12-31T23:59:59.000000Z",
    "1969-12-31T23:59:59.999999Z",
    "2026-11-21T10:00:00.123456Z ",
    "2026-11-21T10:00:00.123456+00:00",
};

static void what_is_no_time_is_refused(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t time = 42;
        if (clock_parse(bad[i], &time) || time != 42) {
            printf("  read: %s\n", bad[i]);
            CU_FAIL("a text that is no time was read");
        }
    }
}

static void clocks_go_forward(void)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t last = clock_monotonic();
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic();
        CU_ASSERT_FATAL(now >= last);
        last = now;
    }
    clock_format(clock_now(), text);
    CU_ASSERT(strcmp(text, "2025-01-01") > 0);
}

static void spans_are_read_as_people_write_them(void)
{
    static const struct row spans[] = {{"0", 0},
                                       {"0s", 0},
                                       {"0ms", 0},
                                       {"30s", 30 * CLOCK_SECOND},
                                       {"500ms", 500 * CLOCK_MILLISECOND},
                                       {"999999999s", 999999999 * CLOCK_SECOND}};
    static const char *const none[] = {"",    "s",    "30",          "30 s",  " 30s",
                                       "-1s", "+1s",  "1.5s",        "30sec", "30S",
                                       "1m",  "30s ", "1000000000s", "0x1s"};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        int64_t span = -1;
        CU_ASSERT(clock_span(spans[i].text, &span));
        CU_ASSERT_EQUAL(span, spans[i].time);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        int64_t span = -1;
        CU_ASSERT_FALSE(clock_span(none[i], &span));
        CU_ASSERT_EQUAL(span, -1);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("clock", "spans are read as people write them", spans_are_read_as_people_write_them);
    suite_add("clock", "times are written and read", times_are_written_and_read);
    suite_add("clock", "any time comes back", any_time_comes_back);
    suite_add("clock", "what is no time is refused", what_is_no_time_is_refused);
    suite_add("clock", "clocks go forward", clocks_go_forward);
}
