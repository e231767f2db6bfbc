/* One character inside a JSON string, escaped or not. Pure; any thread. */
#ifndef BOX_OFFICE_JSON_CHARACTER_H
#define BOX_OFFICE_JSON_CHARACTER_H

#include <stdint.h>

/* Reads the character at *at, which lies before end and is no quote, and moves *at past it.
 * UTF8_BAD, and *at stays, where it is not UTF-8, an escape that does not exist, \u0000 or half a
 * surrogate pair. Bare control characters are for the caller to refuse. */
uint32_t json_character(const char **at, const char *end);

#endif
