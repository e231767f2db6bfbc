#include "common/time_zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/time_zone_rule.h"
#include "tests/lib/dice.h"
#include "tests/lib/suite.h"

enum {
    TIMES = 3000, /* of each zone */
};

/* Rules of all kinds: summer in the south, half an hour of it, less in winter, on a Thursday, at
 * 24:00, none. */
static const char *const zones[] = {
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Nuuk",
    "America/Sao_Paulo",
    "America/Santiago",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Asia/Gaza",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Antarctica/Troll",
    "Etc/GMT+12",
};

/* Whether libc, whose zone is the same now, shows the same. */
static bool libc_agrees(int64_t seconds, const struct local_time *local)
{
    struct tm shown;
    time_t time = (time_t)seconds;
    localtime_r(&time, &shown);
    return local->year == shown.tm_year + 1900 && local->month == shown.tm_mon + 1 &&
           local->day == shown.tm_mday && local->weekday == shown.tm_wday &&
           local->hour == shown.tm_hour && local->minute == shown.tm_min &&
           local->second == shown.tm_sec && local->offset == shown.tm_gmtoff &&
           strcmp(local->abbreviation, shown.tm_zone) == 0;
}

static void compare_at(const char *zone, int64_t seconds)
{
    struct local_time local;
    bool known = time_zone_local(zone, seconds * CLOCK_SECOND, &local);
    if (known && libc_agrees(seconds, &local))
        return;
    printf("  %s at %lld: %d-%02d-%02d %02d:%02d %s\n", zone, (long long)seconds, local.year,
           local.month, local.day, local.hour, local.minute, local.abbreviation);
    CU_FAIL("libc shows another time");
}

static void it_is_what_libc_shows(void)
{
    struct dice dice = dice_new(1);
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        setenv("TZ", zones[i], 1);
        tzset();
        for (int times = 0; times < TIMES; times++)
            compare_at(zones[i], dice_roll(&dice, UINT32_MAX));
    }
    unsetenv("TZ");
    tzset();
}

static void a_zone_has_a_sound_name_and_a_file(void)
{
    static const char *const unknown[] = {
        "",
        "Europe",
        "Europe/",
        "/Europe/Berlin",
        "Europe//Berlin",
        "Europe/Nowhere",
        "../zoneinfo/Europe/Berlin",
        "Europe/../Europe/Berlin",
        "tzdata.zi",
        "zone1970.tab",
        "leapseconds",
        "right/Europe/Berlin",
        "Europe/Berlin\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    CU_ASSERT(time_zone_known("UTC"));
    CU_ASSERT(time_zone_known("Europe/Berlin"));
    CU_ASSERT(time_zone_known("America/Argentina/Buenos_Aires"));
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        CU_ASSERT_FALSE(time_zone_known(unknown[i]));
}

static void an_unknown_zone_shows_utc(void)
{
    struct local_time local;
    CU_ASSERT_FALSE(time_zone_local("Nowhere", 86399 * CLOCK_SECOND, &local));
    CU_ASSERT_EQUAL(local.year, 1970);
    CU_ASSERT_EQUAL(local.hour, 23);
    CU_ASSERT_EQUAL(local.offset, 0);
    CU_ASSERT_STRING_EQUAL(local.abbreviation, "UTC");
}

struct row {
    const char *rule;
    int64_t seconds;
    int offset; /* -1: the rule cannot be read */
};

static void a_rule_is_read_or_refused(void)
{
    static const struct row rows[] = {
        {"CET-1CEST,M3.5.0,M10.5.0/3", INT64_C(1774745999), 3600}, /* 2026-03-29, a second early */
        {"CET-1CEST,M3.5.0,M10.5.0/3", INT64_C(1774746000), 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", INT64_C(1792889999), 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", INT64_C(1792890000), 3600},
        {"<+0545>-5:45", 0, 20700},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", INT64_C(1782864000), -3600},
        {"AAA3BBB4,0/0,J365/25", INT64_C(1782864000), -14400}, /* never standard */
        {"A0B,J60/0,J61/0", INT64_C(1709164800), 0},           /* 29 February 2024 ... */
        {"A0B,J60/0,J61/0", INT64_C(1709251200), 3600},        /* ... is not counted */
        {"A0B,59/0,60/0", INT64_C(1709164800), 3600},
        {"", 0, -1},
        {"CET", 0, -1},
        {"CET-", 0, -1},
        {"CET-25", 0, -1},
        {"CET-1CEST", 0, -1},
        {"CET-1CEST,", 0, -1},
        {"CET-1CEST,M3.5.0", 0, -1},
        {"CET-1CEST,M3.5.0,M10.5.0x", 0, -1},
        {"CET-1CEST,M13.5.0,M10.5.0", 0, -1},
        {"CET-1CEST,M3.6.0,M10.5.0", 0, -1},
        {"CET-1CEST,M3.5.7,M10.5.0", 0, -1},
        {"CET-1CEST,M3,M10", 0, -1},
        {"CET-1CEST,J0,J1", 0, -1},
        {"CET-1CEST,1/168,2", 0, -1},
        {"<CET-1", 0, -1},
        {"<>-1", 0, -1},
        {"ABCDEFGHIJKLMNOP-1", 0, -1},
        {"CET-00000001", 0, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct local_time local = {0};
        bool good = time_zone_rule(rows[i].rule, rows[i].seconds, &local);
        if (good != (rows[i].offset != -1) || (good && local.offset != rows[i].offset)) {
            printf("  '%s': %d\n", rows[i].rule, local.offset);
            CU_FAIL("another reading of a rule");
        }
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("time zone", "it is what libc shows", it_is_what_libc_shows);
    suite_add("time zone", "a zone has a sound name and a file",
              a_zone_has_a_sound_name_and_a_file);
    suite_add("time zone", "an unknown zone shows UTC", an_unknown_zone_shows_utc);
    suite_add("time zone", "a rule is read or refused", a_rule_is_read_or_refused);
}
