/* Streams through the balancer, and all that may befall them: whoever leaves or dies in any phase, whoever is
 * slow, a router that is stopped or killed. No other request feels it, and nothing is left behind. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/lib/audit.h"
#include "tests/lib/client.h"
#include "tests/lib/load.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/streams/scene.h"
#include "tests/streams/streamer.h"

enum {
    MIB = 1 << 20,
    TIMEOUT_SECONDS = 30,
    WAIT_SECONDS = 60,
    STREAMS_MAX = 16,
    ASKED_MAX = 6, /* three tries, each of which may find a kept connection dead first */
    CROWD = 1000,
    DESCRIPTORS = 2 * CROWD + 200, /* clients and the upstream are in this process */
    SLOW_SECONDS = 12,             /* longer than a client may take that does not move */
    PACE_PIECE = 10 << 10,
};

static const int64_t farewell_max = 2 * CLOCK_SECOND; /* one second, and what a busy machine adds */

/* A stream on a thread of its own. */
struct background {
    struct stream stream;
    void (*body)(struct stream *stream);
    pthread_t thread;
    atomic_bool ended;
};

static void *work(void *context)
{
    struct background *background = context;
    background->body(&background->stream);
    atomic_store(&background->ended, true);
    return NULL;
}

static void begin(struct background *background, const struct streams_scene *scene, uint64_t number,
                  void (*body)(struct stream *stream))
{
    background->stream.url = scene->cluster.url;
    background->stream.number = number;
    background->body = body;
    thread_start(&background->thread, "stream", work, background);
}

static struct upstream_note *note_of(struct streams_scene *scene, const struct stream *stream)
{
    return &scene->upstream.note[stream->number];
}

static bool is_over(void *context)
{
    return atomic_load(&((struct upstream_note *)context)->over) != 0;
}

static bool has_come(void *context)
{
    return atomic_load(&((struct upstream_note *)context)->times) > 0;
}

static bool has_sent(void *context)
{
    return atomic_load(&((struct upstream_note *)context)->sent) > 0;
}

static void expect_equal(struct streams_scene *scene, const struct stream *stream)
{
    CU_ASSERT(wait_until(is_over, note_of(scene, stream), WAIT_SECONDS));
    bool equal = stream_is_equal(stream, &scene->upstream);
    CU_ASSERT(equal);
    if (!equal)
        stream_show(stream, &scene->upstream);
}

/* A stream that meets nothing, and is whole: to be asked beside and after all that goes wrong. */
static void expect_whole(struct streams_scene *scene, uint64_t number, bool up)
{
    struct stream stream = {
        .url = scene->cluster.url, .number = number, .bytes = MIB / 2, .chunked = number % 2 == 0};
    (up ? stream_up : stream_down)(&stream);
    expect_equal(scene, &stream);
}

/* --- who leaves -------------------------------------------------------------------------------- */

struct leaving {
    const char *phase;
    void (*body)(struct stream *stream);
    struct stream stream;
    wait_condition *until; /* of the upstream's note: then it leaves */
};

/* Bodies are longer than all buffers on the way, where somebody stops. */
static const struct leaving leavings[] = {
    {"within an upload", stream_up, {.bytes = 4 * MIB, .leave_at = MIB}, NULL},
    {"within a chunked upload",
     stream_up,
     {.bytes = 4 * MIB, .chunked = true, .leave_at = MIB},
     NULL},
    {"in an upload that is held back",
     stream_up,
     {.bytes = 64 * MIB, .trouble = TROUBLE_DEAF, .at = MIB},
     has_come},
    {"between an upload and its answer",
     stream_up,
     {.bytes = MIB, .trouble = TROUBLE_MUTE},
     has_come},
    {"before an answer", stream_down, {.bytes = MIB, .trouble = TROUBLE_MUTE}, has_come},
    {"within an answer", stream_down, {.bytes = 4 * MIB, .leave_at = MIB}, NULL},
    {"within a chunked answer",
     stream_down,
     {.bytes = 4 * MIB, .chunked = true, .leave_at = MIB},
     NULL},
    {"in an answer that pauses",
     stream_down,
     {.bytes = 4 * MIB, .trouble = TROUBLE_SILENT, .at = MIB},
     has_sent},
};

static void leave(struct streams_scene *scene, size_t index)
{
    const struct leaving *leaving = &leavings[index];
    static struct background background;
    background = (struct background){.stream = leaving->stream};
    begin(&background, scene, index + 1, leaving->body);
    struct upstream_note *note = note_of(scene, &background.stream);
    if (leaving->until != NULL) {
        CU_ASSERT(wait_until(leaving->until, note, WAIT_SECONDS));
        stream_leave(&background.stream);
    }
    thread_join(background.thread);
    bool over = wait_until(is_over, note, WAIT_SECONDS);
    int64_t took = atomic_load(&note->over) - background.stream.left;
    bool fine = over && !atomic_load(&note->whole) && took <= farewell_max;
    CU_ASSERT(fine);
    CU_ASSERT_EQUAL(atomic_load(&note->times), 1);
    if (!fine)
        printf("  %s: %s after %.0f ms\n", leaving->phase, over ? "over" : "not over",
               (double)took / CLOCK_MILLISECOND);
}

/* The balancer may keep the connection of its check. */
static bool none_left(void *context)
{
    return upstream_connections(context) <= 1;
}

static void clients_leave_in_every_phase(void)
{
    static struct streams_scene scene;
    size_t count = sizeof leavings / sizeof *leavings;
    scene_begin(&scene, TIMEOUT_SECONDS);
    for (size_t i = 0; i < count; i++)
        leave(&scene, i);
    CU_ASSERT(wait_until(none_left, &scene.upstream, WAIT_SECONDS));
    expect_whole(&scene, count + 1, true);
    expect_whole(&scene, count + 2, false);
    scene_prove(&scene);
    scene_end(&scene);
}

/* --- who dies ---------------------------------------------------------------------------------- */

struct dying {
    const char *phase;
    void (*body)(struct stream *stream);
    struct stream stream;
    unsigned status; /* of the answer; 200: the connection is cut within it */
};

static const struct dying dyings[] = {
    {"before an upload", stream_up, {.bytes = MIB, .trouble = TROUBLE_BEFORE_BODY}, 502},
    {"before a small one", stream_up, {.bytes = 1000, .trouble = TROUBLE_BEFORE_BODY}, 502},
    {"within an upload",
     stream_up,
     {.bytes = MIB, .trouble = TROUBLE_WITHIN_BODY, .at = MIB / 2},
     502},
    {"within a chunked one",
     stream_up,
     {.bytes = MIB, .chunked = true, .trouble = TROUBLE_WITHIN_BODY, .at = MIB / 2},
     502},
    {"after an upload", stream_up, {.bytes = MIB, .trouble = TROUBLE_BEFORE_ANSWER}, 502},
    {"within an upload's answer's head",
     stream_up,
     {.bytes = MIB, .trouble = TROUBLE_WITHIN_HEAD},
     502},
    {"before an answer", stream_down, {.bytes = MIB, .trouble = TROUBLE_BEFORE_ANSWER}, 502},
    {"within an answer's head", stream_down, {.bytes = MIB, .trouble = TROUBLE_WITHIN_HEAD}, 502},
    {"before an answer's body", stream_down, {.bytes = MIB, .trouble = TROUBLE_WITHIN_ANSWER}, 200},
    {"within an answer",
     stream_down,
     {.bytes = MIB, .trouble = TROUBLE_WITHIN_ANSWER, .at = MIB / 2},
     200},
    {"within a chunked answer",
     stream_down,
     {.bytes = MIB, .chunked = true, .trouble = TROUBLE_WITHIN_ANSWER, .at = MIB / 2},
     200},
};

/* Whoever sends a long body may be cut off before it reads that it failed: then no answer is one. */
static void die_in(struct streams_scene *scene, size_t index)
{
    const struct dying *dying = &dyings[index];
    struct stream stream = dying->stream;
    stream.url = scene->cluster.url;
    stream.number = index + 1;
    dying->body(&stream);
    bool fine = stream.status == dying->status && stream.whole == (dying->status != 200) &&
                atomic_load(&stream.moved) >= (dying->status == 200 ? stream.at : 0);
    CU_ASSERT(fine);
    CU_ASSERT(atomic_load(&note_of(scene, &stream)->times) <= ASKED_MAX);
    if (!fine) {
        printf("  %s:\n", dying->phase);
        stream_show(&stream, &scene->upstream);
    }
}

static void upstreams_die_in_every_phase(void)
{
    static struct streams_scene scene;
    size_t count = sizeof dyings / sizeof *dyings;
    scene_begin(&scene, TIMEOUT_SECONDS);
    for (size_t i = 0; i < count; i++) {
        die_in(&scene, i);
        expect_whole(&scene, count + i + 1, i % 2 == 0);
    }
    scene_prove(&scene);
    scene_end(&scene);
}

/* --- who is slow ------------------------------------------------------------------------------- */

/* As fast as to take SLOW_SECONDS: what is measured is time. */
static void pace(struct stream *stream)
{
    struct lock lock;
    int64_t until =
        stream->took + atomic_load(&stream->moved) * SLOW_SECONDS * CLOCK_SECOND / stream->bytes;
    lock_init(&lock);
    lock_take(&lock);
    while (clock_monotonic() < until)
        lock_wait_until(&lock, until);
    lock_drop(&lock);
    lock_free(&lock);
}

static bool both_ended(void *context)
{
    struct background *streams = context;
    return atomic_load(&streams[0].ended) && atomic_load(&streams[1].ended);
}

static void slow_streams_are_not_cut(void)
{
    static struct streams_scene scene;
    static struct background streams[6];
    const struct stream paced = {.bytes = 2 * MIB,
                                 .pause = pace,
                                 .pause_at = PACE_PIECE,
                                 .pause_every = PACE_PIECE,
                                 .piece = PACE_PIECE,
                                 .receive_buffer = 4 * PACE_PIECE};
    memset(streams, 0, sizeof streams);
    scene_begin(&scene, TIMEOUT_SECONDS);
    streams[0].stream = paced;
    streams[1].stream = paced;
    streams[2].stream = (struct stream){.bytes = SLOW_SECONDS};
    streams[3].stream = (struct stream){.bytes = 64 * MIB, .trouble = TROUBLE_DEAF, .at = 1};
    streams[4].stream = (struct stream){.bytes = 4 * MIB, .trouble = TROUBLE_SILENT, .at = MIB};
    streams[5].stream = (struct stream){.bytes = 4 * MIB, .trouble = TROUBLE_MUTE};
    begin(&streams[0], &scene, 1, stream_down);
    begin(&streams[1], &scene, 2, stream_up);
    begin(&streams[2], &scene, 3, stream_trickle);
    begin(&streams[3], &scene, 4, stream_up);
    begin(&streams[4], &scene, 5, stream_down);
    begin(&streams[5], &scene, 6, stream_up);
    CU_ASSERT(wait_until(both_ended, streams, WAIT_SECONDS));
    upstream_release(&scene.upstream);
    for (size_t i = 0; i < 6; i++) {
        struct stream *stream = &streams[i].stream;
        thread_join(streams[i].thread);
        if (i != 2)
            expect_equal(&scene, stream);
        CU_ASSERT(stream->whole);
    }
    scene_prove(&scene);
    scene_end(&scene);
}

/* Each byte a chunk of its own, and a segment. */
static void one_byte_chunks(void)
{
    static struct streams_scene scene;
    scene_begin(&scene, TIMEOUT_SECONDS);
    struct stream stream = {.url = scene.cluster.url,
                            .number = 1,
                            .bytes = load_scaled(50000),
                            .chunked = true,
                            .piece = 1};
    stream_up(&stream);
    expect_equal(&scene, &stream);
    scene_prove(&scene);
    scene_end(&scene);
}

/* --- a crowd ----------------------------------------------------------------------------------- */

static void have_descriptors(void)
{
    struct rlimit limit;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
    CU_ASSERT_FATAL(limit.rlim_max >= DESCRIPTORS);
    if (limit.rlim_cur < DESCRIPTORS)
        limit.rlim_cur = DESCRIPTORS;
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static size_t count_answers(const int *fds)
{
    struct raw_answer answer = {0};
    size_t answered = 0;
    for (int i = 0; i < CROWD; i++) {
        raw_receive(fds[i], &answer, false, WAIT_SECONDS);
        answered += answer.status == 200 && answer.bytes.length - answer.head >= 64;
    }
    buffer_free(&answer.bytes);
    return answered;
}

/* All ask before anybody reads an answer: one up, one down in turn, twice over the same connections. */
static void a_crowd_with_small_requests(void)
{
    static const char up[] = "PUT /up?n=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
    static const char down[] = "GET /down?n=2&bytes=100 HTTP/1.1\r\nHost: x\r\n\r\n";
    static struct streams_scene scene;
    static int fds[CROWD];
    have_descriptors();
    scene_begin(&scene, TIMEOUT_SECONDS);
    for (int i = 0; i < CROWD; i++)
        fds[i] = raw_connect(scene.cluster.url);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < CROWD; i++) {
            const char *request = i % 2 == round ? up : down;
            CU_ASSERT(raw_send(fds[i], request, strlen(request)));
        }
        CU_ASSERT_EQUAL(count_answers(fds), CROWD);
    }
    for (int i = 0; i < CROWD; i++)
        close(fds[i]);
    scene_prove(&scene);
    scene_end(&scene);
}

/* --- the router goes --------------------------------------------------------------------------- */

/* Of the routing log: each request that was given to a server is done there, and the last line says that the
 * router was stopped. */
static void expect_log_ended(const struct cluster *cluster)
{
    char path[FILES_PATH_SIZE];
    struct buffer text = {0};
    size_t begun = 0, done = 0;
    bool stopped = false;
    files_path(path, cluster->logs, "routing.log");
    files_read(path, &text);
    for (const char *line = buffer_text(&text); *line != '\0'; line += strcspn(line, "\n") + 1) {
        const char *end = line + strcspn(line, "\n");
        const char *at = strstr(line, " route=streams ");
        begun += at != NULL && at < end;
        at = strstr(line, "Z done ");
        done += at != NULL && at < end;
        at = strstr(line, "Z stopped");
        stopped = at != NULL && at < end;
    }
    CU_ASSERT(begun > 0);
    CU_ASSERT_EQUAL(begun, done);
    CU_ASSERT(stopped);
    buffer_free(&text);
}

/* What can end within the limit does; what does not is cut. */
static void stopped_router_lets_streams_end(void)
{
    static struct streams_scene scene;
    static struct background streams[2];
    memset(streams, 0, sizeof streams);
    scene_begin(&scene, TIMEOUT_SECONDS);
    streams[0].stream = (struct stream){.bytes = 3};
    streams[1].stream = (struct stream){.bytes = 1000};
    for (uint64_t i = 0; i < 2; i++)
        begin(&streams[i], &scene, i + 1, stream_trickle);
    for (size_t i = 0; i < 2; i++)
        CU_ASSERT(wait_until(has_sent, note_of(&scene, &streams[i].stream), WAIT_SECONDS));
    int64_t begun = clock_monotonic();
    cluster_stop(&scene.cluster, SIGTERM);
    int64_t took = clock_monotonic() - begun;
    for (size_t i = 0; i < 2; i++)
        thread_join(streams[i].thread);
    CU_ASSERT(streams[0].stream.whole);
    CU_ASSERT_FALSE(streams[1].stream.whole);
    CU_ASSERT(took >= 9 * CLOCK_SECOND);
    CU_ASSERT(wait_until(is_over, note_of(&scene, &streams[1].stream), WAIT_SECONDS));
    expect_log_ended(&scene.cluster);
    audit_clean(&scene.cluster, NULL);
    scene_end(&scene);
}

static void killed_router_comes_back(void)
{
    static struct streams_scene scene;
    static struct background streams[STREAMS_MAX];
    memset(streams, 0, sizeof streams);
    scene_begin(&scene, TIMEOUT_SECONDS);
    for (uint64_t i = 0; i < STREAMS_MAX; i++) {
        streams[i].stream =
            (struct stream){.bytes = (int64_t)1024 * MIB, .chunked = i / 2 % 2 == 0};
        begin(&streams[i], &scene, i + 1, i % 2 == 0 ? stream_up : stream_down);
    }
    for (size_t i = 0; i < STREAMS_MAX; i++)
        CU_ASSERT(wait_until(has_come, note_of(&scene, &streams[i].stream), WAIT_SECONDS));
    CU_ASSERT(cluster_look(&scene.cluster));
    pid_t router = scene.cluster.router;
    process_signal(router, SIGKILL);
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        thread_join(streams[i].thread);
        CU_ASSERT_FALSE(streams[i].stream.whole);
    }
    CU_ASSERT(cluster_router_restarted(&scene.cluster, router));
    expect_whole(&scene, STREAMS_MAX + 1, true);
    expect_whole(&scene, STREAMS_MAX + 2, false);
    audit_report(&scene.cluster, scene.cluster.logs, 0);
    scene_prove(&scene);
    scene_end(&scene);
}

/* Who comes before the foreign servers have been checked waits instead of being refused. */
static void first_clients_wait_for_the_check(void)
{
    static struct streams_scene scene;
    scene_begin_late(&scene, TIMEOUT_SECONDS);
    expect_whole(&scene, 1, true);
    expect_whole(&scene, 2, false);
    scene_prove(&scene);
    scene_end(&scene);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("stream_faults", "clients_leave_in_every_phase", clients_leave_in_every_phase);
    suite_add("stream_faults", "upstreams_die_in_every_phase", upstreams_die_in_every_phase);
    suite_add("stream_faults", "slow_streams_are_not_cut", slow_streams_are_not_cut);
    suite_add("stream_faults", "one_byte_chunks", one_byte_chunks);
    suite_add("stream_faults", "a_crowd_with_small_requests", a_crowd_with_small_requests);
    suite_add("stream_faults", "stopped_router_lets_streams_end", stopped_router_lets_streams_end);
    suite_add("stream_faults", "first_clients_wait_for_the_check",
              first_clients_wait_for_the_check);
    suite_add("stream_faults", "killed_router_comes_back", killed_router_comes_back);
}
