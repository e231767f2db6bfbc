/* Requests to ticket servers: libcurl's multi interface on a loop, keep-alive connections.
 *
 * The loop's thread only. */
#ifndef BOX_OFFICE_UPSTREAM_H
#define BOX_OFFICE_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/loop.h"

struct upstream;
struct call; /* one request on its way */

struct upstream_answer {
    bool answered;    /* a whole HTTP answer came; else `error` says what happened */
    bool late;        /* its time was up, perhaps before it left: that says little of the server */
    bool sent;        /* some of the request may have reached the server */
    unsigned status;  /* of an answer */
    const char *body; /* of an answer; valid during the callback */
    size_t length;
    const char *error; /* in words; "" where answered */
};

/* Called once per call, on the loop's thread, never from within upstream_send. The call is over. */
typedef void upstream_done(void *context, const struct upstream_answer *answer);

struct upstream_request {
    const char *address; /* ADDR:PORT; copied */
    const char *path;    /* copied */
    const char *body;    /* JSON to POST; must stay until the call is over; NULL: a GET */
    size_t length;
    int64_t timeout;   /* for all of it, microseconds */
    size_t answer_max; /* a longer answer is an error; bytes */
    upstream_done *done;
    void *context;
};

/* A call waits where that many are under way to its server. */
struct upstream *upstream_open(struct loop *loop, long connections_per_server);

/* No call may be under way. */
void upstream_close(struct upstream *upstream);

struct call *upstream_send(struct upstream *upstream, const struct upstream_request *request);

/* Ends the call and its connection; `done` is not called. */
void upstream_cancel(struct call *call);

#endif
