#include "db/decide.h"

#include <assert.h>
#include <string.h>

#include "common/clock.h"
#include "db/decide_follow.h"
#include "db/decide_order.h"
#include "db/decide_tidy.h"

static void copy_text(char *to, size_t size, const char *from)
{
    size_t length = strlen(from);
    assert(length < size);
    memcpy(to, from, length + 1);
}

/* The first refusal again. */
static void repeat_refusal(struct decision *decision, enum problem problem, int64_t remaining)
{
    order_refuse(decision, problem);
    decision->outcome.remaining = remaining;
    decision->outcome.replayed = decision->outcome.stored = true;
}

/* Of a key that the store knows. */
static void repeat_known(struct decide_batch *batch, size_t i)
{
    struct decision *decision = &batch->decisions[i];
    struct decide_item *item = &batch->items[i];
    item->subject = item->order;
    if (memcmp(decision->fingerprint, item->fingerprint, FINGERPRINT_SIZE) != 0)
        order_refuse(decision, PROBLEM_KEY_REUSED);
    else if (item->order != LOOKUP_NONE)
        order_tell(batch, &batch->orders[item->order], decision, true);
    else
        repeat_refusal(decision, item->refused, item->remaining);
}

/* Of a key from earlier in this batch. */
static void repeat_earlier(struct decide_batch *batch, size_t i, size_t earlier)
{
    struct decision *decision = &batch->decisions[i];
    const struct decision *first = &batch->decisions[earlier];
    size_t order = batch->items[earlier].subject;
    if (memcmp(decision->fingerprint, first->fingerprint, FINGERPRINT_SIZE) != 0) {
        order_refuse(decision, PROBLEM_KEY_REUSED);
    } else if (order != LOOKUP_NONE) {
        order_tell(batch, &batch->orders[order], decision, true);
    } else { /* nobody has named it since */
        decision->outcome = first->outcome;
        decision->outcome.replayed = true;
    }
}

/* True where the key is known: then it is answered. */
static bool repeated(struct decide_batch *batch, size_t i)
{
    if (batch->items[i].known) {
        repeat_known(batch, i);
        return true;
    }
    size_t earlier = lookup_find(batch->keys, batch->items[i].event, batch->decisions[i].item->key);
    if (earlier == LOOKUP_NONE)
        return false;
    repeat_earlier(batch, i, earlier);
    return true;
}

size_t decide_tier_named(const struct decide_batch *batch, const struct decide_event *event,
                         const char *name)
{
    for (size_t i = event->first_tier; i < event->first_tier + event->tiers; i++)
        if (strcmp(batch->tiers[i].name, name) == 0)
            return i;
    return LOOKUP_NONE;
}

/* The tier asked for, as an index into the batch's tiers; LOOKUP_NONE with the reason otherwise. */
static size_t tier_asked(const struct decide_batch *batch, const struct decide_event *event,
                         const char *name, enum problem *problem)
{
    if (name[0] == '\0' && event->tiers == 1)
        return event->first_tier;
    *problem = name[0] == '\0' && event->tiers > 1 ? PROBLEM_TIER_REQUIRED : PROBLEM_NO_SUCH_TIER;
    return decide_tier_named(batch, event, name);
}

/* A refusal may stay unstored only where nobody can ask with the same key again: we made the key,
 * and no other server was asked with it before. */
static bool refusal_is_kept(const struct item *item)
{
    return !item->key_made || item->attempt > 1;
}

/* A refusal that may be stored, with what is left. */
static void refuse_with(struct decide_batch *batch, size_t i, enum problem problem,
                        int64_t remaining)
{
    struct decision *decision = &batch->decisions[i];
    struct decide_event *event = &batch->events[batch->items[i].event];
    bool kept = refusal_is_kept(decision->item);
    if (kept && event->refusals + event->refused >= STORE_REFUSALS_MAX) {
        order_refuse(decision, PROBLEM_STORE_UNAVAILABLE);
        return;
    }
    if (kept) {
        event->refused++;
        batch->items[i].write = DECIDE_REFUSAL;
    }
    order_refuse(decision, problem);
    decision->outcome.remaining = remaining;
    decision->outcome.stored = kept;
}

/* What a sale, a hold and a place in line have in common: the order, in its first state. */
static struct sale *begin_order(struct decide_batch *batch, size_t i,
                                const struct decide_tier *tier, enum order_state state)
{
    struct decision *decision = &batch->decisions[i];
    const struct purchase *purchase = &decision->item->purchase;
    struct sale *sale = &decision->outcome.sale;
    memset(&decision->outcome, 0, sizeof decision->outcome);
    decision->outcome.stored = true;
    sale->id = sale->request = decision->item->request;
    sale->state = state;
    sale->quantity = purchase_quantity(purchase);
    sale->amount = tier->price * sale->quantity;
    sale->created_at = batch->now;
    copy_text(sale->event, sizeof sale->event, purchase->event);
    copy_text(sale->tier, sizeof sale->tier, tier->name);
    copy_text(sale->buyer, sizeof sale->buyer, purchase->buyer);
    copy_text(sale->server, sizeof sale->server, batch->server);
    copy_text(sale->currency, sizeof sale->currency, tier->currency);
    if (batch->items[i].buyer != LOOKUP_NONE)
        batch->buyers[batch->items[i].buyer].now += sale->quantity;
    return sale;
}

static void sell(struct decide_batch *batch, size_t i, struct decide_tier *tier)
{
    struct sale *sale = begin_order(batch, i, tier, ORDER_SOLD);
    batch->items[i].write = DECIDE_SALE;
    sale->first_number = order_number(tier, sale->quantity);
    tier->now.sold += sale->quantity;
}

static void hold(struct decide_batch *batch, size_t i, struct decide_tier *tier)
{
    const struct decide_event *event = &batch->events[batch->items[i].event];
    int64_t seconds = batch->decisions[i].item->seconds;
    if (seconds == 0 || seconds > event->hold_seconds)
        seconds = event->hold_seconds;
    struct sale *sale = begin_order(batch, i, tier, ORDER_HELD);
    batch->items[i].write = DECIDE_HOLD;
    sale->expires_at = batch->now + seconds * CLOCK_SECOND;
    tier->now.held += sale->quantity;
}

static void wait_in_line(struct decide_batch *batch, size_t i, struct decide_tier *tier)
{
    begin_order(batch, i, tier, ORDER_WAITING);
    batch->items[i].write = DECIDE_HOLD;
    batch->decisions[i].outcome.place = ++tier->now.waiting;
    order_join_line(batch, i);
}

/* The buyer has as many as one may have; among them may be what has expired and is not yet dealt with. */
static void limit_buyer(struct decide_batch *batch, size_t i)
{
    const struct decide_item *work = &batch->items[i];
    const struct decide_event *event = &batch->events[work->event];
    int64_t left = event->buyer_limit - batch->buyers[work->buyer].now;
    if (event->overdue)
        order_refuse(&batch->decisions[i], PROBLEM_OVERLOADED);
    else
        refuse_with(batch, i, PROBLEM_BUYER_LIMIT, left > 0 ? left : 0);
}

/* There are too few tickets. */
static void run_short(struct decide_batch *batch, size_t i, struct decide_tier *tier)
{
    const struct item *item = batch->decisions[i].item;
    if (item->verb == VERB_HOLD && item->wait && tier->now.waiting < STORE_WAITING_MAX)
        wait_in_line(batch, i, tier);
    else if (batch->events[batch->items[i].event].overdue)
        order_refuse(&batch->decisions[i], PROBLEM_OVERLOADED);
    else
        refuse_with(batch, i, PROBLEM_SOLD_OUT, order_free(tier));
}

/* What may be sold to this buyer, of a tier that has it. */
static void take(struct decide_batch *batch, size_t i, struct decide_tier *tier)
{
    const struct decide_item *work = &batch->items[i];
    const struct item *item = batch->decisions[i].item;
    int quantity = purchase_quantity(&item->purchase);
    if (!order_allowed(batch, work->event, work->buyer, quantity)) {
        limit_buyer(batch, i);
    } else if (order_free(tier) < quantity) {
        run_short(batch, i, tier);
    } else if (item->verb == VERB_HOLD) {
        hold(batch, i, tier);
    } else {
        sell(batch, i, tier);
    }
}

/* Why it is refused, whoever asks; PROBLEM_NONE: it is not. */
static enum problem judge(struct decide_batch *batch, size_t i)
{
    struct decision *decision = &batch->decisions[i];
    const struct item *item = decision->item;
    const struct decide_event *event = &batch->events[batch->items[i].event];
    enum problem problem = PROBLEM_NONE;
    if (event->id == 0)
        return PROBLEM_NO_SUCH_EVENT;
    if (item->admitted < event->sale_from)
        return PROBLEM_NOT_ON_SALE_YET;
    if (event->closed || (event->sale_until != 0 && item->admitted >= event->sale_until))
        return PROBLEM_SALE_OVER;
    batch->items[i].tier = tier_asked(batch, event, item->purchase.tier, &problem);
    if (batch->items[i].tier == LOOKUP_NONE)
        return problem;
    if (purchase_quantity(&item->purchase) > batch->tiers[batch->items[i].tier].limit)
        return PROBLEM_OVER_LIMIT;
    if (event->buyer_limit > 0 && item->purchase.buyer[0] == '\0')
        return PROBLEM_BUYER_REQUIRED;
    if (item->verb == VERB_HOLD && item->wait && !event->waiting_list)
        return PROBLEM_NO_WAITING_LIST;
    return PROBLEM_NONE;
}

/* A purchase or hold that was never decided before, in time. */
static void decide_new(struct decide_batch *batch, size_t i)
{
    struct decision *decision = &batch->decisions[i];
    enum problem problem = judge(batch, i);
    if (problem == PROBLEM_NONE) {
        take(batch, i, &batch->tiers[batch->items[i].tier]);
        return;
    }
    order_refuse(decision, problem);
    if (problem == PROBLEM_OVER_LIMIT)
        decision->outcome.limit = batch->tiers[batch->items[i].tier].limit;
    if (problem == PROBLEM_NOT_ON_SALE_YET)
        decision->outcome.retry_at = batch->events[batch->items[i].event].sale_from;
}

static void decide_purchase(struct decide_batch *batch, size_t i)
{
    struct decision *decision = &batch->decisions[i];
    if (repeated(batch, i))
        return;
    if (decision->item->deadline < batch->now)
        order_refuse(decision, PROBLEM_EXPIRED);
    else
        decide_new(batch, i);
    if (batch->items[i].write == DECIDE_NOTHING)
        return;
    lookup_add(batch->keys, batch->items[i].event, decision->item->key, i);
    if (batch->by_id && batch->items[i].write != DECIDE_REFUSAL)
        decide_note_id(batch, i);
}

static void decide_one(struct decide_batch *batch, size_t i)
{
    struct decision *decision = &batch->decisions[i];
    batch->items[i].write = DECIDE_NOTHING;
    batch->items[i].subject = LOOKUP_NONE;
    switch (decision->item->verb) {
    case VERB_CONFIRM:
        decide_confirm(batch, i);
        break;
    case VERB_RELEASE:
        decide_release(batch, i);
        break;
    case VERB_REFUND:
        decide_refund(batch, i);
        break;
    case VERB_CHECK_IN:
        decide_check_in(batch, i);
        break;
    case VERB_TIDY:
        order_refuse(decision, batch->events[batch->items[i].event].id == 0 ? PROBLEM_NO_SUCH_EVENT
                                                                            : PROBLEM_NONE);
        break;
    default:
        decide_purchase(batch, i);
    }
}

/* Whether some item names an order, which may be one of this very batch. */
static bool names_orders(const struct decide_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        enum verb verb = batch->decisions[i].item->verb;
        if (verb == VERB_CONFIRM || verb == VERB_RELEASE || verb == VERB_REFUND)
            return true;
    }
    return false;
}

void decide(struct decide_batch *batch)
{
    decide_reset(batch);
    lookup_begin(batch->keys, batch->count);
    batch->by_id = names_orders(batch);
    decide_expire(batch);
    decide_offer(batch);
    for (size_t i = 0; i < batch->count; i++)
        decide_one(batch, i);
    decide_offer(batch);
}
