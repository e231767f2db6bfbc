#include "db/sqlite/writer_lock.h"

#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"

/* ThreadSanitizer of gcc 12 and clang 14 knows pthread_mutex_unlock but not _clocklock: it is told
 * here, and nowhere else. */
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>

static void taking(pthread_mutex_t *mutex)
{
    __tsan_mutex_pre_lock(mutex, __tsan_mutex_try_lock);
}

static void took(pthread_mutex_t *mutex, bool success)
{
    unsigned flags = __tsan_mutex_try_lock | (success ? 0 : __tsan_mutex_try_lock_failed);
    __tsan_mutex_post_lock(mutex, flags, 0);
}
#else
static void taking(pthread_mutex_t *mutex)
{
    (void)mutex;
}

static void took(pthread_mutex_t *mutex, bool success)
{
    (void)mutex;
    (void)success;
}
#endif

static int lock_until(pthread_mutex_t *mutex, int64_t until)
{
    struct timespec time = {
        .tv_sec = (time_t)(until / CLOCK_SECOND),
        .tv_nsec = (long)(until % CLOCK_SECOND * 1000),
    };
    taking(mutex);
    int rc = pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &time);
    took(mutex, rc == 0 || rc == EOWNERDEAD);
    return rc;
}

/* The process of a thread; 0 where it is gone. */
static pid_t process_of(pid_t thread)
{
    char path[64], line[128];
    int process = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)thread);
    FILE *status = fopen(path, "re");
    if (status == NULL)
        return 0;
    while (process == 0 && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "Tgid:", 5) == 0)
            process = (int)strtol(line + 5, NULL, 10);
    fclose(status);
    return process;
}

/* The process that owns the mutex, also one to which the kernel has handed it and which has not run
 * since: a priority-inheriting mutex holds its owner's thread id (futex(2)), where page->owner is what
 * an owner says of itself. */
static pid_t owner_of(struct lock_page *page)
{
    int word = __atomic_load_n(&page->mutex.__data.__lock, __ATOMIC_RELAXED);
    pid_t thread = word & FUTEX_TID_MASK;
    return thread != 0 ? process_of(thread) : 0;
}

/* How long the present owner has held the lock against us, and who it is. */
struct wait {
    int64_t began;
    int64_t since;    /* when the owner seen last took it */
    int64_t reported; /* seconds told of that owner */
};

/* When the present owner will have held the lock against us for a further second. */
static int64_t next_report(const struct lock_page *page, struct wait *wait)
{
    int64_t since = atomic_load(&page->since);
    if (since != wait->since) {
        wait->since = since;
        wait->reported = 0;
    }
    int64_t from = since > wait->began ? since : wait->began;
    return from + (wait->reported + 1) * CLOCK_SECOND;
}

static int wait_for(struct writer_lock *lock, int64_t until, store_stalled *stalled, void *context)
{
    struct wait wait = {.began = clock_monotonic()};
    for (;;) {
        int64_t report = next_report(lock->page, &wait);
        int rc = lock_until(&lock->page->mutex, report < until ? report : until);
        int64_t now = clock_monotonic();
        if (rc != ETIMEDOUT)
            return rc;
        if (next_report(lock->page, &wait) <= now) {
            pid_t owner = owner_of(lock->page);
            wait.reported++;
            if (stalled != NULL && owner != 0)
                stalled(context, owner);
        }
        if (now >= until)
            return rc;
    }
}

static enum writer_lock_result busy(struct writer_lock *lock, char error[STORE_ERROR_SIZE])
{
    int64_t held = clock_monotonic() - atomic_load(&lock->page->since);
    snprintf(error, STORE_ERROR_SIZE,
             "the writer lock could not be had in time: process %d has held it for %lld ms",
             (int)owner_of(lock->page), (long long)(held / CLOCK_MILLISECOND));
    return WRITER_LOCK_BUSY;
}

static enum writer_lock_result broken(const struct writer_lock *lock, int rc,
                                      char error[STORE_ERROR_SIZE])
{
    const char *hint = rc == EINVAL ? " (Linux 5.14 or later is needed)" : "";
    snprintf(error, STORE_ERROR_SIZE, "the writer lock in %.200s cannot be used: %s%s",
             lock->file->place->lock, strerror(rc), hint);
    return WRITER_LOCK_BROKEN;
}

bool writer_lock_open(struct writer_lock *lock, const struct lock_file *file,
                      char error[STORE_ERROR_SIZE])
{
    lock->file = file;
    lock->page = lock_file_map(file, error);
    return lock->page != NULL;
}

void writer_lock_close(struct writer_lock *lock)
{
    if (lock->page != NULL)
        munmap(lock->page, LOCK_PAGE_SIZE);
    lock->page = NULL;
}

enum writer_lock_result writer_lock_take(struct writer_lock *lock, int64_t until,
                                         store_stalled *stalled, void *context,
                                         char error[STORE_ERROR_SIZE])
{
    int rc = wait_for(lock, until, stalled, context);
    if (rc == ETIMEDOUT)
        return busy(lock, error);
    if (rc == EOWNERDEAD) /* SQLite undoes what the dead owner left half done */
        rc = pthread_mutex_consistent(&lock->page->mutex);
    if (rc != 0)
        return broken(lock, rc, error);
    atomic_store(&lock->page->since, clock_monotonic());
    atomic_store(&lock->page->owner, getpid());
    if (lock_file_current(lock->file) && place_unchanged(lock->file->place))
        return WRITER_LOCK_TAKEN;
    writer_lock_drop(lock);
    snprintf(error, STORE_ERROR_SIZE,
             "the store at %.200s was moved or replaced while it was in use",
             lock->file->place->database);
    return WRITER_LOCK_MOVED;
}

void writer_lock_drop(struct writer_lock *lock)
{
    atomic_store(&lock->page->owner, 0);
    int rc = pthread_mutex_unlock(&lock->page->mutex);
    assert(rc == 0);
    (void)rc;
}
