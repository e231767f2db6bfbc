#include "tools/rush/arrivals.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/log.h"

struct arrivals {
    struct loop *loop;
    loop_call *ring;
    void *context;
    int64_t rate, first;
    int fd;
};

static void ready(void *context, int fd, uint32_t events)
{
    struct arrivals *arrivals = context;
    uint64_t times;
    (void)events;
    if (read(fd, &times, sizeof times) > 0) /* else it was set anew meanwhile */
        arrivals->ring(arrivals->context);
}

struct arrivals *arrivals_open(struct loop *loop, int64_t rate, loop_call *ring, void *context)
{
    struct arrivals *arrivals = memory_new(sizeof *arrivals);
    *arrivals =
        (struct arrivals){.loop = loop,
                          .ring = ring,
                          .context = context,
                          .rate = rate,
                          .first = clock_monotonic(),
                          .fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)};
    if (arrivals->fd < 0)
        die(EXIT_TROUBLE, "no descriptor left for a timer; raise `ulimit -n`");
    loop_watch(loop, arrivals->fd, EPOLLIN, ready, arrivals);
    return arrivals;
}

void arrivals_close(struct arrivals *arrivals)
{
    loop_unwatch(arrivals->loop, arrivals->fd);
    close(arrivals->fd);
    free(arrivals);
}

int64_t arrivals_moment(const struct arrivals *arrivals, int64_t others)
{
    return arrivals->first + others * CLOCK_SECOND / arrivals->rate;
}

void arrivals_ring_at(struct arrivals *arrivals, int64_t moment)
{
    const struct itimerspec when = {
        .it_value = {.tv_sec = moment / CLOCK_SECOND, .tv_nsec = moment % CLOCK_SECOND * 1000}};
    timerfd_settime(arrivals->fd, TFD_TIMER_ABSTIME, &when, NULL);
}
