#include "common/http_text.h"

#include <stdint.h>
#include <string.h>

/* A bit for each character: of !#$%&'*+-. and digits; of letters and ^_`|~. */
static const uint64_t characters[4] = {0x03ff6cfa00000000, 0x57ffffffc7fffffe, 0, 0};

bool http_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint8_t c = (uint8_t)text[i];
        if ((characters[c / 64] >> c % 64 & 1) == 0)
            return false;
    }
    return length > 0;
}

static bool holds_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint8_t c = (uint8_t)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

/* Whether one of eight bytes may be below 0x20, or 0x7f: none is passed over, but some that are neither are
 * told, behind one that is. */
static bool may_hold_control(uint64_t bytes)
{
    const uint64_t ones = UINT64_MAX / 0xff, high = ones * 0x80;
    uint64_t below = (bytes - ones * 0x20) & ~bytes;
    uint64_t without = bytes ^ ones * 0x7f; /* 0 where it was 0x7f */
    uint64_t equal = (without - ones) & ~without;
    return ((below | equal) & high) != 0;
}

/* Every byte of every value is looked at, up to twice on its way: eight at a time. */
bool http_printable(const char *text, size_t length)
{
    size_t at = 0;
    for (uint64_t bytes; length - at >= sizeof bytes; at += sizeof bytes) {
        memcpy(&bytes, text + at, sizeof bytes);
        if (may_hold_control(bytes) && holds_control(text + at, sizeof bytes))
            return false;
    }
    return !holds_control(text + at, length - at);
}
