#include "tests/breakable/manner.h"

#include <stdio.h>
#include <string.h>

static const char *const words[MANNERS] = {"pass",  "never", "garbage", "error",
                                           "reset", "slow",  "closed",  "half"};

static bool find_word(const char *word, size_t length, enum manner_kind *kind)
{
    for (int i = 0; i < MANNERS; i++)
        if (strlen(words[i]) == length && strncmp(words[i], word, length) == 0) {
            *kind = (enum manner_kind)i;
            return true;
        }
    return false;
}

static bool strikes_connections(enum manner_kind kind)
{
    return kind == MANNER_RESET || kind == MANNER_CLOSED || kind == MANNER_PASS;
}

bool manner_parse(const char *text, struct manner *manner)
{
    struct manner read = {0};
    size_t length = strcspn(text, "- ");
    const char *rest = text + length;
    if (!find_word(text, length, &read.kind))
        return false;
    if (strncmp(rest, "-flights", strlen("-flights")) == 0) {
        read.flights = true;
        rest += strlen("-flights");
    }
    int end = 0;
    if (read.kind == MANNER_SLOW) {
        long long delay;
        if (sscanf(rest, " %5lld%n", &delay, &end) != 1 || delay < 0 || delay > MANNER_DELAY_MAX)
            return false;
        read.delay = delay;
    }
    if (rest[end] != '\0' || (read.flights && strikes_connections(read.kind)))
        return false;
    *manner = read;
    return true;
}
