#include "common/json_character.h"

#include <string.h>

#include "common/utf8.h"

/* Four hexadecimal digits; -1 where they are none. */
static int32_t four_digits(const char *at, const char *end)
{
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at + i < end ? at[i] : '\0';
        if (c >= '0' && c <= '9')
            value = value << 4 | (c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            value = value << 4 | ((c | 0x20) - 'a' + 10);
        else
            return -1;
    }
    return value;
}

/* Reads what follows "\u" and moves *at past it, and past the second half of a surrogate pair. */
static uint32_t decode_unicode(const char **at, const char *end)
{
    int32_t first = four_digits(*at, end);
    if (first <= 0)
        return UTF8_BAD;
    *at += 4;
    if (first < 0xd800 || first > 0xdfff)
        return (uint32_t)first;
    if (first > 0xdbff || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return UTF8_BAD;
    int32_t second = four_digits(*at + 2, end);
    if (second < 0xdc00 || second > 0xdfff)
        return UTF8_BAD;
    *at += 6;
    return 0x10000u + ((uint32_t)(first - 0xd800) << 10) + (uint32_t)(second - 0xdc00);
}

uint32_t json_character(const char **at, const char *end)
{
    if (**at != '\\')
        return utf8_decode(at, end);
    const char *escape = *at + 1;
    if (escape == end)
        return UTF8_BAD;
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    char c = *escape++;
    const char *found = c ? strchr(from, c) : NULL;
    uint32_t character = found      ? (uint32_t)to[found - from]
                         : c == 'u' ? decode_unicode(&escape, end)
                                    : UTF8_BAD;
    if (character != UTF8_BAD)
        *at = escape;
    return character;
}
