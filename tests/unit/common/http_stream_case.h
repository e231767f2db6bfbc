/* An HTTP server under test that streams, on a held loop. What a request's path asks for:
 *
 *   /take    the body is taken; then a whole answer, "taken"; `length`, where set, is announced to a HEAD
 *   /known   the body is taken; then `length` bytes from the source, announced
 *   /open    the same, not announced
 *   /head    no body: a head with `status` and `length`, announced unless negative
 *   /wait    the body is taken; no answer until the test gives one
 *   /early   answered in the first piece of the body, and refused there for /refuse
 *   /first   answered in the handler
 *   /fail    `length` announced; the source fails after half of it; /openfail: not announced
 *   /short   the same, and ends there without saying that it fails
 *   /plain   not streamed: collected and answered
 *
 * Bodies are the pattern of http_stream_byte, both ways. */
#ifndef BOX_OFFICE_TEST_HTTP_STREAM_CASE_H
#define BOX_OFFICE_TEST_HTTP_STREAM_CASE_H

#include "common/http.h"
#include "tests/lib/raw.h"
#include "tests/unit/common/held_loop.h"

enum {
    HTTP_STREAM_SECONDS = 20,        /* for whatever is due at once */
    HTTP_STREAM_BODY_MAX = 12 << 20, /* of what is collected */
};

struct http_stream_case {
    struct held_loop held;
    struct http_server *server;
    char url[64];

    /* fixed with the loop held */
    size_t takes;   /* of a piece, at most; then it pauses. 0: all */
    size_t gives;   /* at a time, and then it waits. 0: all that is asked for */
    int64_t length; /* of an answer */
    unsigned status;
    bool stalls;  /* nothing is taken or given, and nothing called for */
    bool hurries; /* what pauses or waits is called for before it does, and not again */

    /* what was seen */
    struct http_request *request; /* the last one, while it is not over */
    char path[64];
    char query[64];
    char version[16];
    struct buffer headers; /* name=value; */
    int64_t announced;
    bool chunked;
    uint64_t got;   /* bytes of its body */
    bool wrong;     /* not the pattern */
    uint64_t sent;  /* bytes of its answer */
    size_t largest; /* that a source was asked for */
    bool paused, waits;
    unsigned pieces, asked; /* calls of body and source */
    unsigned begun, ended, over, whole, plain;
};

/* `bounds`: connections_max and patience. The loop is free afterwards. */
void http_stream_case_open(struct http_stream_case *test, const struct http_settings *bounds);
void http_stream_case_close(struct http_stream_case *test);

char http_stream_byte(uint64_t at);

/* With the loop free: waits until the condition holds between two turns. */
bool http_stream_case_until(struct http_stream_case *test, bool (*condition)(void *context));

/* The context is the case. */
bool http_stream_is_waiting(void *context); /* for room, for the source, or for an answer */
bool http_stream_is_over(void *context);    /* as many as have begun, and no connection is left */

/* Sends pattern as a body: a part of it as it is, or all in chunks of that size, with their end. */
bool http_stream_send(int fd, uint64_t from, uint64_t to);
bool http_stream_send_chunks(int fd, uint64_t length, size_t chunk);

/* Receives until the other side ends. False where it resets the connection, or does not end in time. */
bool http_stream_receive(int fd, struct buffer *bytes);

/* Whether these bytes are the pattern. */
bool http_stream_is_pattern(const char *bytes, uint64_t length);

/* Takes the chunks apart, in place; false where they do not end as they must. */
bool http_stream_unchunk(struct buffer *bytes, size_t head);

#endif
