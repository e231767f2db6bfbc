/* Text that people read, in any script: an event's title, whose a token is. Pure; any thread. */
#ifndef BOX_OFFICE_PLAIN_TEXT_H
#define BOX_OFFICE_PLAIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether it is 1 to size - 1 bytes of UTF-8 that begin and end with no space, and hold nothing that could show it
 * as what it is not: no control characters, line or paragraph separators, and none of what turns the
 * direction of text (Unicode's Bidi_Control; letters of right-to-left scripts need none of these). */
bool plain_text_valid(const char *text, size_t size);

#endif
