/* Many clients each stream a body up and another down through the balancer at once, while somebody buys:
 * all arrives as it was sent, in bounded memory, and nobody else feels it.
 *
 * In `make test` a short form; CLIENTS=100 MIB=256 (`make streams`) makes it long. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "tests/growth/footprint.h"
#include "tests/lib/load.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/streams/background.h"
#include "tests/streams/buying.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MEASURES = 0 }; /* a sanitizer keeps freed memory, shadows the rest, and is slow */
#else
enum { MEASURES = 1 };
#endif

enum {
    CLIENTS_MAX = 1000,
    ROUTER_KIB = 128 * 1024,
    BACKLOG_MAX =
        4 << 20, /* bytes on the way to a client that does not read: mostly the kernel's */
    SLOW_BUFFER = 64 << 10,
    SLOW_PIECE = 4 << 10,
    RUN_SECONDS = 1800,
    UPSTREAM_SECONDS = 60,
};

static const int64_t look_interval = 100 * CLOCK_MILLISECOND;
static const int64_t standstill = 300 * CLOCK_MILLISECOND;
static const int64_t farewell_max = CLOCK_SECOND; /* until the upstream of one who left has ended */

/* One stream, and its thread. */
struct streamer {
    struct stream stream;
    struct run *run;
    pthread_t thread;
    void (*body)(struct stream *stream);
    int64_t backlog; /* bytes on the way when the upstream had stopped; -1: it did not stop */
};

struct run {
    struct streams_scene scene;
    struct streamer *streamers; /* owned: clients' two each, then those who leave */
    size_t count, clients;
    int64_t bytes; /* of each stream */
    atomic_size_t ended;
    struct footprint before, now, most;
    int64_t look_at, took;
    struct buying buying;
};

static int number_of(const char *variable, int otherwise)
{
    const char *value = getenv(variable);
    return value != NULL ? atoi(value) : otherwise;
}

/* --- streams ----------------------------------------------------------------------------------- */

struct stop {
    atomic_llong *sent;
    int64_t last, since;
};

static bool stands_still(void *context)
{
    struct stop *stop = context;
    int64_t sent = atomic_load(stop->sent), now = clock_monotonic();
    if (sent != stop->last || sent == 0) {
        stop->last = sent;
        stop->since = now;
    }
    return now - stop->since >= standstill;
}

/* Who reads nothing for a while stops the upstream, after what buffers hold on the way. */
static void hold_back(struct stream *stream)
{
    struct streamer *streamer = stream->context;
    struct upstream_note *note = &streamer->run->scene.upstream.note[stream->number];
    struct stop stop = {.sent = &note->sent, .since = clock_monotonic()};
    bool stopped = wait_until(stands_still, &stop, 8) && atomic_load(&note->over) == 0;
    streamer->backlog = stopped ? atomic_load(&note->sent) - atomic_load(&stream->moved) : -1;
}

/* Who leaves does so once the upstream knows of it: a request that nobody has read leaves nothing to end. */
static void await_upstream(struct stream *stream)
{
    struct streamer *streamer = stream->context;
    wait_until(note_has_come, &streamer->run->scene.upstream.note[stream->number],
               UPSTREAM_SECONDS);
}

static void *work(void *context)
{
    struct streamer *streamer = context;
    streamer->body(&streamer->stream);
    atomic_fetch_add(&streamer->run->ended, 1);
    return NULL;
}

static bool is_slow(const struct streamer *streamer)
{
    return streamer->stream.pause == hold_back;
}

static bool leaves(const struct streamer *streamer)
{
    return streamer->stream.leave_at > 0;
}

/* Every second goes up; of those up, and of those down, every second is in chunks. */
static void set_up(struct run *run, size_t number)
{
    struct streamer *streamer = &run->streamers[number];
    size_t client = number / 2;
    streamer->run = run;
    streamer->body = number % 2 == 0 ? stream_up : stream_down;
    streamer->stream.url = run->scene.cluster.url;
    streamer->stream.number = number + 1;
    streamer->stream.bytes = run->bytes;
    streamer->stream.chunked = (client + (number % 2) * (client / 2)) % 2 == 0;
    streamer->stream.context = streamer;
    if (number >= 2 * run->clients) {
        streamer->stream.leave_at = streamer->stream.pause_at = run->bytes / 3;
        streamer->stream.pause = await_upstream;
    } else if (number % 2 == 1 && client % 10 == 7) {
        streamer->stream.pause = hold_back;
        streamer->stream.pause_at = 1;
        streamer->stream.piece = SLOW_PIECE;
        streamer->stream.receive_buffer = SLOW_BUFFER;
    }
}

/* --- the run ----------------------------------------------------------------------------------- */

static void look(struct run *run)
{
    bool there = footprint_take(run->scene.cluster.router, &run->now);
    CU_ASSERT_FATAL(there);
    footprint_raise(&run->most, &run->now);
}

static bool all_ended(void *context)
{
    struct run *run = context;
    int64_t now = clock_monotonic();
    if (now >= run->look_at) {
        look(run);
        run->look_at = now + look_interval;
    }
    return atomic_load(&run->ended) == run->count;
}

static bool upstream_over(void *context)
{
    struct run *run = context;
    for (size_t i = 0; i < run->count; i++)
        if (atomic_load(&run->scene.upstream.note[i + 1].over) == 0)
            return false;
    return true;
}

static void stream_all(struct run *run)
{
    run->streamers = memory_new(run->count * sizeof *run->streamers);
    CU_ASSERT_FATAL(cluster_look(&run->scene.cluster));
    look(run);
    run->before = run->now;
    buying_begin(&run->buying, run->scene.cluster.url);
    run->took = clock_monotonic();
    for (size_t i = 0; i < run->count; i++) {
        set_up(run, i);
        thread_start(&run->streamers[i].thread, "stream", work, &run->streamers[i]);
    }
    CU_ASSERT_FATAL(wait_until(all_ended, run, RUN_SECONDS));
    run->took = clock_monotonic() - run->took;
    buying_end(&run->buying);
    for (size_t i = 0; i < run->count; i++)
        thread_join(run->streamers[i].thread);
    CU_ASSERT(wait_until(upstream_over, run, UPSTREAM_SECONDS));
    look(run);
}

/* --- what came of it --------------------------------------------------------------------------- */

static int64_t judge_equal(const struct run *run)
{
    int64_t bytes = 0;
    size_t unequal = 0;
    for (size_t i = 0; i < run->count; i++) {
        const struct streamer *streamer = &run->streamers[i];
        bytes += atomic_load(&streamer->stream.moved);
        if (leaves(streamer) || stream_is_equal(&streamer->stream, &run->scene.upstream))
            continue;
        if (unequal++ < 10)
            stream_show(&streamer->stream, &run->scene.upstream);
    }
    CU_ASSERT_EQUAL(unequal, 0);
    return bytes;
}

static int64_t judge_slow(const struct run *run)
{
    int64_t most = 0;
    for (size_t i = 0; i < run->count; i++) {
        const struct streamer *streamer = &run->streamers[i];
        if (!is_slow(streamer))
            continue;
        CU_ASSERT(streamer->backlog >= 0);
        most = streamer->backlog > most ? streamer->backlog : most;
    }
    CU_ASSERT(most <= BACKLOG_MAX);
    return most;
}

/* How long an upstream went on without its client. */
static int64_t judge_leavers(const struct run *run)
{
    int64_t longest = 0;
    for (size_t i = 0; i < run->count; i++) {
        const struct stream *stream = &run->streamers[i].stream;
        const struct upstream_note *note = &run->scene.upstream.note[stream->number];
        if (stream->leave_at == 0)
            continue;
        CU_ASSERT(stream->left > 0);
        CU_ASSERT_FALSE(atomic_load(&note->whole));
        int64_t took = atomic_load(&note->over) - stream->left;
        longest = took > longest ? took : longest;
    }
    CU_ASSERT(longest <= farewell_max || !MEASURES);
    return longest;
}

static void judge(const struct run *run)
{
    const struct buying *buying = &run->buying;
    double seconds = (double)run->took / CLOCK_SECOND;
    int64_t bytes = judge_equal(run);
    printf("  %zu clients, %lld MiB up and as much down each: %.2f GB in %.1f s, %.2f GB/s\n",
           run->clients, (long long)(run->bytes >> 20), (double)bytes / 1e9, seconds,
           (double)bytes / 1e9 / seconds);
    printf("  router, MiB resident: %.1f before, %.1f at most (the kernel saw %.1f), %.1f after; "
           "of %d%s\n",
           (double)run->before.resident / 1024, (double)run->most.resident / 1024,
           (double)run->now.peak / 1024, (double)run->now.resident / 1024, ROUTER_KIB / 1024,
           MEASURES ? "" : " (not asked: a sanitizer's build)");
    printf("  on the way to one who does not read: %.2f MiB at most\n",
           (double)judge_slow(run) / 1048576);
    printf("  one who leaves is gone at the upstream after %.0f ms at most\n",
           (double)judge_leavers(run) / CLOCK_MILLISECOND);
    printf("  %zu purchases meanwhile: p50 %.2f ms, p99 %.2f ms, max %.2f ms; %zu failed\n",
           buying->bought, (double)buying_percentile(buying, 50) / CLOCK_MILLISECOND,
           (double)buying_percentile(buying, 99) / CLOCK_MILLISECOND,
           (double)buying_percentile(buying, 100) / CLOCK_MILLISECOND, buying->failed);
    CU_ASSERT(run->now.peak <= ROUTER_KIB || !MEASURES);
    CU_ASSERT(buying->bought > 0);
    CU_ASSERT_EQUAL(buying->failed, 0);
}

static void both_ways_at_once(void)
{
    static struct run run;
    memset(&run, 0, sizeof run);
    run.clients = (size_t)number_of("CLIENTS", 10);
    CU_ASSERT_FATAL(run.clients > 0 && run.clients <= CLIENTS_MAX);
    run.bytes = (int64_t)number_of("MIB", load_scaled(10) < 10 ? 4 : 8) << 20;
    run.count = 2 * (run.clients + (run.clients + 9) / 10);
    scene_begin(&run.scene, UPSTREAM_SECONDS);
    stream_all(&run);
    scene_prove(&run.scene);
    judge(&run);
    free(run.streamers);
    scene_end(&run.scene);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("streams", "both_ways_at_once", both_ways_at_once);
}
