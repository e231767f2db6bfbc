/* A random walk through all that can be decided, on a store and on the oracle at once.
 *
 * All of it is made from one seed; the clock stands still but for the steps that the walk takes. Main
 * thread only. */
#ifndef BOX_OFFICE_TEST_WALK_H
#define BOX_OFFICE_TEST_WALK_H

#include "tests/lib/dice.h"
#include "tests/lib/store_memory.h"
#include "tests/store/fixture_faults.h"

enum {
    WALK_STEPS = 30,
    WALK_SELLERS = 2,
    WALK_HISTORY = 1024,
    WALK_IDS = 1024,
    WALK_PAYMENTS = 8,
    WALK_WHY_SIZE = 512,
};

/* What walks have met: each answer to each verb, first ones and repeats, and what else may happen. */
enum walk_event {
    MET_EXPIRED,
    MET_OFFERED,
    MET_OFFERED_IN_PART,
    MET_OFFERED_WHAT_THE_BATCH_FREED,
    MET_LATE,
    MET_SECOND_IN_LINE,
    MET_CAPACITY_TAKEN,
    MET_CLOCK_BACK,
    MET_HOUR,
    MET_FENCED,
    MET_DEAD_UNDECIDED,
    MET_DEAD_DECIDED,
    MET_REFUSED,
    MET_UNKNOWN,
    MET_CUT,
    MET_DUE,
    MET_PUT_BACK,
    MET_OTHER_ENGINE,
    MET_EVENTS,
};

struct walk_met {
    unsigned answers[VERB_TIDY + 1][PROBLEM_COUNT][2];
    unsigned events[MET_EVENTS];
};

struct walk_payment {
    struct id order;
    char reference[16];
};

struct walk {
    struct fixture *fixture;
    const struct fixture_faults *faults; /* NULL: nothing fails */
    uint64_t seed;
    struct dice dice;
    struct walk_met *met;
    bool told; /* each step is printed */
    int64_t now;
    int64_t hours; /* the clock never steps back behind them */
    struct store *sellers[WALK_SELLERS], *reader;
    struct store_memory memory;
    struct item history[WALK_HISTORY]; /* purchases and holds asked so far */
    size_t history_count;
    struct walk_payment payments[WALK_PAYMENTS]; /* the last ones */
    size_t payment_count;
    struct id ids[WALK_IDS]; /* of what was asked so far */
    size_t id_count;
    char why[WALK_WHY_SIZE]; /* the first difference; "": none */
};

/* A copy of the store, and what the oracle was then. */
struct walk_copy {
    char path[FIXTURE_URL_SIZE];
    struct store_memory memory; /* owned */
};

/* Walks from this seed until something differs: then how many steps it took, and `why` says what; 0: nothing
 * did. The fixture's store is another one afterwards. */
int walk_run(struct fixture *fixture, uint64_t seed, struct walk_met *met, bool told,
             char why[WALK_WHY_SIZE]);

/* How many of the things that walks ought to meet were never met; says which. */
unsigned walk_never_met(const struct walk_met *met);

/* --- parts ---------------------------------------------------------------------------------- */

/* Notes a difference, unless there is one. */
void walk_differ(struct walk *walk, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fills a basket with what may be asked now, answered or not. */
void walk_fill(struct walk *walk, struct basket *basket);

/* The events, as they are at the beginning; and one change of them, on both sides. */
void walk_make_events(struct walk *walk);
void walk_change(struct walk *walk);

/* Makes a copy, or one that has gone through a store of the other engine; and, with every handle closed, puts it back
 * in the store's place, and frees it. */
void walk_back_up(struct walk *walk, struct walk_copy *copy);
void walk_put_back(struct walk *walk, struct walk_copy *copy);

/* Outcome by outcome. Counts what was met. */
void walk_compare_outcomes(struct walk *walk, const struct basket *basket,
                           const struct decision *expected, const struct check_in *check_ins);

/* What the last batch moved without being asked to. */
void walk_compare_moved(struct walk *walk, const struct store *seller);

/* All that the store holds: tiers, orders, tickets, payments owed; and whether its audit is clean. */
void walk_compare_state(struct walk *walk);
void walk_audit(struct walk *walk);

const char *walk_verb(enum verb verb);

#endif
