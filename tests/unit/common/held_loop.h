/* A loop on a thread of its own that a test can hold between two turns.
 *
 * While it is held, which it is from held_loop_open on, the loop's thread stands still and the test may
 * do whatever the loop's thread may: all that belongs to the loop is the test's. While it is free, the
 * test keeps its hands off and talks to it from outside, over sockets. Main thread. */
#ifndef BOX_OFFICE_TEST_HELD_LOOP_H
#define BOX_OFFICE_TEST_HELD_LOOP_H

#include <pthread.h>
#include <stdbool.h>

#include "common/loop.h"
#include "common/thread.h"

struct held_loop {
    struct loop *loop;
    struct lock lock;
    pthread_t thread;
    struct loop_timer alarm; /* the loop's thread */
    bool late;               /* the loop's thread: the alarm rang */

    /* under the lock */
    bool held;    /* the loop's thread stands still, or shall */
    bool resting; /* … it does */
    bool one;     /* it shall do one turn */
};

/* Opens the loop, held, in its first turn. */
void held_loop_open(struct held_loop *held);

/* Held or free: ends the thread and closes the loop, in which nothing may be left. */
void held_loop_close(struct held_loop *held);

void held_loop_free(struct held_loop *held);
void held_loop_hold(struct held_loop *held);

/* Held: turn after turn until the condition holds, which is looked at between turns. False where it does
 * not within `seconds`. */
bool held_loop_until(struct held_loop *held, bool (*condition)(void *context), void *context,
                     int seconds);

/* Held: a number of turns, none of which waits. */
void held_loop_turns(struct held_loop *held, unsigned turns);

#endif
