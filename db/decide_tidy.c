#include "db/decide_tidy.h"

#include "common/clock.h"
#include "db/decide_order.h"

static void reset_tier(struct decide_batch *batch, struct decide_tier *tier)
{
    tier->now = tier->was;
    tier->taken = tier->offered = tier->given_up = 0;
    tier->turn = tier->line;
    tier->last = tier->line_end;
    if (tier->last != LOOKUP_NONE)
        batch->orders[tier->last].behind = LOOKUP_NONE;
}

void decide_reset(struct decide_batch *batch)
{
    batch->added = 0;
    for (size_t i = 0; i < batch->event_count; i++)
        batch->events[i].refused = 0;
    for (size_t i = 0; i < batch->tier_count; i++)
        reset_tier(batch, &batch->tiers[i]);
    for (size_t i = 0; i < batch->buyer_count; i++)
        batch->buyers[i].now = batch->buyers[i].was;
    for (size_t i = 0; i < batch->order_count; i++) {
        batch->orders[i].now = batch->orders[i].was;
        batch->orders[i].gave_up = false;
    }
    for (size_t i = 0; i < batch->ticket_count; i++)
        batch->tickets[i].item = LOOKUP_NONE;
}

void decide_expire(struct decide_batch *batch)
{
    for (size_t i = 0; i < batch->order_count; i++)
        if (batch->orders[i].due)
            order_move(batch, &batch->orders[i], ORDER_EXPIRED);
}

/* Of as many tickets as it wants, or as there are. */
static void offer(struct decide_batch *batch, struct decide_order *order, int64_t left)
{
    struct decide_tier *tier = &batch->tiers[order->tier];
    struct decide_state *now = &order->now;
    if (left < now->quantity) {
        if (order->buyer != LOOKUP_NONE)
            batch->buyers[order->buyer].now -= now->quantity - left;
        now->quantity = (int)left;
    }
    now->amount = tier->price * now->quantity;
    now->expires_at = batch->now + batch->events[order->event].hold_seconds * CLOCK_SECOND;
    tier->offered++;
    order_move(batch, order, ORDER_HELD);
}

static void offer_in_tier(struct decide_batch *batch, struct decide_tier *tier)
{
    while (tier->turn != LOOKUP_NONE && tier->offered < STORE_TIDY_MAX) {
        struct decide_order *order = &batch->orders[tier->turn];
        int64_t left = order_left(tier);
        if (left <= 0)
            return;
        if (order->now.state == ORDER_WAITING) /* else it gave up its place */
            offer(batch, order, left);
        tier->turn = order->behind;
    }
}

void decide_offer(struct decide_batch *batch)
{
    for (size_t i = 0; i < batch->event_count; i++) {
        const struct decide_event *event = &batch->events[i];
        if (!decide_offers(batch, event))
            continue;
        for (size_t k = event->first_tier; k < event->first_tier + event->tiers; k++)
            offer_in_tier(batch, &batch->tiers[k]);
    }
}
