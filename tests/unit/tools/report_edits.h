/* Which edits of a routing log show: of some, no other line knows. */
#ifndef BOX_OFFICE_REPORT_EDITS_H
#define BOX_OFFICE_REPORT_EDITS_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/unit/tools/judge.h"

struct edit_court {
    const struct lines *lines; /* as they were written */
    const struct sim *sim;
};

/* One text for another. */
struct text_edit {
    const char *from, *to;
};

/* The last line of a life may be missing: a killed router looks the same. */
bool edit_ends_a_life(const struct edit_court *court, size_t line);

/* Whether another number shows in that field of the line, which was `parsed`. */
bool edit_shows(const struct edit_court *court, size_t line, const struct routing_line *parsed,
                const char *field);

/* Whether that other text does. */
bool edit_text_shows(const struct edit_court *court, size_t line, const struct routing_line *parsed,
                     const struct text_edit *edit);

/* Whether it shows that the settlement counts one of its orders as something else; `freed`: one that it freed. */
bool edit_of_settled_shows(const struct edit_court *court, size_t line,
                           const struct routing_settled *settled, bool freed);

#endif
