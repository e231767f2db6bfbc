/* Which parts of the decisions hold orders of which event, so that one event's orders can be listed in their order
 * however many others there are. An index would say the same, at a price that each purchase pays (a tenth of a
 * seller's time); a span of 256 decisions is noted once per batch at most. */
#ifndef BOX_OFFICE_SQLITE_SPANS_H
#define BOX_OFFICE_SQLITE_SPANS_H

#include "db/sqlite/connection.h"

/* The last decision there is, before a batch adds its own. False with the reason told. */
bool spans_begin(struct connection *connection, int64_t *last);

/* Notes the spans of the orders behind it. The same results. */
bool spans_note(struct connection *connection, int64_t last);

#endif
