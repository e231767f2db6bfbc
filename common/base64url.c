#include "common/base64url.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_encode(const unsigned char *bytes, size_t length, char *text)
{
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < length; i++) {
        bits = bits << 8 | bytes[i];
        for (count += 8; count >= 6; count -= 6)
            *text++ = alphabet[bits >> (count - 6) & 63];
    }
    if (count > 0)
        *text++ = alphabet[bits << (6 - count) & 63];
    *text = '\0';
}

size_t base64url_decoded_max(size_t length)
{
    return length / 4 * 3 + length % 4 * 3 / 4;
}

/* 64 where the character is none of the alphabet. */
static unsigned value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : 64;
}

bool base64url_decode(const char *text, size_t length, unsigned char *bytes, size_t *decoded)
{
    uint32_t bits = 0;
    unsigned count = 0;
    *decoded = 0;
    if (length % 4 == 1)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned value = value_of(text[i]);
        if (value > 63)
            return false;
        bits = bits << 6 | value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes[(*decoded)++] = (unsigned char)(bits >> count);
        }
    }
    return (bits & ((UINT32_C(1) << count) - 1)) == 0;
}
