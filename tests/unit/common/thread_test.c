#include "common/thread.h"

#include <signal.h>
#include <stdbool.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/unit/common/forked.h"

enum {
    THREADS = 4,
    ROUNDS = 5000,
};

struct hall {
    struct lock lock;
    long count;
    bool open;
    int waiting;
};

static void *wait_for_opening(void *context)
{
    struct hall *hall = context;
    lock_take(&hall->lock);
    hall->waiting++;
    while (!hall->open)
        lock_wait(&hall->lock);
    hall->count++;
    lock_drop(&hall->lock);
    return NULL;
}

static bool all_wait(void *context)
{
    struct hall *hall = context;
    lock_take(&hall->lock);
    bool waiting = hall->waiting == THREADS;
    lock_drop(&hall->lock);
    return waiting;
}

static void open_hall(struct hall *hall)
{
    lock_take(&hall->lock);
    hall->open = true;
    lock_announce(&hall->lock);
    lock_drop(&hall->lock);
}

static void *add_up(void *context)
{
    struct hall *hall = context;
    wait_for_opening(hall);
    for (int i = 0; i < ROUNDS; i++) {
        lock_take(&hall->lock);
        hall->count++;
        lock_drop(&hall->lock);
    }
    return NULL;
}

static void the_lock_excludes(void)
{
    struct hall hall = {.count = 0};
    pthread_t threads[THREADS];
    lock_init(&hall.lock);
    for (int i = 0; i < THREADS; i++)
        thread_start(&threads[i], "adder", add_up, &hall);
    open_hall(&hall);
    for (int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    CU_ASSERT_EQUAL(hall.count, (long)THREADS * (ROUNDS + 1));
    lock_free(&hall.lock);
}

static void an_announcement_wakes_all(void)
{
    struct hall hall = {.count = 0};
    pthread_t threads[THREADS];
    lock_init(&hall.lock);
    for (int i = 0; i < THREADS; i++)
        thread_start(&threads[i], "waiter", wait_for_opening, &hall);
    CU_ASSERT_FATAL(wait_until(all_wait, &hall, 20));
    lock_take(&hall.lock);
    CU_ASSERT_EQUAL(hall.count, 0);
    lock_drop(&hall.lock);
    open_hall(&hall);
    for (int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    CU_ASSERT_EQUAL(hall.count, THREADS);
    lock_free(&hall.lock);
}

/* No announcement comes, so the time alone ends the wait; and not before (but for a wake-up without a
 * reason, which POSIX allows and a loop forgives). */
static void a_wait_ends_in_time(void)
{
    struct lock lock;
    lock_init(&lock);
    lock_take(&lock);
    int64_t until = clock_monotonic() + 30 * CLOCK_MILLISECOND;
    while (clock_monotonic() < until)
        lock_wait_until(&lock, until);
    lock_wait_until(&lock, until); /* past already */
    lock_wait_until(&lock, 0);
    CU_ASSERT(clock_monotonic() < until + 10 * CLOCK_SECOND);
    lock_drop(&lock);
    lock_free(&lock);
}

/* A thread that looks, and stays until it is told to go. */
struct guest {
    struct hall hall;
    sigset_t blocked;
};

static void *look(void *context)
{
    struct guest *guest = context;
    pthread_sigmask(SIG_SETMASK, NULL, &guest->blocked);
    return wait_for_opening(&guest->hall);
}

static void threads_leave_signals_to_others(void)
{
    struct guest guest = {.hall = {.count = 0}};
    sigset_t before, after;
    pthread_t thread;
    lock_init(&guest.hall.lock);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    thread_start(&thread, "looker", look, &guest);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    open_hall(&guest.hall);
    thread_join(thread);
    lock_free(&guest.hall.lock);
    CU_ASSERT_EQUAL(sigismember(&guest.blocked, SIGTERM), 1);
    CU_ASSERT_EQUAL(sigismember(&guest.blocked, SIGINT), 1);
    CU_ASSERT_EQUAL(sigismember(&guest.blocked, SIGHUP), 1);
    CU_ASSERT_EQUAL(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
}

static void threads_have_names(void)
{
    struct hall hall = {.count = 0};
    char name[16] = "";
    pthread_t thread;
    lock_init(&hall.lock);
    thread_start(&thread, "fifteen letters", wait_for_opening, &hall);
    CU_ASSERT_EQUAL(pthread_getname_np(thread, name, sizeof name), 0);
    CU_ASSERT_STRING_EQUAL(name, "fifteen letters");
    open_hall(&hall);
    thread_join(thread);
    lock_free(&hall.lock);
}

static void *return_at_once(void *context)
{
    return context;
}

static void start_short_ones(void *context)
{
    for (int i = 0; i < ROUNDS / 10; i++) {
        pthread_t thread;
        thread_start(&thread, "short", return_at_once, context);
        thread_join(thread);
    }
}

/* It may have ended before its starter has done all about it. */
static void a_thread_may_end_at_once(void)
{
    struct forked forked = {0};
    forked_run(&forked, start_short_ones, NULL);
    CU_ASSERT_EQUAL(forked.status, FORKED_RETURNED);
    CU_ASSERT_STRING_EQUAL(buffer_text(&forked.err), "");
    forked_free(&forked);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("thread", "the lock excludes", the_lock_excludes);
    suite_add("thread", "an announcement wakes all", an_announcement_wakes_all);
    suite_add("thread", "a wait ends in time", a_wait_ends_in_time);
    suite_add("thread", "threads leave signals to others", threads_leave_signals_to_others);
    suite_add("thread", "threads have names", threads_have_names);
    suite_add("thread", "a thread may end at once", a_thread_may_end_at_once);
}
