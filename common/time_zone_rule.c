#include "common/time_zone_rule.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MINUTE = 60,
    HOUR = 60 * MINUTE,
    DAY = 24 * HOUR,
    OFFSET_HOURS_MAX = 24,
    TIME_HOURS_MAX = 167,
    DIGITS_MAX = 3,
};

/* When clocks change, in each year. */
struct change {
    char
        kind; /* 'M': weekday of a week of a month; 'J': day of the year without 29 February, from 1; '0': day
                  of the year, from 0 */
    int month, week, day;
    int time; /* seconds after that day begins by the clock before */
};

struct rule {
    const char *at; /* what is still to be read; NULL: it could not be */
    char standard[TIME_ZONE_ABBREVIATION_SIZE], summer[TIME_ZONE_ABBREVIATION_SIZE];
    int standard_offset, summer_offset;
    struct change to_summer, to_standard;
};

/* --- reading ----------------------------------------------------------------------------------- */

static bool take(struct rule *rule, char c)
{
    if (rule->at == NULL || *rule->at != c)
        return false;
    rule->at++;
    return true;
}

static int take_number(struct rule *rule, int min, int max)
{
    int number = 0, digits = 0;
    for (; rule->at != NULL && *rule->at >= '0' && *rule->at <= '9' && digits <= DIGITS_MAX;
         digits++)
        number = 10 * number + (*rule->at++ - '0');
    if (digits == 0 || digits > DIGITS_MAX || number < min || number > max)
        rule->at = NULL;
    return number;
}

/* [+-]hh[:mm[:ss]] */
static int take_time(struct rule *rule, int hours_max)
{
    int sign = take(rule, '-') ? -1 : 1;
    if (sign > 0)
        take(rule, '+');
    int time = take_number(rule, 0, hours_max) * HOUR;
    if (take(rule, ':'))
        time += take_number(rule, 0, 59) * MINUTE;
    if (take(rule, ':'))
        time += take_number(rule, 0, 59);
    return sign * time;
}

/* Letters, or anything between < and >. */
static void take_name(struct rule *rule, char name[TIME_ZONE_ABBREVIATION_SIZE])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    bool quoted = take(rule, '<');
    if (rule->at == NULL)
        return;
    size_t length = quoted ? strcspn(rule->at, ">") : strspn(rule->at, letters);
    if (length == 0 || length >= TIME_ZONE_ABBREVIATION_SIZE) {
        rule->at = NULL;
        return;
    }
    memcpy(name, rule->at, length);
    name[length] = '\0';
    rule->at += length;
    if (quoted && !take(rule, '>'))
        rule->at = NULL;
}

static void take_change(struct rule *rule, struct change *change)
{
    *change = (struct change){.kind = '0', .time = 2 * HOUR};
    if (take(rule, 'M')) {
        change->kind = 'M';
        change->month = take_number(rule, 1, 12);
        change->week = take(rule, '.') ? take_number(rule, 1, 5) : 0;
        change->day = take(rule, '.') ? take_number(rule, 0, 6) : 0;
        if (change->week == 0)
            rule->at = NULL;
    } else if (take(rule, 'J')) {
        change->kind = 'J';
        change->day = take_number(rule, 1, 365);
    } else {
        change->day = take_number(rule, 0, 365);
    }
    if (take(rule, '/'))
        change->time = take_time(rule, TIME_HOURS_MAX);
}

static bool read_rule(struct rule *rule)
{
    take_name(rule, rule->standard);
    rule->standard_offset = -take_time(rule, OFFSET_HOURS_MAX); /* POSIX counts west of Greenwich */
    if (rule->at == NULL || *rule->at == '\0')
        return rule->at != NULL;
    take_name(rule, rule->summer);
    rule->summer_offset = rule->standard_offset + HOUR;
    if (rule->at != NULL && *rule->at != ',')
        rule->summer_offset = -take_time(rule, OFFSET_HOURS_MAX);
    if (!take(rule, ','))
        return false;
    take_change(rule, &rule->to_summer);
    if (!take(rule, ','))
        return false;
    take_change(rule, &rule->to_standard);
    return rule->at != NULL && *rule->at == '\0';
}

/* --- using ------------------------------------------------------------------------------------- */

/* Seconds since 1970 to the beginning of a day, as if it were of UTC. Days before the first and after
 * the last of the month count on. */
static int64_t day_begins(int year, int month, int day, int *weekday)
{
    struct tm date = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    int64_t seconds = timegm(&date);
    *weekday = date.tm_wday;
    return seconds;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The last such weekday of the month where its week is the fifth. */
static int64_t weekday_begins(int year, const struct change *change)
{
    int weekday, next_weekday;
    int64_t first = day_begins(year, change->month, 1, &weekday);
    int64_t next = day_begins(year, change->month + 1, 1, &next_weekday);
    int64_t day = first + ((change->day - weekday + 7) % 7 + 7 * (change->week - 1)) * (int64_t)DAY;
    while (day >= next)
        day -= 7 * DAY;
    return day;
}

static int64_t changes_at(int year, const struct change *change, int offset_before)
{
    int weekday;
    int64_t day;
    if (change->kind == 'M')
        day = weekday_begins(year, change);
    else if (change->kind == 'J')
        day = day_begins(year, 1, change->day + (change->day >= 60 && is_leap(year)), &weekday);
    else
        day = day_begins(year, 1, change->day + 1, &weekday);
    return day + change->time - offset_before;
}

static bool is_summer(const struct rule *rule, int64_t seconds)
{
    struct tm date;
    time_t shown = (time_t)(seconds + rule->standard_offset);
    if (rule->summer[0] == '\0' || gmtime_r(&shown, &date) == NULL)
        return false;
    int year = date.tm_year + 1900;
    int64_t begins = changes_at(year, &rule->to_summer, rule->standard_offset);
    int64_t ends = changes_at(year, &rule->to_standard, rule->summer_offset);
    if (begins < ends)
        return seconds >= begins && seconds < ends;
    return seconds >= begins || seconds < ends; /* in the south, summer is over the new year */
}

bool time_zone_rule(const char *text, int64_t seconds, struct local_time *local)
{
    struct rule rule = {.at = text};
    if (!read_rule(&rule))
        return false;
    bool summer = is_summer(&rule, seconds);
    local->offset = summer ? rule.summer_offset : rule.standard_offset;
    strcpy(local->abbreviation, summer ? rule.summer : rule.standard);
    return true;
}
