#include "common/thread.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"

/* None of these calls can fail unless we used it wrongly, so a failure ends the process. */
static void sure(int failure, const char *call)
{
    if (failure != 0)
        die(EXIT_TROUBLE, "%s: %s", call, strerror(failure));
}

void lock_init(struct lock *lock)
{
    pthread_condattr_t monotonic;
    sure(pthread_mutex_init(&lock->mutex, NULL), "pthread_mutex_init");
    sure(pthread_condattr_init(&monotonic), "pthread_condattr_init");
    sure(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC), "pthread_condattr_setclock");
    sure(pthread_cond_init(&lock->changed, &monotonic), "pthread_cond_init");
    pthread_condattr_destroy(&monotonic);
}

void lock_free(struct lock *lock)
{
    sure(pthread_cond_destroy(&lock->changed), "pthread_cond_destroy");
    sure(pthread_mutex_destroy(&lock->mutex), "pthread_mutex_destroy");
}

void lock_take(struct lock *lock)
{
    sure(pthread_mutex_lock(&lock->mutex), "pthread_mutex_lock");
}

void lock_drop(struct lock *lock)
{
    sure(pthread_mutex_unlock(&lock->mutex), "pthread_mutex_unlock");
}

void lock_wait(struct lock *lock)
{
    sure(pthread_cond_wait(&lock->changed, &lock->mutex), "pthread_cond_wait");
}

void lock_wait_until(struct lock *lock, int64_t until)
{
    struct timespec time = {.tv_sec = until / CLOCK_SECOND, .tv_nsec = until % CLOCK_SECOND * 1000};
    int failure = pthread_cond_timedwait(&lock->changed, &lock->mutex, &time);
    sure(failure == ETIMEDOUT ? 0 : failure, "pthread_cond_timedwait");
}

void lock_announce(struct lock *lock)
{
    sure(pthread_cond_broadcast(&lock->changed), "pthread_cond_broadcast");
}

void thread_start(pthread_t *thread, const char *name, void *(*body)(void *), void *argument)
{
    sigset_t all, before;
    sigfillset(&all);
    sure(pthread_sigmask(SIG_SETMASK, &all, &before), "pthread_sigmask");
    sure(pthread_create(thread, NULL, body, argument), "pthread_create");
    sure(pthread_sigmask(SIG_SETMASK, &before, NULL), "pthread_sigmask");
    /* A thread that has ended by now can no longer be named, and need not be. */
    (void)pthread_setname_np(*thread, name);
}

void thread_join(pthread_t thread)
{
    sure(pthread_join(thread, NULL), "pthread_join");
}
