/* Cuts clients that take too long: on the total time of a request and of taking its answer, however
 * busily they dribble. (libmicrohttpd's own timeout ends only connections on which nothing happens.)
 *
 * A connection's record says what it is at and since when; a timer on the loop looks at all of them a
 * few times per limit, and shuts down the socket of whoever is late, after which libmicrohttpd closes
 * it. Only that timer reads the clock, so that a record costs a request a few stores; nobody is cut
 * early, and late by a quarter of the limit at most. What streams has no total time, but must move on:
 * PATIENCE_STREAM_BYTES per limit. The loop's thread only. */
#ifndef BOX_OFFICE_PATIENCE_H
#define BOX_OFFICE_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/loop.h"

enum {
    PATIENCE_STREAM_BYTES = 10 << 10, /* received, or acknowledged by the client's kernel */
};

struct patience_limits {
    int64_t request; /* from the first byte to the last byte of the body, microseconds */
    int64_t answer;  /* until the client has taken its answer */
};

enum patience_stage {
    PATIENCE_IDLE,    /* between requests; nothing comes: that is libmicrohttpd's business */
    PATIENCE_LINE,    /* bytes come, but not yet a whole first line, so libmicrohttpd is silent */
    PATIENCE_REQUEST, /* the rest of the request is coming */
    PATIENCE_WORK,    /* it is being answered, which takes as long as it takes */
    PATIENCE_ANSWER,  /* the answer is going out */
};

/* One connection's; in memory of the caller's. */
struct patience_record {
    struct patience_record *next, *previous;
    int fd;
    enum patience_stage stage;
    int64_t since;        /* when it began, or shortly before */
    bool request_streams; /* this request's body */
    bool
        answer_streams; /* an answer of this connection's; stays, as the kernel may have it still */
    bool counted;       /* what follows is of this stage */
    uint64_t count;     /* of bytes, when they last were enough ... */
    int64_t counted_at; /* ... which was then */
};

struct patience {
    struct loop *loop;
    struct patience_limits limits;
    struct loop_timer timer;
    int64_t now; /* when the timer last rang */
    struct patience_record *records;
};

/* The structure stays where it is until patience_close, by when every record has left. */
void patience_open(struct patience *patience, struct loop *loop,
                   const struct patience_limits *limits);
void patience_close(struct patience *patience);

/* A connection begins, idle; and is gone, before its descriptor is closed. */
void patience_join(struct patience *patience, struct patience_record *record, int fd);
void patience_leave(struct patience *patience, struct patience_record *record);

/* The connection is at this from now on. A first line's time counts for its request. */
static inline void patience_set(const struct patience *patience, struct patience_record *record,
                                enum patience_stage stage)
{
    if (record->stage != PATIENCE_LINE || stage != PATIENCE_REQUEST)
        record->since = patience->now;
    record->stage = stage;
    record->counted = false;
}

/* The request that is coming, and its answer, may take as long as they move on. */
static inline void patience_stream(struct patience_record *record)
{
    record->request_streams = true;
    record->answer_streams = true;
}

#endif
