/* Clients that say farewell in the middle of a request.
 *
 * libmicrohttpd 0.9.75 takes a read that does not fill its buffer for the last one until epoll tells of
 * more. Where the first half of a request and the end of the connection come together, epoll has told
 * of both by then, and the connection would stay, with its memory and its place in the house, until
 * some time limit. So the ends are heard here as well, and where libmicrohttpd has read all else, it
 * is told of the end once more. And a connection that is suspended hears nothing at all: its owner is
 * told by a call. The loop's thread only. */
#ifndef BOX_OFFICE_FAREWELL_H
#define BOX_OFFICE_FAREWELL_H

#include "common/loop.h"

struct farewells;

/* One connection's; in memory of the caller's. */
struct farewell {
    struct farewells *farewells;
    int fd;
    struct farewell *next, *previous; /* while it is heard and not yet passed on */
    bool heard;
    bool left; /* it has been heard, and perhaps been passed on */
};

/* Somebody has closed, or will send no more. Outside of libmicrohttpd's callbacks. */
typedef void farewell_told(struct farewell *farewell);

struct farewells {
    struct loop *loop;
    farewell_told *told;
    struct farewell *heard;
};

/* The structure stays where it is until farewells_close, by when every connection has been forgotten. */
void farewells_open(struct farewells *farewells, struct loop *loop, farewell_told *told);
void farewells_close(struct farewells *farewells);

/* A connection begins; and is gone, before its descriptor is closed. */
void farewell_expect(struct farewells *farewells, struct farewell *farewell, int fd);
void farewell_forget(struct farewell *farewell);

#endif
