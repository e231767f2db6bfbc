/* THE rule: counts, known keys and a batch in; outcomes and what to write out. Every engine calls it.
 *
 * Pure: no SQL, no clock, no I/O. The engine reads the counts and the known keys of a batch inside
 * its transaction, calls decide(), and writes what it is told to. One owner, one thread. */
#ifndef BOX_OFFICE_DECIDE_H
#define BOX_OFFICE_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/lookup.h"
#include "db/store.h"

/* One event that the batch names. */
struct decide_event {
    int64_t id; /* the engine's; 0: there is no such event, and all else here is zero */
    size_t first_tier;
    size_t tiers;
    int64_t refusals; /* stored under keys now */
    int64_t refused;  /* out: further ones that this batch stores */
};

/* One tier of such an event, as the store holds it when the batch begins. */
struct decide_tier {
    int64_t id;
    char name[NAME_SIZE];
    char currency[CURRENCY_SIZE];
    int64_t price; /* of one ticket, minor units */
    int64_t capacity, sold, held;
    int64_t limit;       /* tickets in one order */
    int64_t next_number; /* the counter that never falls */
    int64_t taken;       /* out: tickets that this batch sells */
};

enum decide_write {
    DECIDE_NOTHING,
    DECIDE_SALE,    /* the key, the sale and its tickets */
    DECIDE_REFUSAL, /* the key with its refusal */
};

/* What goes with one decision. */
struct decide_item {
    size_t event; /* index into the batch's events */
    bool
        known; /* the key was looked up, and the store knows it: the decision's outcome is the first
                     one, with problem, remaining and sale filled in, and `fingerprint` is the first
                     purchase's */
    uint8_t fingerprint[FINGERPRINT_SIZE];
    enum decide_write write; /* out */
    size_t tier;             /* out, of a sale: index into the batch's tiers */
};

struct decide_batch {
    const char *server; /* who sells */
    int64_t now;        /* wall clock, taken once the engine holds its lock */
    struct decision *decisions;
    struct decide_item *items; /* one per decision */
    size_t count;
    struct decide_event *events;
    size_t event_count;
    struct decide_tier *tiers;
    size_t tier_count;
    struct lookup *keys; /* working memory */
};

/* Decides in order; each decision sees what the earlier ones took and which keys they used. It may decide a
 * batch again, of which more is known.
 *
 *   1. A known key: same fingerprint, the first outcome again; another one, KEY_REUSED. Before the
 *      deadline, because EXPIRED says "nothing was decided", which would be untrue of a known key;
 *      and it is safe at any time, because it changes nothing.
 *   2. Past its deadline: EXPIRED. A new outcome after the deadline would be unsafe: another server
 *      may have refused the key long ago, and that refusal may have been removed since.
 *   3. NO_SUCH_EVENT, TIER_REQUIRED, NO_SUCH_TIER, OVER_LIMIT.
 *   4. Too few tickets left: SOLD_OUT, stored under the key where a client or another server may ask
 *      with it again; where there is no room to store it, STORE_UNAVAILABLE, because an unstored
 *      refusal could be followed by a sale under the same key.
 *   5. Sold. */
void decide(struct decide_batch *batch);

#endif
