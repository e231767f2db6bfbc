/* The frame of whatever a seller writes: the writer lock, one transaction, the fence, one durable commit.
 *
 * One owner, one thread: the handle's. */
#ifndef BOX_OFFICE_SQLITE_TRANSACTION_H
#define BOX_OFFICE_SQLITE_TRANSACTION_H

#include "db/sqlite/handle.h"

/* Waits for the writer lock until `until`, and runs the work. Both contracts are those of db/sql/sql.h. */
enum store_result transaction_run(struct sql_handle *common, int64_t until, sql_work *work,
                                  void *context);
bool transaction_again(struct sql *sql);

#endif
