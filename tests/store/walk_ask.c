/* What a random walk asks for. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/walk.h"

enum {
    BATCH = 10,
};

static uint32_t roll(struct walk *walk, uint32_t sides)
{
    return dice_roll(&walk->dice, sides);
}

static struct id random_id(struct walk *walk)
{
    struct id id;
    for (size_t i = 0; i < sizeof id.bytes; i++)
        id.bytes[i] = (uint8_t)roll(walk, 256);
    return id;
}

/* One that was asked for, the late ones rather than the early ones; now and then one that was not. */
static struct id some_order(struct walk *walk)
{
    if (walk->id_count == 0 || roll(walk, 40) == 0)
        return random_id(walk);
    size_t back = roll(walk, 2) == 0 ? roll(walk, 12) : roll(walk, (uint32_t)walk->id_count);
    return walk->ids[back < walk->id_count ? walk->id_count - 1 - back : 0];
}

static const char *some_event(struct walk *walk)
{
    if (roll(walk, 40) == 0)
        return "circus";
    return walk->memory.events[roll(walk, (uint32_t)walk->memory.event_count)].terms.name;
}

static const char *some_tier(struct walk *walk, const char *event)
{
    static const char *const others[] = {"", "box", "stalls", "standard"};
    if (roll(walk, 8) == 0)
        return others[roll(walk, 4)];
    const struct memory_tier *tier;
    do
        tier = &walk->memory.tiers[roll(walk, (uint32_t)walk->memory.tier_count)];
    while (strcmp(tier->event, event) != 0 && strcmp(event, "circus") != 0);
    return tier->terms.name;
}

static const char *some_buyer(struct walk *walk)
{
    static const char *const buyers[] = {"ann", "Ann", "ANN", "bob", "zoë", "ZOË", "carl", "dora"};
    return roll(walk, 12) == 0 ? "" : buyers[roll(walk, 8)];
}

/* Around the bounds of its event's sale, too. */
static int64_t some_admission(struct walk *walk, const char *event)
{
    const struct memory_event *found = memory_event(&walk->memory, event);
    int64_t admitted = walk->now - roll(walk, 3) * CLOCK_SECOND;
    if (found == NULL || roll(walk, 6) > 0)
        return admitted;
    int64_t bound = roll(walk, 2) == 0 ? found->terms.sale_from : found->terms.sale_until;
    return bound == 0 ? admitted : bound - roll(walk, 2);
}

static void ask_anew(struct walk *walk, struct item *item)
{
    snprintf(item->purchase.event, NAME_SIZE, "%s", some_event(walk));
    snprintf(item->purchase.tier, NAME_SIZE, "%s", some_tier(walk, item->purchase.event));
    snprintf(item->purchase.buyer, BUYER_SIZE, "%s", some_buyer(walk));
    item->purchase.quantity = (int)roll(walk, roll(walk, 10) == 0 ? 8 : 4);
    item->wait = item->verb == VERB_HOLD && roll(walk, 2) == 0;
    item->seconds = item->verb == VERB_HOLD && roll(walk, 2) == 0 ? 1 + (int)roll(walk, 90) : 0;
}

/* The same again, as most who repeat a key ask; or something else under it. */
static void ask_again(struct walk *walk, struct item *item, const struct item *before)
{
    struct id request = item->request;
    int64_t deadline = item->deadline;
    *item = *before;
    item->request = request;
    item->deadline = deadline;
    item->attempt = 1 + (int)roll(walk, 2);
    if (roll(walk, 5) > 0)
        return;
    switch (roll(walk, 4)) {
    case 0:
        item->verb = item->verb == VERB_HOLD ? VERB_PURCHASE : VERB_HOLD;
        break;
    case 1:
        item->purchase.quantity++;
        break;
    case 2:
        item->seconds++;
        break;
    default:
        snprintf(item->purchase.buyer, BUYER_SIZE, "%s", some_buyer(walk));
    }
}

static void remember(struct walk *walk, const struct item *item)
{
    if (walk->history_count < WALK_HISTORY)
        walk->history[walk->history_count++] = *item;
    if (walk->id_count < WALK_IDS)
        walk->ids[walk->id_count++] = item->request;
}

static const struct item *asked_before(struct walk *walk)
{
    uint32_t count = (uint32_t)walk->history_count;
    uint32_t back = roll(walk, 2) == 0 ? roll(walk, 8) : roll(walk, count);
    return &walk->history[count - 1 - back % count];
}

static void buy_or_hold(struct walk *walk, struct item *item, enum verb verb)
{
    item->verb = verb;
    item->key_made = roll(walk, 2) == 0;
    if (!item->key_made)
        snprintf(item->key, KEY_SIZE, "key-of-a-client-%zu", walk->history_count);
    if (walk->history_count > 0 && roll(walk, 3) == 0)
        ask_again(walk, item, asked_before(walk));
    else
        ask_anew(walk, item);
    item->admitted = some_admission(walk, item->purchase.event);
    remember(walk, item);
}

/* By a payment of its own, by another one, or by one that came before. */
static void pay(struct walk *walk, struct item *item)
{
    struct walk_payment *payment = &walk->payments[walk->payment_count % WALK_PAYMENTS];
    if (walk->payment_count >= WALK_PAYMENTS && roll(walk, 2) == 0) {
        payment = &walk->payments[roll(walk, WALK_PAYMENTS)];
    } else {
        payment->order = some_order(walk);
        snprintf(payment->reference, sizeof payment->reference, "pay-%u",
                 roll(walk, 4) == 0 ? roll(walk, 3) : 0);
        walk->payment_count++;
    }
    item->verb = VERB_CONFIRM;
    item->order = payment->order;
    snprintf(item->key, KEY_SIZE, "%s", payment->reference);
}

static void enter(struct walk *walk, struct item *item, struct check_in *check_in)
{
    static const char *const gates[] = {"north", "south", "Ost 3"};
    item->verb = VERB_CHECK_IN;
    snprintf(item->purchase.event, NAME_SIZE, "%s", some_event(walk));
    snprintf(item->purchase.tier, NAME_SIZE, "%s", some_tier(walk, item->purchase.event));
    const struct memory_tier *tier =
        memory_tier(&walk->memory, item->purchase.event, item->purchase.tier);
    int64_t given = tier == NULL ? 0 : tier->given;
    *check_in = (struct check_in){.number = roll(walk, (uint32_t)given + 2)};
    if (tier != NULL && tier->skipped > 0 && roll(walk, 2) == 0)
        check_in->number += tier->skipped;
    snprintf(check_in->gate, GATE_SIZE, "%s", gates[roll(walk, 3)]);
    snprintf(item->key, KEY_SIZE, "gate-%lld-%u", (long long)check_in->number, roll(walk, 2));
}

static void follow(struct walk *walk, struct item *item, enum verb verb)
{
    item->verb = verb;
    item->order = some_order(walk);
    const struct memory_order *order = memory_order(&walk->memory, &item->order);
    if (verb == VERB_REFUND)
        snprintf(item->purchase.event, NAME_SIZE, "%s",
                 order == NULL || roll(walk, 12) == 0 ? some_event(walk) : order->sale.event);
}

static void choose(struct walk *walk, struct item *item, struct check_in *check_in)
{
    static const enum verb verbs[] = {VERB_PURCHASE, VERB_PURCHASE, VERB_PURCHASE, VERB_PURCHASE,
                                      VERB_HOLD,     VERB_HOLD,     VERB_HOLD,     VERB_HOLD,
                                      VERB_HOLD,     VERB_CONFIRM,  VERB_CONFIRM,  VERB_CONFIRM,
                                      VERB_CONFIRM,  VERB_RELEASE,  VERB_RELEASE,  VERB_REFUND,
                                      VERB_REFUND,   VERB_CHECK_IN, VERB_CHECK_IN, VERB_TIDY};
    enum verb verb = verbs[roll(walk, sizeof verbs / sizeof *verbs)];
    if (verb == VERB_PURCHASE || verb == VERB_HOLD) {
        buy_or_hold(walk, item, verb);
    } else if (verb == VERB_CONFIRM) {
        pay(walk, item);
    } else if (verb == VERB_CHECK_IN) {
        enter(walk, item, check_in);
    } else if (verb == VERB_TIDY) {
        item->verb = VERB_TIDY;
        snprintf(item->purchase.event, NAME_SIZE, "%s", some_event(walk));
    } else {
        follow(walk, item, verb);
    }
}

/* As a provider does that has lost its mind, or somebody who wants to fill the disk. */
static void pay_many_times(struct walk *walk, struct basket *basket)
{
    struct id order = some_order(walk);
    for (int i = 0; i < STORE_OWED_MAX + 2; i++) {
        char reference[32];
        snprintf(reference, sizeof reference, "again-and-again-%d", i);
        struct item *item = basket_confirm(basket, &order, reference);
        item->request = random_id(walk);
        item->admitted = walk->now;
    }
}

void walk_fill(struct walk *walk, struct basket *basket)
{
    unsigned count = 1 + roll(walk, BATCH);
    for (unsigned i = 0; i < count; i++) {
        struct item *item = basket_ask(basket, NULL, "", "", 0);
        struct check_in *check_in = &basket->check_ins[basket->count - 1];
        item->request = random_id(walk);
        id_format(&item->request, item->key);
        item->attempt = 1 + (roll(walk, 4) == 0);
        if (roll(walk, 12) == 0)
            item->deadline = walk->now - 1 - roll(walk, 2) * CLOCK_SECOND;
        choose(walk, item, check_in);
    }
    if (roll(walk, 40) == 0)
        pay_many_times(walk, basket);
}
