#include "common/plain_text.h"

#include <stdint.h>
#include <string.h>

#include "common/utf8.h"

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029;
}

static bool turns_direction(uint32_t c)
{
    return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

bool plain_text_valid(const char *text, size_t size)
{
    size_t length = strlen(text);
    const char *end = text + length;
    if (length == 0 || length >= size || text[0] == ' ' || end[-1] == ' ')
        return false;
    while (text < end) {
        uint32_t character = utf8_decode(&text, end);
        if (character == UTF8_BAD || is_control(character) || turns_direction(character))
            return false;
    }
    return true;
}
