#include "common/rfc3339.h"

#include <stddef.h>
#include <stdio.h>

#include "common/clock.h"
#include "tests/lib/suite.h"

static const struct {
    const char *text;
    int64_t time; /* microseconds */
} good[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1970-01-01T00:00:00.000001Z", 1},
    {"1970-01-01T01:00:00+01:00", 0},
    {"1969-12-31T23:30:00-00:30", 0},
    {"2026-12-31T20:00:00+01:00", INT64_C(1798743600000000)},
    {"2026-12-31t19:00:00z", INT64_C(1798743600000000)},
    {"2026-12-31T19:00:00-00:00", INT64_C(1798743600000000)},
    {"2024-02-29T12:00:00Z", INT64_C(1709208000000000)},
    {"2000-02-29T00:00:00Z", INT64_C(951782400000000)},
    {"2026-11-22T02:00:00.5Z", INT64_C(1795312800500000)},
    {"2026-11-22T02:00:00.123456789Z", INT64_C(1795312800123456)},
    {"2026-11-22T02:00:00+14:00", INT64_C(1795262400000000)},
    {"9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999)},
};

static const char *const bad[] = {
    "",
    "2026",
    "2026-12-31",
    "2026-12-31T20:00:00",
    "2026-12-31T20:00Z",
    "2026-12-31 20:00:00Z",
    "2026-12-31T20:00:00+0100",
    "2026-12-31T20:00:00+01",
    "2026-12-31T20:00:00+1:00",
    "2026-12-31T20:00:00+24:00",
    "2026-12-31T20:00:00+01:60",
    "2026-12-31T24:00:00Z",
    "2026-12-31T23:60:00Z",
    "2016-12-31T23:59:60Z",
    "2026-12-31T20:00:00.Z",
    "2026-12-31T20:00:00,5Z",
    "2026-12-31T20:00:00.1234567890Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-32T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-1-01T00:00:00Z",
    "26-01-01T00:00:00Z",
    "+2026-01-01T00:00:00Z",
    "-026-01-01T00:00:00Z",
    "2026-12-31T20:00:00Z ",
    " 2026-12-31T20:00:00Z",
    "2026-12-31T20:00:00ZZ",
    "2026-12-31T20:00:00 Z",
    "1969-12-31T23:59:59Z",
    "1970-01-01T00:00:00+00:01",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59-00:01",
    "10000-01-01T00:00:00Z",
};

static void reads_what_is_right(void)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t time = -1;
        bool fine = rfc3339_parse(good[i].text, &time) && time == good[i].time;
        CU_ASSERT(fine);
        if (!fine)
            printf("  %s: %lld\n", good[i].text, (long long)time);
    }
}

static void refuses_what_is_wrong(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t time = -1;
        bool refused = !rfc3339_parse(bad[i], &time) && time == -1;
        CU_ASSERT(refused);
        if (!refused)
            printf("  %s\n", bad[i]);
    }
}

/* Every day of four centuries, against the C library's calendar. */
static void knows_every_day(void)
{
    for (int64_t day = 0; day < 146097; day++) {
        char text[CLOCK_TEXT_SIZE];
        int64_t time = day * 86400 * CLOCK_SECOND + 43200 * CLOCK_SECOND, again = -1;
        clock_format(time, text);
        if (!rfc3339_parse(text, &again) || again != time) {
            printf("  %s\n", text);
            CU_FAIL("a day is read as another one");
            return;
        }
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("rfc3339", "reads what is right", reads_what_is_right);
    suite_add("rfc3339", "refuses what is wrong", refuses_what_is_wrong);
    suite_add("rfc3339", "knows every day", knows_every_day);
}
