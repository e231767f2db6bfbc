/* An HTTP server on a loop: libmicrohttpd in external mode behind one handler.
 *
 * It refuses what is ambiguous (common/http_check.h), cuts who is too slow (common/patience.h), collects
 * the body within bounds, and calls the handler once per complete request. The handler answers at once,
 * or keeps the request and answers later: http_answer may be called at any time on the loop's thread.
 * Every request must be answered, also one whose client has gone.
 *
 * A request that is streamed is the handler's as soon as its head has come. Its body and its answer go
 * through in pieces, as fast as the slower side takes them; it ends when its client leaves.
 *
 * All functions: the loop's thread only. */
#ifndef BOX_OFFICE_HTTP_H
#define BOX_OFFICE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buffer.h"
#include "common/loop.h"
#include "common/patience.h"
#include "common/problem.h"

struct http_server;
struct http_request;

/* The request stays valid until it is answered. */
typedef void http_handler(void *context, struct http_request *request);

/* Looks at a request whose head has come: method, path, query and headers can be asked for. True: the
 * handler gets it now, before its body, which is not collected and has no bound here; the handler must
 * call http_stream, http_answer or http_refuse before it returns. */
typedef bool http_streams(void *context, struct http_request *request);

/* The longest body that this path may have. */
typedef size_t http_body_limit(const char *path);

struct http_settings {
    int listen_fd; /* owned by the server from now on; a listening, non-blocking socket */
    unsigned connections_max;    /* further clients wait in the listen queue */
    size_t body_max;             /* a longer body is 413 */
    http_body_limit *body_limit; /* of each path, instead of body_max; or NULL */
    size_t bodies_max; /* of all requests not yet answered, together; 0: HTTP_BODIES_MAX. Past it, a
                          body longer than HTTP_BODY_SMALL is 503 */
    struct patience_limits patience; /* 0: HTTP_REQUEST_SECONDS, HTTP_ANSWER_SECONDS */
    size_t connection_memory; /* bytes; request headers longer than 3/8 of it are 431, so that
                                 there is always room for reading and for the answer's headers */
    http_handler *handler;
    http_streams *streams; /* which requests are streamed; NULL: none is */
    void *context;         /* of both */
};

enum {
    HTTP_IDLE_SECONDS = 60,       /* a connection on which nothing happens is closed after this */
    HTTP_CHUNKS_IDLE_SECONDS = 3, /* the same within chunks: libmicrohttpd turns in circles where an
                                     extension is longer than its buffer */
    HTTP_REQUEST_SECONDS = 10,    /* a request must have come by then; and ... */
    HTTP_ANSWER_SECONDS = 10,     /* ... its answer have been taken */
    HTTP_BODIES_MAX = 16 << 20,
    HTTP_BODY_SMALL = 512, /* what a purchase needs; the number of connections bounds these */
    HTTP_HEADERS_MAX = 64, /* of a request, each cookie counted too; more are 431 */
    HTTP_FIELDS_MAX = 8,
    HTTP_FIELD_SIZE = 320, /* a longer value is a bug */
    HTTP_STREAM_BLOCK =
        64 << 10, /* bytes of an answer in pieces that are asked for at once, at most */
    HTTP_DISCARD_MAX = 1 << 20, /* of a body that nobody wants, read in order to answer */
};

/* One answer. Everything is copied by http_answer. Where no field is a Content-Type, that follows from
 * the status: JSON below 400, else problem+json. */
struct http_reply {
    unsigned status;
    const char *body;
    size_t length;
    size_t fields;
    struct http_field {
        const char *name; /* a literal */
        char value[HTTP_FIELD_SIZE];
    } field[HTTP_FIELDS_MAX];
};

/* NULL with a line on stderr where the daemon cannot be started. */
struct http_server *http_open(struct loop *loop, const struct http_settings *settings);

/* Stops accepting, closes the listening socket, and lets every further answer close its connection.
 */
void http_quiesce(struct http_server *server);

/* Complete requests that are not yet wholly answered, and streamed ones that are not over. (What else has
 * come in half is not counted: whether the rest will ever come, nobody knows.) */
size_t http_unanswered(const struct http_server *server);
size_t http_connections(const struct http_server *server);

/* Closes all connections. Every request that a handler was given must have been answered; of those that
 * are streamed, whatever is not over ends here. */
void http_close(struct http_server *server);

const char *http_method(const struct http_request *request);
const char *http_path(const struct http_request *request); /* raw, without query */
/* What whoever looked at the head (http_streams) wants to find again in the handler; NULL at first. */
void http_set_note(struct http_request *request, const void *note);
const void *http_note(const struct http_request *request);

const char *http_query(const struct http_request *request);   /* raw, with its '?'; "" for none */
const char *http_version(const struct http_request *request); /* "HTTP/1.1" */
const char *http_body(struct http_request *request, size_t *length); /* of what is not streamed */
const char *http_client(const struct http_request *request);         /* address without port */

/* The header's value, or NULL. */
const char *http_header(const struct http_request *request, const char *name);

/* What the head says of the body: whether it comes in chunks, and its length in bytes otherwise (0 where
 * there is none), or HTTP_LENGTH_UNKNOWN. */
bool http_chunked(const struct http_request *request);
int64_t http_body_length(const struct http_request *request);

/* Calls `each` for every header field, in the order and spelling in which they came. The texts are
 * NUL-terminated, valid as long as the request, and without control characters. */
typedef void http_each(void *context, const char *name, size_t name_length, const char *value,
                       size_t value_length);
void http_headers(const struct http_request *request, http_each *each, void *context);

/* How often the header occurs. */
unsigned http_header_count(const struct http_request *request, const char *name);

/* Bytes of bodies, both ways, that this request's server has had so far; not of those that are streamed. */
uint64_t http_traffic(const struct http_request *request);

/* Adds a header to a reply. */
void http_reply_field(struct http_reply *reply, const char *name, const char *value);

void http_answer(struct http_request *request, const struct http_reply *reply);

/* Answers with a problem, its Retry-After and a Request-Id. `allow`: the Allow header of a 405,
 * else NULL. */
void http_refuse(struct http_request *request, enum problem problem, const char *detail,
                 const char *allow);

/* Refuses with the problem's own sentence, and tells by this WWW-Authenticate header what is wrong with the token (RFC
 * 6750, section 3). */
void http_refuse_token(struct http_request *request, enum problem problem, const char *challenge);

/* As http_refuse, under a Request-Id that the request has already; at most HTTP_FIELD_SIZE - 1 bytes. */
void http_refuse_as(struct http_request *request, enum problem problem, const char *detail,
                    const char *allow, const char *id);

/* --- Requests and answers in pieces ---
 *
 * All of these may be called at any time until the request is over, also from inside of the request's own
 * `body`, `body_end` and `source`; a request answers once. */

enum {
    HTTP_LENGTH_UNKNOWN = -1,
    HTTP_SOURCE_WAIT = 0,
    HTTP_SOURCE_END = -1,
    HTTP_SOURCE_FAILED = -2,
};

/* What a streamed request calls, each with the context given to http_stream. */
struct http_stream_calls {
    /* Some of the request's body, at least one byte. Returns how much of it was taken; where that is less,
     * no more comes until http_stream_read. Not called any more once there is an answer. */
    size_t (*body)(void *context, const char *bytes, size_t length);

    /* The body has come whole, or there is none; trailers are dropped (RFC 9110 section 6.5.1). Not
     * called where there is an answer already. */
    void (*body_end)(void *context);

    /* Puts up to `size` bytes of the answer's body, and returns how many. HTTP_SOURCE_WAIT: none yet,
     * asked again after http_stream_write. HTTP_SOURCE_END: that was all; not asked where the length is
     * known and reached, and a failure where it is not reached. HTTP_SOURCE_FAILED: the connection is
     * cut, so that the client sees that something is missing. NULL where only whole answers are given. */
    ssize_t (*source)(void *context, char *bytes, size_t size);

    /* The request is over, and no longer valid; nothing is called any more. Called exactly once,
     * whatever happens, from http_close too: also where the client leaves (or only closes its side, as
     * that cannot be told apart) while the request waits for somebody else. `whole`: its answer has been
     * given to the kernel entirely. */
    void (*over)(void *context, bool whole);
};

/* Takes a streamed request, once, in the handler. `calls` stays valid until it is over. */
void http_stream(struct http_request *request, const struct http_stream_calls *calls,
                 void *context);

/* There is room for more of the body; the source has something again, or has ended, or failed. Early or
 * needless calls do no harm. */
void http_stream_read(struct http_request *request);
void http_stream_write(struct http_request *request);

/* How an answer begins. */
struct http_head {
    unsigned status; /* 200 to 999 */
    /* name NUL value NUL name NUL value NUL ...: all fields but Connection and those of framing
     * (Content-Length, Transfer-Encoding), of which libmicrohttpd adds what is right, as it does with a
     * missing Date. Sound names and values; one that is empty or holds CR or LF is left out. Together
     * they must fit into what the request has left of `connection_memory`, else the connection is cut. */
    const char *fields;
    size_t fields_length;
    int64_t length; /* of the body, or HTTP_LENGTH_UNKNOWN: in chunks (RFC 9112 section 7.1), or for
                       HTTP/1.0 until the connection ends */
};

/* How long an answer's fields may be together, with those that are added here: what libmicrohttpd has left of
 * `connection_memory`, beside the request's own. */
size_t http_head_room(const struct http_request *request);

/* Answers, and the body comes from the source. The source of a HEAD request, a 204 or a 304 is not asked;
 * `length` is then what GET would have had. (Where that is unknown, libmicrohttpd 0.9.75 must close the
 * connection, except after a 204.) The head is copied.
 *
 * An answer may begin before the body has come whole, but goes out only then: up to HTTP_DISCARD_MAX
 * bytes more are dropped, beyond which the connection is cut. One that begins in the handler itself
 * goes out at once, and the connection closes where a body was to come. */
void http_stream_answer(struct http_request *request, const struct http_head *head);

/* The same with a whole body, copied, of head->length bytes; for a HEAD request, a 204 or a 304 it is not
 * looked at. */
void http_stream_answer_whole(struct http_request *request, const struct http_head *head,
                              const char *body);

/* Cuts the client's connection; whatever has not been answered is not. `over` follows soon, not from
 * inside of this. */
void http_stream_cut(struct http_request *request);

#endif
