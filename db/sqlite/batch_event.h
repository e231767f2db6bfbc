/* The events that a batch names: their terms, tiers, and who is due or waits in them. All calls:
 * SQLITE_OK, or the extended code with the reason told. */
#ifndef BOX_OFFICE_SQLITE_BATCH_EVENT_H
#define BOX_OFFICE_SQLITE_BATCH_EVENT_H

#include "db/sqlite/batch.h"

/* Finds or reads the event of this name, or of this row, with its tiers and the orders in it that are
 * due; removes refusals that have expired: oldest first and no more than a small multiple of the batch.
 * `index` receives its place in the batch's list. */
int batch_event_named(struct batch *batch, struct connection *connection, const char *name,
                      size_t *index);
int batch_event_at(struct batch *batch, struct connection *connection, int64_t row, size_t *index);

/* Once all else is read: who waits in line, as far as they can be offered something. */
int batch_read_lines(struct batch *batch, struct connection *connection);

/* Once that is read: how much the buyers have of events with a limit. */
int batch_read_buyers(struct batch *batch, struct connection *connection);

#endif
