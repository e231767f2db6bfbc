/* Writes the counts that follow of a batch's orders: once per batch, each only from the value that was
 * read. */
#ifndef BOX_OFFICE_SQL_BATCH_COUNT_H
#define BOX_OFFICE_SQL_BATCH_COUNT_H

#include "db/sql/batch.h"

/* SQL_OK, or what failed, with the reason told. Adds to the batch's `sold`, and sets `dirty`. */
enum sql_result batch_write_counts(struct batch *batch, struct sql *sql);

#endif
