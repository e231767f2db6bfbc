/* Making a SQLite store, and bringing it up to date. */
#ifndef BOX_OFFICE_SQLITE_MAKE_H
#define BOX_OFFICE_SQLITE_MAKE_H

#include "db/store.h"

/* The contract is store_init's. */
bool make_store(const char *path, int64_t demo_capacity, struct store_made *made,
                char error[STORE_ERROR_SIZE]);

#endif
