/* A foreign server that streams: a thread per connection, and a note of each request by its number, so that a
 * test sees what came of it at this end. (The balancer's own checks have no number, which is number 0.)
 *
 *     PUT /up?n=N                          reads the body, answers with its SHA-256 and its length
 *     GET /down?n=N&bytes=B[&chunked=1]    sends B bytes that follow from the seed N
 *     GET /trickle?n=N&bytes=LINES         server-sent events, one a second
 *
 * Any request may ask for trouble (trouble=N, at=BYTES): see below.
 *
 * The functions may be called from any thread, except upstream_open and upstream_close. */
#ifndef BOX_OFFICE_TEST_UPSTREAM_H
#define BOX_OFFICE_TEST_UPSTREAM_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/thread.h"
#include "tests/streams/content.h"

enum {
    UPSTREAM_REQUESTS_MAX = 4096, /* their numbers are below this */
    UPSTREAM_ADDRESS_SIZE = 32,
    UPSTREAM_QUEUE = 4, /* connections that fill the queue of one that is shut */
};

/* `at` counts bytes of a body. Who stops goes on after upstream_release, unless its client has left by then. */
enum upstream_trouble {
    TROUBLE_NONE,
    TROUBLE_BEFORE_BODY,   /* closes once the request's head has come */
    TROUBLE_WITHIN_BODY,   /* closes after so much of the request's body */
    TROUBLE_BEFORE_ANSWER, /* closes once the request has come whole */
    TROUBLE_WITHIN_HEAD,   /* closes within the answer's head */
    TROUBLE_WITHIN_ANSWER, /* closes after so much of the answer's body */
    TROUBLE_DEAF,          /* stops after so much of the request's body */
    TROUBLE_MUTE,          /* stops before its answer */
    TROUBLE_SILENT,        /* stops after so much of the answer's body */
};

/* What came of a request. */
struct upstream_note {
    atomic_llong received, sent; /* of the bodies, as far as the kernel took them */
    atomic_llong over;           /* clock_monotonic(), whole or broken; 0: it is not over */
    atomic_bool whole;           /* both bodies; `digest` is set then */
    atomic_uint times;           /* it came */
    char digest[DIGEST_TEXT_SIZE];
};

struct upstream {
    int listener;
    char address[UPSTREAM_ADDRESS_SIZE]; /* "127.0.0.1:PORT" */
    pthread_t acceptor;
    struct lock lock;              /* guards what follows */
    struct upstream_visit *visits; /* of all connections */
    int connections;
    bool released, closing;
    bool shut, holds;           /* holds: the acceptor has taken one, and no more */
    int queued[UPSTREAM_QUEUE]; /* of a shut one */
    atomic_bool late_checks;    /* set by the caller: a check is answered after half a second */

    struct upstream_note note[UPSTREAM_REQUESTS_MAX];
};

void upstream_open(struct upstream *upstream);

/* Lets those go on that trouble has stopped. */
void upstream_release(struct upstream *upstream);

/* Cuts all connections, as where the server dies. Further ones are still accepted. */
void upstream_cut(struct upstream *upstream);

/* Cuts what there is, and waits until its threads have ended. */
void upstream_close(struct upstream *upstream);

/* Lets no further connection be made, as where a server hangs: it is neither accepted nor refused. */
void upstream_shut(struct upstream *upstream);

int upstream_connections(struct upstream *upstream);

#endif
