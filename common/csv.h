/* CSV as RFC 4180 has it: cells with commas between, rows ended by CRLF; a cell that holds a comma, a
 * semicolon, a tab, a quote or a line's end is quoted. In UTF-8 without a byte order mark.
 *
 * What people open it with takes a cell that begins with = + - @ a tab or a line's end (or the wide
 * forms of the signs) for a formula, and runs it. A text that begins so gets an apostrophe in front, and so does
 * what begins so behind a semicolon, a tab or a line's end: where these separate cells, it is a cell. Numbers are
 * numbers.
 *
 * One thread at a time. */
#ifndef BOX_OFFICE_CSV_H
#define BOX_OFFICE_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"

/* A file while it is written, cell by cell; between two rows it may be copied to another buffer. */
struct csv {
    struct buffer *out; /* not owned */
    bool begun;         /* the row has a cell */
};

void csv_text(struct csv *csv, const char *text);
void csv_number(struct csv *csv, int64_t number);

/* As clock_format writes it; an empty cell for 0: not told. */
void csv_time(struct csv *csv, int64_t time);

void csv_end_row(struct csv *csv);

#endif
