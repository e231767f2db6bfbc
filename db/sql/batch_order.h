/* The orders that a batch names, with what hangs on them. All calls but the first: SQL_OK, or
 * what failed, with the reason told. */
#ifndef BOX_OFFICE_SQL_BATCH_ORDER_H
#define BOX_OFFICE_SQL_BATCH_ORDER_H

#include "db/sql/batch.h"

/* The order in this row, whose columns begin as statement.c says, as an index into the batch's list; it
 * stands there once. LOOKUP_NONE where the event has no such tier. */
size_t batch_order_add(struct batch *batch, struct sql_query *row, size_t event);

/* Finds what the item i names: the hold of a confirm or release; the order of a refund, and the ticket of
 * a check-in, in the item's event. */
enum sql_result batch_read_hold(struct batch *batch, struct sql *sql, size_t i);
enum sql_result batch_read_refunded(struct batch *batch, struct sql *sql, size_t i);
enum sql_result batch_read_ticket(struct batch *batch, struct sql *sql, size_t i);

/* Tells the engine that what the item names will be asked for (sql_ahead). */
void batch_tell_named(const struct batch *batch, struct sql *sql, size_t i);

/* The places in line of those that are asked for again. */
enum sql_result batch_read_places(struct batch *batch, struct sql *sql);

#endif
