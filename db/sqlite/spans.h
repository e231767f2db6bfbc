/* Which parts of the decisions hold orders of which event, so that one event's orders can be listed in their order
 * however many others there are. An index would say the same, at a price that each purchase pays (a tenth of a
 * seller's time); a span of 256 decisions is noted once per batch at most. */
#ifndef BOX_OFFICE_SQLITE_SPANS_H
#define BOX_OFFICE_SQLITE_SPANS_H

#include "db/sqlite/connection.h"

/* Notes the spans of the orders among the last `count` decisions, which are those that a batch of so many has
 * added, whatever numbers it gave: those of old refusals that were removed are given again. False with the
 * reason told. */
bool spans_note(struct connection *connection, size_t count);

#endif
