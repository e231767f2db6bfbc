/* Times as people and programs write them: RFC 3339, section 5.6, with any offset. Pure; any thread.
 *
 * Read strictly: the calendar (also of leap years), two digits where two are due, an offset always. A leap second
 * (:60) is refused: our clock has none, and it would be another second's name. Of a fraction, 1 to 9 digits,
 * what is less than a microsecond is dropped. */
#ifndef BOX_OFFICE_RFC3339_H
#define BOX_OFFICE_RFC3339_H

#include <stdbool.h>
#include <stdint.h>

/* Microseconds since 1970-01-01 UTC, 0 or later and before the year 10000. False for anything else, and *time is
 * left alone. */
bool rfc3339_parse(const char *text, int64_t *time);

#endif
