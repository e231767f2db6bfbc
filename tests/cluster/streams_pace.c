/* Streams that are slow, small or many. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/lib/load.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/streams/background.h"

enum {
    CROWD = 1000,
    DESCRIPTORS = 2 * CROWD + 200, /* clients and the upstream are in this process */
    SLOW_SECONDS = 12,             /* longer than a client may take that does not move */
    SLOW_SECONDS_LONG = 30,
    PACE_PIECE = 10 << 10,
    STALLED_BUFFER = 64 << 10,
};

static int slow_seconds(void)
{
    return streams_are_long() ? SLOW_SECONDS_LONG : SLOW_SECONDS;
}

/* --- who is slow ------------------------------------------------------------------------------- */

/* As fast as to take slow_seconds(): 100 or 170 KB a second. Time is what is tested here. */
static void pace(struct stream *stream)
{
    struct lock lock;
    int64_t until =
        stream->took + atomic_load(&stream->moved) * slow_seconds() * CLOCK_SECOND / stream->bytes;
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
    const struct stream paced = {.bytes = (streams_are_long() ? 3 : 2) * STREAMS_MIB,
                                 .pause = pace,
                                 .pause_at = PACE_PIECE,
                                 .pause_every = PACE_PIECE,
                                 .piece = PACE_PIECE,
                                 .receive_buffer = 4 * PACE_PIECE};
    memset(streams, 0, sizeof streams);
    scene_begin(&scene, STREAMS_TIMEOUT_SECONDS);
    streams[0].stream = paced;
    streams[1].stream = paced;
    streams[2].stream = (struct stream){.bytes = slow_seconds()};
    streams[3].stream =
        (struct stream){.bytes = 64 * STREAMS_MIB, .trouble = TROUBLE_DEAF, .at = 1};
    streams[4].stream =
        (struct stream){.bytes = 4 * STREAMS_MIB, .trouble = TROUBLE_SILENT, .at = STREAMS_MIB};
    streams[5].stream = (struct stream){.bytes = 4 * STREAMS_MIB, .trouble = TROUBLE_MUTE};
    background_begin(&streams[0], &scene, 1, stream_down);
    background_begin(&streams[1], &scene, 2, stream_up);
    background_begin(&streams[2], &scene, 3, stream_trickle);
    background_begin(&streams[3], &scene, 4, stream_up);
    background_begin(&streams[4], &scene, 5, stream_down);
    background_begin(&streams[5], &scene, 6, stream_up);
    CU_ASSERT(wait_until(both_ended, streams, STREAMS_WAIT_SECONDS));
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

static bool knows_its_server_is_over(void *context)
{
    const struct stream *stream = context;
    return note_is_over(stream->context);
}

/* Reads nothing until its server has been told. */
static void stall(struct stream *stream)
{
    CU_ASSERT(wait_until(knows_its_server_is_over, stream, STREAMS_WAIT_SECONDS));
}

/* Nobody keeps a server busy by reading nothing: such a client is cut, and sees that it was. */
static void who_stops_reading_is_cut(void)
{
    static struct streams_scene scene;
    scene_begin(&scene, STREAMS_TIMEOUT_SECONDS);
    struct stream stream = {.url = scene.cluster.url,
                            .number = 1,
                            .bytes = 64 * STREAMS_MIB,
                            .chunked = true,
                            .pause = stall,
                            .pause_at = STREAMS_MIB,
                            .receive_buffer = STALLED_BUFFER};
    stream.context = note_of(&scene, &stream);
    stream_down(&stream);
    CU_ASSERT_EQUAL(stream.status, 200);
    CU_ASSERT_FALSE(stream.whole);
    printf("  who stops reading is cut after %.1f s\n", (double)stream.took / CLOCK_SECOND);
    scene_prove(&scene);
    scene_end(&scene);
}

/* Each byte a chunk of its own, and a segment. */
static void one_byte_chunks(void)
{
    static struct streams_scene scene;
    scene_begin(&scene, STREAMS_TIMEOUT_SECONDS);
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
        raw_receive(fds[i], &answer, false, STREAMS_WAIT_SECONDS);
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
    scene_begin(&scene, STREAMS_TIMEOUT_SECONDS);
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

static __attribute__((constructor)) void suite(void)
{
    suite_add("streams_pace", "slow_streams_are_not_cut", slow_streams_are_not_cut);
    suite_add("streams_pace", "one_byte_chunks", one_byte_chunks);
    suite_add("streams_pace", "a_crowd_with_small_requests", a_crowd_with_small_requests);
    if (streams_are_long())
        suite_add("streams_pace", "who_stops_reading_is_cut", who_stops_reading_is_cut);
}
