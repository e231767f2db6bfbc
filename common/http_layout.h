/* Finds what libmicrohttpd passed over in a request's head.
 *
 * Up to 0.9.77 it parses a head in place: it zeroes line ends, the colon of each header and what parts
 * the request line, keeps pointers, and tells nobody what else was there. A NUL hides the rest of its
 * line, or, as the first byte, ends the head; a folded line is glued to the header's *name*; a bare LF
 * ends a line; spaces are skipped. All of that shows in the addresses: each part must begin where the
 * one before has ended, and the last end is the head's. What does not show: a NUL in the very place of
 * a CR or LF; a line before the request line that begins with a NUL, which is passed over as an empty one
 * is; and a line of one colon with a bare LF before or behind it, which has the length of the head's end
 * and is taken for it (a proxy in front that passes on such lines is not safe). Versions from 1.0 on
 * refuse all of this themselves; there nothing is looked at. */
#ifndef BOX_OFFICE_HTTP_LAYOUT_H
#define BOX_OFFICE_HTTP_LAYOUT_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

/* A request's first line, as libmicrohttpd gives it. */
struct http_line {
    const char *method;
    const char *target;   /* up to the query */
    size_t target_length; /* with the query, as it came */
    const char *version;
};

struct http_layout {
    const char *next; /* where the next line begins; NULL: nothing is looked at */
    const char *end;  /* of the head */
};

/* Whether this libmicrohttpd is such a one. */
bool http_layout_in_place(void);

/* Each is false where the bytes are not what they seem. Every header is given to _header, in order. */
bool http_layout_begin(struct http_layout *layout, struct MHD_Connection *connection,
                       const struct http_line *line);
bool http_layout_header(struct http_layout *layout, const char *name, size_t name_size,
                        const char *value, size_t value_size);
bool http_layout_end(const struct http_layout *layout);

#endif
