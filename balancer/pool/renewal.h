/* A rolling restart: the processes of our own ticket servers are ended and started again, one by one, each when
 * nothing is under way at it any more. It begins with the next when the one before is up again, and stops at one
 * that does not come up: a program that cannot sell replaces no further server.
 *
 * The router's main thread only. */
#ifndef BOX_OFFICE_RENEWAL_H
#define BOX_OFFICE_RENEWAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "balancer/pool/departures.h"
#include "balancer/pool/own_servers.h"
#include "balancer/pool/servers.h"
#include "common/buffer.h"
#include "common/loop.h"

enum {
    RENEWAL_DETAIL_SIZE = 200,
};

enum renewal_phase {
    RENEWAL_RESTS,
    RENEWAL_DRAINS,  /* the present server finishes what it has ... */
    RENEWAL_ENDS,    /* ... its process is to end ... */
    RENEWAL_RETURNS, /* ... and the next is to be up */
};

struct renewal_calls {
    /* To the master: ends the process and starts it again. Comes again, each second, while it has not ended:
     * the master does not heed it during a handover, and a message may be lost. */
    void (*renew)(void *context, const char *id);
    bool (*drained)(void *context, const char *id); /* somebody wants it drained, for good */
    void *context;
};

struct renewal {
    struct servers *servers;
    struct departures *departures;
    struct loop *loop;
    struct renewal_calls calls;
    struct loop_timer timer; /* looks at the present server, while there is one */

    enum renewal_phase phase;
    size_t total, done;               /* servers; also those that it passed over are done */
    bool failed;                      /* the last one stopped half-way */
    char detail[RENEWAL_DETAIL_SIZE]; /* where it is at, or how it ended: a sentence */

    char ids[OWN_SERVERS_MAX][SERVER_SIZE]; /* the present one is ids[done] */
    unsigned start;                         /* of its process before; see struct server */
    int64_t deadline;                       /* of the phase, but for RENEWAL_DRAINS */
    int64_t asked_at;                       /* the master, last; clock_monotonic() */
};

/* The structure stays where it is until renewal_close; none of what it is given is owned, `calls` is copied. */
void renewal_open(struct renewal *renewal, struct servers *servers, struct departures *departures,
                  struct loop *loop, const struct renewal_calls *calls);

/* After departures_close. */
void renewal_close(struct renewal *renewal);

/* Begins one. False, with the reason, where one is under way, or no server is ours. */
bool renewal_begin(struct renewal *renewal, char why[RENEWAL_DETAIL_SIZE]);

/* Ends it where it is, as failed; the present server is made ready, unless it is drained. Nothing where none is under way. */
void renewal_stop(struct renewal *renewal, const char *why);

/* Looks whether the present server has come further. The timer does that. */
void renewal_check(struct renewal *renewal, int64_t now);

bool renewal_runs(const struct renewal *renewal);

/* Appends {"running":bool,"failed":bool,"done":N,"total":N,"detail":TEXT}, of the present or last one. */
void renewal_print(const struct renewal *renewal, struct buffer *out);

#endif
