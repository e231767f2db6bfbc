#include "common/id.h"

#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/log.h"

enum {
    POOL_SIZE = 256, /* getrandom never returns fewer bytes than asked for up to this many */
    RANDOM_SIZE = 8,
};

/* One per thread, so that making an id takes no lock and rarely a system call. Not to be used on
 * both sides of a fork: our children are exec'd. */
struct maker {
    uint64_t time; /* of the last id: milliseconds, and 12 bits below them */
    size_t left;   /* unused bytes of the pool */
    uint8_t pool[POOL_SIZE];
};

static _Thread_local struct maker maker;

/* RFC 9562, 6.2, method 3: the 12 bits after the milliseconds count fractions of one, and step
 * ahead of the clock where ids are made faster than it ticks. */
static uint64_t next_time(void)
{
    uint64_t now = (uint64_t)clock_now();
    uint64_t time = (now / 1000) << 12 | (now % 1000) * 4096 / 1000;
    uint64_t second = UINT64_C(1000) << 12;
    if (time <= maker.time && maker.time - time < second)
        time = maker.time + 1;
    maker.time = time;
    return time;
}

static void take_random(uint8_t out[RANDOM_SIZE])
{
    if (maker.left < RANDOM_SIZE) {
        if (getrandom(maker.pool, POOL_SIZE, 0) != POOL_SIZE)
            die(EXIT_TROUBLE, "the kernel gives no random numbers");
        maker.left = POOL_SIZE;
    }
    maker.left -= RANDOM_SIZE;
    memcpy(out, maker.pool + maker.left, RANDOM_SIZE);
}

struct id id_make(void)
{
    struct id id;
    uint64_t time = next_time();
    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(time >> (12 + 8 * (5 - i)));
    id.bytes[6] = (uint8_t)(0x70 | (time >> 8 & 0x0f));
    id.bytes[7] = (uint8_t)time;
    take_random(id.bytes + 8);
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
    return id;
}

/* Where a byte's two digits stand, and the dashes between them. */
static const uint8_t digits_at[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
static const uint8_t dash_at[4] = {8, 13, 18, 23};

/* The two digits of each byte. */
#define PAIRS(h)                                                                                   \
    h "0" h "1" h "2" h "3" h "4" h "5" h "6" h "7" h "8" h "9" h "a" h "b" h "c" h "d" h "e" h "f"
static const char pairs[] =
    PAIRS("0") PAIRS("1") PAIRS("2") PAIRS("3") PAIRS("4") PAIRS("5") PAIRS("6") PAIRS("7")
        PAIRS("8") PAIRS("9") PAIRS("a") PAIRS("b") PAIRS("c") PAIRS("d") PAIRS("e") PAIRS("f");

void id_format(const struct id *id, char text[ID_TEXT_SIZE])
{
    for (int i = 0; i < 16; i++)
        memcpy(text + digits_at[i], pairs + 2 * (size_t)id->bytes[i], 2);
    for (int i = 0; i < 4; i++)
        text[dash_at[i]] = '-';
    text[ID_TEXT_SIZE - 1] = '\0';
}

/* A digit's value and one more; 0: no digit. */
static const uint8_t digit_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

bool id_parse(const char *text, struct id *id)
{
    struct id read;
    if (strnlen(text, ID_TEXT_SIZE) != ID_TEXT_SIZE - 1)
        return false;
    for (int i = 0; i < 16; i++) {
        const char *digits = text + digits_at[i];
        unsigned high = digit_values[(uint8_t)digits[0]], low = digit_values[(uint8_t)digits[1]];
        if (high == 0 || low == 0)
            return false;
        read.bytes[i] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    for (int i = 0; i < 4; i++)
        if (text[dash_at[i]] != '-')
            return false;
    *id = read;
    return true;
}

bool id_equal(const struct id *a, const struct id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}
