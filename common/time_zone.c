#include "common/time_zone.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/time_zone_rule.h"

enum {
    NAME_MAX_LENGTH = 64,
    FILE_MAX = 64 << 10, /* the longest is a few kilobytes */
    RULE_MAX = 128,
    HEADER_SIZE = 44,
    COUNTS_AT = 20,
    TIME_SIZE = 8, /* of a transition, in the second block */
    TYPE_SIZE = 6,
    OFFSET_MAX = 26 * 3600, /* section 3.2 */
};

static const char directory[] = "/usr/share/zoneinfo";

/* A block of a file, or what comes after it. */
struct block {
    const uint8_t *at, *end;
    uint32_t times, types, characters, leaps, standards, universals;
};

/* --- the file ---------------------------------------------------------------------------------- */

static bool name_is_sound(const char *zone)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    size_t length = strlen(zone);
    return length > 0 && length <= NAME_MAX_LENGTH && strspn(zone, allowed) == length &&
           zone[0] != '/' && zone[length - 1] != '/' && strstr(zone, "//") == NULL;
}

/* How long the zone's file is; 0: there is none that can be. */
static size_t read_file(const char *zone, uint8_t bytes[FILE_MAX])
{
    char path[sizeof directory + NAME_MAX_LENGTH + 1];
    size_t length = 0;
    if (!name_is_sound(zone))
        return 0;
    snprintf(path, sizeof path, "%s/%s", directory, zone);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    for (ssize_t got = 1; fd >= 0 && got > 0 && length < FILE_MAX; length += (size_t)got) {
        got = read(fd, bytes + length, FILE_MAX - length);
        if (got < 0)
            got = 0;
    }
    if (fd >= 0)
        close(fd);
    return length;
}

/* Big-endian, in two's complement. */
static int64_t number_at(const uint8_t *at, size_t size)
{
    uint64_t number = at[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | at[i];
    return (int64_t)number;
}

/* Reads a header; what follows is the block's. Counts are bounded by the file's size, as each stands
 * for a byte at least. */
static bool read_header(struct block *block)
{
    uint32_t *counts[] = {&block->universals, &block->standards, &block->leaps,
                          &block->times,      &block->types,     &block->characters};
    if (block->end - block->at < HEADER_SIZE || memcmp(block->at, "TZif", 4) != 0 ||
        block->at[4] < '2')
        return false;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        int64_t count = number_at(block->at + COUNTS_AT + 4 * i, 4);
        if (count < 0 || count > FILE_MAX)
            return false;
        *counts[i] = (uint32_t)count;
    }
    block->at += HEADER_SIZE;
    return block->types > 0 && block->characters > 0;
}

static size_t block_size(const struct block *block, size_t time_size)
{
    return block->times * (time_size + 1) + block->types * (size_t)TYPE_SIZE + block->characters +
           block->leaps * (time_size + 4) + block->standards + block->universals;
}

/* Finds the second block, whose times have 64 bits; seconds that leap are of no zone that people live
 * by. */
static bool find_block(struct block *block)
{
    if (!read_header(block) || block_size(block, 4) > (size_t)(block->end - block->at))
        return false;
    block->at += block_size(block, 4);
    return read_header(block) && block->leaps == 0 &&
           block_size(block, TIME_SIZE) <= (size_t)(block->end - block->at);
}

/* --- looking up -------------------------------------------------------------------------------- */

/* How many of the transitions have passed. */
static uint32_t passed(const struct block *block, int64_t seconds)
{
    uint32_t low = 0, high = block->times;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (number_at(block->at + middle * (size_t)TIME_SIZE, TIME_SIZE) <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool read_type(const struct block *block, uint32_t type, struct local_time *local)
{
    if (type >= block->types)
        return false;
    const uint8_t *types = block->at + block->times * (size_t)(TIME_SIZE + 1);
    const uint8_t *at = types + type * (size_t)TYPE_SIZE;
    const char *characters = (const char *)types + block->types * (size_t)TYPE_SIZE;
    int64_t offset = number_at(at, 4);
    if (offset < -OFFSET_MAX || offset > OFFSET_MAX || at[5] >= block->characters)
        return false;
    local->offset = (int)offset;
    size_t length = strnlen(characters + at[5], block->characters - at[5]);
    if (length >= sizeof local->abbreviation)
        return false;
    memcpy(local->abbreviation, characters + at[5], length);
    local->abbreviation[length] = '\0';
    return true;
}

/* The line behind the block; false where there is none, or an empty one, which says that nothing is
 * known. */
static bool read_rule(const struct block *block, char rule[RULE_MAX])
{
    const uint8_t *at = block->at + block_size(block, TIME_SIZE);
    size_t left = (size_t)(block->end - at);
    const uint8_t *end = left > 1 && *at == '\n' ? memchr(at + 1, '\n', left - 1) : NULL;
    size_t length = end != NULL ? (size_t)(end - at) - 1 : 0;
    if (length == 0 || length >= RULE_MAX)
        return false;
    memcpy(rule, at + 1, length);
    rule[length] = '\0';
    return true;
}

static bool look_up(const struct block *block, int64_t seconds, struct local_time *local)
{
    char rule[RULE_MAX];
    uint32_t index = passed(block, seconds);
    if (index == block->times && read_rule(block, rule))
        return time_zone_rule(rule, seconds, local);
    uint8_t type = index > 0 ? block->at[block->times * (size_t)TIME_SIZE + index - 1] : 0;
    return read_type(block, type, local);
}

static bool find_offset(const char *zone, int64_t seconds, struct local_time *local)
{
    uint8_t bytes[FILE_MAX];
    size_t length = read_file(zone, bytes);
    struct block block = {.at = bytes, .end = bytes + length};
    return find_block(&block) && look_up(&block, seconds, local);
}

/* --- the whole --------------------------------------------------------------------------------- */

bool time_zone_local(const char *zone, int64_t time, struct local_time *local)
{
    int64_t seconds = time / CLOCK_SECOND;
    struct tm shown;
    *local = (struct local_time){0};
    bool known = strcmp(zone, "UTC") != 0 && find_offset(zone, seconds, local);
    if (!known) {
        local->offset = 0;
        strcpy(local->abbreviation, "UTC");
    }
    time_t moved = (time_t)(seconds + local->offset);
    gmtime_r(&moved, &shown);
    local->year = shown.tm_year + 1900;
    local->month = shown.tm_mon + 1;
    local->day = shown.tm_mday;
    local->weekday = shown.tm_wday;
    local->hour = shown.tm_hour;
    local->minute = shown.tm_min;
    local->second = shown.tm_sec;
    return known || strcmp(zone, "UTC") == 0;
}

bool time_zone_database(void)
{
    return access(directory, X_OK) == 0;
}

bool time_zone_known(const char *zone)
{
    struct local_time local;
    return time_zone_local(zone, 0, &local);
}
