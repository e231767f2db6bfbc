#include "balancer/routing/routing_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/log.h"

enum {
    FILES_KEPT = 4,
};

static const int64_t retry_interval = CLOCK_SECOND / 4;
static const int64_t rotate_interval = CLOCK_SECOND; /* between two tries that fail */

struct routing_log {
    struct servers *servers; /* fixed at start: no lock */
    struct lock lock;        /* guards all below */
    struct log_file *file;
    struct buffer lines;
    uint64_t gap_from; /* the first line that could not be written; 0: there is no gap */
    int64_t retry_at;  /* clock_monotonic(): when to try again */
    int64_t rotate_at; /* the same, of a rotation that failed */
    bool settled;      /* it is never rotated again */
};

struct routing_log *routing_log_open(struct servers *servers, const char *dir, int64_t size_max,
                                     char error[LOG_ERROR_SIZE])
{
    struct log_file *file = log_file_open(dir, "routing.log", size_max, FILES_KEPT, error);
    if (file == NULL)
        return NULL;
    struct routing_log *log = memory_new(sizeof *log);
    log->servers = servers;
    log->file = file;
    lock_init(&log->lock);
    return log;
}

void routing_log_close(struct routing_log *log)
{
    routing_log_flush(log);
    log_file_close(log->file);
    lock_free(&log->lock);
    buffer_free(&log->lines);
    free(log);
}

static void write_lines(struct routing_log *log, uint64_t first)
{
    if (first == 0 || log_file_write(log->file, log->lines.data, log->lines.length))
        return;
    log->gap_from = first;
    log_errno("the routing log cannot be written; selling goes on, lines from n=%" PRIu64
              " on will be missing",
              first);
    log->retry_at = clock_monotonic() + retry_interval;
}

/* After a gap the history goes on with a state line that says what is missing. */
static void try_again(struct routing_log *log)
{
    int64_t now = clock_monotonic();
    servers_state_gap(log->servers, log->gap_from);
    if (now < log->retry_at)
        return;
    servers_take_history(log->servers, &log->lines);
    if (log_file_write(log->file, log->lines.data, log->lines.length)) {
        log_line("the routing log can be written again");
        log->gap_from = 0;
    } else {
        log->retry_at = now + retry_interval;
    }
}

static void rotate(struct routing_log *log)
{
    write_lines(log, servers_cut_history(log->servers, &log->lines));
    if (log_file_rotate(log->file))
        return;
    if (errno != EBUSY) /* else another router is about to take over */
        log_errno("the routing log cannot be rotated; it goes on in the same file");
    log->rotate_at = clock_monotonic() + rotate_interval;
}

void routing_log_flush(struct routing_log *log)
{
    lock_take(&log->lock);
    if (log->gap_from == 0 && !log->settled && log_file_full(log->file) &&
        clock_monotonic() >= log->rotate_at)
        rotate(log);
    if (log->gap_from == 0)
        write_lines(log, servers_take_history(log->servers, &log->lines));
    else
        try_again(log);
    lock_drop(&log->lock);
}

void routing_log_settle(struct routing_log *log)
{
    lock_take(&log->lock);
    log->settled = true;
    lock_drop(&log->lock);
}
