/* A handle of a SQLite store: opening it for selling or reading, and closing it. */
#ifndef BOX_OFFICE_SQLITE_HANDLE_H
#define BOX_OFFICE_SQLITE_HANDLE_H

#include "db/sql/handle.h"
#include "db/sqlite/connection.h"
#include "db/sqlite/lock_file.h"
#include "db/sqlite/place.h"
#include "db/sqlite/writer_lock.h"

/* In the order in which the parts are opened. */
struct handle {
    struct sql_handle common; /* first: a store pointer of ours is a handle pointer */
    struct place place;
    struct lock_file file;
    struct writer_lock lock; /* of a seller */
    struct connection connection;
};

struct store *handle_open_seller(const char *path, const char *server, store_stalled *stalled,
                                 void *context, char error[STORE_ERROR_SIZE]);
struct store *handle_open_reader(const char *path, bool *absent, char error[STORE_ERROR_SIZE]);
void handle_close(struct store *store);
bool handle_present(const struct store *store);

/* The steps of opening that making a store shares: finds the database (with `make`, makes an empty
 * file) and takes its lock file. A database that is not ours is refused before anything is put beside
 * it. Whether it fails or not, handle_close ends it. */
bool handle_settle(struct handle *handle, const char *path, bool make, enum lock_use use);

/* Opens the writing connection, under the writer lock, which stays taken. */
bool handle_open_writing(struct handle *handle);

/* A zeroed handle, to be filled in and closed by handle_close. */
struct handle *handle_new(bool seller);

#endif
