/* A copy of a store: a SQLite file, whatever engine the store is of. All that other engines know of this one. */
#ifndef BOX_OFFICE_SQLITE_COPY_FILE_H
#define BOX_OFFICE_SQLITE_COPY_FILE_H

#include "db/sql/sql.h"

struct copy_file;

/* Begins a new copy, which is to be at `to`: in a transaction, with the present version's tables and no rows. Failures
 * are told in `error`, which outlives it; NULL with the reason: something is there already, or is being made. */
struct copy_file *copy_file_make(const char *to, char error[STORE_ERROR_SIZE]);

/* Proves what was written into it, and puts it, synced and mode 0600, in its place only then. False with the reason. */
bool copy_file_place(struct copy_file *file);

/* Opens a copy, proved, in a transaction that reads. One of an older version is brought up to date in a file beside it,
 * and stays as it is itself. NULL with the reason: no store, not sound, of a newer version. */
struct copy_file *copy_file_open(const char *from, char error[STORE_ERROR_SIZE]);

struct sql *copy_file_sql(struct copy_file *file);

/* Ends either; what was not placed is removed. NULL is none. */
void copy_file_close(struct copy_file *file);

#endif
