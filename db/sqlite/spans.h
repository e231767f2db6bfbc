/* Which parts of the decisions hold orders of which event, so that one event's orders can be listed in their order
 * however many others there are. An index would say the same, at a price that each purchase pays (a tenth of a
 * seller's time); a span of 256 decisions is noted once per batch, where the batch is of one event. */
#ifndef BOX_OFFICE_SQLITE_SPANS_H
#define BOX_OFFICE_SQLITE_SPANS_H

#include "db/sqlite/connection.h"

/* What was noted last in this transaction; all zero: nothing. */
struct span_noted {
    int64_t event, span;
};

/* Notes the span of an event's order, whose row is the decision. SQLITE_OK, or the extended code with the reason
 * told. */
int spans_note(struct span_noted *last, struct connection *connection, int64_t event,
               int64_t decision);

/* Notes those of all orders, where none are noted. False with the reason. */
bool spans_note_all(struct connection *connection);

#endif
