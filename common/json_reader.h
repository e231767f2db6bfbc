/* A strict reader of JSON, value by value, without a tree: for what lies on the way of a purchase.
 *
 * RFC 8259 syntax, UTF-8 without surrogates or NUL (also none as \u0000), at most JSON_DEPTH_MAX
 * deep, numbers of at most JSON_NUMBER_MAX bytes. The first failure is kept in `error`, with its
 * byte offset; every function returns false (or JSON_BAD, or -1) from then on, so a caller may
 * check once at the end. No memory is allocated; one thread at a time; the text must outlive the
 * reader. */
#ifndef BOX_OFFICE_JSON_READER_H
#define BOX_OFFICE_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json.h"

enum {
    JSON_NUMBER_MAX = 60,
    JSON_FIELDS_MAX = 32, /* names in one json_read_field table */
};

enum json_kind {
    JSON_BAD, /* not the beginning of a value */
    JSON_NULL,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_reader {
    const char *begin, *at, *end;
    int depth;
    bool fresh;                  /* a container was entered and nothing in it read yet */
    char closer[JSON_DEPTH_MAX]; /* of each container that is open */
    char error[JSON_ERROR_SIZE]; /* "" while all is well */
    size_t reason_length;        /* of a failure: that of `error` without its byte offset ... */
    size_t failed_at;            /* ... and that offset, for who counts lines instead */
};

void json_reader_open(struct json_reader *reader, const char *text, size_t length);

/* Records why the text is refused, unless a reason stands already; adds the byte offset. */
void json_reader_fail(struct json_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool json_reader_failed(const struct json_reader *reader);

/* The byte offset at which the next value, name or sign begins. */
size_t json_reader_offset(struct json_reader *reader);

/* What the next value is, which is not read yet. */
enum json_kind json_peek(struct json_reader *reader);

/* "a number", "a string", …: for sentences. */
const char *json_kind_name(enum json_kind kind);

/* Enters an array or object; then json_more says before each element or member whether there is
 * one, and leaves the container where there is none. */
bool json_enter(struct json_reader *reader, enum json_kind kind);
bool json_more(struct json_reader *reader);

/* After json_more in an object: reads a member's name, which must be one of names[0..count) and not
 * yet in *seen (a bit per name), and the colon. Its index; -1 (and a reason) otherwise. */
int json_read_field(struct json_reader *reader, const char *const *names, size_t count,
                    uint32_t *seen);

/* The same for an object whose names are free: any name, cut as json_read_text cuts. Whether it comes
 * twice is for the caller to see. */
bool json_read_name(struct json_reader *reader, char *out, size_t size, size_t *length);

/* Reads a string: as many decoded bytes as fit into size, the NUL included, cut anywhere; *length
 * is how long the whole would be. */
bool json_read_text(struct json_reader *reader, char *out, size_t size, size_t *length);

/* Reads a number. *number is it where it is integral and within [min, max] (inside ±2^53); where it
 * is not, *inside is false. */
bool json_read_number(struct json_reader *reader, int64_t min, int64_t max, int64_t *number,
                      bool *inside);
bool json_read_bool(struct json_reader *reader, bool *value);

/* Reads any value, and refuses a name that comes twice in one object, and objects of more than 64
 * members. */
bool json_skip(struct json_reader *reader);

/* True where nothing but white space follows and nothing failed. */
bool json_finish(struct json_reader *reader);

/* Whether `text` is spelled as a JSON number. */
bool json_number_spelled(const char *text, size_t length);

#endif
