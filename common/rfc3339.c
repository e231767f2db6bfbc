#include "common/rfc3339.h"

#include "common/clock.h"

enum {
    FRACTION_DIGITS_MAX = 9,
    DAY_SECONDS = 86400,
    HOUR_SECONDS = 3600,
    MINUTE_SECONDS = 60,
};

static const int64_t year_10000 = INT64_C(253402300800); /* seconds since 1970 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes exactly so many digits, whose number must be within the bounds. */
static bool take_number(const char **at, int digits, int min, int max, int *number)
{
    *number = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (!is_digit(**at))
            return false;
        *number = *number * 10 + (**at - '0');
    }
    return *number >= min && *number <= max;
}

static bool take_sign(const char **at, char sign)
{
    if (**at != sign)
        return false;
    (*at)++;
    return true;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1970-01-01 to this date of the Gregorian calendar; negative before. */
static int64_t days_until(int year, int month, int day)
{
    int64_t before = year - 1; /* whole years since the year 1; of the year 0, -1 */
    int64_t days = before * 365 + (before >= 0 ? before / 4 - before / 100 + before / 400 : -1);
    for (int i = 1; i < month; i++)
        days += days_of(year, i);
    return days + day - 1 - INT64_C(719162); /* 1970-01-01 as counted from 0001-01-01 */
}

static bool take_date(const char **at, int64_t *days)
{
    int year, month, day;
    if (!take_number(at, 4, 0, 9999, &year) || !take_sign(at, '-') ||
        !take_number(at, 2, 1, 12, &month) || !take_sign(at, '-') ||
        !take_number(at, 2, 1, days_of(year, month), &day))
        return false;
    *days = days_until(year, month, day);
    return true;
}

/* The microseconds of a fraction, if there is one. */
static bool take_fraction(const char **at, int64_t *micros)
{
    int64_t unit = CLOCK_SECOND;
    int digits = 0;
    *micros = 0;
    if (!take_sign(at, '.'))
        return true;
    for (; is_digit(**at) && digits < FRACTION_DIGITS_MAX; digits++, (*at)++) {
        unit /= 10;
        *micros += unit * (**at - '0');
    }
    return digits > 0;
}

static bool take_clock(const char **at, int64_t *seconds)
{
    int hour, minute, second;
    if (!take_number(at, 2, 0, 23, &hour) || !take_sign(at, ':') ||
        !take_number(at, 2, 0, 59, &minute) || !take_sign(at, ':') ||
        !take_number(at, 2, 0, 59, &second))
        return false;
    *seconds = hour * HOUR_SECONDS + minute * MINUTE_SECONDS + second;
    return true;
}

static bool take_offset(const char **at, int64_t *seconds)
{
    int hours, minutes;
    *seconds = 0;
    if (take_sign(at, 'Z') || take_sign(at, 'z'))
        return true;
    bool west = take_sign(at, '-');
    if ((!west && !take_sign(at, '+')) || !take_number(at, 2, 0, 23, &hours) ||
        !take_sign(at, ':') || !take_number(at, 2, 0, 59, &minutes))
        return false;
    *seconds = (west ? -1 : 1) * (hours * HOUR_SECONDS + minutes * MINUTE_SECONDS);
    return true;
}

bool rfc3339_parse(const char *text, int64_t *time)
{
    int64_t days, clock, micros, offset;
    if (!take_date(&text, &days) || (!take_sign(&text, 'T') && !take_sign(&text, 't')) ||
        !take_clock(&text, &clock) || !take_fraction(&text, &micros) ||
        !take_offset(&text, &offset) || *text != '\0')
        return false;
    int64_t seconds = days * DAY_SECONDS + clock - offset;
    if (seconds < 0 || seconds >= year_10000)
        return false;
    *time = seconds * CLOCK_SECOND + micros;
    return true;
}
