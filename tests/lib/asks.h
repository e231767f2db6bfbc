/* Counts what a store's handle asks its database, whatever the engine: queries, not the rows that come of them. One
 * handle at a time, of which nothing else is under way. Main thread only. */
#ifndef BOX_OFFICE_TEST_ASKS_H
#define BOX_OFFICE_TEST_ASKS_H

#include <stddef.h>

#include "db/store.h"

/* From now to the end, which tells how many there were. */
void asks_begin(struct store *store);
size_t asks_end(struct store *store);

#endif
