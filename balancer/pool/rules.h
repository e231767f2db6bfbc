/* The rules of a pool: how its servers are checked, when one is out of the running, and how much one may
 * be given. What the configuration says, or what goes without saying. Plain figures; any thread. */
#ifndef BOX_OFFICE_RULES_H
#define BOX_OFFICE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times are in microseconds. */
struct pool_rules {
    /* Checks: GET `check` every `interval` or so (a tenth more or less, by chance), answered within
     * `check_timeout` with a status from status_min to status_max. */
    const char *check; /* path; NULL: no checks, see upstream/probe.h. Not owned */
    int64_t interval, check_timeout;
    int64_t status_min, status_max;
    int64_t rise, fall; /* passed in a row to be reached again; failed in a row to be down */

    /* Overloaded: it reports more than one of these (0: no threshold), until all are below four fifths. */
    int64_t cpu;     /* per mille of one processor */
    int64_t memory;  /* MiB resident */
    int64_t network; /* bytes a second of bodies, both ways */
    int64_t commit;  /* of a commit */

    /* Ejected: it failed in so many requests in a row, or in this share of at least eject_requests within
     * RULES_WINDOW; for eject_pause, doubling to eject_pause_max while it happens again and again. */
    int64_t eject_failures; /* 0: never ejected */
    int64_t eject_share;    /* per mille */
    int64_t eject_requests;
    int64_t eject_pause, eject_pause_max;
    int64_t
        out_most; /* per mille of the pool's servers that answer which may be overloaded or ejected */

    /* Room. */
    int64_t limit; /* tickets pending at a ticket server; requests under way at another */
    int64_t
        slow_start; /* so long the limit grows for one that joins those who are warm; 0: not at all */
    int64_t slow_from; /* the limit at first */
    int64_t waiting;   /* requests that may wait for room; more are refused */

    /* The retry budget, in requests asked again: full at first with retry_reserve, which is also the most it
     * holds; each request adds retry_share per mille of one. */
    int64_t retry_reserve, retry_share;
};

#define RULES_WINDOW (10 * INT64_C(1000000)) /* that the share of failures is taken over */

/* What goes without saying, for the ticket servers and for any other pool. */
struct pool_rules pool_rules_default(bool tickets);

#endif
