/* What the proxy's four files share: proxy.c, the way in; proxy_waiting.c, who waits for room; proxy_try.c, the
 * server's side; proxy_stream.c, the client's. Nobody else includes this. */
#ifndef BOX_OFFICE_PROXY_PARTS_H
#define BOX_OFFICE_PROXY_PARTS_H

#include "balancer/client/proxy.h"
#include "balancer/upstream/budget.h"
#include "common/buffer.h"

/* Who waits for room in a pool, by when they came. */
struct proxy_queue {
    struct proxied *first, *last;
    size_t count, most;
};

struct proxy {
    const struct gate *gate;
    struct exchanges *exchanges;
    size_t accepted; /* and not over */
    size_t reads;    /* of them, under way at ticket servers */
    struct proxy_queue queues[POOLS_MAX];
    struct budget budgets[POOLS_MAX];
    struct proxied *spare; /* through next */
    size_t spares;
    struct buffer answer_fields; /* of the answer that begins */
};

/* One request on its way. */
struct proxied {
    struct proxy *proxy;
    struct http_request *http;
    struct visit visit;
    char id[ID_TEXT_SIZE]; /* in the log */
    char brought[FORWARDED_ID_MAX + 1];
    const char *request_id; /* as client and server know it: its own, or ours */
    struct buffer fields;   /* the head's, as servers are sent them */
    struct buffer
        line; /* method NUL target NUL: libmicrohttpd forgets its own where trailers are refused */
    size_t target; /* where that begins */
    bool needs_host;
    struct buffer kept; /* the body so far, while it may have to be sent again */
    bool has_body, body_ended;
    bool harmless;   /* to send twice */
    bool repeatable; /* `kept` holds all of the body so far */
    int64_t came;    /* clock_monotonic() */
    unsigned tries;
    uint64_t asked[ROUTING_TRIES_MAX]; /* whom each try asked: servers' identities */

    bool waiting; /* in its pool's queue, for room */
    struct proxied *next_waiting, *previous_waiting;

    /* the present try's */
    struct exchange *exchange; /* NULL: none is under way */
    size_t server;
    unsigned start; /* of that server */
    int64_t chosen; /* clock_monotonic() */
    struct routing_done done;

    int64_t length;               /* of the answer's body; HTTP_LENGTH_UNKNOWN */
    const struct response *early; /* an answer that waits for the rest of the request's body */
    struct proxied *next;
};

/* It goes to ticket servers. */
static inline bool proxy_reads(const struct proxied *proxied)
{
    return proxied->visit.route->pool == POOL_TICKETS;
}

/* Keeps the memory of a request that is over. */
void proxy_put_back(struct proxied *proxied);

void proxy_refuse(struct proxied *proxied, enum problem problem, const char *detail);

/* --- proxy_waiting.c --- */

/* How many may wait in each pool, of `workers` who share that. */
void proxy_queues_open(struct proxy *proxy, size_t workers);

/* Looks for a server, behind those who wait for one already: it is asked, waited for, or the request is
 * refused. */
void proxy_seek(struct proxied *proxied);

/* Waits no more. */
void proxy_unqueue(struct proxied *proxied);

/* --- proxy_try.c --- */

/* Chooses a server and asks it. */
enum chosen proxy_try(struct proxied *proxied);

/* Ends the present try, whose exchange is open. */
void proxy_end_try(struct proxied *proxied, enum routing_end how);

/* Passes the answer on, whose head has come. */
void proxy_answer(struct proxied *proxied, const struct response *response);

/* --- proxy_stream.c --- */

/* With a struct proxied as context. */
extern const struct http_stream_calls proxy_stream_calls;

#endif
