/* One batch inside its transaction: reads its counts and known keys for the rule, and writes what the
 * rule says. One owner, one thread; zeroed memory is an empty batch, reused from batch to batch. */
#ifndef BOX_OFFICE_SQLITE_BATCH_H
#define BOX_OFFICE_SQLITE_BATCH_H

#include "db/decide.h"
#include "db/sqlite/connection.h"

struct batch {
    struct decide_batch rule; /* its arrays are owned here */
    struct lookup names;      /* of events, to their index */
    struct lookup keys;
    size_t item_room, event_room, tier_room;
    int64_t *removed; /* owned; per event: refusals that had expired and were removed */
    int64_t sold;     /* tickets sold by the batch */
    bool dirty;       /* something was written */
};

/* Which keys are looked up before the rule decides. */
enum batch_keys {
    BATCH_KEYS_ALL,
    BATCH_KEYS_NOT_NEW, /* not those that we made and nobody was asked with before: that its sale can be
                           added proves such a key new, and where it is not sold it is looked up, too */
};

/* Reads, decides and writes, in the transaction that is open. SQLITE_OK, or the extended code of what
 * failed, with the reason told: then the transaction holds half a batch and must be rolled back. A known
 * key that was taken for new fails as a constraint. */
int batch_process(struct batch *batch, struct connection *connection, enum batch_keys keys,
                  const char *server, int64_t now, struct decision *decisions, size_t n);

void batch_free(struct batch *batch);

#endif
