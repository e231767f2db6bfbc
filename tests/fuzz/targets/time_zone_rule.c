/* The rule at the end of a time zone's file. The input: a time, and the rule. */
#include "common/time_zone_rule.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"

static const int64_t latest = INT64_C(253402300799); /* the last second of 9999 */
static const int offset_max = 26 * 3600; /* a day and 59 minutes, and an hour of summer */

void fuzz_time_zone_rule(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    struct local_time local = {0};
    int64_t seconds = input_number(&input) % (latest + 1);
    char *rule = input_rest(&input, NULL);
    if (time_zone_rule(rule, seconds, &local)) {
        must(local.offset >= -offset_max && local.offset <= offset_max, "clocks differ by a day");
        must(local.abbreviation[0] != '\0' && strlen(local.abbreviation) <= strlen(rule),
             "it has a name");
    }
    free(rule);
}
