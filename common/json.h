/* JSON, read strictly and written by hand.
 *
 * cJSON is lenient where we must not be (leading zeros, NUL in strings, invalid UTF-8, duplicate
 * names, trailing bytes), so the bytes are scanned against RFC 8259 first and only then parsed. */
#ifndef BOX_OFFICE_JSON_H
#define BOX_OFFICE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"

enum {
    JSON_DEPTH_MAX = 8,    /* deeper nesting is refused */
    JSON_ERROR_SIZE = 128, /* room for the reason of a refusal */
};

/* Scans, then parses; NULL with the reason and its byte offset in `error` where the text is not
 * exactly one JSON value: RFC 8259 syntax, UTF-8 without surrogates or \u0000, at most
 * JSON_DEPTH_MAX deep, no name twice in one object. The caller frees the result with cJSON_Delete.
 */
cJSON *json_parse(const char *text, size_t length, char error[JSON_ERROR_SIZE]);

/* An integral number within [min, max] (both within ±2^53): true and *value; else false. */
bool json_integer(const cJSON *value, int64_t min, int64_t max, int64_t *number);

/* True where the bytes are well-formed UTF-8 without NUL. */
bool json_utf8(const char *text, size_t length);

/* Whether a Content-Type (NULL: none) says JSON. What its parameters say is nothing to JSON (RFC 8259, 11). */
bool json_media(const char *type);

/* Appends the text as a JSON string: quoted and escaped. `text` is UTF-8. */
void json_append(struct buffer *out, const char *text);

#endif
