#include "common/clock.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t clock_read(clockid_t id)
{
    struct timespec now;
    int failed = clock_gettime(id, &now);
    assert(failed == 0);
    (void)failed;
    return (int64_t)now.tv_sec * CLOCK_SECOND + now.tv_nsec / 1000;
}

int64_t clock_now(void)
{
    return clock_read(CLOCK_REALTIME);
}

int64_t clock_monotonic(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

static void put_digits(char *text, int64_t number, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        text[i] = (char)('0' + number % 10);
        number /= 10;
    }
}

/* The calendar is worked out once a second only: a router formats a time for each of its lines. */
void clock_format(int64_t time, char text[CLOCK_TEXT_SIZE])
{
    static _Thread_local int64_t known_second = -1;
    static _Thread_local char known[CLOCK_TEXT_SIZE];
    int64_t second = time / CLOCK_SECOND;
    if (second != known_second) {
        struct tm parts;
        time_t seconds = (time_t)second;
        gmtime_r(&seconds, &parts);
        strftime(known, sizeof known, "%Y-%m-%dT%H:%M:%S.000000Z", &parts);
        known_second = second;
    }
    memcpy(text, known, CLOCK_TEXT_SIZE);
    put_digits(text + 20, time % CLOCK_SECOND, 6);
}

static bool take_digits(const char *text, int digits, int *number)
{
    *number = 0;
    for (int i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *number = *number * 10 + (text[i] - '0');
    }
    return true;
}

bool clock_parse(const char *text, int64_t *time)
{
    int year, month, day, hour, minute, second, micros;
    if (strlen(text) != CLOCK_TEXT_SIZE - 1 || !take_digits(text, 4, &year) ||
        !take_digits(text + 5, 2, &month) || !take_digits(text + 8, 2, &day) ||
        !take_digits(text + 11, 2, &hour) || !take_digits(text + 14, 2, &minute) ||
        !take_digits(text + 17, 2, &second) || !take_digits(text + 20, 6, &micros))
        return false;
    struct tm parts = {.tm_year = year - 1900,
                       .tm_mon = month - 1,
                       .tm_mday = day,
                       .tm_hour = hour,
                       .tm_min = minute,
                       .tm_sec = second};
    int64_t result = (int64_t)timegm(&parts) * CLOCK_SECOND + micros;
    if (result < 0)
        return false;
    /* What does not print the same again was no time: wrong separators, a 31st of February. */
    char again[CLOCK_TEXT_SIZE];
    clock_format(result, again);
    if (strcmp(again, text) != 0)
        return false;
    *time = result;
    return true;
}

bool clock_span(const char *text, int64_t *span)
{
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits;
    if (digits == 0 || digits > 9)
        return false;
    int64_t number = strtoll(text, NULL, 10);
    if (strcmp(unit, "s") == 0)
        *span = number * CLOCK_SECOND;
    else if (strcmp(unit, "ms") == 0)
        *span = number * CLOCK_MILLISECOND;
    else if (*unit == '\0' && number == 0)
        *span = 0;
    else
        return false;
    return true;
}
