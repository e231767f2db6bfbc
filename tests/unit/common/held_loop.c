#include "tests/unit/common/held_loop.h"

#include "common/clock.h"

/* The first of the loop's calls, so that whatever the test does here, the calls behind it see. */
static void rest(void *context)
{
    struct held_loop *held = context;
    lock_take(&held->lock);
    held->one = false;
    if (held->held) {
        held->resting = true;
        lock_announce(&held->lock);
        while (held->held && !held->one)
            lock_wait(&held->lock);
        held->resting = false;
    }
    lock_drop(&held->lock);
}

static void *run(void *context)
{
    struct held_loop *held = context;
    loop_run(held->loop);
    return NULL;
}

static void ring(void *context)
{
    struct held_loop *held = context;
    held->late = true;
}

static void wait_for_rest(struct held_loop *held)
{
    while (!held->resting || held->one)
        lock_wait(&held->lock);
}

void held_loop_open(struct held_loop *held)
{
    *held = (struct held_loop){.loop = loop_open(), .held = true};
    lock_init(&held->lock);
    held->alarm.ring = ring;
    held->alarm.context = held;
    loop_each_turn(held->loop, rest, held);
    loop_wake(held->loop);
    thread_start(&held->thread, "held loop", run, held);
    held_loop_hold(held);
}

void held_loop_free(struct held_loop *held)
{
    lock_take(&held->lock);
    held->held = false;
    lock_announce(&held->lock);
    lock_drop(&held->lock);
}

void held_loop_hold(struct held_loop *held)
{
    lock_take(&held->lock);
    held->held = true;
    loop_wake(held->loop);
    wait_for_rest(held);
    lock_drop(&held->lock);
}

void held_loop_close(struct held_loop *held)
{
    held_loop_hold(held);
    loop_stop(held->loop);
    held_loop_free(held);
    thread_join(held->thread);
    loop_close(held->loop);
    lock_free(&held->lock);
}

static void one_turn(struct held_loop *held)
{
    lock_take(&held->lock);
    held->one = true;
    lock_announce(&held->lock);
    wait_for_rest(held);
    lock_drop(&held->lock);
}

bool held_loop_until(struct held_loop *held, bool (*condition)(void *context), void *context,
                     int seconds)
{
    bool good;
    held->late = false;
    loop_timer_set(held->loop, &held->alarm, clock_monotonic() + seconds * CLOCK_SECOND);
    while (!(good = condition(context)) && !held->late)
        one_turn(held);
    loop_timer_set(held->loop, &held->alarm, 0);
    return good;
}

void held_loop_turns(struct held_loop *held, unsigned turns)
{
    for (unsigned i = 0; i < turns; i++) {
        loop_wake(held->loop);
        one_turn(held);
    }
}
