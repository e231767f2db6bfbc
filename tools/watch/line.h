/* A line of the routing log as a person reads it. */
#ifndef BOX_OFFICE_WATCH_LINE_H
#define BOX_OFFICE_WATCH_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buffer.h"
#include "common/routing_line.h"

/* Appends one line for the terminal, newline included. What is in the log may come from anybody: nothing
 * of it moves the cursor or changes colours. `parsed` is zeroed at first, reused from line to line, and
 * freed with routing_line_free; `colour`: servers have colours. */
void watch_line(struct buffer *out, const char *text, size_t length, struct routing_line *parsed,
                bool colour);

#endif
