/* clock_parse takes what clock_format writes and nothing else; and every time that can be written is
 * read. */
#include "common/clock.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"

static const int64_t year_10000 = INT64_C(253402300800) * CLOCK_SECOND;

static void check_written(int64_t time)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t again = -1;
    clock_format(time, text);
    must(strlen(text) == CLOCK_TEXT_SIZE - 1, "a time has 27 characters");
    must(clock_parse(text, &again) && again == time, "a time that is written is read");
}

void fuzz_clock(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    char again[CLOCK_TEXT_SIZE];
    int64_t time = -1;
    char *text = input_until(&input, '\0', NULL);
    bool good = clock_parse(text, &time);
    must(good == (time >= 0), "what is no time leaves it alone");
    if (good) {
        clock_format(time, again);
        must(time < year_10000 && strcmp(again, text) == 0, "a time is spelled in one way");
    }
    check_written(input_number(&input) % year_10000);
    free(text);
}
