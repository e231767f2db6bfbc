/* What the rule needs to know of a batch: the events it names, their tiers, its known keys, and the
 * orders that it names or that may move in it. */
#ifndef BOX_OFFICE_SQL_BATCH_READ_H
#define BOX_OFFICE_SQL_BATCH_READ_H

#include "db/sql/batch.h"

/* A key that we made, and nobody was asked with before: the store knows it only where one request has
 * come twice. */
bool batch_key_is_new(const struct item *item);

/* Fills in the batch's lists and items. New keys are left for unknown unless all are to be
 * looked up. SQL_OK, or what failed, with the reason told. */
enum sql_result batch_read(struct batch *batch, struct sql *sql, enum batch_keys keys);

/* The item's key is known: fills in what its row, of QUERY_KEY's columns, has for an outcome. The same results. */
enum sql_result batch_known(struct batch *batch, size_t i, struct sql_query *row);

/* So that the rule may add an order for each item. */
void batch_make_room_for_orders(struct batch *batch);

#endif
