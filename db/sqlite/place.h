/* Where a SQLite store lies: the database file and what stands beside it. */
#ifndef BOX_OFFICE_SQLITE_PLACE_H
#define BOX_OFFICE_SQLITE_PLACE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "db/store.h"

struct place {
    char database[STORE_PLACE_SIZE]; /* absolute, without symbolic links */
    char lock[STORE_PLACE_SIZE];     /* the lock file beside it */
    dev_t device;                    /* of the database file */
    ino_t inode;
};

/* Finds the database file; with `make`, makes an empty one where there is none. False with the reason
 * in words, and *absent set where the database is the thing that is missing: then `place` tells where it would be.
 *
 * It never opens the database: closing that descriptor would drop every POSIX lock that SQLite holds
 * on the file in this process. */
bool place_find(struct place *place, const char *path, bool make, bool *absent,
                char error[STORE_ERROR_SIZE]);

/* False where no database file is there. One that cannot be reached may be. */
bool place_exists(const char *path);

/* True where the database's path still names the file that was found. */
bool place_unchanged(const struct place *place);

/* Makes durable what was made, renamed or removed in the directory of this path. False with the reason. */
bool place_save_directory(const char *path, char error[STORE_ERROR_SIZE]);

#endif
