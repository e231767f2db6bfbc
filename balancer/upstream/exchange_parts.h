/* What the parts of the proxy's client share: exchange.c has exchanges from start to end, exchange_send.c their
 * requests, exchange_receive.c their answers, exchange_connections.c connections. Nobody else includes this. */
#ifndef BOX_OFFICE_EXCHANGE_PARTS_H
#define BOX_OFFICE_EXCHANGE_PARTS_H

#include "balancer/upstream/exchange.h"
#include "common/socket.h"

enum {
    CONNECTION_BUCKETS = 512,
    EXCHANGE_SPARES_MAX = EXCHANGE_KEPT_MAX,
    EXCHANGE_MEMORY_KEPT = 4096, /* of each buffer of a spare one */
    EXCHANGE_WHY_SIZE = 128,
};

struct connection {
    struct exchanges *exchanges;
    struct exchange *exchange; /* whose it is; NULL: it is kept */
    int fd;
    uint32_t watched; /* events that the loop looks for; 0: it does not know the descriptor */
    bool connecting;
    bool reused;
    int64_t since; /* it began to connect, or is idle */
    char address[ADDRESS_SIZE];

    /* while kept */
    struct connection *next, **back; /* those whose address hashes alike, the last one kept first */
    struct connection *older, *younger; /* all of them */
};

/* In one of the lists of exchanges, or spare. */
struct exchange {
    struct exchanges *exchanges;
    struct exchange *next, **back;
    struct connection *connection; /* NULL: none could be had */
    struct exchange_calls calls;
    void *context;
    int64_t timeout;
    int64_t
        progress; /* when last a byte was sent or received, or the server began to be waited for */
    char why[EXCHANGE_WHY_SIZE]; /* it failed or broke; "": it did not */
    enum exchange_failure failure;
    bool failing; /* `failed` is to be called */
    bool broke;   /* the answer, behind its head */

    /* The request */
    struct buffer
        out;       /* its head, while it may be sent once more; then what is not sent of the body */
    size_t out_at; /* the first byte not sent on this connection */
    size_t head_length; /* of the head at the front of `out`; 0: it is gone */
    int64_t body_left;  /* to be written; of a chunked one EXCHANGE_CHUNKED until it is complete */
    bool corked;        /* the head waits for the body's first byte */
    bool complete;      /* exchange_write_end */
    bool deaf;          /* the server takes no more */
    bool wants_room;
    bool repeatable;
    bool sent;      /* a byte of it, on any connection */
    bool body_sent; /* a byte of its body, or of what frames that */

    /* The answer */
    struct response response;
    struct buffer in; /* its body, as far as it is here and not yet read */
    size_t in_at;
    bool heard;   /* a byte of it */
    bool headed;  /* `head` was called */
    bool waiting; /* exchange_read said 0 */
    bool excess;  /* more came than the answer */
};

struct exchanges {
    struct loop *loop;
    struct exchange *open; /* a list, through next */
    struct exchange
        *attention; /* those that are to be told something outside of the socket's events */
    struct exchange *spares;
    size_t spare_count;
    struct exchange *called; /* whose callbacks run; NULL once it was closed */
    struct loop_timer look, soon;

    struct connection *kept[CONNECTION_BUCKETS];
    struct connection *oldest, *youngest;
    size_t kept_count;

    char scratch[EXCHANGE_BUFFER]; /* what was received last */
};

/* exchange_connections.c */

/* Begins to connect; NULL and errno where that fails at once. */
struct connection *exchange_connect(struct exchanges *exchanges, const char *address);

/* A kept one to this address, the last that was used; or NULL. */
struct connection *exchange_take_kept(struct exchanges *exchanges, const char *address);

/* Keeps it, or closes another for it. */
void exchange_keep(struct connection *connection);

/* Kept or not. */
void exchange_disconnect(struct connection *connection);

/* Lets the loop look for these events; 0: for none, also not for the hang-ups it always tells. */
void exchange_watch(struct connection *connection, uint32_t events);

/* Closes what has been idle for too long. */
void exchanges_expire(struct exchanges *exchanges, int64_t now);

/* exchange.c */

/* The loop's call for every connection. */
void exchange_ready(void *context, int fd, uint32_t events);

/* To be told outside of the socket's events: it fails, or broke, or has room. */
void exchange_attend(struct exchange *exchange);

/* The answer will have no further byte. */
void exchange_break(struct exchange *exchange, enum exchange_failure failure, const char *why);

/* exchange_send.c */

void exchange_build(struct exchange *exchange, const struct exchange_request *request);

/* Sends what there is, as far as the socket takes it. */
void exchange_flush(struct exchange *exchange);

/* Bytes that wait to be sent, and may leave. */
size_t exchange_unsent(const struct exchange *exchange);

/* exchange_write takes something, or drops it. */
bool exchange_has_room(const struct exchange *exchange);

/* Nothing more of the request need be sent. */
bool exchange_drops(const struct exchange *exchange);

/* Nothing has left that must not leave twice. */
bool exchange_may_repeat(const struct exchange *exchange);

/* exchange_receive.c */

enum received {
    RECEIVED_SOME,
    RECEIVED_NOTHING, /* for now */
    RECEIVED_END,     /* the server has closed, or is gone; errno says why, 0: in order */
};

/* Up to the answer's head, and what comes with it. */
enum received exchange_receive(struct exchange *exchange);

#endif
