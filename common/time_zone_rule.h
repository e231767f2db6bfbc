/* The rule at the end of a TZif file, for all that comes after its table: POSIX's TZ as RFC 8536,
 * section 3.3 widens it, e.g. "CET-1CEST,M3.5.0,M10.5.0/3". Pure; any thread. */
#ifndef BOX_OFFICE_TIME_ZONE_RULE_H
#define BOX_OFFICE_TIME_ZONE_RULE_H

#include "common/time_zone.h"

/* Sets offset and abbreviation for this time (seconds since 1970 UTC). False where the rule cannot be
 * read. */
bool time_zone_rule(const char *rule, int64_t seconds, struct local_time *local);

#endif
