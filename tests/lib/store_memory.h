/* A store in memory with a rule of its own: the oracle that engines are compared with.
 *
 * Written from the description of a decision, one at a time and with plain searches; it shares no
 * code with db/. Time is what the caller says. Main thread only. */
#ifndef BOX_OFFICE_TEST_STORE_MEMORY_H
#define BOX_OFFICE_TEST_STORE_MEMORY_H

#include "db/store.h"

enum {
    MEMORY_TIERS_MAX = 16,
};

struct memory_tier {
    struct tier_counts counts;
    int64_t given; /* ticket numbers */
};

/* What a key stands for. */
struct memory_key {
    char event[NAME_SIZE];
    char key[KEY_SIZE];
    struct purchase purchase;
    struct outcome outcome;
    bool old; /* a refusal whose hour is over */
};

struct store_memory {
    struct memory_tier tiers[MEMORY_TIERS_MAX];
    size_t tier_count;
    struct memory_key *keys; /* owned */
    size_t key_count, key_room;
};

/* Adds a tier, and its event where it is new. */
void memory_add_tier(struct store_memory *memory, const char *event, const char *tier,
                     int64_t capacity, int64_t price, int64_t limit);

struct memory_tier *memory_tier(struct store_memory *memory, const char *event, const char *tier);

/* Decides a batch of n, sold by `server`, at the time `now`. */
void memory_decide(struct store_memory *memory, const char *server, int64_t now,
                   struct decision *decisions, size_t n);

/* An hour passes for every refusal. */
void memory_age_refusals(struct store_memory *memory);
size_t memory_refusals(const struct store_memory *memory, const char *event);

void memory_free(struct store_memory *memory);

#endif
