#include "tests/lib/store_memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void memory_add_tier(struct store_memory *memory, const char *event, const char *tier,
                     int64_t capacity, int64_t price, int64_t limit)
{
    assert(memory->tier_count < MEMORY_TIERS_MAX);
    struct memory_tier *added = &memory->tiers[memory->tier_count++];
    *added = (struct memory_tier){
        .counts = {.currency = "EUR", .price = price, .capacity = capacity, .limit = limit}};
    strcpy(added->counts.event, event);
    strcpy(added->counts.tier, tier);
}

struct memory_tier *memory_tier(struct store_memory *memory, const char *event, const char *tier)
{
    for (size_t i = 0; i < memory->tier_count; i++)
        if (strcmp(memory->tiers[i].counts.event, event) == 0 &&
            strcmp(memory->tiers[i].counts.tier, tier) == 0)
            return &memory->tiers[i];
    return NULL;
}

/* How many tiers the event has; *only is one of them. */
static size_t tiers_of(struct store_memory *memory, const char *event, struct memory_tier **only)
{
    size_t count = 0;
    for (size_t i = 0; i < memory->tier_count; i++) {
        if (strcmp(memory->tiers[i].counts.event, event) != 0)
            continue;
        *only = &memory->tiers[i];
        count++;
    }
    return count;
}

static struct memory_key *key_of(struct store_memory *memory, const struct item *item)
{
    for (size_t i = 0; i < memory->key_count; i++)
        if (strcmp(memory->keys[i].event, item->purchase.event) == 0 &&
            strcmp(memory->keys[i].key, item->key) == 0)
            return &memory->keys[i];
    return NULL;
}

static bool same_purchase(const struct purchase *a, const struct purchase *b)
{
    return a->quantity == b->quantity && strcmp(a->event, b->event) == 0 &&
           strcmp(a->tier, b->tier) == 0 && strcmp(a->buyer, b->buyer) == 0;
}

static void remember(struct store_memory *memory, const struct item *item,
                     const struct outcome *outcome)
{
    if (memory->key_count == memory->key_room) {
        memory->key_room = memory->key_room == 0 ? 256 : 2 * memory->key_room;
        memory->keys = realloc(memory->keys, memory->key_room * sizeof *memory->keys);
        assert(memory->keys != NULL);
    }
    struct memory_key *added = &memory->keys[memory->key_count++];
    memset(added, 0, sizeof *added);
    strcpy(added->event, item->purchase.event);
    strcpy(added->key, item->key);
    added->purchase = item->purchase;
    added->outcome = *outcome;
}

static void sell(struct memory_tier *tier, const char *server, int64_t now, const struct item *item,
                 int quantity, struct outcome *outcome)
{
    struct sale *sale = &outcome->sale;
    outcome->stored = true;
    sale->id = item->request;
    strcpy(sale->event, tier->counts.event);
    strcpy(sale->tier, tier->counts.tier);
    strcpy(sale->buyer, item->purchase.buyer);
    strcpy(sale->server, server);
    strcpy(sale->currency, tier->counts.currency);
    sale->quantity = quantity;
    sale->first_number = tier->given + 1;
    sale->amount = quantity * tier->counts.price;
    sale->created_at = now;
    tier->given += quantity;
    tier->counts.sold += quantity;
}

static void answer_known(const struct memory_key *known, const struct item *item,
                         struct outcome *outcome)
{
    if (same_purchase(&known->purchase, &item->purchase)) {
        *outcome = known->outcome;
        outcome->replayed = true;
    } else {
        outcome->problem = PROBLEM_KEY_REUSED;
    }
}

static void decide_in_tier(struct store_memory *memory, struct memory_tier *tier,
                           const char *server, int64_t now, const struct item *item,
                           struct outcome *outcome)
{
    int quantity = item->purchase.quantity == 0 ? 1 : item->purchase.quantity;
    if (quantity > tier->counts.limit) {
        outcome->problem = PROBLEM_OVER_LIMIT;
        outcome->limit = tier->counts.limit;
        return;
    }
    int64_t left = tier->counts.capacity - tier->counts.sold - tier->counts.held;
    if (quantity <= left) {
        sell(tier, server, now, item, quantity, outcome);
        remember(memory, item, outcome);
        return;
    }
    outcome->problem = PROBLEM_SOLD_OUT;
    outcome->remaining = left;
    outcome->stored = !(item->key_made && item->attempt == 1);
    if (outcome->stored)
        remember(memory, item, outcome);
}

static void decide_one(struct store_memory *memory, const char *server, int64_t now,
                       const struct item *item, struct outcome *outcome)
{
    struct memory_tier *tier = NULL;
    const struct memory_key *known = key_of(memory, item);
    memset(outcome, 0, sizeof *outcome);
    if (known != NULL) {
        answer_known(known, item, outcome);
        return;
    }
    size_t tiers = tiers_of(memory, item->purchase.event, &tier);
    if (item->purchase.tier[0] != '\0')
        tier = memory_tier(memory, item->purchase.event, item->purchase.tier);
    if (item->deadline < now)
        outcome->problem = PROBLEM_EXPIRED;
    else if (tiers == 0)
        outcome->problem = PROBLEM_NO_SUCH_EVENT;
    else if (item->purchase.tier[0] == '\0' && tiers > 1)
        outcome->problem = PROBLEM_TIER_REQUIRED;
    else if (tier == NULL)
        outcome->problem = PROBLEM_NO_SUCH_TIER;
    else
        decide_in_tier(memory, tier, server, now, item, outcome);
}

static void forget_old(struct store_memory *memory, const char *event)
{
    size_t kept = 0;
    for (size_t i = 0; i < memory->key_count; i++)
        if (!memory->keys[i].old || strcmp(memory->keys[i].event, event) != 0)
            memory->keys[kept++] = memory->keys[i];
    memory->key_count = kept;
}

void memory_decide(struct store_memory *memory, const char *server, int64_t now,
                   struct decision *decisions, size_t n)
{
    for (size_t i = 0; i < n; i++)
        forget_old(memory, decisions[i].item->purchase.event);
    for (size_t i = 0; i < n; i++)
        decide_one(memory, server, now, decisions[i].item, &decisions[i].outcome);
}

void memory_age_refusals(struct store_memory *memory)
{
    for (size_t i = 0; i < memory->key_count; i++)
        memory->keys[i].old = memory->keys[i].outcome.problem != PROBLEM_NONE;
}

size_t memory_refusals(const struct store_memory *memory, const char *event)
{
    size_t count = 0;
    for (size_t i = 0; i < memory->key_count; i++)
        count += memory->keys[i].outcome.problem != PROBLEM_NONE &&
                 strcmp(memory->keys[i].event, event) == 0;
    return count;
}

void memory_free(struct store_memory *memory)
{
    free(memory->keys);
    memset(memory, 0, sizeof *memory);
}
