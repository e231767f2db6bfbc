/* Streams on threads of their own, in a scene that a test has begun, and what a test waits for.
 *
 * Main thread only. Streams are numbered from 1. */
#ifndef BOX_OFFICE_TEST_BACKGROUND_H
#define BOX_OFFICE_TEST_BACKGROUND_H

#include "tests/streams/scene.h"
#include "tests/streams/streamer.h"

enum {
    STREAMS_MIB = 1 << 20,
    STREAMS_TIMEOUT_SECONDS = 30, /* for which the balancer waits for the upstream */
    STREAMS_WAIT_SECONDS = 60,    /* for which a test waits for anything */
};

struct background {
    struct stream stream; /* set by the caller, but for url and number */
    void (*body)(struct stream *stream);
    pthread_t thread;
    atomic_bool ended;
};

/* `make streams` leaves more time than `make test`. */
bool streams_are_long(void);

/* Starts it; the caller joins its thread. */
void background_begin(struct background *background, const struct streams_scene *scene,
                      uint64_t number, void (*body)(struct stream *stream));

struct upstream_note *note_of(struct streams_scene *scene, const struct stream *stream);

/* Conditions for wait_until, of an upstream's note: its request is over, has come, or has been sent some of its
 * answer's body. */
bool note_is_over(void *note);
bool note_has_come(void *note);
bool note_has_sent(void *note);

/* Waits until it is over at the upstream, and expects both ends to be equal. */
void expect_equal(struct streams_scene *scene, const struct stream *stream);

/* A short stream, up or down, that meets nothing: to be asked beside and after all that goes wrong. */
void expect_whole(struct streams_scene *scene, uint64_t number, bool up);

#endif
