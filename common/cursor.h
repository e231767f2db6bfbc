/* A cursor over one line of the routing log: takes off words, numbers, times and values, as
 * routing_line.c spells them. The first failure is kept in `error`, with its place; each function is
 * false then. One thread; allocates nothing: `text` must have room for all values of the line. */
#ifndef BOX_OFFICE_CURSOR_H
#define BOX_OFFICE_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"

enum {
    CURSOR_ERROR_SIZE = 160,
};

struct cursor {
    const char *start, *at, *end;
    struct buffer *text; /* receives the values; room for all of them is reserved */
    char *error;         /* the first reason; CURSOR_ERROR_SIZE bytes, empty at first */
};

/* Notes what was expected here; false. */
bool cursor_fail(struct cursor *cursor, const char *expected);

/* Steps over `word` where it comes next; cursor_expect fails where it does not. */
bool cursor_skip(struct cursor *cursor, const char *word);
bool cursor_expect(struct cursor *cursor, const char *word);

/* A number of digits; at most INT64_MAX. cursor_signed: a minus may stand before it. */
bool cursor_number(struct cursor *cursor, int64_t *number);
bool cursor_count(struct cursor *cursor, uint64_t *number);
bool cursor_signed(struct cursor *cursor, int64_t *number);
bool cursor_time(struct cursor *cursor, int64_t *time);

/* A value, bare up to the next space or quoted; it is kept in `text`. */
bool cursor_value(struct cursor *cursor, const char **value);

/* `name`, then a number or a value. */
bool cursor_field(struct cursor *cursor, const char *name, int64_t *number);
bool cursor_text(struct cursor *cursor, const char *name, const char **value);

/* Keeps a character of a value; ends the value that was kept from `start` on. */
void cursor_keep(struct cursor *cursor, char c);
const char *cursor_kept(struct cursor *cursor, size_t start);

#endif
