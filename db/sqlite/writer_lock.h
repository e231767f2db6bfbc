/* The writers' mutex: fair among processes, and safe when its owner is killed.
 *
 * SQLite's own lock starves writers that wait for it, and Debian's SQLite can corrupt a database when
 * one connection commits while another one checkpoints. So every BEGIN IMMEDIATE…COMMIT and every
 * checkpoint happens with this mutex taken. Reads never take it.
 *
 * One owner, one thread per struct; never carried over a fork. */
#ifndef BOX_OFFICE_SQLITE_WRITER_LOCK_H
#define BOX_OFFICE_SQLITE_WRITER_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "db/sqlite/lock_file.h"

struct writer_lock {
    struct lock_page *page; /* mapped; NULL: not open */
    const struct lock_file *file;
};

enum writer_lock_result {
    WRITER_LOCK_TAKEN,
    WRITER_LOCK_BUSY,  /* not within the time */
    WRITER_LOCK_MOVED, /* the store was taken from under us: this process must end */
    WRITER_LOCK_BROKEN,
};

/* Maps the page of an open lock file, which must outlive the lock. False with the reason. */
bool writer_lock_open(struct writer_lock *lock, const struct lock_file *file,
                      char error[STORE_ERROR_SIZE]);
void writer_lock_close(struct writer_lock *lock);

/* Waits until clock_monotonic() reaches `until` at the longest, in turn with the others who wait.
 * Each time one process has held the lock against us for a further second, `stalled` (may be NULL) is
 * called with its pid. Anything but TAKEN comes with the reason. */
enum writer_lock_result writer_lock_take(struct writer_lock *lock, int64_t until,
                                         store_stalled *stalled, void *context,
                                         char error[STORE_ERROR_SIZE]);
void writer_lock_drop(struct writer_lock *lock);

#endif
