/* One batch inside its transaction: reads its counts and known keys for the rule, and writes what the
 * rule says. One owner, one thread; zeroed memory is an empty batch, reused from batch to batch. */
#ifndef BOX_OFFICE_SQL_BATCH_H
#define BOX_OFFICE_SQL_BATCH_H

#include "db/decide.h"
#include "db/sql/sql.h"

/* What grows while a batch is read, and stays for the next one. */
struct batch_room {
    size_t items, events, removed, tiers, orders, buyers, tickets, asked;
};

struct batch {
    struct decide_batch rule; /* its arrays are owned here */
    struct lookup names;      /* of events, to their index */
    struct lookup rows;       /* of events, likewise */
    struct lookup orders;     /* rows of orders, to their index */
    struct lookup tickets;
    struct lookup buyers;
    struct lookup keys;
    struct batch_room room;
    size_t *asked;    /* owned; items whose keys are looked up */
    int64_t *removed; /* owned; per event: refusals that had expired and were removed */
    size_t due;       /* orders that expire */
    size_t in_lines;  /* orders in line that may be offered something */
    int64_t sold;     /* tickets sold by the batch */
    bool dirty;       /* something was written */
    bool relied;      /* an outcome rests on what was decided before */
};

/* Which keys are looked up before the rule decides. */
enum batch_keys {
    BATCH_KEYS_ALL,
    BATCH_KEYS_NOT_NEW, /* not those that we made and nobody was asked with before: that its order can be
                           added proves such a key new, and where there is none it is looked up, too */
};

/* Reads, decides and writes, in the transaction that is open. SQL_OK, or what
 * failed, with the reason told: then the transaction holds half a batch and must be rolled back. A known
 * key that was taken for new fails as a constraint. */
enum sql_result batch_process(struct batch *batch, struct sql *sql, enum batch_keys keys,
                              const char *server, int64_t now, struct decision *decisions,
                              size_t n);

void batch_free(struct batch *batch);

#endif
