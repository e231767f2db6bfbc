/* Time: all times are signed 64-bit microseconds. Every function may be called from any thread. */
#ifndef BOX_OFFICE_CLOCK_H
#define BOX_OFFICE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CLOCK_TEXT_SIZE = 28, /* "2026-11-21T10:00:00.123456Z" and its NUL */
};

#define CLOCK_MILLISECOND INT64_C(1000)
#define CLOCK_SECOND      INT64_C(1000000)

/* Wall clock, since 1970-01-01 UTC. May step; for people, for logs and for what crosses processes.
 */
int64_t clock_now(void);

/* Never steps backwards; its zero has no meaning. For waits, ages and deadlines in one process. */
int64_t clock_monotonic(void);

/* RFC 3339, UTC, always six digits of fraction. `time` is 0 or later, before the year 10000. */
void clock_format(int64_t time, char text[CLOCK_TEXT_SIZE]);

/* Reads a span as people write it: "30s", "500ms", or "0"; up to 999,999,999 of the unit. False for anything
 * else, and *span is left alone. */
bool clock_span(const char *text, int64_t *span);

/* Reads exactly what clock_format writes; false for anything else, and *time is left alone. */
bool clock_parse(const char *text, int64_t *time);

#endif
