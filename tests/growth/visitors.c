#include "tests/growth/visitors.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"

enum {
    PATIENCE_SECONDS = 30,
    HOSTS = 200, /* addresses that they come from: each has ports enough for those that linger */
};

/* How a visit goes. */
enum manner {
    POLITE,       /* waits for the answer, and closes */
    LAST_REQUEST, /* closes its side after the request, and waits for what comes */
    NO_PATIENCE,  /* asks, and closes */
    RESET,        /* asks, and resets */
    HALF,         /* asks by half, and closes */
    HALF_RESET,   /* asks by half, and resets */
    SILENT,       /* closes without a word */
    MANNERS,
};

struct visit {
    struct visitors *visitors;
    int fd; /* -1: nobody is here */
    enum manner manner;
    bool asked;
    int64_t began;
};

struct visitors {
    const struct visitors_settings *settings;
    struct visitors_tally *tally;
    struct sockaddr_in to;
    struct loop *loop;
    struct visit *list; /* owned */
    int begun, here;
    struct loop_timer looking, checking;
};

static const char request[] = "POST /purchases HTTP/1.1\r\nHost: x\r\n"
                              "Content-Type: application/x-www-form-urlencoded\r\n"
                              "Content-Length: 10\r\n\r\nevent=demo";

static void come(struct visit *visit);

static void go(struct visit *visit, int64_t *count)
{
    struct visitors *visitors = visit->visitors;
    bool reset = visit->manner == RESET || visit->manner == HALF_RESET;
    const struct linger linger = {.l_onoff = 1};
    if (reset)
        setsockopt(visit->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    loop_unwatch(visitors->loop, visit->fd);
    close(visit->fd);
    visit->fd = -1;
    visitors->here--;
    (*count)++;
    come(visit);
    if (visitors->here == 0)
        loop_stop(visitors->loop);
}

static bool waits(const struct visit *visit)
{
    return visit->manner == POLITE || visit->manner == LAST_REQUEST;
}

static bool ask(struct visit *visit)
{
    bool half = visit->manner == HALF || visit->manner == HALF_RESET;
    size_t length = visit->manner == SILENT ? 0 : strlen(request);
    if (half)
        length = 1 + dice_roll(visit->visitors->settings->dice, (uint32_t)length - 1);
    visit->asked = true;
    return length == 0 || send(visit->fd, request, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static void hear(struct visit *visit)
{
    struct visitors_tally *tally = visit->visitors->tally;
    static const char lead[] = "HTTP/1.1 201 ";
    char answer[1024];
    ssize_t got = recv(visit->fd, answer, sizeof answer, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
        return;
    bool sold = got > (ssize_t)sizeof lead && memcmp(answer, lead, sizeof lead - 1) == 0;
    if (sold)
        go(visit, &tally->answered);
    else /* whoever closes its side before its request was read whole is gone, says libmicrohttpd */
        go(visit, visit->manner == LAST_REQUEST && got == 0 ? &tally->gone : &tally->failed);
}

static void ready(void *context, int fd, uint32_t events)
{
    struct visit *visit = context;
    struct visitors *visitors = visit->visitors;
    (void)events;
    if (visit->asked) {
        hear(visit);
    } else if (!ask(visit)) {
        go(visit, &visitors->tally->failed);
    } else if (waits(visit)) {
        loop_watch(visitors->loop, fd, EPOLLIN, ready, visit);
        if (visit->manner == LAST_REQUEST)
            shutdown(fd, SHUT_WR);
    } else {
        go(visit, &visitors->tally->gone);
    }
}

/* Connects from one of many loopback addresses: ports of closed connections linger for a minute. */
static int connect_from(const struct visitors *visitors)
{
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(visitors->begun % HOSTS));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int));
    if (bind(fd, (const struct sockaddr *)&from, sizeof from) == 0 &&
        (connect(fd, (const struct sockaddr *)&visitors->to, sizeof visitors->to) == 0 ||
         errno == EINPROGRESS))
        return fd;
    close(fd);
    return -1;
}

static void come(struct visit *visit)
{
    struct visitors *visitors = visit->visitors;
    while (visitors->begun < visitors->settings->visits) {
        visitors->begun++;
        visit->fd = connect_from(visitors);
        if (visit->fd >= 0)
            break;
        visitors->tally->failed++;
    }
    if (visit->fd < 0)
        return;
    visitors->here++;
    visit->asked = false;
    visit->manner = (enum manner)dice_roll(visitors->settings->dice, MANNERS);
    visit->began = clock_monotonic();
    loop_watch(visitors->loop, visit->fd, EPOLLOUT, ready, visit);
}

/* Nobody waits for ever. */
static void check(void *context)
{
    struct visitors *visitors = context;
    int64_t now = clock_monotonic();
    loop_timer_set(visitors->loop, &visitors->checking, now + CLOCK_SECOND);
    for (int i = 0; i < visitors->settings->at_once; i++) {
        struct visit *visit = &visitors->list[i];
        if (visit->fd >= 0 && now - visit->began > PATIENCE_SECONDS * CLOCK_SECOND)
            go(visit, &visitors->tally->failed);
    }
}

static void look(void *context)
{
    struct visitors *visitors = context;
    const struct visitors_settings *settings = visitors->settings;
    loop_timer_set(visitors->loop, &visitors->looking, clock_monotonic() + settings->look_interval);
    settings->look(settings->context);
}

static void run(struct visitors *visitors)
{
    const int at_once = visitors->settings->at_once;
    visitors->loop = loop_open();
    visitors->list = memory_new((size_t)at_once * sizeof *visitors->list);
    for (int i = 0; i < at_once; i++)
        visitors->list[i] = (struct visit){.visitors = visitors, .fd = -1};
    check(visitors);
    if (visitors->settings->look != NULL)
        look(visitors);
    for (int i = 0; i < at_once; i++)
        come(&visitors->list[i]);
    if (visitors->here > 0)
        loop_run(visitors->loop);
    loop_close(visitors->loop);
    free(visitors->list);
}

void visitors_run(const struct visitors_settings *settings, struct visitors_tally *tally)
{
    struct visitors visitors = {.settings = settings, .tally = tally};
    CU_ASSERT_FATAL(raw_address(settings->url, &visitors.to));
    visitors.checking = (struct loop_timer){.ring = check, .context = &visitors};
    visitors.looking = (struct loop_timer){.ring = look, .context = &visitors};
    run(&visitors);
}
