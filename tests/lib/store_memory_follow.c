/* What follows of an order: confirms, releases, refunds, and letting its tickets in. */
#include <string.h>

#include "tests/lib/store_memory_parts.h"

static bool was_sold(const struct memory_order *order)
{
    return order->sale.state == ORDER_SOLD || order->sale.state == ORDER_REFUNDED;
}

static bool is_late(const struct memory_asking *asking)
{
    return asking->item->deadline < asking->now;
}

static struct memory_order *kept_order(const struct memory_asking *asking)
{
    struct memory_order *order = memory_order(asking->memory, &asking->item->order);
    return order != NULL && order->kept ? order : NULL;
}

/* --- what is owed ---------------------------------------------------------------------------- */

/* A payment that the order could not take, and was recorded before. */
static const struct memory_owed *owed_before(const struct memory_asking *asking)
{
    const struct store_memory *memory = asking->memory;
    for (size_t i = 0; i < memory->owed_count; i++)
        if (id_equal(&memory->owed[i].order, &asking->item->order) &&
            strcmp(memory->owed[i].reference, asking->item->key) == 0)
            return &memory->owed[i];
    return NULL;
}

static int owed_of(const struct store_memory *memory, const struct id *order)
{
    int count = 0;
    for (size_t i = 0; i < memory->owed_count; i++)
        count += id_equal(&memory->owed[i].order, order);
    return count;
}

static void record_owed(const struct memory_asking *asking, const struct memory_order *order,
                        const char *reference, enum problem reason)
{
    struct memory_owed *owed = memory_new_owed(asking->memory);
    owed->order = order->sale.id;
    strcpy(owed->event, order->sale.event);
    strcpy(owed->reference, reference);
    owed->at = asking->now;
    owed->reason = reason;
}

static void give_back(const struct memory_asking *asking, const struct memory_order *order,
                      enum problem reason)
{
    asking->outcome->problem = PROBLEM_OVERLOADED;
    if (owed_of(asking->memory, &order->sale.id) >= STORE_OWED_MAX)
        return;
    asking->outcome->problem = reason;
    asking->outcome->stored = true;
    record_owed(asking, order, asking->item->key, reason);
}

/* --- confirms -------------------------------------------------------------------------------- */

static void take_payment(const struct memory_asking *asking, struct memory_order *order)
{
    struct memory_tier *tier = memory_tier(asking->memory, order->sale.event, order->sale.tier);
    order->late = order->sale.state == ORDER_EXPIRED;
    memory_sell(asking, tier, order);
    strcpy(order->payment, asking->item->key);
    order->changed_at = asking->now;
    memory_answer(asking, order, false);
}

static void confirm_expired(const struct memory_asking *asking, struct memory_order *order)
{
    struct store_memory *memory = asking->memory;
    const struct sale *sale = &order->sale;
    const struct memory_event *event = memory_event(memory, sale->event);
    const struct memory_tier *tier = memory_tier(memory, sale->event, sale->tier);
    int64_t left = memory_offers(event, asking->now) ? memory_free_tickets(memory, tier)
                                                     : memory_not_taken(memory, tier);
    bool there = sale->quantity <= left;
    bool allowed = sale->quantity <= memory_buyer_may_have(memory, event, sale->buyer);
    if (there && allowed)
        take_payment(asking, order);
    else if (event->overdue)
        asking->outcome->problem = PROBLEM_OVERLOADED;
    else
        give_back(asking, order, PROBLEM_HOLD_EXPIRED);
}

static void confirm_new(const struct memory_asking *asking, struct memory_order *order)
{
    if (order->sale.state == ORDER_HELD)
        take_payment(asking, order);
    else if (order->sale.state == ORDER_EXPIRED)
        confirm_expired(asking, order);
    else if (order->sale.state == ORDER_RELEASED)
        give_back(asking, order, PROBLEM_HOLD_RELEASED);
    else if (order->sale.state == ORDER_WAITING)
        give_back(asking, order, PROBLEM_NOT_OFFERED);
    else
        give_back(asking, order, PROBLEM_ALREADY_PAID);
}

void memory_confirm(const struct memory_asking *asking)
{
    struct memory_order *order = kept_order(asking);
    const struct memory_owed *owed = owed_before(asking);
    if (order == NULL) {
        asking->outcome->problem = PROBLEM_NO_SUCH_HOLD;
    } else if (was_sold(order) && strcmp(order->payment, asking->item->key) == 0) {
        memory_answer(asking, order, true);
    } else if (owed != NULL) {
        asking->outcome->problem = owed->reason;
        asking->outcome->replayed = true;
        asking->outcome->stored = true;
    } else if (is_late(asking)) {
        asking->outcome->problem = PROBLEM_EXPIRED;
    } else {
        confirm_new(asking, order);
    }
}

/* --- releases, refunds ----------------------------------------------------------------------- */

void memory_release(const struct memory_asking *asking)
{
    struct memory_order *order = kept_order(asking);
    if (order == NULL) {
        asking->outcome->problem = PROBLEM_NO_SUCH_HOLD;
    } else if (order->sale.state == ORDER_RELEASED) {
        memory_answer(asking, order, true);
    } else if (is_late(asking)) {
        asking->outcome->problem = PROBLEM_EXPIRED;
    } else if (order->sale.state == ORDER_EXPIRED) {
        asking->outcome->problem = PROBLEM_HOLD_EXPIRED;
    } else if (was_sold(order)) {
        asking->outcome->problem = PROBLEM_ALREADY_SOLD;
    } else {
        order->sale.state = ORDER_RELEASED;
        order->changed_at = asking->now;
        memory_answer(asking, order, false);
    }
}

static bool one_was_let_in(const struct store_memory *memory, const struct sale *sale)
{
    for (int i = 0; i < sale->quantity; i++)
        if (memory_check_in(memory, sale->event, sale->tier, sale->first_number + i) != NULL)
            return true;
    return false;
}

void memory_refund(const struct memory_asking *asking)
{
    struct memory_order *order = memory_order(asking->memory, &asking->item->order);
    if (order == NULL || !was_sold(order) ||
        strcmp(order->sale.event, asking->item->purchase.event) != 0) {
        asking->outcome->problem = PROBLEM_NO_SUCH_PURCHASE;
    } else if (order->sale.state == ORDER_REFUNDED) {
        memory_answer(asking, order, true);
    } else if (is_late(asking)) {
        asking->outcome->problem = PROBLEM_EXPIRED;
    } else if (one_was_let_in(asking->memory, &order->sale)) {
        asking->outcome->problem = PROBLEM_TICKETS_USED;
    } else {
        order->sale.state = ORDER_REFUNDED;
        order->changed_at = asking->now;
        if (order->payment[0] != '\0')
            record_owed(asking, order, order->payment, PROBLEM_NONE);
        memory_answer(asking, order, false);
    }
}

/* --- check-ins ------------------------------------------------------------------------------- */

/* NULL also where this very batch has sold it: nobody can have its code. */
static const struct memory_order *sold_with(const struct store_memory *memory,
                                            const struct purchase *of, int64_t number)
{
    for (size_t i = 0; i < memory->order_count; i++) {
        const struct sale *sale = &memory->orders[i].sale;
        if (was_sold(&memory->orders[i]) && !memory->orders[i].just_sold &&
            strcmp(sale->event, of->event) == 0 && strcmp(sale->tier, of->tier) == 0 &&
            sale->first_number <= number && number < sale->first_number + sale->quantity)
            return &memory->orders[i];
    }
    return NULL;
}

static void open_the_gate(const struct memory_asking *asking)
{
    struct memory_check_in *added = memory_new_check_in(asking->memory);
    strcpy(added->event, asking->item->purchase.event);
    strcpy(added->tier, asking->item->purchase.tier);
    strcpy(added->key, asking->item->key);
    strcpy(added->gate, asking->decision->check_in->gate);
    added->number = asking->decision->check_in->number;
    added->at = asking->now;
}

static void say_when_and_where(struct check_in *check_in, const struct memory_check_in *first)
{
    check_in->at = first->at;
    strcpy(check_in->where, first->gate);
}

void memory_let_in(const struct memory_asking *asking)
{
    const struct purchase *of = &asking->item->purchase;
    struct check_in *check_in = asking->decision->check_in;
    const struct memory_order *order = sold_with(asking->memory, of, check_in->number);
    const struct memory_check_in *before =
        memory_check_in(asking->memory, of->event, of->tier, check_in->number);
    if (order == NULL) {
        asking->outcome->problem = PROBLEM_INVALID_CODE;
    } else if (order->sale.state == ORDER_REFUNDED) {
        asking->outcome->problem = PROBLEM_TICKET_REFUNDED;
    } else if (before != NULL) {
        asking->outcome->replayed = strcmp(before->key, asking->item->key) == 0;
        if (!asking->outcome->replayed)
            asking->outcome->problem = PROBLEM_ALREADY_CHECKED_IN;
        say_when_and_where(check_in, before);
    } else if (is_late(asking)) {
        asking->outcome->problem = PROBLEM_EXPIRED;
    } else {
        open_the_gate(asking);
        say_when_and_where(check_in,
                           memory_check_in(asking->memory, of->event, of->tier, check_in->number));
    }
}
