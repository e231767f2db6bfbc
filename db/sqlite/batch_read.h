/* What the rule needs to know of a batch: the events it names, their tiers, its known keys, and the
 * orders that it names or that may move in it. */
#ifndef BOX_OFFICE_SQLITE_BATCH_READ_H
#define BOX_OFFICE_SQLITE_BATCH_READ_H

#include "db/sqlite/batch.h"

/* A key that we made, and nobody was asked with before: the store knows it only where one request has
 * come twice. */
bool batch_key_is_new(const struct item *item);

/* Fills in the batch's lists and items. New keys are left for unknown unless all are to be
 * looked up. SQLITE_OK, or the extended code with the reason told. */
int batch_read(struct batch *batch, struct connection *connection, enum batch_keys keys);

/* Looks up the key of one item, and fills in what it has for an outcome. The same results. */
int batch_read_key(struct batch *batch, struct connection *connection, size_t i);

/* So that the rule may add an order for each item. */
void batch_make_room_for_orders(struct batch *batch);

#endif
