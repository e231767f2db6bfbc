/* The list of servers, as a person reads it. Pure. */
#ifndef BOX_OFFICE_LISTING_H
#define BOX_OFFICE_LISTING_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"

/* Appends a table of the servers in an answer to GET /servers. `colour`: states are coloured; `width`: of the
 * terminal, to which lines are cut (0: not at all); `now`: wall clock. */
void listing_table(const cJSON *answer, bool colour, size_t width, int64_t now, struct buffer *out);

/* Appends a line for each server whose state differs from that in `before` (an answer, or NULL: none was
 * there), or who is gone. */
void listing_changes(const cJSON *before, const cJSON *answer, struct buffer *out);

/* Appends a text with nothing in it that a terminal might obey. */
void listing_plain(struct buffer *out, const char *text);

#endif
