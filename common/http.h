/* An HTTP server on a loop: libmicrohttpd in external mode behind one handler.
 *
 * It refuses what is ambiguous (common/http_check.h), cuts who is too slow (common/patience.h), collects
 * the body within bounds, and calls the handler once per complete request. The handler answers at once,
 * or keeps the request and answers later: http_answer may be called at any time on the loop's thread.
 * Every request must be answered, also one whose client has gone.
 *
 * All functions: the loop's thread only. */
#ifndef BOX_OFFICE_HTTP_H
#define BOX_OFFICE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/loop.h"
#include "common/patience.h"
#include "common/problem.h"

struct http_server;
struct http_request;

/* The request stays valid until it is answered. */
typedef void http_handler(void *context, struct http_request *request);

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
    void *context;
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
};

/* One answer. Everything is copied by http_answer. Content-Type follows from the status: JSON below
 * 400, else problem+json. */
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

/* Complete requests that are not yet wholly answered. (What has come in half is not counted: whether
 * the rest will ever come, nobody knows.) */
size_t http_unanswered(const struct http_server *server);
size_t http_connections(const struct http_server *server);

/* Closes all connections. Every request that a handler was given must have been answered. */
void http_close(struct http_server *server);

const char *http_method(const struct http_request *request);
const char *http_path(const struct http_request *request); /* raw, without query */
const char *http_body(struct http_request *request, size_t *length);
const char *http_client(const struct http_request *request); /* address without port */

/* The header's value, or NULL. */
const char *http_header(const struct http_request *request, const char *name);

/* How often the header occurs. */
unsigned http_header_count(const struct http_request *request, const char *name);

/* Adds a header to a reply. */
void http_reply_field(struct http_reply *reply, const char *name, const char *value);

void http_answer(struct http_request *request, const struct http_reply *reply);

/* Answers with a problem, its Retry-After and a Request-Id. `allow`: the Allow header of a 405,
 * else NULL. */
void http_refuse(struct http_request *request, enum problem problem, const char *detail,
                 const char *allow);

#endif
