/* Writes the counts that follow of a batch's orders: once per batch, each only from the value that was
 * read. */
#ifndef BOX_OFFICE_SQLITE_BATCH_COUNT_H
#define BOX_OFFICE_SQLITE_BATCH_COUNT_H

#include "db/sqlite/batch.h"

/* SQLITE_OK, or the extended code with the reason told. Adds to the batch's `sold`, and sets `dirty`. */
int batch_write_counts(struct batch *batch, struct connection *connection);

/* SQLITE_OK where the last statement changed one row; else SQLITE_CONSTRAINT, and it is told that `what`
 * was changed by somebody else. */
int batch_expect_one(struct connection *connection, const char *what, const char *name);

#endif
