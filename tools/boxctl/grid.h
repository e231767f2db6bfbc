/* Tables for a terminal: columns as wide as what stands in them on the screen, in any script. Pure; one thread. */
#ifndef BOX_OFFICE_BOXCTL_GRID_H
#define BOX_OFFICE_BOXCTL_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"

enum {
    GRID_COLUMNS_MAX = 16,
};

struct grid_column {
    const char *title;
    bool right; /* a number: ends where its column ends */
};

/* A table while it is filled, row by row. */
struct grid {
    const struct grid_column *columns; /* not owned */
    size_t count;
    struct buffer text; /* the cells, NUL-terminated, in their order */
    size_t cells;
};

void grid_open(struct grid *grid, const struct grid_column *columns, size_t count);

/* The next cell, without what a terminal might obey. */
void grid_text(struct grid *grid, const char *text);
void grid_number(struct grid *grid, int64_t number);
void grid_time(struct grid *grid, const char *time); /* as terms_show_time; "no": none */

/* Appends the table, its titles first, without trailing spaces; and frees it. */
void grid_close(struct grid *grid, struct buffer *out);

/* How many cells of a terminal the text takes: 2 of a wide character, none of one that combines. */
size_t grid_width(const char *text);

#endif
