/* Adding a batch's new orders, refusals and tickets to a SQLite store, one by one. The contracts are those of
 * db/sql/sql.h. */
#ifndef BOX_OFFICE_SQLITE_ADD_H
#define BOX_OFFICE_SQLITE_ADD_H

#include "db/sql/batch.h"
#include "db/sqlite/connection.h"

enum sql_result add_all(struct sql *sql, struct batch *batch);
enum sql_result add_tickets_of(struct sql *sql, int64_t event, int64_t tier, int64_t decision,
                               int64_t first, int64_t quantity);

/* Looks keys up, likewise one by one. */
enum sql_result find_keys(struct sql *sql, struct batch *batch, const size_t *items, size_t n);

#endif
