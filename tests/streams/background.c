#include "tests/streams/background.h"

#include <stdlib.h>

#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

bool streams_are_long(void)
{
    return getenv("MIB") != NULL;
}

static void *work(void *context)
{
    struct background *background = context;
    background->body(&background->stream);
    atomic_store(&background->ended, true);
    return NULL;
}

void background_begin(struct background *background, const struct streams_scene *scene,
                      uint64_t number, void (*body)(struct stream *stream))
{
    background->stream.url = scene->cluster.url;
    background->stream.number = number;
    background->body = body;
    thread_start(&background->thread, "stream", work, background);
}

struct upstream_note *note_of(struct streams_scene *scene, const struct stream *stream)
{
    return &scene->upstream.note[stream->number];
}

bool note_is_over(void *context)
{
    return atomic_load(&((struct upstream_note *)context)->over) != 0;
}

bool note_has_come(void *context)
{
    return atomic_load(&((struct upstream_note *)context)->times) > 0;
}

bool note_has_sent(void *context)
{
    return atomic_load(&((struct upstream_note *)context)->sent) > 0;
}

void expect_equal(struct streams_scene *scene, const struct stream *stream)
{
    CU_ASSERT(wait_until(note_is_over, note_of(scene, stream), STREAMS_WAIT_SECONDS));
    bool equal = stream_is_equal(stream, &scene->upstream);
    CU_ASSERT(equal);
    if (!equal)
        stream_show(stream, &scene->upstream);
}

void expect_whole(struct streams_scene *scene, uint64_t number, bool up)
{
    struct stream stream = {.url = scene->cluster.url,
                            .number = number,
                            .bytes = STREAMS_MIB / 2,
                            .chunked = number % 2 == 0};
    (up ? stream_up : stream_down)(&stream);
    expect_equal(scene, &stream);
}
