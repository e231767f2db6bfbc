/* The events that a batch names: their terms, tiers, and who is due or waits in them. All calls:
 * SQL_OK, or what failed, with the reason told. */
#ifndef BOX_OFFICE_SQL_BATCH_EVENT_H
#define BOX_OFFICE_SQL_BATCH_EVENT_H

#include "db/sql/batch.h"

/* Finds or reads the event of this name, or of this row, with its tiers and the orders in it that are
 * due; removes refusals that have expired: oldest first and no more than a small multiple of the batch.
 * `index` receives its place in the batch's list. */
enum sql_result batch_event_named(struct batch *batch, struct sql *sql, const char *name,
                                  size_t *index);
enum sql_result batch_event_at(struct batch *batch, struct sql *sql, int64_t row, size_t *index);

/* Once all else is read: who waits in line, as far as they can be offered something. */
enum sql_result batch_read_lines(struct batch *batch, struct sql *sql);

/* Once that is read: how much the buyers have of events with a limit. */
enum sql_result batch_read_buyers(struct batch *batch, struct sql *sql);

#endif
