/* A store in memory with a rule of its own: the oracle that engines are compared with.
 *
 * Written from the words in db/decide.h and db/store.h, one thing at a time and with plain searches:
 * it keeps no count but the tickets' numbers, and adds up all orders whenever it wants to know one. It
 * shares no code with db/. Time is what the caller says. Main thread only. */
#ifndef BOX_OFFICE_TEST_STORE_MEMORY_H
#define BOX_OFFICE_TEST_STORE_MEMORY_H

#include "db/store.h"

enum {
    MEMORY_EVENTS_MAX = 8,
    MEMORY_TIERS_MAX = 16,
};

struct memory_event {
    struct event_terms terms;
    bool named;   /* by the batch that is being decided */
    bool overdue; /* it had to leave some expired orders as they are */
};

struct memory_tier {
    char event[NAME_SIZE];
    struct tier_terms terms;
    int64_t given;   /* ticket numbers; the only count that is kept, for it never falls */
    int64_t skipped; /* numbers that are never given; of those up to the last one given */
};

struct memory_order {
    struct sale sale;
    char key[KEY_SIZE]; /* it was asked for under */
    char router[ID_TEXT_SIZE];
    bool kept; /* it is or was held, or waits */
    bool late;
    bool just_sold;         /* by the batch that is being decided */
    char payment[KEY_SIZE]; /* "": none */
    int64_t changed_at;     /* 0: never */
};

/* What a key stands for: an order, or a refusal. */
struct memory_key {
    char event[NAME_SIZE];
    struct item asked;
    struct id order; /* where outcome.problem is none */
    struct outcome outcome;
    int64_t at;
};

struct memory_owed {
    struct id order;
    char event[NAME_SIZE];
    char reference[KEY_SIZE];
    int64_t at;
    enum problem reason;
};

struct memory_check_in {
    char event[NAME_SIZE], tier[NAME_SIZE], key[KEY_SIZE], gate[GATE_SIZE];
    int64_t number, at;
};

/* An order that moved without being asked to, and what it became. */
struct memory_move {
    struct id order;
    enum order_state state;
};

struct store_memory {
    struct memory_event events[MEMORY_EVENTS_MAX];
    struct memory_tier tiers[MEMORY_TIERS_MAX];
    struct memory_order *orders; /* these five are owned; in the order in which they came */
    struct memory_key *keys;
    struct memory_owed *owed;
    struct memory_check_in *check_ins;
    struct memory_move *moves;            /* of the last batch */
    size_t offered_in_part, offered_last; /* of the last batch: less than wanted; at its end */
    int64_t numbers_skipped;              /* of new tiers */
    size_t event_count, tier_count, order_count, key_count, owed_count, check_in_count, move_count;
};

/* Adds an event that sells at once, and without end, to everybody; its terms may be changed at will. */
struct memory_event *memory_add_event(struct store_memory *memory, const char *event);

/* Adds a tier, and its event where it is new. Likewise. */
struct memory_tier *memory_add_tier(struct store_memory *memory, const char *event,
                                    const char *tier, int64_t capacity, int64_t price,
                                    int64_t limit);

/* NULL: there is none. */
struct memory_event *memory_event(struct store_memory *memory, const char *event);
struct memory_tier *memory_tier(struct store_memory *memory, const char *event, const char *tier);
struct memory_order *memory_order(struct store_memory *memory, const struct id *id);
const struct memory_check_in *memory_check_in(const struct store_memory *memory, const char *event,
                                              const char *tier, int64_t number);

/* Tickets of the tier's orders in this state; and how many orders wait in its line. */
int64_t memory_tickets(const struct store_memory *memory, const struct memory_tier *tier,
                       enum order_state state);
int64_t memory_waiting(const struct store_memory *memory, const struct memory_tier *tier);

/* An order's place in its line, from 1; 0: it does not wait. */
int64_t memory_place(const struct store_memory *memory, const struct memory_order *order);

/* Decides a batch of n, sold by `server`, at the time `now`. */
void memory_decide(struct store_memory *memory, const char *server, int64_t now,
                   struct decision *decisions, size_t n);

/* Whether a batch that names the event would find something due at `now`: expired, or to be offered. */
bool memory_is_due(struct store_memory *memory, const struct memory_event *event, int64_t now);

/* Refusals that are kept now. */
size_t memory_refusals(const struct store_memory *memory, const char *event);

/* A copy takes the place of `replaced`: numbers go on above all that either may have given. */
void memory_put_back(struct store_memory *copy, const struct store_memory *replaced);

/* Another one that holds the same. To be freed. */
void memory_clone(struct store_memory *copy, const struct store_memory *memory);
void memory_free(struct store_memory *memory);

#endif
