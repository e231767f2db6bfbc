/* The proxy's client: one HTTP/1.1 request and its answer in pieces, over kept connections.
 *
 * Non-blocking sockets on a loop; the answer is read strictly (balancer/upstream/response.h). Bounded: each
 * exchange holds at most EXCHANGE_BUFFER bytes of body in each direction, besides the heads; where its user
 * does not read, its socket is not read either. Nothing is sent twice but what `repeatable` allows.
 *
 * The loop's thread only. From within any callback every function may be called, also exchange_close of
 * this or of another exchange, and exchange_start. */
#ifndef BOX_OFFICE_EXCHANGE_H
#define BOX_OFFICE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "balancer/upstream/response.h"
#include "common/loop.h"

enum {
    EXCHANGE_BUFFER = 64 << 10, /* bytes of body, in each direction */
    EXCHANGE_KEPT_MAX =
        512, /* idle connections, to all servers together; the longest idle goes first */
    EXCHANGE_KEPT_SECONDS = 30,       /* servers commonly close theirs after 60 or 75 */
    EXCHANGE_CONNECT_SECONDS = 4,     /* a lost SYN is sent again after 1 s, and after 2 more */
    EXCHANGE_LOOK_MILLISECONDS = 250, /* how often limits of time are looked at */
};

#define EXCHANGE_CHUNKED INT64_C(-1)

enum {
    EXCHANGE_ENDED = -1, /* all of the answer's body has been read */
    EXCHANGE_BROKE = -2, /* it broke off: exchange_error */
};

struct exchanges; /* all of one loop: their kept connections and timers */
struct exchange;  /* one request on its way */

/* Why there is no answer, or not all of it. */
enum exchange_failure {
    EXCHANGE_OURS,    /* we have no descriptor, port or memory for a connection */
    EXCHANGE_CONNECT, /* no connection: refused, unreachable, too slow */
    EXCHANGE_LOST,    /* closed or reset before the answer's end */
    EXCHANGE_BAD,     /* what came is no HTTP answer, or one of two readings */
    EXCHANGE_LATE,    /* nothing moved for its `timeout` */
};

struct exchange_calls {
    /* The final answer's head has come, and perhaps some or all of its body: exchange_read and exchange_whole
     * may be asked at once. `response` is valid until exchange_close. */
    void (*head)(void *context, const struct response *response);
    /* exchange_read, which said 0, has something to say. */
    void (*readable)(void *context);
    /* exchange_write, which took less than it was given, takes more. */
    void (*room)(void *context);
    /* There will be no head. `sent`: some of the request may have reached the server. The exchange is gone
     * already, and not to be closed; `why` is valid during the call. */
    void (*failed)(void *context, enum exchange_failure failure, bool sent, const char *why);
};

struct exchange_request {
    /* ADDR:PORT or [ADDR]:PORT, numeric. All texts here are copied. */
    const char *address;
    /* No CONNECT. Without spaces and control characters: the caller looks. */
    const char *method, *target;
    /* Lines, each with its CRLF: Host and all others but Connection, Content-Length, Transfer-Encoding. */
    const char *fields;
    size_t fields_length;
    bool
        needs_host; /* there is no Host among them (HTTP/1.0 knew none): the address is sent as one */
    bool has_body;       /* body_length is told to the server, also 0 (as a POST's must be) */
    int64_t body_length; /* bytes, or EXCHANGE_CHUNKED */
    /* It may be sent twice: where a kept connection turns out to be dead before a byte of the answer
     * and of the body has passed, it is sent once more, on a fresh one. Others only where not a byte had
     * left. */
    bool repeatable;
    /* Microseconds without a byte sent or received, while the server is waited for. */
    int64_t timeout;
    struct exchange_calls calls;
    void *context;
};

struct exchanges *exchanges_open(struct loop *loop);

/* No exchange may be open. Closes the kept connections. */
void exchanges_close(struct exchanges *exchanges);

/* Idle connections, for tests and metrics. */
size_t exchanges_kept(const struct exchanges *exchanges);

/* Never NULL, and never calls back from within: also a failure is told later. With a body, nothing leaves before
 * the first exchange_write or exchange_write_end. */
struct exchange *exchange_start(struct exchanges *exchanges,
                                const struct exchange_request *request);

/* The next bytes of the answer's body, into the caller's memory: how many; 0: wait for readable();
 * EXCHANGE_ENDED; EXCHANGE_BROKE. Before the head it is 0. `size` > 0. */
ssize_t exchange_read(struct exchange *exchange, char *bytes, size_t size);

/* True where the answer has ended and what is not yet read of its body lies here, at *body; to be asked instead
 * of exchange_read. Valid until the next call. */
bool exchange_whole(const struct exchange *exchange, const char **body, size_t *length);

/* Why it broke; "" where it did not. Valid until exchange_close. */
const char *exchange_error(const struct exchange *exchange);

/* What it failed in, where it broke. */
enum exchange_failure exchange_failure(const struct exchange *exchange);

/* Further bytes of the request's body, in all at most body_length: how many were taken; fewer: wait for room().
 * Where the server takes no more, or has answered, they are dropped, and count as taken. */
size_t exchange_write(struct exchange *exchange, const char *bytes, size_t length);

/* The body is complete. To be called once wherever has_body is set. */
void exchange_write_end(struct exchange *exchange);

/* Ends it, in any state: the connection is kept where request and answer are whole and both sides allow it, else
 * closed. Once for each exchange that has not failed; no callback comes after it. */
void exchange_close(struct exchange *exchange);

#endif
