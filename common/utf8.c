#include "common/utf8.h"

#include <stdbool.h>

static bool is_surrogate(uint32_t character)
{
    return character >= 0xd800 && character <= 0xdfff;
}

uint32_t utf8_decode(const char **at, const char *end)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *byte = (const uint8_t *)*at;
    size_t length = byte[0] < 0x80   ? 1
                    : byte[0] < 0xc2 ? 0
                    : byte[0] < 0xe0 ? 2
                    : byte[0] < 0xf0 ? 3
                    : byte[0] < 0xf5 ? 4
                                     : 0;
    if (length == 0 || length > (size_t)(end - *at))
        return UTF8_BAD;
    uint32_t character = length == 1 ? byte[0] : byte[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((byte[i] & 0xc0) != 0x80)
            return UTF8_BAD;
        character = character << 6 | (byte[i] & 0x3f);
    }
    if (character < smallest[length] || is_surrogate(character) || character > 0x10ffff)
        return UTF8_BAD;
    *at += length;
    return character;
}

size_t utf8_encode(uint32_t character, char out[UTF8_LENGTH_MAX])
{
    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    size_t length = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (character & 0x3f));
        character >>= 6;
    }
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(lead[length] | character);
    return length;
}
