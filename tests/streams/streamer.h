/* A client that streams one body up or down, and looks at what came of it.
 *
 * Blocks; one thread per stream. Every wait ends after WIRE_SECONDS. */
#ifndef BOX_OFFICE_TEST_STREAMER_H
#define BOX_OFFICE_TEST_STREAMER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/streams/content.h"
#include "tests/streams/upstream.h"

struct stream {
    /* set by the caller */
    const char *url;
    uint64_t number; /* of the upstream's note, and the seed */
    int64_t bytes;   /* of the body */
    bool chunked;
    enum upstream_trouble trouble;
    int64_t at;          /* of that trouble's */
    size_t piece;        /* bytes of the body sent or read at once; 0: CONTENT_PIECE */
    int receive_buffer;  /* the kernel's; 0: as it likes */
    int64_t leave_at;    /* bytes of the body after which it resets its connection; 0: never */
    int64_t pause_at;    /* bytes of the body after which `pause` is called ... */
    int64_t pause_every; /* ... and then again; 0: only once */
    void (*pause)(struct stream *stream); /* NULL: never */
    void *context;                        /* of the caller's */

    /* what came of it */
    unsigned status;               /* of the answer; 0: none came */
    bool whole;                    /* all of the body went, and all of the answer came */
    atomic_llong moved;            /* bytes of the body; any thread */
    _Atomic int64_t left;          /* clock_monotonic(), when it left; 0: it did not */
    atomic_int fd;                 /* while it is connected, else 0 */
    int64_t took;                  /* µs */
    char digest[DIGEST_TEXT_SIZE]; /* of the body, at this end */
    char answer[512];              /* the answer's body, of an upload */
};

/* PUT /up: sends the body, and reads the answer. */
void stream_up(struct stream *stream);

/* GET /down: reads the body. */
void stream_down(struct stream *stream);

/* GET /trickle: the same, of `bytes` lines. */
void stream_trickle(struct stream *stream);

/* Any thread: lets a stream that is under way close its connection. */
void stream_leave(struct stream *stream);

/* Prints what came of it, at both ends. */
void stream_show(const struct stream *stream, const struct upstream *upstream);

/* It came through whole, and the same at both ends. To be asked once the upstream's note is over. */
bool stream_is_equal(const struct stream *stream, const struct upstream *upstream);

#endif
