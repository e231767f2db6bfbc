#include "common/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/log.h"

enum {
    DAEMONS_MAX = 4,
    CALLS_MAX = 8,
    EVENTS_AT_ONCE = 256,
};

struct watch {
    loop_ready *ready; /* NULL: not watched */
    void *context;
    uint32_t generation; /* raised when the descriptor is forgotten: older events are stale */
};

struct loop {
    int epoll_fd;
    int wake_fd;
    bool stopped;
    bool again;            /* the coming wait is none */
    struct watch *watches; /* indexed by descriptor; owned */
    size_t watches_length;
    struct loop_timer *timers; /* linked through next; owned by the callers */
    struct {
        struct MHD_Daemon *daemon;
        int fd;
        bool ready;
    } daemons[DAEMONS_MAX];
    size_t daemon_count;
    struct {
        loop_call *call;
        void *context;
    } calls[CALLS_MAX];
    size_t call_count;
};

static void wake_ready(void *context, int fd, uint32_t events)
{
    (void)context;
    (void)events;
    uint64_t count;
    ssize_t taken = read(fd, &count, sizeof count);
    (void)taken; /* nothing there: somebody's wake-up was taken before */
}

struct loop *loop_open(void)
{
    struct loop *loop = memory_new(sizeof *loop);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (loop->epoll_fd < 0 || loop->wake_fd < 0)
        die(EXIT_TROUBLE, "no descriptors left for an event loop; raise `ulimit -n`");
    loop_watch(loop, loop->wake_fd, EPOLLIN, wake_ready, loop);
    return loop;
}

void loop_close(struct loop *loop)
{
    close(loop->wake_fd);
    close(loop->epoll_fd);
    free(loop->watches);
    free(loop);
}

static struct watch *watch_at(struct loop *loop, int fd)
{
    assert(fd >= 0 && fd < LOOP_WATCHES_MAX);
    size_t index = (size_t)fd;
    if (index >= loop->watches_length) {
        size_t length = index + 64;
        struct watch *grown = realloc(loop->watches, length * sizeof *grown);
        if (grown == NULL)
            die(EXIT_TROUBLE, "out of memory");
        for (size_t i = loop->watches_length; i < length; i++)
            grown[i] = (struct watch){0};
        loop->watches = grown;
        loop->watches_length = length;
    }
    return &loop->watches[index];
}

/* What epoll hands back: descriptor and generation. */
static uint64_t watch_tag(int fd, const struct watch *watch)
{
    return (uint64_t)watch->generation << 32 | (uint32_t)fd;
}

void loop_watch(struct loop *loop, int fd, uint32_t events, loop_ready *ready, void *context)
{
    struct watch *watch = watch_at(loop, fd);
    struct epoll_event event = {.events = events, .data.u64 = watch_tag(fd, watch)};
    int how = watch->ready != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(loop->epoll_fd, how, fd, &event) != 0)
        die(EXIT_TROUBLE, "epoll_ctl failed (errno %d)", errno);
    watch->ready = ready;
    watch->context = context;
}

void loop_unwatch(struct loop *loop, int fd)
{
    struct watch *watch = watch_at(loop, fd);
    assert(watch->ready != NULL);
    watch->ready = NULL;
    watch->generation++;
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t at)
{
    timer->at = at;
    if (timer->known)
        return;
    timer->known = true;
    timer->next = loop->timers;
    loop->timers = timer;
}

void loop_timer_forget(struct loop *loop, struct loop_timer *timer)
{
    for (struct loop_timer **at = &loop->timers; *at != NULL; at = &(*at)->next) {
        if (*at != timer)
            continue;
        *at = timer->next;
        break;
    }
    timer->at = 0;
    timer->known = false;
}

static void daemon_ready(void *context, int fd, uint32_t events)
{
    struct loop *loop = context;
    (void)events;
    for (size_t i = 0; i < loop->daemon_count; i++)
        if (loop->daemons[i].fd == fd)
            loop->daemons[i].ready = true;
}

void loop_serve(struct loop *loop, struct MHD_Daemon *daemon)
{
    assert(loop->daemon_count < DAEMONS_MAX);
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    assert(info != NULL);
    size_t i = loop->daemon_count++;
    loop->daemons[i].daemon = daemon;
    loop->daemons[i].fd = info->epoll_fd;
    loop->daemons[i].ready = true;
    loop_watch(loop, info->epoll_fd, EPOLLIN, daemon_ready, loop);
}

void loop_unserve(struct loop *loop, struct MHD_Daemon *daemon)
{
    for (size_t i = 0; i < loop->daemon_count; i++) {
        if (loop->daemons[i].daemon != daemon)
            continue;
        loop_unwatch(loop, loop->daemons[i].fd);
        loop->daemons[i] = loop->daemons[--loop->daemon_count];
        return;
    }
}

void loop_hurry(struct loop *loop, struct MHD_Daemon *daemon)
{
    for (size_t i = 0; i < loop->daemon_count; i++)
        if (loop->daemons[i].daemon == daemon)
            loop->daemons[i].ready = true;
}

void loop_each_turn(struct loop *loop, loop_call *call, void *context)
{
    assert(loop->call_count < CALLS_MAX);
    loop->calls[loop->call_count].call = call;
    loop->calls[loop->call_count].context = context;
    loop->call_count++;
}

void loop_no_turn(struct loop *loop, loop_call *call, void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < loop->call_count; i++)
        if (loop->calls[i].call != call || loop->calls[i].context != context)
            loop->calls[kept++] = loop->calls[i];
    loop->call_count = kept;
}

void loop_again(struct loop *loop)
{
    loop->again = true;
}

void loop_wake(struct loop *loop)
{
    uint64_t one = 1;
    ssize_t written = write(loop->wake_fd, &one, sizeof one);
    (void)written; /* full: it is awake already */
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}

/* Milliseconds until something is due, rounded up; -1: nothing is. */
static int wait_length(const struct loop *loop)
{
    if (loop->again)
        return 0;
    int64_t wait = INT_MAX;
    int64_t now = clock_monotonic();
    for (const struct loop_timer *timer = loop->timers; timer != NULL; timer = timer->next) {
        if (timer->at == 0)
            continue;
        int64_t left = timer->at > now ? (timer->at - now + 999) / 1000 : 0;
        wait = left < wait ? left : wait;
    }
    for (size_t i = 0; i < loop->daemon_count; i++) {
        MHD_UNSIGNED_LONG_LONG left;
        if (loop->daemons[i].ready)
            return 0;
        if (MHD_get_timeout(loop->daemons[i].daemon, &left) == MHD_YES && (int64_t)left < wait)
            wait = (int64_t)left;
    }
    return wait == INT_MAX ? -1 : (int)wait;
}

static void deliver(struct loop *loop, const struct epoll_event *event)
{
    int fd = (int)(uint32_t)event->data.u64;
    const struct watch *watch = watch_at(loop, fd);
    if (watch->ready != NULL && watch_tag(fd, watch) == event->data.u64)
        watch->ready(watch->context, fd, event->events);
}

static void ring_timers(struct loop *loop)
{
    int64_t now = clock_monotonic();
    for (struct loop_timer *timer = loop->timers; timer != NULL; timer = timer->next) {
        if (timer->at == 0 || timer->at > now)
            continue;
        timer->at = 0;
        timer->ring(timer->context);
    }
}

/* A daemon has work when its descriptor is ready, or when it says that it need not wait: resumed
 * and half-processed connections are known to it alone. */
static void run_daemons(struct loop *loop)
{
    for (size_t i = 0; i < loop->daemon_count; i++) {
        MHD_UNSIGNED_LONG_LONG left;
        struct MHD_Daemon *daemon = loop->daemons[i].daemon;
        bool due = MHD_get_timeout(daemon, &left) == MHD_YES && left == 0;
        if (!loop->daemons[i].ready && !due)
            continue;
        loop->daemons[i].ready = false;
        MHD_run(daemon);
    }
}

static void turn(struct loop *loop)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(loop->epoll_fd, events, EVENTS_AT_ONCE, wait_length(loop));
    loop->again = false;
    for (int i = 0; i < count; i++)
        deliver(loop, &events[i]);
    ring_timers(loop);
    run_daemons(loop);
    for (size_t i = 0; i < loop->call_count; i++)
        loop->calls[i].call(loop->calls[i].context);
}

void loop_run(struct loop *loop)
{
    while (!loop->stopped)
        turn(loop);
}
