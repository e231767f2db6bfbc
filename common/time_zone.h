/* The local time of an IANA time zone, read from the system's database (TZif, RFC 8536).
 *
 * Not libc's: its localtime knows only the process's own zone, and to change that (setenv, tzset)
 * while another thread reads the environment is undefined. Nothing is cached: a file is a few
 * kilobytes, and a zone's rules may change under a running server. Any thread. */
#ifndef BOX_OFFICE_TIME_ZONE_H
#define BOX_OFFICE_TIME_ZONE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    TIME_ZONE_ABBREVIATION_SIZE = 16,
};

struct local_time {
    int year, month, day; /* 2026, 1 to 12, 1 to 31 */
    int weekday;          /* 0: Sunday */
    int hour, minute, second;
    int offset; /* seconds to be added to UTC */
    char abbreviation[TIME_ZONE_ABBREVIATION_SIZE];
};

/* Whether it names a zone of the database: 1 to 64 characters of A-Z a-z 0-9 _ + - in parts between
 * slashes, and a file that can be read. "UTC" is always known. */
bool time_zone_known(const char *zone);

/* Whether there is a database at all; where none is installed, only "UTC" is known. */
bool time_zone_database(void);

/* What clocks show there at this wall clock time (microseconds; 0 or later, before the year 10000).
 * False where the zone is not known or its file is not sound; then it is the time of UTC. */
bool time_zone_local(const char *zone, int64_t time, struct local_time *local);

#endif
