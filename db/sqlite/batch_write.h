/* Writes what the rule decided: orders one by one, counts once per batch. */
#ifndef BOX_OFFICE_SQLITE_BATCH_WRITE_H
#define BOX_OFFICE_SQLITE_BATCH_WRITE_H

#include "db/sqlite/batch.h"

/* SQLITE_OK, or the extended code with the reason told. Sets the batch's `sold` and `dirty`. */
int batch_write(struct batch *batch, struct connection *connection);

#endif
