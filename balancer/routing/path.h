/* Paths as servers read them, who decode and tidy them each in his own way (RFC 3986, section 6.2.2): a route
 * that guards "/private/" must not be passed by "/pictures/../private/", "/%70rivate/" or "//private/". Pure;
 * any thread. */
#ifndef BOX_OFFICE_PATH_H
#define BOX_OFFICE_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a segment of it is "." or "..", also where dots, slashes or backslashes are encoded, or parameters
 * follow (";"). No browser sends such a path. */
bool path_climbs(const char *path);

/* Whether it is spelled in the one way that nobody reads in another: nothing encoded, no empty segment but the
 * last. Then it is what path_decode would make of it. */
bool path_is_plain(const char *path);

/* Decodes it and takes out empty segments but the last, for comparing: at most strlen(path) + 1 bytes. False
 * where what is encoded is none, or a NUL. */
bool path_decode(const char *path, char *out);

#endif
