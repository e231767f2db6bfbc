/* UTF-8 (RFC 3629): one character at a time. Pure; any thread. */
#ifndef BOX_OFFICE_UTF8_H
#define BOX_OFFICE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_BAD UINT32_MAX

enum {
    UTF8_LENGTH_MAX = 4, /* bytes of one character */
};

/* Reads the character at *at, which lies before end, and moves *at past it. UTF8_BAD, and *at
 * stays, where the bytes are cut short, overlong, a surrogate or beyond U+10FFFF. */
uint32_t utf8_decode(const char **at, const char *end);

/* Writes a character (no surrogate, at most U+10FFFF) and returns its length. */
size_t utf8_encode(uint32_t character, char out[UTF8_LENGTH_MAX]);

#endif
