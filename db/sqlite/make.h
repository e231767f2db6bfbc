/* Making a SQLite store, bringing it up to date, and moving it aside. */
#ifndef BOX_OFFICE_SQLITE_MAKE_H
#define BOX_OFFICE_SQLITE_MAKE_H

#include "db/sqlite/part.h"
#include "db/store.h"

/* The contracts are store_init's and store_reset's. */
bool make_store(const char *path, int64_t demo_capacity, struct store_made *made,
                char error[STORE_ERROR_SIZE]);
bool make_reset(const char *path, char aside[STORE_PLACE_SIZE], char error[STORE_ERROR_SIZE]);

/* Puts everything into the one database file, so that it can be moved file by file: of a store that nobody else uses.
 * False with the reason. */
bool make_fold(const char *path, char error[STORE_ERROR_SIZE]);

/* Moves the store aside as make_reset does, and puts the finished part (NULL: nothing) in its place. Where there was no
 * store, `aside` stays as it is. At any moment one of both is there, but where the file system has no hard links. False
 * with the reason, and the store is in its place as before. */
bool make_replace(const char *path, const struct part *part, char aside[STORE_PLACE_SIZE],
                  char error[STORE_ERROR_SIZE]);

#endif
