/* Purchases and holds. */
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "tests/lib/store_memory_parts.h"

static bool counts_for_its_buyer(enum order_state state)
{
    return state == ORDER_HELD || state == ORDER_WAITING || state == ORDER_SOLD;
}

/* Nobody in particular has no limit. The tests run in the C locale, where strcasecmp knows ASCII only. */
int64_t memory_buyer_may_have(const struct store_memory *memory, const struct memory_event *event,
                              const char *buyer)
{
    int64_t has = 0;
    if (event->terms.buyer_limit == 0 || buyer[0] == '\0')
        return INT64_MAX;
    for (size_t i = 0; i < memory->order_count; i++) {
        const struct sale *sale = &memory->orders[i].sale;
        if (strcmp(sale->event, event->terms.name) == 0 && strcasecmp(sale->buyer, buyer) == 0 &&
            counts_for_its_buyer(sale->state))
            has += sale->quantity;
    }
    return has >= event->terms.buyer_limit ? 0 : event->terms.buyer_limit - has;
}

void memory_sell(const struct memory_asking *asking, struct memory_tier *tier,
                 struct memory_order *order)
{
    order->sale.state = ORDER_SOLD;
    order->just_sold = true;
    order->sale.request = asking->item->request;
    order->sale.first_number = tier->skipped + tier->given + 1;
    strcpy(order->sale.server, asking->server);
    strcpy(order->router, asking->decision->router);
    tier->given += order->sale.quantity;
}

void memory_answer(const struct memory_asking *asking, const struct memory_order *order,
                   bool replayed)
{
    struct outcome *outcome = asking->outcome;
    outcome->stored = true;
    outcome->replayed = replayed;
    outcome->late = order->late;
    outcome->place = memory_place(asking->memory, order);
    outcome->sale = order->sale;
}

/* --- keys ----------------------------------------------------------------------------------- */

static const struct memory_key *key_of(const struct store_memory *memory, const struct item *item)
{
    for (size_t i = 0; i < memory->key_count; i++)
        if (strcmp(memory->keys[i].event, item->purchase.event) == 0 &&
            strcmp(memory->keys[i].asked.key, item->key) == 0)
            return &memory->keys[i];
    return NULL;
}

static bool same_content(const struct item *a, const struct item *b)
{
    return a->verb == b->verb && a->purchase.quantity == b->purchase.quantity &&
           strcmp(a->purchase.event, b->purchase.event) == 0 &&
           strcmp(a->purchase.tier, b->purchase.tier) == 0 &&
           strcmp(a->purchase.buyer, b->purchase.buyer) == 0 &&
           (a->verb == VERB_PURCHASE || (a->seconds == b->seconds && a->wait == b->wait));
}

static struct memory_key *remember(const struct memory_asking *asking)
{
    struct memory_key *key = memory_new_key(asking->memory);
    strcpy(key->event, asking->item->purchase.event);
    key->asked = *asking->item;
    key->at = asking->now;
    return key;
}

static void answer_known(const struct memory_asking *asking, const struct memory_key *key)
{
    if (!same_content(&key->asked, asking->item)) {
        asking->outcome->problem = PROBLEM_KEY_REUSED;
    } else if (key->outcome.problem != PROBLEM_NONE) {
        *asking->outcome = key->outcome;
        asking->outcome->replayed = true;
    } else {
        memory_answer(asking, memory_order(asking->memory, &key->order), true);
    }
}

/* --- what is new ---------------------------------------------------------------------------- */

/* Kept under its key where somebody may ask with it again. */
static void refuse(const struct memory_asking *asking, enum problem problem, int64_t remaining)
{
    asking->outcome->problem = problem;
    asking->outcome->remaining = remaining;
    asking->outcome->stored = !(asking->item->key_made && asking->item->attempt == 1);
    if (asking->outcome->stored)
        remember(asking)->outcome = *asking->outcome;
}

static int64_t expiry(const struct memory_asking *asking, const struct memory_event *event)
{
    int64_t seconds = asking->item->seconds;
    if (seconds == 0 || seconds > event->terms.hold_seconds)
        seconds = event->terms.hold_seconds;
    return asking->now + seconds * CLOCK_SECOND;
}

static struct memory_order *add_order(const struct memory_asking *asking, struct memory_tier *tier,
                                      int quantity)
{
    struct memory_order *order = memory_new_order(asking->memory);
    struct sale *sale = &order->sale;
    sale->id = asking->item->request;
    strcpy(sale->event, tier->event);
    strcpy(sale->tier, tier->terms.name);
    strcpy(sale->buyer, asking->item->purchase.buyer);
    strcpy(sale->server, asking->server);
    strcpy(sale->currency, tier->terms.currency);
    sale->quantity = quantity;
    sale->amount = quantity * tier->terms.price;
    sale->created_at = asking->now;
    strcpy(order->key, asking->item->key);
    strcpy(order->router, asking->decision->router);
    order->kept = asking->item->verb == VERB_HOLD;
    remember(asking)->order = sale->id;
    return order;
}

static void decide_in_tier(const struct memory_asking *asking, struct memory_event *event,
                           struct memory_tier *tier, int quantity)
{
    const struct item *item = asking->item;
    int64_t allowed = memory_buyer_may_have(asking->memory, event, item->purchase.buyer);
    int64_t there = memory_free_tickets(asking->memory, tier);
    if (quantity > allowed) {
        if (event->overdue)
            asking->outcome->problem = PROBLEM_OVERLOADED;
        else
            refuse(asking, PROBLEM_BUYER_LIMIT, allowed);
        return;
    }
    bool waits = quantity > there && item->verb == VERB_HOLD && item->wait &&
                 memory_waiting(asking->memory, tier) < STORE_WAITING_MAX;
    if (quantity > there && !waits) {
        if (event->overdue)
            asking->outcome->problem = PROBLEM_OVERLOADED;
        else
            refuse(asking, PROBLEM_SOLD_OUT, there);
        return;
    }
    struct memory_order *order = add_order(asking, tier, quantity);
    if (waits) {
        order->sale.state = ORDER_WAITING;
    } else if (item->verb == VERB_HOLD) {
        order->sale.state = ORDER_HELD;
        order->sale.expires_at = expiry(asking, event);
    } else {
        memory_sell(asking, tier, order);
    }
    memory_answer(asking, order, false);
}

/* The event's tier of this name, or its only one; how many it has. */
static struct memory_tier *tier_asked(const struct memory_asking *asking, size_t *tiers)
{
    struct store_memory *memory = asking->memory;
    const struct purchase *purchase = &asking->item->purchase;
    struct memory_tier *only = NULL;
    *tiers = 0;
    for (size_t i = 0; i < memory->tier_count; i++)
        if (strcmp(memory->tiers[i].event, purchase->event) == 0) {
            only = &memory->tiers[i];
            *tiers += 1;
        }
    if (purchase->tier[0] == '\0')
        return *tiers == 1 ? only : NULL;
    return memory_tier(memory, purchase->event, purchase->tier);
}

static void decide_new(const struct memory_asking *asking, struct memory_event *event)
{
    const struct item *item = asking->item;
    int quantity = item->purchase.quantity == 0 ? 1 : item->purchase.quantity;
    size_t tiers;
    struct memory_tier *tier = tier_asked(asking, &tiers);
    enum problem *problem = &asking->outcome->problem;
    if (item->admitted < event->terms.sale_from) {
        *problem = PROBLEM_NOT_ON_SALE_YET;
        asking->outcome->retry_at = event->terms.sale_from;
    } else if (event->terms.closed ||
               (event->terms.sale_until != 0 && item->admitted >= event->terms.sale_until)) {
        *problem = PROBLEM_SALE_OVER;
    } else if (item->purchase.tier[0] == '\0' && tiers > 1) {
        *problem = PROBLEM_TIER_REQUIRED;
    } else if (tier == NULL) {
        *problem = PROBLEM_NO_SUCH_TIER;
    } else if (quantity > tier->terms.limit) {
        *problem = PROBLEM_OVER_LIMIT;
        asking->outcome->limit = tier->terms.limit;
    } else if (event->terms.buyer_limit != 0 && item->purchase.buyer[0] == '\0') {
        *problem = PROBLEM_BUYER_REQUIRED;
    } else if (item->verb == VERB_HOLD && item->wait && !event->terms.waiting_list) {
        *problem = PROBLEM_NO_WAITING_LIST;
    } else {
        decide_in_tier(asking, event, tier, quantity);
    }
}

void memory_purchase(const struct memory_asking *asking)
{
    const struct memory_key *known = key_of(asking->memory, asking->item);
    struct memory_event *event = memory_event(asking->memory, asking->item->purchase.event);
    if (known != NULL)
        answer_known(asking, known);
    else if (asking->item->deadline < asking->now)
        asking->outcome->problem = PROBLEM_EXPIRED;
    else if (event == NULL)
        asking->outcome->problem = PROBLEM_NO_SUCH_EVENT;
    else
        decide_new(asking, event);
}
