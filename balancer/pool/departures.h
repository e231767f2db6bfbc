/* Departures: servers that are to get nothing new, and somebody who wants to know when nothing is under way
 * there any more. Used by DELETE /servers, by scaling in and by rolling restarts.
 *
 * The router's main thread only. Bounded: DEPARTURES_MAX at once. */
#ifndef BOX_OFFICE_DEPARTURES_H
#define BOX_OFFICE_DEPARTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "balancer/pool/servers.h"
#include "common/loop.h"

enum {
    DEPARTURES_MAX = 64,
};

enum departure_kind {
    DEPARTURE_DRAIN, /* stays in the list, draining; nothing happens at the deadline but that it is told */
    DEPARTURE_LEAVE, /* leaves the list; at the deadline, what is under way there is given up */
};

enum departure_end {
    DEPARTURE_EMPTY,      /* nothing is under way there; of DEPARTURE_LEAVE: it has left the list */
    DEPARTURE_LATE,       /* of DEPARTURE_DRAIN: the deadline has come first */
    DEPARTURE_CUT,        /* of DEPARTURE_LEAVE: the deadline has come first */
    DEPARTURE_CALLED_OFF, /* somebody made it ready again, or departures_close was called */
};

/* How it ended. */
struct departure_report {
    const char *id; /* of the server; valid during the callback */
    enum departure_end end;
    int64_t requests; /* under way there when it began, purchases counted too */
    int64_t tickets;  /* pending there when it began */
    int64_t left;     /* requests under way there now; of one that has left the list: 0 */
    int64_t took;     /* microseconds */
};

/* Called once for each departure that has begun. It may begin another. */
typedef void departure_done(void *context, const struct departure_report *report);

/* What was asked of departures_begin. */
struct departure_wish {
    const char *id; /* copied */
    enum departure_kind kind;
    int64_t deadline; /* clock_monotonic(); in the past: at once */
    const char *why;  /* for the routing log; copied */
    departure_done *done;
    void *context;
};

enum departure_begun {
    DEPARTURE_BEGUN,
    DEPARTURE_UNKNOWN, /* there is no such server */
    DEPARTURE_TWICE,   /* it is departing already */
    DEPARTURE_FULL,    /* too many are */
};

/* One that is under way. */
struct departure {
    char id[SERVER_SIZE];
    enum departure_kind kind;
    int64_t deadline, began;
    int64_t requests, tickets; /* when it began */
    size_t index; /* of the server, and which start of it: one that comes back later is another */
    unsigned start;
    bool cut;
    departure_done *done;
    void *context;
};

struct departures {
    struct servers *servers;
    struct loop *loop;
    struct loop_timer timer; /* looks at them, while there are any */
    struct departure list[DEPARTURES_MAX];
    size_t count;
};

/* The structure stays where it is until departures_close, which calls off what is left (what was wanted of
 * the servers stays wanted). */
void departures_open(struct departures *departures, struct servers *servers, struct loop *loop);
void departures_close(struct departures *departures);

/* Drains the server, or lets it leave. `done` is called later, never from in here. */
enum departure_begun departures_begin(struct departures *departures,
                                      const struct departure_wish *wish);

/* Whether this server is departing. */
bool departures_has(const struct departures *departures, const char *id);

/* Looks whether any has come to its end. The timer does that every few milliseconds; somebody who knows
 * more may do so earlier. */
void departures_check(struct departures *departures, int64_t now);

#endif
