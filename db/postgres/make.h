/* Making a PostgreSQL store, or bringing it up to date. */
#ifndef BOX_OFFICE_POSTGRES_MAKE_H
#define BOX_OFFICE_POSTGRES_MAKE_H

#include "db/store.h"

/* The contract is store_init's. */
bool postgres_make(const char *rest, int64_t demo_capacity, struct store_made *made,
                   char error[STORE_ERROR_SIZE]);

#endif
