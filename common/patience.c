#include "common/patience.h"

#include <assert.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "common/clock.h"

enum {
    LOOKS_PER_LIMIT = 8,
};

static int64_t interval(const struct patience *patience)
{
    const struct patience_limits *limits = &patience->limits;
    int64_t shorter = limits->request < limits->answer ? limits->request : limits->answer;
    return shorter / LOOKS_PER_LIMIT;
}

/* How long the stage has lasted at least. */
static int64_t spent(const struct patience *patience, const struct patience_record *record)
{
    return patience->now - record->since - interval(patience);
}

/* The last answer has gone out as far as libmicrohttpd is concerned, but the kernel has it still. */
static bool is_unread(const struct patience_record *record)
{
    int unread = 0;
    return ioctl(record->fd, SIOCOUTQ, &unread) == 0 && unread > 0;
}

/* What the kernel holds for a client that does not read goes with the connection. */
static void cut(const struct patience_record *record)
{
    const struct linger at_once = {.l_onoff = 1};
    if (record->stage == PATIENCE_ANSWER || record->stage == PATIENCE_IDLE)
        setsockopt(record->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    shutdown(record->fd, SHUT_RDWR);
}

static bool get_info(const struct patience_record *record, struct tcp_info *info)
{
    socklen_t size = sizeof *info;
    *info = (struct tcp_info){0};
    return getsockopt(record->fd, IPPROTO_TCP, TCP_INFO, info, &size) == 0;
}

/* So few bytes have moved for so long. The first look at a stage only counts. */
static bool has_stalled(const struct patience *patience, struct patience_record *record,
                        int64_t limit)
{
    struct tcp_info info;
    if (!get_info(record, &info))
        return true;
    uint64_t count = record->stage == PATIENCE_REQUEST ? (uint64_t)info.tcpi_bytes_received
                                                       : (uint64_t)info.tcpi_bytes_acked;
    if (record->counted && count - record->count < PATIENCE_STREAM_BYTES)
        return patience->now - record->counted_at >= limit;
    record->counted = true;
    record->count = count;
    record->counted_at = patience->now;
    return false;
}

static bool is_late(const struct patience *patience, struct patience_record *record)
{
    const struct patience_limits *limits = &patience->limits;
    bool receives = record->stage == PATIENCE_LINE || record->stage == PATIENCE_REQUEST;
    bool streams = record->stage == PATIENCE_REQUEST ? record->request_streams
                                                     : !receives && record->answer_streams;
    int64_t limit = receives ? limits->request : limits->answer;
    return streams ? has_stalled(patience, record, limit) : spent(patience, record) >= limit;
}

/* Bytes came after it had become idle, and libmicrohttpd has made no first line of them. */
static bool has_begun(const struct patience *patience, const struct patience_record *record)
{
    struct tcp_info info;
    int64_t idle = spent(patience, record);
    return idle > 0 && get_info(record, &info) &&
           info.tcpi_last_data_recv * CLOCK_MILLISECOND < idle;
}

static void look(const struct patience *patience, struct patience_record *record)
{
    switch (record->stage) {
    case PATIENCE_IDLE:
        if (is_late(patience, record) && is_unread(record))
            cut(record);
        else if (has_begun(patience, record))
            patience_set(patience, record, PATIENCE_LINE);
        break;
    case PATIENCE_WORK:
        break;
    case PATIENCE_LINE:
    case PATIENCE_REQUEST:
    case PATIENCE_ANSWER:
        if (is_late(patience, record))
            cut(record);
        break;
    }
}

static void ring(void *context)
{
    struct patience *patience = context;
    patience->now = clock_monotonic();
    for (struct patience_record *record = patience->records; record != NULL; record = record->next)
        look(patience, record);
    loop_timer_set(patience->loop, &patience->timer, patience->now + interval(patience));
}

void patience_open(struct patience *patience, struct loop *loop,
                   const struct patience_limits *limits)
{
    *patience = (struct patience){.loop = loop, .limits = *limits};
    assert(interval(patience) > 0);
    patience->timer.ring = ring;
    patience->timer.context = patience;
    ring(patience);
}

void patience_close(struct patience *patience)
{
    assert(patience->records == NULL);
    loop_timer_forget(patience->loop, &patience->timer);
}

void patience_join(struct patience *patience, struct patience_record *record, int fd)
{
    *record = (struct patience_record){
        .next = patience->records, .fd = fd, .stage = PATIENCE_IDLE, .since = patience->now};
    if (record->next != NULL)
        record->next->previous = record;
    patience->records = record;
}

void patience_leave(struct patience *patience, struct patience_record *record)
{
    if (record->next != NULL)
        record->next->previous = record->previous;
    if (record->previous != NULL)
        record->previous->next = record->next;
    else
        patience->records = record->next;
}
