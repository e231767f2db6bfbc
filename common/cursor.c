#include "common/cursor.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/utf8.h"

bool cursor_fail(struct cursor *cursor, const char *expected)
{
    if (!cursor->error[0])
        snprintf(cursor->error, CURSOR_ERROR_SIZE, "expected %.60s at byte %zu", expected,
                 (size_t)(cursor->at - cursor->start));
    return false;
}

/* Steps over `word` where it comes next. */
bool cursor_skip(struct cursor *cursor, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0)
        return false;
    cursor->at += length;
    return true;
}

bool cursor_expect(struct cursor *cursor, const char *word)
{
    return cursor_skip(cursor, word) || cursor_fail(cursor, word);
}

bool cursor_number(struct cursor *cursor, int64_t *number)
{
    const char *first = cursor->at;
    int64_t value = 0;
    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++) {
        int digit = *cursor->at - '0';
        if (value > (INT64_MAX - digit) / 10)
            return cursor_fail(cursor, "a smaller number");
        value = value * 10 + digit;
    }
    *number = value;
    return cursor->at > first || cursor_fail(cursor, "a number");
}

bool cursor_count(struct cursor *cursor, uint64_t *number)
{
    int64_t value;
    if (!cursor_number(cursor, &value))
        return false;
    *number = (uint64_t)value;
    return true;
}

bool cursor_signed(struct cursor *cursor, int64_t *number)
{
    bool negative = cursor_skip(cursor, "-");
    if (!cursor_number(cursor, number))
        return false;
    *number = negative ? -*number : *number;
    return true;
}

bool cursor_field(struct cursor *cursor, const char *name, int64_t *number)
{
    return cursor_expect(cursor, name) && cursor_number(cursor, number);
}

bool cursor_time(struct cursor *cursor, int64_t *time)
{
    char text[CLOCK_TEXT_SIZE] = "";
    if (cursor->end - cursor->at >= CLOCK_TEXT_SIZE - 1)
        memcpy(text, cursor->at, CLOCK_TEXT_SIZE - 1);
    if (!clock_parse(text, time))
        return cursor_fail(cursor, "a time");
    cursor->at += CLOCK_TEXT_SIZE - 1;
    return true;
}

/* --- values ------------------------------------------------------------------------------------ */

void cursor_keep(struct cursor *cursor, char c)
{
    assert(cursor->text->length < cursor->text->capacity);
    cursor->text->data[cursor->text->length++] = c;
}

const char *cursor_kept(struct cursor *cursor, size_t start)
{
    cursor_keep(cursor, '\0');
    return cursor->text->data + start;
}

static bool read_unicode(struct cursor *cursor)
{
    uint32_t character = 0;
    for (int i = 0; i < 4; i++, cursor->at++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit =
            cursor->at < cursor->end && *cursor->at ? strchr(digits, *cursor->at) : NULL;
        if (!digit)
            return cursor_fail(cursor, "a hexadecimal digit");
        character = character << 4 | (uint32_t)(digit - digits);
    }
    if (character == 0)
        return cursor_fail(cursor, "a character");
    if (character >= 0xd800 && character <= 0xdfff)
        return cursor_fail(cursor, "no surrogate");
    char bytes[UTF8_LENGTH_MAX];
    size_t length = utf8_encode(character, bytes);
    for (size_t i = 0; i < length; i++)
        cursor_keep(cursor, bytes[i]);
    return true;
}

static bool read_escape(struct cursor *cursor)
{
    static const char shorts[] = "\"\"\\\\b\bf\fn\nr\rt\t";
    if (cursor_skip(cursor, "u"))
        return read_unicode(cursor);
    for (const char *pair = shorts; *pair && cursor->at < cursor->end; pair += 2) {
        if (*cursor->at == *pair) {
            cursor_keep(cursor, pair[1]);
            cursor->at++;
            return true;
        }
    }
    return cursor_fail(cursor, "an escape");
}

static bool read_quoted(struct cursor *cursor)
{
    while (cursor->at < cursor->end && *cursor->at != '"') {
        if (cursor_skip(cursor, "\\")) {
            if (!read_escape(cursor))
                return false;
        } else {
            cursor_keep(cursor, *cursor->at++);
        }
    }
    return cursor_expect(cursor, "\"");
}

bool cursor_value(struct cursor *cursor, const char **value)
{
    size_t start = cursor->text->length;
    if (cursor_skip(cursor, "\"")) {
        if (!read_quoted(cursor))
            return false;
    } else {
        while (cursor->at < cursor->end && *cursor->at != ' ')
            cursor_keep(cursor, *cursor->at++);
    }
    *value = cursor_kept(cursor, start);
    return true;
}

bool cursor_text(struct cursor *cursor, const char *name, const char **value)
{
    return cursor_expect(cursor, name) && cursor_value(cursor, value);
}
