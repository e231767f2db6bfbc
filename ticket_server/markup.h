/* Text inside of SVG and HTML. Pure; any thread. */
#ifndef BOX_OFFICE_MARKUP_H
#define BOX_OFFICE_MARKUP_H

#include <stddef.h>

#include "common/buffer.h"

/* Appends a text as character data, or as the value of an attribute in quotes: what is markup is
 * escaped. What XML has no way to say (control characters; section 2.2 of XML 1.0), and what is not
 * UTF-8, becomes U+FFFD. */
void markup_text(struct buffer *out, const char *text);

/* The same of the first `length` bytes. */
void markup_part(struct buffer *out, const char *text, size_t length);

#endif
