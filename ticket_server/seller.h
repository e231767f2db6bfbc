/* The seller: the one thread that owns the store's writing handle, and the only place where a
 * decision is made.
 *
 * It takes all that waits, from every connection, decides it in one transaction with one durable
 * commit, writes the decision log, and hands the jobs back. Changes of what is for sale are made there too,
 * one at a time, after all that came before them and before all that comes after. There is no timer: while it
 * decides, what arrives waits, and leaves together the moment it is done. */
#ifndef BOX_OFFICE_SELLER_H
#define BOX_OFFICE_SELLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/item.h"
#include "common/loop.h"
#include "db/store.h"
#include "ticket_server/decision_log.h"

enum {
    SELLER_WAITING_MAX = 16384, /* decisions; further ones are refused */
};

struct seller;

/* Decisions that belong together: those of a flight, or one that a client asked for directly; or one change
 * that an organiser asked for. Owned by whoever submits it; the seller's from seller_submit until `done`. */
struct job {
    struct decision *decisions; /* to be decided; their outcomes are filled in */
    size_t count;               /* 1 to FLIGHT_ITEMS_MAX; of a change 0 */
    struct change
        *change; /* to be made, between two batches; its problem is filled in; else NULL */
    void (*done)(struct job *job);
    enum problem
        failed; /* STORE_UNAVAILABLE: the store refused all, nothing was decided or changed;
                               OUTCOME_UNKNOWN: it may have been; NONE: each has its outcome */
    struct figures figures; /* what the server has to tell, this job included */
    struct job *next;       /* the seller's */
};

struct seller_settings {
    struct store *store;      /* the selling handle; the seller's, which closes it */
    struct decision_log *log; /* the seller's, which closes it */
    struct loop *loop;        /* woken when jobs are done */
    store_stalled *stalled;   /* called on the seller's thread; see store_on_stall */
    void *context;            /* of `stalled` */
};

/* What a health report tells; as of the last durable commit, never ahead of it. */
struct seller_status {
    struct figures figures;
    size_t pending; /* decisions submitted and not decided yet */
    /* What a batch takes in the store, waiting for the writer lock included: the average of late,
     * each new one counting an eighth; 0: none for a second, and none waits. (A server that was slow once and
     * is avoided for it could not show that it no longer is.) */
    int64_t commit_us;
};

/* Starts the thread. Main thread. Batches whose outcome the store does not know, or which another
 * process under the same server id has fenced off, end the process at once, unanswered: the keys
 * decide when they are asked again. */
struct seller *seller_open(const struct seller_settings *settings);

/* Decides all that was submitted, ends the thread, and closes the store and the log. Jobs that are
 * done by then have been handed back. The loop's thread. */
void seller_close(struct seller *seller);

/* False where too much waits: then the job is not taken. Any thread. */
bool seller_submit(struct seller *seller, struct job *job);

/* A change by itself, with memory for its job. Its problem, once `done` is called, is STORE_UNAVAILABLE where the
 * store refused it. */
struct change_job {
    struct job job; /* zeroed but for `done`, which finds the change_job around it */
    struct change change;
};
bool seller_submit_change(struct seller *seller, struct change_job *change);

/* Calls `done` of every job that is decided. The loop's thread, once per turn. */
void seller_collect(struct seller *seller);

/* Any thread; never waits for the store. */
void seller_status(struct seller *seller, struct seller_status *status);

#endif
