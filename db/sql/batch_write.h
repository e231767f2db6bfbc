/* Writes what the rule decided: orders one by one, counts once per batch. */
#ifndef BOX_OFFICE_SQL_BATCH_WRITE_H
#define BOX_OFFICE_SQL_BATCH_WRITE_H

#include "db/sql/batch.h"

/* SQL_OK, or what failed, with the reason told. Sets the batch's `sold` and `dirty`. */
enum sql_result batch_write(struct batch *batch, struct sql *sql);

#endif
