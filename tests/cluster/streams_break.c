/* Streams through the balancer whose client leaves, or whose server dies, in any phase: no other request feels
 * it, and nothing is left behind. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/streams/background.h"

enum {
    ASKED_MAX = 6, /* three tries, each of which may find a kept connection dead first */
};

static const int64_t farewell_max = 2 * CLOCK_SECOND; /* one second, and what a busy machine adds */

/* --- who leaves -------------------------------------------------------------------------------- */

struct leaving {
    const char *phase;
    void (*body)(struct stream *stream);
    struct stream stream;
    wait_condition *until; /* of the upstream's note: then it leaves */
};

/* Bodies are longer than all buffers on the way, where somebody stops. */
static const struct leaving leavings[] = {
    {"within an upload", stream_up, {.bytes = 4 * STREAMS_MIB, .leave_at = STREAMS_MIB}, NULL},
    {"within a chunked upload",
     stream_up,
     {.bytes = 4 * STREAMS_MIB, .chunked = true, .leave_at = STREAMS_MIB},
     NULL},
    {"in an upload that is held back",
     stream_up,
     {.bytes = 64 * STREAMS_MIB, .trouble = TROUBLE_DEAF, .at = STREAMS_MIB},
     note_has_come},
    {"between an upload and its answer",
     stream_up,
     {.bytes = STREAMS_MIB, .trouble = TROUBLE_MUTE},
     note_has_come},
    {"before an answer",
     stream_down,
     {.bytes = STREAMS_MIB, .trouble = TROUBLE_MUTE},
     note_has_come},
    {"within an answer", stream_down, {.bytes = 4 * STREAMS_MIB, .leave_at = STREAMS_MIB}, NULL},
    {"within a chunked answer",
     stream_down,
     {.bytes = 4 * STREAMS_MIB, .chunked = true, .leave_at = STREAMS_MIB},
     NULL},
    {"in an answer that pauses",
     stream_down,
     {.bytes = 4 * STREAMS_MIB, .trouble = TROUBLE_SILENT, .at = STREAMS_MIB},
     note_has_sent},
};

/* What a client has sent when it leaves may not even have been read: then there is nothing to end. */
static void await_server(struct stream *stream)
{
    wait_until(note_has_come, stream->context, STREAMS_WAIT_SECONDS);
}

static void leave(struct streams_scene *scene, size_t index)
{
    const struct leaving *leaving = &leavings[index];
    static struct background background;
    background = (struct background){.stream = leaving->stream};
    background.stream.context = &scene->upstream.note[index + 1];
    background.stream.pause = await_server;
    background.stream.pause_at = leaving->stream.leave_at;
    background_begin(&background, scene, index + 1, leaving->body);
    struct upstream_note *note = note_of(scene, &background.stream);
    if (leaving->until != NULL) {
        CU_ASSERT(wait_until(leaving->until, note, STREAMS_WAIT_SECONDS));
        stream_leave(&background.stream);
    }
    thread_join(background.thread);
    bool over = wait_until(note_is_over, note, STREAMS_WAIT_SECONDS);
    int64_t took = atomic_load(&note->over) - background.stream.left;
    bool fine = over && !atomic_load(&note->whole) && took <= farewell_max &&
                atomic_load(&note->times) == 1;
    CU_ASSERT(fine);
    if (!fine) {
        printf("  %s: %s after %.0f ms\n", leaving->phase, over ? "over" : "not over",
               (double)took / CLOCK_MILLISECOND);
        stream_show(&background.stream, &scene->upstream);
    }
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
    scene_begin(&scene, STREAMS_TIMEOUT_SECONDS);
    for (size_t i = 0; i < count; i++)
        leave(&scene, i);
    CU_ASSERT(wait_until(none_left, &scene.upstream, STREAMS_WAIT_SECONDS));
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
    {"before an upload", stream_up, {.bytes = STREAMS_MIB, .trouble = TROUBLE_BEFORE_BODY}, 502},
    {"before a small one", stream_up, {.bytes = 1000, .trouble = TROUBLE_BEFORE_BODY}, 502},
    {"within an upload",
     stream_up,
     {.bytes = STREAMS_MIB, .trouble = TROUBLE_WITHIN_BODY, .at = STREAMS_MIB / 2},
     502},
    {"within a chunked one",
     stream_up,
     {.bytes = STREAMS_MIB, .chunked = true, .trouble = TROUBLE_WITHIN_BODY, .at = STREAMS_MIB / 2},
     502},
    {"after an upload", stream_up, {.bytes = STREAMS_MIB, .trouble = TROUBLE_BEFORE_ANSWER}, 502},
    {"within an upload's answer's head",
     stream_up,
     {.bytes = STREAMS_MIB, .trouble = TROUBLE_WITHIN_HEAD},
     502},
    {"before an answer",
     stream_down,
     {.bytes = STREAMS_MIB, .trouble = TROUBLE_BEFORE_ANSWER},
     502},
    {"within an answer's head",
     stream_down,
     {.bytes = STREAMS_MIB, .trouble = TROUBLE_WITHIN_HEAD},
     502},
    {"before an answer's body",
     stream_down,
     {.bytes = STREAMS_MIB, .trouble = TROUBLE_WITHIN_ANSWER},
     200},
    {"within an answer",
     stream_down,
     {.bytes = STREAMS_MIB, .trouble = TROUBLE_WITHIN_ANSWER, .at = STREAMS_MIB / 2},
     200},
    {"within a chunked answer",
     stream_down,
     {.bytes = STREAMS_MIB,
      .chunked = true,
      .trouble = TROUBLE_WITHIN_ANSWER,
      .at = STREAMS_MIB / 2},
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
    scene_begin(&scene, STREAMS_TIMEOUT_SECONDS);
    for (size_t i = 0; i < count; i++) {
        die_in(&scene, i);
        expect_whole(&scene, count + i + 1, i % 2 == 0);
    }
    scene_prove(&scene);
    scene_end(&scene);
}

/* A body that is longer than what is held of it while a connection is tried goes on to the next server. */
static void uploads_go_on_where_a_server_hangs(void)
{
    static struct streams_scene scene;
    static struct background uploads[4];
    memset(uploads, 0, sizeof uploads);
    scene_begin_two(&scene, STREAMS_TIMEOUT_SECONDS);
    upstream_shut(&scene.other);
    for (uint64_t i = 0; i < 4; i++) {
        uploads[i].stream.bytes = i < 2 ? 1000 : STREAMS_MIB;
        uploads[i].stream.chunked = i % 2 == 0;
        background_begin(&uploads[i], &scene, i + 1, stream_up);
    }
    for (size_t i = 0; i < 4; i++) {
        thread_join(uploads[i].thread);
        bool asked = uploads[i].stream.status != 0;
        CU_ASSERT(asked && uploads[i].stream.took < 10 * CLOCK_SECOND);
        expect_equal(&scene, &uploads[i].stream);
    }
    scene_prove(&scene);
    scene_end(&scene);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("streams_break", "clients_leave_in_every_phase", clients_leave_in_every_phase);
    suite_add("streams_break", "upstreams_die_in_every_phase", upstreams_die_in_every_phase);
    suite_add("streams_break", "uploads_go_on_where_a_server_hangs",
              uploads_go_on_where_a_server_hangs);
}
