#include "db/decide.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static void copy_text(char *to, size_t size, const char *from)
{
    size_t length = strlen(from);
    assert(length < size);
    memcpy(to, from, length + 1);
}

static void refuse(struct decision *decision, enum problem problem)
{
    decision->outcome.problem = problem;
    decision->outcome.stored = false;
    decision->outcome.replayed = false;
}

/* The first outcome of the key again, or KEY_REUSED where the purchase is another one. */
static void repeat(struct decision *decision, const uint8_t first[FINGERPRINT_SIZE])
{
    if (memcmp(decision->fingerprint, first, FINGERPRINT_SIZE) != 0) {
        memset(&decision->outcome, 0, sizeof decision->outcome);
        refuse(decision, PROBLEM_KEY_REUSED);
        return;
    }
    decision->outcome.replayed = true;
    decision->outcome.stored = true;
}

/* True where the key is known, to the store or from earlier in this batch: then it is answered. */
static bool repeated(struct decide_batch *batch, size_t i)
{
    struct decision *decision = &batch->decisions[i];
    const struct decide_item *item = &batch->items[i];
    if (item->known) {
        repeat(decision, item->fingerprint);
        return true;
    }
    memset(&decision->outcome, 0, sizeof decision->outcome);
    size_t earlier = lookup_find(batch->keys, item->event, decision->item->key);
    if (earlier == LOOKUP_NONE)
        return false;
    decision->outcome = batch->decisions[earlier].outcome;
    repeat(decision, batch->decisions[earlier].fingerprint);
    return true;
}

/* The tier asked for, as an index into the batch's tiers; LOOKUP_NONE with the reason otherwise. */
static size_t tier_asked(const struct decide_batch *batch, const struct decide_event *event,
                         const char *name, enum problem *problem)
{
    if (name[0] == '\0' && event->tiers == 1)
        return event->first_tier;
    *problem = name[0] == '\0' && event->tiers > 1 ? PROBLEM_TIER_REQUIRED : PROBLEM_NO_SUCH_TIER;
    for (size_t i = event->first_tier; i < event->first_tier + event->tiers; i++)
        if (strcmp(batch->tiers[i].name, name) == 0)
            return i;
    return LOOKUP_NONE;
}

/* A refusal may stay unstored only where nobody can ask with the same key again: we made the key,
 * and no other server was asked with it before. */
static bool refusal_is_kept(const struct item *item)
{
    return !item->key_made || item->attempt > 1;
}

static void sold_out(struct decide_batch *batch, size_t i, int64_t remaining)
{
    struct decision *decision = &batch->decisions[i];
    struct decide_event *event = &batch->events[batch->items[i].event];
    if (refusal_is_kept(decision->item)) {
        if (event->refusals + event->refused >= STORE_REFUSALS_MAX) {
            refuse(decision, PROBLEM_STORE_UNAVAILABLE);
            return;
        }
        event->refused++;
        batch->items[i].write = DECIDE_REFUSAL;
    }
    refuse(decision, PROBLEM_SOLD_OUT);
    decision->outcome.remaining = remaining;
    decision->outcome.stored = batch->items[i].write == DECIDE_REFUSAL;
}

static void sell(struct decide_batch *batch, size_t i, struct decide_tier *tier, int quantity)
{
    struct decision *decision = &batch->decisions[i];
    const struct purchase *purchase = &decision->item->purchase;
    struct sale *sale = &decision->outcome.sale;
    decision->outcome.problem = PROBLEM_NONE;
    decision->outcome.stored = true;
    sale->id = decision->item->request;
    copy_text(sale->event, sizeof sale->event, purchase->event);
    copy_text(sale->tier, sizeof sale->tier, tier->name);
    copy_text(sale->buyer, sizeof sale->buyer, purchase->buyer);
    copy_text(sale->server, sizeof sale->server, batch->server);
    copy_text(sale->currency, sizeof sale->currency, tier->currency);
    sale->quantity = quantity;
    sale->first_number = tier->next_number + tier->taken;
    sale->amount = tier->price * quantity;
    sale->created_at = batch->now;
    tier->taken += quantity;
    batch->items[i].write = DECIDE_SALE;
}

/* A purchase that was never decided before, in time, of an event that exists. */
static void decide_new(struct decide_batch *batch, size_t i)
{
    struct decision *decision = &batch->decisions[i];
    const struct purchase *purchase = &decision->item->purchase;
    const struct decide_event *event = &batch->events[batch->items[i].event];
    enum problem problem = PROBLEM_NONE;
    size_t index = tier_asked(batch, event, purchase->tier, &problem);
    if (index == LOOKUP_NONE) {
        refuse(decision, problem);
        return;
    }
    struct decide_tier *tier = &batch->tiers[index];
    int quantity = purchase_quantity(purchase);
    if (quantity > tier->limit) {
        refuse(decision, PROBLEM_OVER_LIMIT);
        decision->outcome.limit = tier->limit;
        return;
    }
    batch->items[i].tier = index;
    int64_t remaining = tier->capacity - tier->sold - tier->held - tier->taken;
    if (remaining < quantity)
        sold_out(batch, i, remaining);
    else
        sell(batch, i, tier, quantity);
}

static void decide_one(struct decide_batch *batch, size_t i)
{
    struct decision *decision = &batch->decisions[i];
    batch->items[i].write = DECIDE_NOTHING;
    if (repeated(batch, i))
        return;
    if (decision->item->deadline < batch->now)
        refuse(decision, PROBLEM_EXPIRED);
    else if (batch->events[batch->items[i].event].id == 0)
        refuse(decision, PROBLEM_NO_SUCH_EVENT);
    else
        decide_new(batch, i);
    if (batch->items[i].write != DECIDE_NOTHING)
        lookup_add(batch->keys, batch->items[i].event, decision->item->key, i);
}

void decide(struct decide_batch *batch)
{
    for (size_t i = 0; i < batch->event_count; i++)
        batch->events[i].refused = 0;
    for (size_t i = 0; i < batch->tier_count; i++)
        batch->tiers[i].taken = 0;
    lookup_begin(batch->keys, batch->count);
    for (size_t i = 0; i < batch->count; i++)
        decide_one(batch, i);
}
