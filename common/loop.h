/* An event loop: one epoll for descriptors, timers, MHD daemons in external mode and wake-ups.
 *
 * A loop belongs to the thread that runs it; only loop_wake may be called from others. Callbacks
 * run one at a time, never nested. Bounded: LOOP_WATCHES_MAX descriptors at once, beyond it the
 * process ends (callers bound their connections first). */
#ifndef BOX_OFFICE_LOOP_H
#define BOX_OFFICE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

enum {
    LOOP_WATCHES_MAX = 1 << 16, /* descriptors are numbered below this */
};

struct MHD_Daemon;
struct loop;

/* `events` are those of epoll(7). */
typedef void loop_ready(void *context, int fd, uint32_t events);
typedef void loop_call(void *context);

/* A timer, owned by the caller and zeroed at first. */
struct loop_timer {
    int64_t at; /* clock_monotonic() time at which it rings once; 0: it rests */
    loop_call *ring;
    void *context;
    struct loop_timer *next; /* the loop's */
    bool known;              /* the loop's */
};

struct loop *loop_open(void);

/* Frees the loop; closes no descriptor and stops no daemon of the caller's. */
void loop_close(struct loop *loop);

/* Calls ready(context, fd, events) whenever one of `events` comes (level-triggered); called again
 * for the same fd, it changes what is watched. */
void loop_watch(struct loop *loop, int fd, uint32_t events, loop_ready *ready, void *context);

/* Forgets fd; needed before it is closed. An event already fetched for it is not delivered. */
void loop_unwatch(struct loop *loop, int fd);

/* Lets the timer ring at that clock_monotonic() time, instead of when it was set to before.
 * at = 0 puts it to rest. */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t at);

/* Forgets the timer; needed before its memory goes, where the loop may still turn. */
void loop_timer_forget(struct loop *loop, struct loop_timer *timer);

/* Runs MHD_run on this daemon whenever it has work. At most 4 daemons. The daemon must have been
 * started with MHD_USE_EPOLL and without a thread of its own. */
void loop_serve(struct loop *loop, struct MHD_Daemon *daemon);
void loop_unserve(struct loop *loop, struct MHD_Daemon *daemon);

/* The daemon has work that its descriptor does not show: a connection was resumed. (0.9.75 keeps that
 * to itself; MHD_get_timeout does not tell either.) */
void loop_hurry(struct loop *loop, struct MHD_Daemon *daemon);

/* Calls each of these, in the order they were added, once per turn, after all events and before the
 * wait. At most 8. */
void loop_each_turn(struct loop *loop, loop_call *call, void *context);
void loop_no_turn(struct loop *loop, loop_call *call, void *context); /* forgets it again */

/* Lets the coming wait be none at all: a turn's call has left work for another that had its turn. */
void loop_again(struct loop *loop);

/* Ends the present wait, so that the turn's calls run. Any thread, and signal handlers. */
void loop_wake(struct loop *loop);

/* Turns until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
