/* The grammars of RFC 3629 and RFC 8259, read from their text and not from our code: what the targets
 * hold our parsers against. */
#ifndef BOX_OFFICE_FUZZ_GRAMMAR_H
#define BOX_OFFICE_FUZZ_GRAMMAR_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many bytes the UTF-8 character at the front has; 0: there is none. */
size_t grammar_utf8(const uint8_t *text, size_t length);

/* Well-formed UTF-8 without NUL. */
bool grammar_text(const char *text, size_t length);

/* Exactly one JSON value as we take it: RFC 8259, without NUL, at most JSON_DEPTH_MAX deep, numbers of
 * at most 60 bytes, no name twice in one object and no more than 64 of them. NULL where it is not.
 * cJSON sees to the structure, and the tokens are looked at one by one. */
cJSON *grammar_json(const char *text, size_t length);

#endif
