/* How many ticket servers there should be: a pure decision over a window of figures. No clock, no lock, no
 * I/O; one thread per struct scale.
 *
 * Out quickly: where, over the window, more is pending or waiting than `pending` tickets for each server, or
 * servers use more than `cpu` of a processor each, as many are started as would bring that back to the rule,
 * at most as many again as there are. In slowly: one at a time, once the load has fitted one server fewer
 * with half to spare for `quiet`. Between the two lies what neither moves. After each step the window begins
 * anew, when the servers that it started are up: nothing is decided on figures from before it.
 *
 * Servers that do not come up are waited for, and said to be missing. After `patience` they count as not there,
 * so that one that never comes up keeps no other from being started; but where more are missing than up, as
 * in the end where none that is started comes up, more are of no help.
 *
 * A slow store is nothing that more servers help with. All write to one store in turn, so where commits are
 * slow and processors idle, what is pending waits for the store.
 *
 * Load that comes back as soon as a server has gone makes the next go later: each time the quiet that is asked
 * for doubles, to quiet_max. */
#ifndef BOX_OFFICE_SCALE_H
#define BOX_OFFICE_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/routing_line.h"

enum {
    SCALE_SAMPLES = 32, /* kept; of more within one window the oldest are forgotten */
};

/* Times are in microseconds. */
struct scale_rules {
    int64_t min, max;         /* servers of our own; 0 <= min <= max <= ROUTING_SERVERS_MAX */
    int64_t window;           /* 1 or more */
    int64_t cool;             /* from a step to the next one out, at least */
    int64_t quiet, quiet_max; /* 1 or more */
    int64_t patience; /* with a server that is missing: then it may be retired, or replaced */
    int64_t pending;  /* tickets for each server, 1 or more */
    int64_t cpu;      /* per mille of a processor for each server, 1 or more */
    int64_t commit;   /* a commit that takes so long is slow */
};

/* What goes without saying, for servers that may have up to `limit` tickets pending (struct pool_rules). */
struct scale_rules scale_rules_default(int64_t min, int64_t max, int64_t limit);

/* The ticket servers at a moment. Figures out of all bounds count as the nearest that makes sense. */
struct scale_sample {
    int64_t time;    /* clock_monotonic() */
    int64_t servers; /* of our own: those started, but for those that are to leave */
    int64_t missing; /* of these, those that should serve and do not: joining, down or ejected */
    int64_t up;      /* that serve, our own or not */
    int64_t pending; /* tickets, at all servers together */
    int64_t waiting; /* purchases, for a server with room */
    int64_t commit;  /* microseconds, at the worst server */
    int64_t cpu;     /* per mille of a processor, at the worst server */
    int64_t work;    /* per mille of a processor, of all that are up together */
};

/* What came of the last sample. */
enum scale_verdict {
    SCALE_WATCHES, /* the window has just begun */
    SCALE_FITS,    /* as many as there should be */
    SCALE_COOLS,   /* a step would be due, but for the last one */
    SCALE_MISSING, /* more would be due, but servers that were started are not up */
    SCALE_STORE,   /* more would be due, but it is the store that is slow */
    SCALE_FULL,    /* more would be due than may be */
    SCALE_OUT,     /* a step */
    SCALE_IN,      /* a step */
};

/* Zeroed to begin with. Of its fields, others may read the first two. */
struct scale {
    enum scale_verdict verdict;
    char why[ROUTING_WHY_SIZE]; /* a sentence with figures, for this verdict */

    struct scale_sample samples[SCALE_SAMPLES]; /* the oldest first */
    size_t count;
    int64_t since;       /* the window began */
    bool quiet, missing; /* the load fits one server fewer; servers are missing ... */
    int64_t quiet_since; /* ... since then, where they do */
    int64_t missing_since;
    int64_t back_at;      /* since the last step out, those missing were all back; 0: not yet */
    int64_t pause;        /* the quiet that is asked for now */
    uint64_t steps, outs; /* so far; the last ... */
    enum scale_verdict last;
    int64_t last_step, last_out; /* ... was this, and at these times */
};

/* Adds a sample. True where a step is due: *step says from how many to how many servers and why; its text is
 * valid until the next call, and the figures are averages over the window. The caller acts upon it at once:
 * the next sample counts servers that were started, or are to leave, as such. */
bool scale_add(struct scale *scale, const struct scale_rules *rules,
               const struct scale_sample *sample, struct routing_scale *step);

#endif
