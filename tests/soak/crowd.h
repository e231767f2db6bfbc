/* The buyers of a soak: processes that can be killed, and what they know together.
 *
 * Main thread only. */
#ifndef BOX_OFFICE_SOAK_CROWD_H
#define BOX_OFFICE_SOAK_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/process.h"
#include "tests/soak/journal.h"

enum {
    CROWD_PROCESSES = 3,
};

/* One decided purchase, in the order in which the journals were read. */
struct deal {
    int64_t sent, ended;
};

/* A time in which no healthy server or no router was up, so that requests may fail. */
struct outage {
    int64_t from, to;
};

struct crowd {
    const char *url;       /* of the cluster */
    const char *directory; /* for journals and output */
    uint64_t seed;
    struct {
        struct process process;
        struct journal journal;
    } buyers[CROWD_PROCESSES];

    struct load known;  /* sales, tickets, failed and sold_out, as a load has them; owned */
    struct deal *deals; /* owned */
    size_t deal_count, deal_room;
    struct outage *outages; /* owned */
    size_t outage_count, outage_room;
    size_t begun;          /* keys */
    size_t excused;        /* failed attempts during an outage */
    size_t failures;       /* others */
    size_t wrong;          /* answers that none should get */
    int64_t slowest;       /* attempt that was decided */
    struct entry *pending; /* failed attempts that are still to be judged; owned */
    size_t pending_count, pending_room;
};

/* Starts the buyers. url and directory must stay. */
void crowd_open(struct crowd *crowd, const struct cluster *cluster, uint64_t seed);

/* Kills one with SIGKILL, and starts another who goes on from its journal. */
void crowd_kill(struct crowd *crowd, size_t buyer);

/* Kills all of them with SIGKILL, for good. */
void crowd_kill_all(struct crowd *crowd);

/* Stops them all where they are (SIGSTOP), or lets them go on. */
void crowd_halt(struct crowd *crowd, bool halt);

/* Reads what is new in the journals. */
void crowd_read(struct crowd *crowd);

/* Waits until so many more purchases are decided; false where that takes too long. */
bool crowd_progress(struct crowd *crowd, size_t deals);

/* When the first purchase was decided that was sent at `since` or later; 0: there is none yet. Looks at
 * deals from number `first` on. */
int64_t crowd_first_deal(const struct crowd *crowd, size_t first, int64_t since);

/* The longest time in which nothing was decided, from `from` to the last deal read; looks at deals from number `first`
 * on. */
int64_t crowd_longest_gap(const struct crowd *crowd, size_t first, int64_t from);

/* From `from` until now requests were allowed to fail. */
void crowd_excuse(struct crowd *crowd, int64_t from);

/* Judges the failed attempts read so far: all outages that may excuse them are known. False, with what
 * is wrong on stdout, where one failed that should not have, or an answer was wrong. */
bool crowd_judge(struct crowd *crowd);

/* A sale that is known from elsewhere. */
void crowd_add_sale(struct crowd *crowd, const char *key, const struct bought *bought);

/* Lets the buyers bring what is open to its end and waits for them: false where they cannot. */
bool crowd_end(struct crowd *crowd);
void crowd_free(struct crowd *crowd);

#endif
