/* A time that is read is the one that the C library makes of it, by way of its calendar; whatever else it holds, it
 * keeps the grammar of RFC 3339. And every time that can be written is read, with any offset. */
#include "common/rfc3339.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"

static const int64_t year_10000 = INT64_C(253402300800) * CLOCK_SECOND;

/* What strptime and timegm make of it; its fraction and offset by sscanf. */
static int64_t other_reading(const char *text)
{
    struct tm parts = {0};
    char plain[20];
    int hours = 0, minutes = 0, length = 0;
    snprintf(plain, sizeof plain, "%s", text);
    plain[10] = 'T';
    const char *end = strptime(plain, "%Y-%m-%dT%H:%M:%S", &parts);
    must(end != NULL && *end == '\0', "a time has a date and a clock");
    int64_t time = (int64_t)timegm(&parts) * CLOCK_SECOND;
    const char *rest = text + 19;
    if (*rest == '.') {
        int64_t unit = CLOCK_SECOND;
        for (rest++; *rest >= '0' && *rest <= '9'; rest++) {
            unit /= 10;
            time += unit * (*rest - '0');
        }
    }
    if (*rest == 'Z' || *rest == 'z')
        return time;
    must(sscanf(rest + 1, "%2d:%2d%n", &hours, &minutes, &length) == 2 && rest[length + 1] == '\0',
         "a time has an offset");
    int64_t offset = (hours * 60 + minutes) * 60 * CLOCK_SECOND;
    return *rest == '-' ? time + offset : time - offset;
}

static void check_written(int64_t time, int minutes)
{
    char utc[CLOCK_TEXT_SIZE], text[CLOCK_TEXT_SIZE + 8];
    int64_t again = -1, shown = time + minutes * 60 * CLOCK_SECOND;
    if (shown < 0 || shown >= year_10000)
        return;
    clock_format(shown, utc);
    snprintf(text, sizeof text, "%.26s%c%02d:%02d", utc, minutes < 0 ? '-' : '+', abs(minutes) / 60,
             abs(minutes) % 60);
    must(rfc3339_parse(text, &again) && again == time, "a time is read whatever its offset");
}

void fuzz_rfc3339(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    char *text = input_until(&input, '\0', NULL);
    int64_t time = -1;
    bool good = rfc3339_parse(text, &time);
    must(good == (time >= 0), "what is no time leaves it alone");
    if (good)
        must(time < year_10000 && strlen(text) <= 35 && time == other_reading(text),
             "a time is what the calendar says");
    int64_t any = input_number(&input) % year_10000;
    check_written(any, (int)(input_number(&input) % 1440));
    check_written(any, -(int)(input_number(&input) % 1440));
    free(text);
}
