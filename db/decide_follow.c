#include "db/decide_follow.h"

#include <string.h>

#include "db/decide_order.h"

/* The random half of an id, which tells orders apart in the table of keys; no key is "". */
static size_t half_of(const struct id *id)
{
    uint64_t half;
    memcpy(&half, id->bytes + sizeof id->bytes - sizeof half, sizeof half);
    return (size_t)half;
}

void decide_note_id(struct decide_batch *batch, size_t i)
{
    size_t half = half_of(&batch->decisions[i].item->request);
    if (lookup_find(batch->keys, half, "") == LOOKUP_NONE)
        lookup_add(batch->keys, half, "", i);
}

/* The order that the item names: one that was read, or of this very batch; NULL: there is none. */
static struct decide_order *order_named(struct decide_batch *batch, size_t i)
{
    struct decide_item *item = &batch->items[i];
    const struct id *id = &batch->decisions[i].item->order;
    if (item->order != LOOKUP_NONE) {
        item->subject = item->order;
        return &batch->orders[item->order];
    }
    size_t earlier = lookup_find(batch->keys, half_of(id), "");
    if (earlier == LOOKUP_NONE || !id_equal(&batch->decisions[earlier].item->request, id))
        return NULL;
    struct decide_order *order = order_of_item(batch, earlier);
    item->subject = batch->items[earlier].subject;
    return order;
}

static bool is_late(const struct decide_batch *batch, size_t i)
{
    return batch->decisions[i].item->deadline < batch->now;
}

static bool has_been_sold(const struct decide_order *order)
{
    return order->now.state == ORDER_SOLD || order->now.state == ORDER_REFUNDED;
}

/* --- confirm ----------------------------------------------------------------------------------- */

/* Payments of one order that are owed are kept in the table of keys, behind the events' own keys. */
static size_t scope_of(const struct decide_batch *batch, size_t i)
{
    return batch->event_count + batch->items[i].subject;
}

/* Why this payment is owed already; PROBLEM_NONE: it is not. */
static enum problem owed_before(const struct decide_batch *batch, size_t i)
{
    if (batch->items[i].refused != PROBLEM_NONE)
        return batch->items[i].refused;
    size_t earlier = lookup_find(batch->keys, scope_of(batch, i), batch->decisions[i].item->key);
    return earlier == LOOKUP_NONE ? PROBLEM_NONE : batch->decisions[earlier].outcome.problem;
}

/* A line that stands still for good keeps no ticket from who has paid for it. */
static int64_t free_for_payer(const struct decide_batch *batch, const struct decide_order *order)
{
    const struct decide_tier *tier = &batch->tiers[order->tier];
    return decide_offers(batch, &batch->events[order->event]) ? order_free(tier) : order_left(tier);
}

static bool may_be_sold(const struct decide_batch *batch, const struct decide_order *order)
{
    if (order->now.state == ORDER_HELD)
        return true;
    return order->now.state == ORDER_EXPIRED &&
           order->now.quantity <= free_for_payer(batch, order) &&
           order_allowed(batch, order->event, order->buyer, order->now.quantity);
}

static void sell(struct decide_batch *batch, size_t i, struct decide_order *order)
{
    struct decision *decision = &batch->decisions[i];
    order->now.late = order->now.state == ORDER_EXPIRED;
    order->now.request = decision->item->request;
    order->now.server = batch->server;
    order->now.router = decision->router;
    order->now.payment = decision->item->key;
    order_move(batch, order, ORDER_SOLD);
    order_tell(batch, order, decision, false);
}

/* Why an order that may not be sold is not. */
static enum problem reason_of(const struct decide_batch *batch, const struct decide_order *order)
{
    switch (order->now.state) {
    case ORDER_EXPIRED:
        return batch->events[order->event].overdue ? PROBLEM_OVERLOADED : PROBLEM_HOLD_EXPIRED;
    case ORDER_RELEASED:
        return PROBLEM_HOLD_RELEASED;
    case ORDER_WAITING:
        return PROBLEM_NOT_OFFERED;
    default:
        return PROBLEM_ALREADY_PAID;
    }
}

/* It was paid, and brings no tickets. */
static void owe(struct decide_batch *batch, size_t i, struct decide_order *order)
{
    struct decision *decision = &batch->decisions[i];
    enum problem problem = reason_of(batch, order);
    if (order->now.owed >= STORE_OWED_MAX)
        problem = PROBLEM_OVERLOADED;
    order_refuse(decision, problem);
    if (problem == PROBLEM_OVERLOADED)
        return;
    order->now.owed++;
    decision->outcome.stored = true;
    batch->items[i].write = DECIDE_OWED;
    lookup_add(batch->keys, scope_of(batch, i), decision->item->key, i);
}

void decide_confirm(struct decide_batch *batch, size_t i)
{
    struct decision *decision = &batch->decisions[i];
    struct decide_order *order = order_named(batch, i);
    if (order == NULL || !order->was_held) {
        order_refuse(decision, PROBLEM_NO_SUCH_HOLD);
        return;
    }
    if (has_been_sold(order) && strcmp(decide_payment(order), decision->item->key) == 0) {
        order_tell(batch, order, decision, true);
        return;
    }
    enum problem owed = owed_before(batch, i);
    if (owed != PROBLEM_NONE) {
        order_refuse(decision, owed);
        decision->outcome.stored = decision->outcome.replayed = true;
    } else if (is_late(batch, i)) {
        order_refuse(decision, PROBLEM_EXPIRED);
    } else if (may_be_sold(batch, order)) {
        sell(batch, i, order);
    } else {
        owe(batch, i, order);
    }
}

/* --- release and refund ------------------------------------------------------------------------ */

static void give_up(struct decide_batch *batch, size_t i, struct decide_order *order)
{
    if (order->now.state == ORDER_WAITING) {
        order->gave_up = true;
        batch->tiers[order->tier].given_up++;
    }
    order_move(batch, order, ORDER_RELEASED);
    order_tell(batch, order, &batch->decisions[i], false);
}

void decide_release(struct decide_batch *batch, size_t i)
{
    struct decision *decision = &batch->decisions[i];
    struct decide_order *order = order_named(batch, i);
    if (order == NULL || !order->was_held)
        order_refuse(decision, PROBLEM_NO_SUCH_HOLD);
    else if (order->now.state == ORDER_RELEASED)
        order_tell(batch, order, decision, true);
    else if (is_late(batch, i))
        order_refuse(decision, PROBLEM_EXPIRED);
    else if (order->now.state == ORDER_EXPIRED)
        order_refuse(decision, PROBLEM_HOLD_EXPIRED);
    else if (has_been_sold(order))
        order_refuse(decision, PROBLEM_ALREADY_SOLD);
    else
        give_up(batch, i, order);
}

void decide_refund(struct decide_batch *batch, size_t i)
{
    struct decision *decision = &batch->decisions[i];
    struct decide_order *order = order_named(batch, i);
    if (order == NULL || order->event != batch->items[i].event || !has_been_sold(order)) {
        order_refuse(decision, PROBLEM_NO_SUCH_PURCHASE);
    } else if (order->now.state == ORDER_REFUNDED) {
        order_tell(batch, order, decision, true);
    } else if (is_late(batch, i)) {
        order_refuse(decision, PROBLEM_EXPIRED);
    } else if (order->now.used) {
        order_refuse(decision, PROBLEM_TICKETS_USED);
    } else {
        batch->items[i].write = DECIDE_REFUND;
        order->now.owed += decide_payment(order)[0] != '\0';
        order_move(batch, order, ORDER_REFUNDED);
        order_tell(batch, order, decision, false);
    }
}

/* --- check-in ---------------------------------------------------------------------------------- */

/* Let in before: under which key, when and where. NULL: not yet. */
static const char *let_in_before(const struct decide_batch *batch,
                                 const struct decide_ticket *ticket, struct check_in *check_in)
{
    if (ticket->item != LOOKUP_NONE) {
        const struct decision *earlier = &batch->decisions[ticket->item];
        check_in->at = batch->now;
        strcpy(check_in->where, earlier->check_in->gate);
        return earlier->item->key;
    }
    if (ticket->at == 0)
        return NULL;
    check_in->at = ticket->at;
    strcpy(check_in->where, ticket->gate);
    return ticket->key;
}

static void let_in(struct decide_batch *batch, size_t i, struct decide_ticket *ticket)
{
    struct decision *decision = &batch->decisions[i];
    struct decide_order *order = &batch->orders[ticket->order];
    batch->items[i].write = DECIDE_CHECK_IN;
    ticket->item = i;
    order->now.used = true;
    decision->check_in->at = batch->now;
    strcpy(decision->check_in->where, decision->check_in->gate);
    order_tell(batch, order, decision, false);
}

static void decide_ticket(struct decide_batch *batch, size_t i, struct decide_ticket *ticket)
{
    struct decision *decision = &batch->decisions[i];
    const struct decide_order *order = &batch->orders[ticket->order];
    if (order->now.state == ORDER_REFUNDED) {
        order_refuse(decision, PROBLEM_TICKET_REFUNDED);
        return;
    }
    const char *key = let_in_before(batch, ticket, decision->check_in);
    if (key != NULL && strcmp(key, decision->item->key) == 0)
        order_tell(batch, order, decision, true);
    else if (key != NULL)
        order_refuse(decision, PROBLEM_ALREADY_CHECKED_IN);
    else if (is_late(batch, i))
        order_refuse(decision, PROBLEM_EXPIRED);
    else
        let_in(batch, i, ticket);
}

void decide_check_in(struct decide_batch *batch, size_t i)
{
    struct decision *decision = &batch->decisions[i];
    decision->check_in->at = 0;
    decision->check_in->where[0] = '\0';
    if (batch->items[i].ticket == LOOKUP_NONE) {
        order_refuse(decision, PROBLEM_INVALID_CODE);
        return;
    }
    struct decide_ticket *ticket = &batch->tickets[batch->items[i].ticket];
    batch->items[i].subject = ticket->order;
    decide_ticket(batch, i, ticket);
}
