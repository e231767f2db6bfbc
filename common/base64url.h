/* base64url without padding (RFC 4648, section 5): what fits into a cookie and into a token.
 * Pure; any thread. */
#ifndef BOX_OFFICE_BASE64URL_H
#define BOX_OFFICE_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>

/* Characters for so many bytes, without a NUL. A constant where its argument is one. */
#define BASE64URL_LENGTH(bytes) (((bytes)*4 + 2) / 3)

/* Writes BASE64URL_LENGTH(length) characters and a NUL. */
void base64url_encode(const unsigned char *bytes, size_t length, char *text);

/* The most bytes that so many characters can stand for. */
size_t base64url_decoded_max(size_t length);

/* Decodes; false where the text holds anything but the alphabet, is of an impossible length, or leaves
 * bits behind that are not zero (section 3.5): so no two texts are the same bytes. `bytes` has room for
 * base64url_decoded_max(length). */
bool base64url_decode(const char *text, size_t length, unsigned char *bytes, size_t *decoded);

#endif
