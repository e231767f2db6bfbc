/* Making a SQLite store, bringing it up to date, and moving it aside. */
#ifndef BOX_OFFICE_SQLITE_MAKE_H
#define BOX_OFFICE_SQLITE_MAKE_H

#include "db/store.h"

/* The contracts are store_init's and store_reset's. */
bool make_store(const char *path, int64_t demo_capacity, struct store_made *made,
                char error[STORE_ERROR_SIZE]);
bool make_reset(const char *path, char aside[STORE_PLACE_SIZE], char error[STORE_ERROR_SIZE]);

#endif
