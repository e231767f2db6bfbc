/* The lock file beside the database: it says who uses the store, and its page holds the writers'
 * mutex (writer_lock.h).
 *
 * Every process that uses the store holds a shared flock on the file for as long as it does. Making
 * the page, making it anew, changing the tables, and taking the store away (reset) need that flock
 * exclusively, so they never happen under a user's feet.
 *
 * A mutex in a file outlives its processes, and a stale owner in it would kill or hang whoever asks
 * for it next: so the page names the boot, the PID namespace and the database it was made for, and is
 * made anew where any of these differs; and where it has an owner, though nobody else uses the store: a disk
 * that lost its power may have kept a page of a moment in which somebody owned the mutex. Where somebody uses
 * it (a reader that could not make it anew), who would write is refused. */
#ifndef BOX_OFFICE_SQLITE_LOCK_FILE_H
#define BOX_OFFICE_SQLITE_LOCK_FILE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "db/sqlite/place.h"

enum {
    LOCK_PAGE_SIZE = 4096,
    LOCK_BOOT_SIZE = 40,
};

/* What the file holds. */
struct lock_page {
    char magic[8];          /* set last, so that a half-made page is never used */
    uint64_t layout;        /* size of this struct: another C library's mutex may differ */
    uint64_t device, inode; /* of the database */
    uint64_t pid_namespace;
    char boot[LOCK_BOOT_SIZE]; /* the kernel's boot id */

    _Atomic int64_t since; /* CLOCK_MONOTONIC microseconds at which the owner took the mutex */
    _Atomic pid_t owner;   /* 0: nobody; a hint for messages, the mutex alone decides */
    pthread_mutex_t mutex;
};

struct lock_file {
    int fd; /* owned, holds the flock; -1: none */
    dev_t device;
    ino_t inode;
    const struct place *place;
};

enum lock_use {
    LOCK_USE_READ,  /* only says "in use"; goes on without where the place is not writable */
    LOCK_USE_WRITE, /* will use the mutex: the page must be valid */
};

/* Takes the shared flock, and first makes the page where it is not valid. Waits up to 2 s for others
 * who make it. False with the reason. `place` must outlive the lock file. */
bool lock_file_open(struct lock_file *file, const struct place *place, enum lock_use use,
                    char error[STORE_ERROR_SIZE]);

/* Takes the flock exclusively: nobody uses the store, and nobody can until lock_file_close. */
bool lock_file_seize(struct lock_file *file, const struct place *place,
                     char error[STORE_ERROR_SIZE]);

/* The same for an open file. Where it fails, the shared flock is gone, too: close it. */
bool lock_file_claim(struct lock_file *file, char error[STORE_ERROR_SIZE]);

/* True where the path still names the file we hold. */
bool lock_file_current(const struct lock_file *file);

/* The page of an open file, mapped; NULL with the reason. Freed with munmap(…, LOCK_PAGE_SIZE). */
struct lock_page *lock_file_map(const struct lock_file *file, char error[STORE_ERROR_SIZE]);

void lock_file_close(struct lock_file *file);

#endif
