#include "common/json_reader.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_character.h"
#include "common/utf8.h"

enum {
    NAME_SHOWN_MAX = 40, /* bytes of an unknown name that a reason shows */
    MEMBERS_MAX = 64,    /* of one object that is skipped */
    SAFE_DIGITS = 16,    /* a whole number of so many bytes always fits ... */
};
static const int64_t safe_number = INT64_C(1) << 53; /* ... as one up to this is exact */

void json_reader_open(struct json_reader *reader, const char *text, size_t length)
{
    reader->begin = reader->at = text;
    reader->end = text + length;
    reader->depth = 0;
    reader->fresh = false;
    reader->error[0] = '\0';
}

bool json_reader_failed(const struct json_reader *reader)
{
    return reader->error[0] != '\0';
}

void json_reader_fail(struct json_reader *reader, const char *format, ...)
{
    if (json_reader_failed(reader))
        return;
    char why[JSON_ERROR_SIZE - 30]; /* leaves room for the offset */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    reader->failed_at = (size_t)(reader->at - reader->begin);
    reader->reason_length = strlen(why);
    snprintf(reader->error, sizeof reader->error, "%s at byte %zu", why, reader->failed_at);
    reader->at = reader->end; /* whatever is tried next finds nothing */
}

const char *json_kind_name(enum json_kind kind)
{
    static const char *const names[] = {"nothing",  "null",     "a boolean", "a boolean",
                                        "a number", "a string", "an array",  "an object"};
    return names[kind];
}

static void skip_space(struct json_reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' ||
                                        *reader->at == '\r' || *reader->at == '\t'))
        reader->at++;
}

/* The next byte that is no white space, not read yet; 0 at the end. */
static char next_byte(struct json_reader *reader)
{
    skip_space(reader);
    return reader->at < reader->end ? *reader->at : '\0';
}

size_t json_reader_offset(struct json_reader *reader)
{
    skip_space(reader);
    return (size_t)(reader->at - reader->begin);
}

static void fail_unexpected(struct json_reader *reader, const char *expected)
{
    if (reader->at == reader->end)
        json_reader_fail(reader, "JSON ends where %s is expected", expected);
    else if (*reader->at > ' ' && *reader->at < 0x7f)
        json_reader_fail(reader, "JSON has '%c' where %s is expected", *reader->at, expected);
    else
        json_reader_fail(reader, "JSON has byte 0x%02x where %s is expected", (uint8_t)*reader->at,
                         expected);
}

static bool take_byte(struct json_reader *reader, char byte, const char *expected)
{
    if (next_byte(reader) != byte || reader->at == reader->end) {
        fail_unexpected(reader, expected);
        return false;
    }
    reader->at++;
    return true;
}

static enum json_kind kind_of(char byte)
{
    switch (byte) {
    case 'n':
        return JSON_NULL;
    case 't':
        return JSON_TRUE;
    case 'f':
        return JSON_FALSE;
    case '"':
        return JSON_STRING;
    case '[':
        return JSON_ARRAY;
    case '{':
        return JSON_OBJECT;
    default:
        return byte == '-' || (byte >= '0' && byte <= '9') ? JSON_NUMBER : JSON_BAD;
    }
}

enum json_kind json_peek(struct json_reader *reader)
{
    enum json_kind kind = kind_of(next_byte(reader));
    if (kind == JSON_BAD)
        fail_unexpected(reader, "a value");
    return kind;
}

bool json_enter(struct json_reader *reader, enum json_kind kind)
{
    bool array = kind == JSON_ARRAY;
    if (!take_byte(reader, array ? '[' : '{', json_kind_name(kind)))
        return false;
    if (reader->depth == JSON_DEPTH_MAX) {
        json_reader_fail(reader, "JSON is nested deeper than %d", JSON_DEPTH_MAX);
        return false;
    }
    reader->closer[reader->depth++] = array ? ']' : '}';
    reader->fresh = true;
    return true;
}

bool json_more(struct json_reader *reader)
{
    bool fresh = reader->fresh;
    reader->fresh = false;
    if (json_reader_failed(reader))
        return false;
    assert(reader->depth > 0);
    char closer = reader->closer[reader->depth - 1];
    if (next_byte(reader) == closer) {
        reader->at++;
        reader->depth--;
        return false;
    }
    if (fresh)
        return true; /* whether a value or name begins here is for its reader to see */
    return take_byte(reader, ',', closer == ']' ? "',' or ']'" : "',' or '}'");
}

/* Where decoded bytes go, as far as they fit. */
struct sink {
    char *out;
    size_t size;
    size_t length; /* of all */
};

static void sink_add(struct sink *sink, const char *bytes, size_t length)
{
    if (sink->length + length < sink->size)
        memcpy(sink->out + sink->length, bytes, length);
    else if (sink->length + 1 < sink->size)
        memcpy(sink->out + sink->length, bytes, sink->size - 1 - sink->length);
    sink->length += length;
}

static void sink_end(struct sink *sink)
{
    if (sink->size > 0)
        sink->out[sink->length < sink->size ? sink->length : sink->size - 1] = '\0';
}

static bool is_plain(char c)
{
    return (uint8_t)c >= 0x20 && (uint8_t)c < 0x80 && c != '"' && c != '\\';
}

/* Reads the character after the plain ones; false at the closing quote, and where it fails. */
static bool read_special(struct json_reader *reader, struct sink *sink)
{
    if (reader->at == reader->end) {
        json_reader_fail(reader, "JSON ends inside a string");
        return false;
    }
    if (*reader->at == '"')
        return false;
    if ((uint8_t)*reader->at < 0x20) {
        json_reader_fail(reader, "a string holds the bare control character 0x%02x",
                         (uint8_t)*reader->at);
        return false;
    }
    bool escaped = *reader->at == '\\';
    uint32_t character = json_character(&reader->at, reader->end);
    if (character == UTF8_BAD) {
        json_reader_fail(reader, "%s",
                         escaped ? "a string holds an escape that is none, NUL or "
                                   "half a surrogate pair"
                                 : "a string is not UTF-8");
        return false;
    }
    char bytes[UTF8_LENGTH_MAX];
    sink_add(sink, bytes, utf8_encode(character, bytes));
    return true;
}

bool json_read_text(struct json_reader *reader, char *out, size_t size, size_t *length)
{
    struct sink sink = {out, size, 0};
    if (!take_byte(reader, '"', "a string"))
        return false;
    do {
        const char *from = reader->at;
        while (reader->at < reader->end && is_plain(*reader->at))
            reader->at++;
        sink_add(&sink, from, (size_t)(reader->at - from));
    } while (read_special(reader, &sink));
    if (json_reader_failed(reader))
        return false;
    reader->at++;
    sink_end(&sink);
    *length = sink.length;
    return true;
}

/* Names mostly come in the table's order: the index after the last one seen. */
static size_t next_name(uint32_t seen)
{
    return seen ? (size_t)(32 - __builtin_clz(seen)) : 0;
}

static int find_name(const char *name, const char *const *names, size_t count, uint32_t seen)
{
    size_t start = next_name(seen);
    for (size_t i = 0; i < count; i++) {
        size_t index = start + i < count ? start + i : start + i - count;
        if (strcmp(name, names[index]) == 0)
            return (int)index;
    }
    return -1;
}

/* Whether exactly `"name":` comes; then it is read. */
static bool take_name(struct json_reader *reader, const char *name)
{
    size_t length = strlen(name);
    const char *at = reader->at;
    if ((size_t)(reader->end - at) < length + 3 || at[0] != '"' ||
        memcmp(at + 1, name, length) != 0 || at[length + 1] != '"' || at[length + 2] != ':')
        return false;
    reader->at += length + 3;
    return true;
}

static bool read_quoted_name(struct json_reader *reader, char *out, size_t size, size_t *length)
{
    if (next_byte(reader) != '"')
        fail_unexpected(reader, "a field name in quotes");
    return json_read_text(reader, out, size, length);
}

bool json_read_name(struct json_reader *reader, char *out, size_t size, size_t *length)
{
    return read_quoted_name(reader, out, size, length) && take_byte(reader, ':', "':'");
}

int json_read_field(struct json_reader *reader, const char *const *names, size_t count,
                    uint32_t *seen)
{
    assert(count <= JSON_FIELDS_MAX);
    size_t next = next_name(*seen);
    if (next < count && take_name(reader, names[next])) {
        *seen |= 1u << next;
        return (int)next;
    }
    const char *start = reader->at;
    char name[NAME_SHOWN_MAX + 1];
    size_t length;
    if (!read_quoted_name(reader, name, sizeof name, &length))
        return -1;
    int index = length < sizeof name ? find_name(name, names, count, *seen) : -1;
    if (index < 0 || (*seen & 1u << index)) {
        for (char *c = name; *c; c++)
            if (!is_plain(*c) || *c == 0x7f)
                *c = '?';
        reader->at = start;
        json_reader_fail(reader, index < 0 ? "unknown field \"%s\"" : "field \"%s\" comes twice",
                         name);
        return -1;
    }
    *seen |= 1u << index;
    return take_byte(reader, ':', "':'") ? index : -1;
}

static const char *past_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

/* Where the number that begins at `at` ends; NULL where none is spelled there. *whole: it has
 * neither fraction nor exponent. */
static const char *past_number(const char *at, const char *end, bool *whole)
{
    *whole = true;
    if (at < end && *at == '-')
        at++;
    const char *digits = at;
    at = past_digits(at, end);
    if (at == digits || (*digits == '0' && at - digits > 1))
        return NULL;
    if (at < end && *at == '.') {
        *whole = false;
        digits = at + 1;
        at = past_digits(digits, end);
        if (at == digits)
            return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        *whole = false;
        digits = at + 1;
        if (digits < end && (*digits == '+' || *digits == '-'))
            digits++;
        at = past_digits(digits, end);
        if (at == digits)
            return NULL;
    }
    return at;
}

bool json_number_spelled(const char *text, size_t length)
{
    bool whole;
    return past_number(text, text + length, &whole) == text + length;
}

/* Reads a number's bytes: where it begins, or NULL. */
static const char *take_number(struct json_reader *reader, bool *whole)
{
    if (kind_of(next_byte(reader)) != JSON_NUMBER) {
        fail_unexpected(reader, "a number");
        return NULL;
    }
    const char *from = reader->at;
    const char *to = past_number(from, reader->end, whole);
    if (!to || to - from > JSON_NUMBER_MAX) {
        json_reader_fail(reader, "a number is %s",
                         to ? "longer than 60 bytes" : "not spelled as JSON spells numbers");
        return NULL;
    }
    reader->at = to;
    return from;
}

static int64_t digits_value(const char *at, const char *end)
{
    bool negative = *at == '-';
    int64_t value = 0;
    for (at += negative; at < end; at++)
        value = value * 10 + (*at - '0');
    return negative ? -value : value;
}

bool json_read_number(struct json_reader *reader, int64_t min, int64_t max, int64_t *number,
                      bool *inside)
{
    bool whole;
    const char *from = take_number(reader, &whole);
    if (!from)
        return false;
    size_t length = (size_t)(reader->at - from);
    if (whole && length <= SAFE_DIGITS) {
        int64_t value = digits_value(from, reader->at);
        if (value >= -safe_number && value <= safe_number) {
            *number = value;
            *inside = value >= min && value <= max;
            return true;
        }
    }
    char copy[JSON_NUMBER_MAX + 1];
    memcpy(copy, from, length);
    copy[length] = '\0';
    double value = strtod(copy, NULL);
    *inside = value >= (double)min && value <= (double)max && (double)(int64_t)value == value;
    if (*inside)
        *number = (int64_t)value;
    return true;
}

static bool take_word(struct json_reader *reader, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0) {
        fail_unexpected(reader, "a value");
        return false;
    }
    reader->at += length;
    return true;
}

bool json_read_bool(struct json_reader *reader, bool *value)
{
    enum json_kind kind = json_peek(reader);
    *value = kind == JSON_TRUE;
    if (kind == JSON_TRUE || kind == JSON_FALSE)
        return take_word(reader, *value ? "true" : "false");
    fail_unexpected(reader, "true or false");
    return false;
}

/* A name as it is spelled between its quotes. */
struct name {
    const char *at, *end;
};

static bool same_name(struct name a, struct name b)
{
    while (a.at < a.end && b.at < b.end)
        if (json_character(&a.at, a.end) != json_character(&b.at, b.end))
            return false;
    return a.at == a.end && b.at == b.end;
}

static bool skip_name(struct json_reader *reader, struct name *names, size_t count)
{
    size_t length;
    const char *start = reader->begin + json_reader_offset(reader);
    if (!read_quoted_name(reader, NULL, 0, &length))
        return false;
    struct name name = {start + 1, reader->at - 1};
    for (size_t i = 0; i < count; i++)
        if (same_name(names[i], name)) {
            reader->at = start;
            json_reader_fail(reader, "a field name comes twice");
            return false;
        }
    names[count] = name;
    return take_byte(reader, ':', "':'");
}

static bool skip_object(struct json_reader *reader)
{
    struct name names[MEMBERS_MAX];
    if (!json_enter(reader, JSON_OBJECT))
        return false;
    for (size_t count = 0; json_more(reader); count++) {
        if (count == MEMBERS_MAX)
            json_reader_fail(reader, "an object has more than %d members", MEMBERS_MAX);
        if (json_reader_failed(reader) || !skip_name(reader, names, count) || !json_skip(reader))
            return false;
    }
    return !json_reader_failed(reader);
}

static bool skip_array(struct json_reader *reader)
{
    if (!json_enter(reader, JSON_ARRAY))
        return false;
    while (json_more(reader))
        json_skip(reader);
    return !json_reader_failed(reader);
}

bool json_skip(struct json_reader *reader)
{
    size_t length;
    bool flag;
    switch (json_peek(reader)) {
    case JSON_NULL:
        return take_word(reader, "null");
    case JSON_TRUE:
    case JSON_FALSE:
        return json_read_bool(reader, &flag);
    case JSON_NUMBER:
        return take_number(reader, &flag) != NULL;
    case JSON_STRING:
        return json_read_text(reader, NULL, 0, &length);
    case JSON_ARRAY:
        return skip_array(reader);
    case JSON_OBJECT:
        return skip_object(reader);
    case JSON_BAD:
        break;
    }
    return false;
}

bool json_finish(struct json_reader *reader)
{
    skip_space(reader);
    if (reader->at < reader->end)
        json_reader_fail(reader, "something follows the JSON value");
    return !json_reader_failed(reader);
}
