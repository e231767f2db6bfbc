/* What the rule needs to know of a batch: the events it names, their tiers, and its known keys. */
#ifndef BOX_OFFICE_SQLITE_BATCH_READ_H
#define BOX_OFFICE_SQLITE_BATCH_READ_H

#include "db/sqlite/batch.h"

/* Fills in the batch's events, tiers and items, and removes refusals that have expired: oldest first
 * and no more than a small multiple of the batch. SQLITE_OK, or the extended code with the reason
 * told. */
int batch_read(struct batch *batch, struct connection *connection);

#endif
