/* Names of time zones, as the IANA time zone database has them: "Europe/Berlin". Reads the disk; one thread. */
#ifndef BOX_OFFICE_ZONE_NAME_H
#define BOX_OFFICE_ZONE_NAME_H

#include <stdbool.h>

/* Whether there is a zone of this name below /usr/share/zoneinfo; where nothing is installed there, whether it has
 * the shape of one. No name leads out of that directory, and posix/ and right/, its other copies, are none. */
bool zone_name_known(const char *name);

/* The same below another directory. */
bool zone_name_known_below(const char *directory, const char *name);

#endif
