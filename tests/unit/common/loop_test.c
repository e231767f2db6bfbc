#include "common/loop.h"

#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/thread.h"
#include "tests/lib/suite.h"

enum {
    SECONDS_MAX = 20,
};

/* A loop, what happened on it, and two pipes. */
struct scene {
    struct loop *loop;
    struct loop_timer late;
    struct buffer story; /* a letter for each thing that happened */
    int pipes[2][2];
    int times; /* what a test counts */
};

static struct scene scene;

static void on_late(void *context)
{
    (void)context;
    CU_FAIL("nothing happened in time");
    loop_stop(scene.loop);
}

static void open_scene(void)
{
    memset(&scene, 0, sizeof scene);
    scene.loop = loop_open();
    scene.late.ring = on_late;
    loop_timer_set(scene.loop, &scene.late, clock_monotonic() + SECONDS_MAX * CLOCK_SECOND);
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL_FATAL(pipe(scene.pipes[i]), 0);
}

static void close_scene(const char *story)
{
    CU_ASSERT_STRING_EQUAL(buffer_text(&scene.story), story);
    loop_close(scene.loop);
    buffer_free(&scene.story);
    for (int i = 0; i < 4; i++)
        close(scene.pipes[i / 2][i % 2]);
}

static void tell(void *context)
{
    buffer_add(&scene.story, context);
}

static void tell_and_stop(void *context)
{
    tell(context);
    loop_stop(scene.loop);
}

static void fill(int index)
{
    CU_ASSERT_EQUAL(write(scene.pipes[index][1], "x", 1), 1);
}

/* --- timers ------------------------------------------------------------------------------------ */

static void timers_ring_when_they_are_due(void)
{
    struct loop_timer first = {.ring = tell, .context = "1"},
                      second = {.ring = tell, .context = "2"};
    struct loop_timer third = {.ring = tell_and_stop, .context = "3"};
    open_scene();
    int64_t now = clock_monotonic();
    loop_timer_set(scene.loop, &third, now + 60 * CLOCK_MILLISECOND);
    loop_timer_set(scene.loop, &first, now + 20 * CLOCK_MILLISECOND);
    loop_timer_set(scene.loop, &second, now + 40 * CLOCK_MILLISECOND);
    loop_run(scene.loop);
    CU_ASSERT(clock_monotonic() >= now + 60 * CLOCK_MILLISECOND);
    CU_ASSERT_EQUAL(first.at, 0);
    close_scene("123");
}

static void a_timer_is_moved_or_put_to_rest(void)
{
    struct loop_timer moved = {.ring = tell_and_stop, .context = "m"};
    struct loop_timer resting = {.ring = tell, .context = "r"};
    open_scene();
    int64_t now = clock_monotonic();
    loop_timer_set(scene.loop, &moved, now + 10 * CLOCK_SECOND);
    loop_timer_set(scene.loop, &resting, now);
    loop_timer_set(scene.loop, &moved, now + 30 * CLOCK_MILLISECOND);
    loop_timer_set(scene.loop, &resting, 0);
    loop_run(scene.loop);
    int64_t passed = clock_monotonic() - now;
    CU_ASSERT(passed >= 30 * CLOCK_MILLISECOND && passed < 9 * CLOCK_SECOND);
    close_scene("m");
}

static struct loop_timer again;

static void ring_thrice(void *context)
{
    tell(context);
    if (++scene.times == 3)
        loop_stop(scene.loop);
    else
        loop_timer_set(scene.loop, &again, clock_monotonic()); /* due at once */
}

static void a_timer_may_set_itself(void)
{
    again = (struct loop_timer){.ring = ring_thrice, .context = "a"};
    open_scene();
    loop_timer_set(scene.loop, &again, clock_monotonic());
    loop_run(scene.loop);
    close_scene("aaa");
}

/* --- descriptors ------------------------------------------------------------------------------- */

static void read_one(void *context, int fd, uint32_t events)
{
    char byte;
    CU_ASSERT(events & EPOLLIN);
    CU_ASSERT_EQUAL(read(fd, &byte, 1), 1);
    tell_and_stop(context);
}

static void a_descriptor_is_told(void)
{
    open_scene();
    loop_watch(scene.loop, scene.pipes[0][0], EPOLLIN, read_one, "r");
    fill(0);
    loop_run(scene.loop);
    close_scene("r");
}

/* Level-triggered: what is not read is told again; also the end, once the writer has closed. */
static void read_at_third(void *context, int fd, uint32_t events)
{
    tell(context);
    if (++scene.times == 3)
        read_one(context, fd, events);
}

static void what_is_not_read_is_told_again(void)
{
    open_scene();
    loop_watch(scene.loop, scene.pipes[0][0], EPOLLIN, read_at_third, "r");
    fill(0);
    loop_run(scene.loop);
    close_scene("rrrr");
}

static void on_write(void *context, int fd, uint32_t events)
{
    (void)fd;
    CU_ASSERT(events & EPOLLOUT);
    tell_and_stop(context);
}

static void must_not_come(void *context, int fd, uint32_t events)
{
    (void)fd;
    (void)events;
    CU_FAIL("an event that was not watched");
    tell_and_stop(context);
}

static void watching_again_changes_what_is_watched(void)
{
    open_scene();
    loop_watch(scene.loop, scene.pipes[0][1], EPOLLIN, must_not_come, "!");
    loop_watch(scene.loop, scene.pipes[0][1], EPOLLOUT, on_write, "w");
    loop_run(scene.loop);
    close_scene("w");
}

/* Two are ready in one turn; whoever is told first sends the other away. */
static void forget_other(void *context, int fd, uint32_t events)
{
    int other = fd == scene.pipes[0][0] ? scene.pipes[1][0] : scene.pipes[0][0];
    (void)events;
    loop_unwatch(scene.loop, other);
    loop_unwatch(scene.loop, fd);
    tell(context);
}

static void a_forgotten_descriptor_is_not_told(void)
{
    struct loop_timer end = {.ring = tell_and_stop, .context = "."};
    open_scene();
    for (int i = 0; i < 2; i++) {
        loop_watch(scene.loop, scene.pipes[i][0], EPOLLIN, forget_other, "f");
        fill(i);
    }
    loop_timer_set(scene.loop, &end, clock_monotonic() + 20 * CLOCK_MILLISECOND);
    loop_run(scene.loop);
    close_scene("f.");
}

/* The same, and the other's number goes to a descriptor on which nothing has happened. */
static void replace_other(void *context, int fd, uint32_t events)
{
    int other = fd == scene.pipes[0][0] ? scene.pipes[1][0] : scene.pipes[0][0];
    int quiet[2];
    (void)events;
    CU_ASSERT_EQUAL(pipe(quiet), 0);
    loop_unwatch(scene.loop, other);
    loop_unwatch(scene.loop, fd);
    CU_ASSERT_EQUAL(dup2(quiet[0], other), other); /* closes it, too */
    close(quiet[0]);
    scene.times = quiet[1];
    loop_watch(scene.loop, other, EPOLLIN, must_not_come, "!");
    tell(context);
}

static void a_number_used_again_is_another_descriptor(void)
{
    struct loop_timer end = {.ring = tell_and_stop, .context = "."};
    open_scene();
    for (int i = 0; i < 2; i++) {
        loop_watch(scene.loop, scene.pipes[i][0], EPOLLIN, replace_other, "n");
        fill(i);
    }
    loop_timer_set(scene.loop, &end, clock_monotonic() + 20 * CLOCK_MILLISECOND);
    loop_run(scene.loop);
    close(scene.times);
    close_scene("n.");
}

/* --- turns ------------------------------------------------------------------------------------- */

static void calls_come_in_order_once_per_turn(void)
{
    open_scene();
    loop_each_turn(scene.loop, tell, "a");
    loop_each_turn(scene.loop, tell, "x");
    loop_each_turn(scene.loop, tell, "b");
    loop_each_turn(scene.loop, tell_and_stop, "c");
    loop_no_turn(scene.loop, tell, "x");
    loop_wake(scene.loop);
    loop_run(scene.loop);
    close_scene("abc");
}

static void stop_at_third(void *context)
{
    tell(context);
    if (++scene.times == 3)
        loop_stop(scene.loop);
    else
        loop_wake(scene.loop);
}

static void waking_makes_a_further_turn(void)
{
    open_scene();
    loop_each_turn(scene.loop, stop_at_third, "t");
    loop_wake(scene.loop);
    loop_wake(scene.loop); /* both in one turn */
    loop_run(scene.loop);
    close_scene("ttt");
}

static void *wake_often(void *context)
{
    for (int i = 0; i < 1000; i++)
        loop_wake(context);
    return NULL;
}

static void *run_loop(void *context)
{
    loop_run(context);
    return NULL;
}

/* The loop sleeps, with nothing to do, until somebody else wakes it. */
static void any_thread_may_wake(void)
{
    pthread_t runner, waker;
    open_scene();
    loop_each_turn(scene.loop, stop_at_third, "t");
    thread_start(&runner, "runner", run_loop, scene.loop);
    thread_start(&waker, "waker", wake_often, scene.loop);
    thread_join(waker);
    thread_join(runner);
    close_scene("ttt");
}

static void a_stopped_loop_does_not_turn(void)
{
    open_scene();
    loop_each_turn(scene.loop, tell, "t");
    loop_wake(scene.loop);
    loop_stop(scene.loop);
    loop_run(scene.loop);
    close_scene("");
}

/* An order within a turn: descriptors, timers, then the calls. */
static void a_turn_has_its_order(void)
{
    struct loop_timer timer = {.ring = tell, .context = "t"};
    open_scene();
    loop_each_turn(scene.loop, tell_and_stop, "c");
    loop_timer_set(scene.loop, &timer, clock_monotonic());
    loop_watch(scene.loop, scene.pipes[0][0], EPOLLIN, read_one, "r");
    fill(0);
    loop_run(scene.loop);
    close_scene("rtc");
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("loop", "timers ring when they are due", timers_ring_when_they_are_due);
    suite_add("loop", "a timer is moved or put to rest", a_timer_is_moved_or_put_to_rest);
    suite_add("loop", "a timer may set itself", a_timer_may_set_itself);
    suite_add("loop", "a descriptor is told", a_descriptor_is_told);
    suite_add("loop", "what is not read is told again", what_is_not_read_is_told_again);
    suite_add("loop", "watching again changes what is watched",
              watching_again_changes_what_is_watched);
    suite_add("loop", "a forgotten descriptor is not told", a_forgotten_descriptor_is_not_told);
    suite_add("loop", "a number used again is another descriptor",
              a_number_used_again_is_another_descriptor);
    suite_add("loop", "calls come in order once per turn", calls_come_in_order_once_per_turn);
    suite_add("loop", "waking makes a further turn", waking_makes_a_further_turn);
    suite_add("loop", "any thread may wake", any_thread_may_wake);
    suite_add("loop", "a stopped loop does not turn", a_stopped_loop_does_not_turn);
    suite_add("loop", "a turn has its order", a_turn_has_its_order);
}
