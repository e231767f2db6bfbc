#include "db/decide_order.h"

#include <assert.h>
#include <string.h>

int64_t order_left(const struct decide_tier *tier)
{
    return tier->capacity - tier->now.sold - tier->now.held;
}

int64_t order_free(const struct decide_tier *tier)
{
    return tier->now.waiting > 0 ? 0 : order_left(tier);
}

bool decide_offers(const struct decide_batch *batch, const struct decide_event *event)
{
    return !event->closed && (event->sale_until == 0 || batch->now < event->sale_until);
}

bool order_allowed(const struct decide_batch *batch, size_t event, size_t buyer, int64_t quantity)
{
    return buyer == LOOKUP_NONE ||
           batch->buyers[buyer].now + quantity <= batch->events[event].buyer_limit;
}

int64_t order_number(struct decide_tier *tier, int64_t quantity)
{
    int64_t first = tier->now.next_number;
    tier->now.next_number += quantity;
    tier->taken += quantity;
    return first;
}

/* Adds the order to the counts of its state, or takes it off. */
static void count(struct decide_tier *tier, const struct decide_state *state, int sign)
{
    int64_t quantity = (int64_t)sign * state->quantity;
    switch (state->state) {
    case ORDER_SOLD:
        tier->now.sold += quantity;
        break;
    case ORDER_HELD:
        tier->now.held += quantity;
        break;
    case ORDER_WAITING:
        tier->now.waiting += sign;
        break;
    default:
        break;
    }
}

/* Whether it counts for its buyer. */
static bool counted(enum order_state state)
{
    return state == ORDER_SOLD || state == ORDER_HELD || state == ORDER_WAITING;
}

void order_move(struct decide_batch *batch, struct decide_order *order, enum order_state state)
{
    struct decide_tier *tier = &batch->tiers[order->tier];
    struct decide_state *now = &order->now;
    int difference = (int)counted(state) - (int)counted(now->state);
    if (order->buyer != LOOKUP_NONE)
        batch->buyers[order->buyer].now += (int64_t)difference * now->quantity;
    count(tier, now, -1);
    now->state = state;
    now->changed_at = batch->now;
    count(tier, now, 1);
    if (state == ORDER_SOLD)
        now->first_number = order_number(tier, now->quantity);
}

struct decide_order *order_of_item(struct decide_batch *batch, size_t i)
{
    struct decide_item *item = &batch->items[i];
    if (item->subject != LOOKUP_NONE)
        return &batch->orders[item->subject];
    const struct sale *sale = &batch->decisions[i].outcome.sale;
    assert(batch->added < batch->count);
    item->subject = batch->order_count + batch->added++;
    struct decide_order *order = &batch->orders[item->subject];
    *order = (struct decide_order){
        .event = item->event,
        .tier = item->tier,
        .buyer = item->buyer,
        .item = i,
        .behind = LOOKUP_NONE,
        .id = sale->id,
        .was_held = item->write == DECIDE_HOLD,
        .created_at = sale->created_at,
        .was = {.state = sale->state,
                .quantity = sale->quantity,
                .first_number = sale->first_number,
                .amount = sale->amount,
                .expires_at = sale->expires_at,
                .request = sale->request},
    };
    strcpy(order->name, sale->buyer);
    strcpy(order->server, sale->server);
    order->now = order->was;
    return order;
}

void order_join_line(struct decide_batch *batch, size_t i)
{
    struct decide_order *order = order_of_item(batch, i);
    struct decide_tier *tier = &batch->tiers[order->tier];
    size_t index = batch->items[i].subject;
    /* Its place, if all who left in this batch had stayed. */
    order->place = tier->now.waiting + tier->offered + tier->given_up;
    if (!tier->line_whole)
        return;
    if (tier->last != LOOKUP_NONE)
        batch->orders[tier->last].behind = index;
    if (tier->turn == LOOKUP_NONE)
        tier->turn = index;
    tier->last = index;
}

/* Whether `first` came into the line before `second`. */
static bool came_before(const struct decide_order *first, const struct decide_order *second)
{
    if (first->item == LOOKUP_NONE && second->item == LOOKUP_NONE)
        return first->row < second->row;
    return first->item == LOOKUP_NONE || (second->item != LOOKUP_NONE && first < second);
}

/* Offers come to those at the head, so all that were made stood before whoever still waits. */
static int64_t place(const struct decide_batch *batch, const struct decide_order *order)
{
    const struct decide_tier *tier = &batch->tiers[order->tier];
    int64_t place = order->place - tier->offered;
    if (tier->given_up == 0)
        return place;
    for (size_t i = 0; i < batch->order_count + batch->added; i++) {
        const struct decide_order *other = &batch->orders[i];
        if (other->gave_up && other->tier == order->tier && came_before(other, order))
            place--;
    }
    return place;
}

void decide_sale(const struct decide_batch *batch, const struct decide_order *order,
                 struct sale *sale)
{
    const struct decide_state *now = &order->now;
    *sale = (struct sale){
        .id = order->id,
        .request = now->request,
        .state = now->state,
        .quantity = now->quantity,
        .first_number = now->first_number,
        .amount = now->amount,
        .created_at = order->created_at,
        .expires_at = now->expires_at,
    };
    strcpy(sale->event, batch->events[order->event].name);
    strcpy(sale->tier, batch->tiers[order->tier].name);
    strcpy(sale->currency, batch->tiers[order->tier].currency);
    strcpy(sale->buyer, order->name);
    strcpy(sale->server, now->server == NULL ? order->server : now->server);
}

void order_tell(const struct decide_batch *batch, const struct decide_order *order,
                struct decision *decision, bool replayed)
{
    struct outcome *outcome = &decision->outcome;
    *outcome = (struct outcome){
        .problem = PROBLEM_NONE,
        .replayed = replayed,
        .stored = true,
        .late = order->now.late,
        .place = order->now.state == ORDER_WAITING ? place(batch, order) : 0,
    };
    decide_sale(batch, order, &outcome->sale);
}

const char *decide_payment(const struct decide_order *order)
{
    return order->now.payment == NULL ? order->payment : order->now.payment;
}

void order_refuse(struct decision *decision, enum problem problem)
{
    memset(&decision->outcome, 0, sizeof decision->outcome);
    decision->outcome.problem = problem;
}
