/* What the lists share: private to list*.c. */
#ifndef BOX_OFFICE_SQL_LIST_PART_H
#define BOX_OFFICE_SQL_LIST_PART_H

#include "db/sql/handle.h"

/* A query of the handle, ready for its values; NULL with the reason. */
struct sql_query *list_query(struct store *store, enum named_query which);

/* Ends a query whose rows were read, so that it holds no snapshot: `found`, or UNREADABLE. */
enum store_found list_finish(struct sql_query *query, enum store_found found);

/* Around queries that are to be of one moment and have the time of one (sql_begin_reading). False: unreadable, and not to
 * be ended. `found` is handed through. */
bool list_begin(struct store *store);
enum store_found list_end(struct store *store, enum store_found found);

/* The number of an event. Events are never removed: what is read after this call is of the same one. */
enum store_found list_find_event(struct store *store, const char *name, int64_t *event);

/* At most so many rows. */
int64_t list_page(size_t max);

#endif
