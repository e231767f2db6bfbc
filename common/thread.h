/* Threads and their locks, with every failure (which would be a bug of ours) ending the process. */
#ifndef BOX_OFFICE_THREAD_H
#define BOX_OFFICE_THREAD_H

#include <pthread.h>
#include <stdint.h>

/* A mutex and the condition that goes with what it guards. */
struct lock {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

void lock_init(struct lock *lock);
void lock_free(struct lock *lock);
void lock_take(struct lock *lock);
void lock_drop(struct lock *lock);

/* With the lock taken: sleeps until somebody calls lock_announce (or for no reason at all). */
void lock_wait(struct lock *lock);

/* The same, but no longer than until clock_monotonic() reaches `until`. */
void lock_wait_until(struct lock *lock, int64_t until);

/* Wakes all who wait. */
void lock_announce(struct lock *lock);

/* Starts a thread of that name (at most 15 bytes) with all signals blocked. The caller joins it. */
void thread_start(pthread_t *thread, const char *name, void *(*body)(void *), void *argument);
void thread_join(pthread_t thread);

#endif
