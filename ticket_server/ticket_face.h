/* What a ticket shows of itself, and the words that its picture, its page and the lists have in common. Pure but
 * for the time zone's file; any thread. */
#ifndef BOX_OFFICE_TICKET_FACE_H
#define BOX_OFFICE_TICKET_FACE_H

#include <stdbool.h>

#include "common/buffer.h"
#include "common/ticket_code.h"
#include "db/store.h"

enum {
    TICKET_WHEN_SIZE = 160,
};

struct ticket_face {
    const struct event_terms *event; /* not owned, as is the ticket */
    const struct ticket *ticket;
    char code[TICKET_CODE_SIZE]; /* "": refunded, and good for nothing */
};

/* The event's title, or its name where it has none. */
const char *ticket_title(const struct event_terms *event);

/* "valid", "checked_in" or "refunded". */
const char *ticket_state(const struct ticket *ticket);

/* "Thursday, 31 December 2026, 20:00 (Europe/Berlin, UTC+01:00)"; as the clocks there show it. */
void ticket_when(const char *zone, int64_t time, char when[TICKET_WHEN_SIZE]);

/* The same as machines read it, RFC 3339: "2026-12-31T20:00:00+01:00". */
void ticket_when_exactly(const char *zone, int64_t time, char when[TICKET_WHEN_SIZE]);

#endif
