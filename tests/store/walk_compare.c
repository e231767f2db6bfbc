/* What a store answered and holds, held against the oracle. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/store/walk.h"

enum {
    MOVES_MAX = 256,
};

void walk_differ(struct walk *walk, const char *format, ...)
{
    va_list arguments;
    if (walk->why[0] != '\0')
        return;
    va_start(arguments, format);
    vsnprintf(walk->why, sizeof walk->why, format, arguments);
    va_end(arguments);
}

const char *walk_verb(enum verb verb)
{
    static const char *const names[] = {"purchase", "hold",     "confirm", "release",
                                        "refund",   "check-in", "tidy"};
    return names[verb];
}

static const char *problem_name(enum problem problem)
{
    return problem == PROBLEM_NONE ? "none" : problem_code(problem);
}

/* --- outcomes ------------------------------------------------------------------------------- */

/* The first field in which two orders differ; NULL: they are the same. */
static const char *sale_differs(const struct sale *a, const struct sale *b)
{
    bool sold = b->state == ORDER_SOLD || b->state == ORDER_REFUNDED;
    const char *field = NULL;
    field = a->expires_at != b->expires_at ? "expires_at" : field;
    field = a->created_at != b->created_at ? "created_at" : field;
    field = a->amount != b->amount ? "amount" : field;
    field = a->first_number != b->first_number ? "first_number" : field;
    field = a->quantity != b->quantity ? "quantity" : field;
    field = strcmp(a->currency, b->currency) != 0 ? "currency" : field;
    field = strcmp(a->server, b->server) != 0 ? "server" : field;
    field = strcmp(a->buyer, b->buyer) != 0 ? "buyer" : field;
    field = strcmp(a->tier, b->tier) != 0 ? "tier" : field;
    field = strcmp(a->event, b->event) != 0 ? "event" : field;
    field = sold && !id_equal(&a->request, &b->request) ? "request" : field;
    field = a->state != b->state ? "state" : field;
    return !id_equal(&a->id, &b->id) ? "id" : field;
}

static const char *outcome_differs(enum verb verb, const struct outcome *a, const struct outcome *b)
{
    const char *field = NULL;
    if (a->problem != b->problem)
        return "problem";
    field = a->retry_at != b->retry_at ? "retry_at" : field;
    field = a->limit != b->limit ? "limit" : field;
    field = a->remaining != b->remaining ? "remaining" : field;
    field = a->replayed != b->replayed ? "replayed" : field;
    if (verb != VERB_CHECK_IN)
        field = a->stored != b->stored ? "stored" : field;
    if (verb == VERB_CHECK_IN || verb == VERB_TIDY || a->problem != PROBLEM_NONE || field != NULL)
        return field;
    field = a->late != b->late ? "late" : field;
    field = a->place != b->place ? "place" : field;
    return field != NULL ? field : sale_differs(&a->sale, &b->sale);
}

static const char *check_in_differs(const struct outcome *outcome, const struct check_in *a,
                                    const struct check_in *b)
{
    if (outcome->problem != PROBLEM_NONE && outcome->problem != PROBLEM_ALREADY_CHECKED_IN)
        return NULL;
    return a->at != b->at ? "at" : strcmp(a->where, b->where) != 0 ? "where" : NULL;
}

static void count_met(struct walk *walk, enum verb verb, const struct outcome *outcome)
{
    struct walk_met *met = walk->met;
    met->answers[verb][outcome->problem][outcome->replayed]++;
    met->events[MET_LATE] += outcome->late && !outcome->replayed;
    met->events[MET_SECOND_IN_LINE] += outcome->place > 1;
}

void walk_compare_outcomes(struct walk *walk, const struct basket *basket,
                           const struct decision *expected, const struct check_in *check_ins)
{
    for (size_t i = 0; i < basket->count; i++) {
        enum verb verb = basket->items[i].verb;
        const struct outcome *told = basket_outcome(basket, i);
        const struct outcome *oracle = &expected[i].outcome;
        const char *field = outcome_differs(verb, told, oracle);
        if (field == NULL && verb == VERB_CHECK_IN)
            field = check_in_differs(oracle, &basket->check_ins[i], &check_ins[i]);
        if (field != NULL)
            walk_differ(
                walk,
                "item %zu, a %s: %s differs: problem %s, state %s, quantity %d, replayed %d;"
                " expected problem %s, state %s, quantity %d, replayed %d",
                i, walk_verb(verb), field, problem_name(told->problem),
                order_state_name(told->sale.state), told->sale.quantity, told->replayed,
                problem_name(oracle->problem), order_state_name(oracle->sale.state),
                oracle->sale.quantity, oracle->replayed);
        count_met(walk, verb, oracle);
    }
}

/* --- moves ---------------------------------------------------------------------------------- */

/* And left so by what the batch was asked to do. */
static bool has_moved(struct store_memory *memory, const struct memory_move *move)
{
    return memory_order(memory, &move->order)->sale.state == move->state;
}

static bool moved_there(struct store_memory *memory, const struct sale *sale)
{
    for (size_t i = 0; i < memory->move_count; i++)
        if (id_equal(&memory->moves[i].order, &sale->id) && has_moved(memory, &memory->moves[i]))
            return memory->moves[i].state == sale->state;
    return false;
}

static bool moved_here(const struct sale *const *moved, size_t count, const struct id *id)
{
    for (size_t i = 0; i < count; i++)
        if (id_equal(&(*moved)[i].id, id))
            return true;
    return false;
}

void walk_compare_moved(struct walk *walk, const struct store *seller)
{
    const struct sale *moved = NULL;
    size_t count = store_moved(seller, &moved);
    for (size_t i = 0; i < count; i++)
        if (!moved_there(&walk->memory, &moved[i]))
            walk_differ(walk, "an order moved, of %s, to %s: it should not", moved[i].event,
                        order_state_name(moved[i].state));
    for (size_t i = 0; i < walk->memory.move_count; i++)
        if (has_moved(&walk->memory, &walk->memory.moves[i]) &&
            !moved_here(&moved, count, &walk->memory.moves[i].order))
            walk_differ(walk, "an order did not move to %s",
                        order_state_name(walk->memory.moves[i].state));
}

/* --- state ---------------------------------------------------------------------------------- */

/* Where a list that the store reads out has got to in the oracle's. */
struct cursor {
    struct walk *walk;
    const char *event;
    size_t next;
    size_t count;
};

static void compare_tier(void *context, const struct tier_counts *counts)
{
    struct cursor *cursor = context;
    struct store_memory *memory = &cursor->walk->memory;
    const struct memory_tier *tier = memory_tier(memory, counts->event, counts->tier);
    cursor->count++;
    if (tier == NULL || counts->sold != memory_tickets(memory, tier, ORDER_SOLD) ||
        counts->held != memory_tickets(memory, tier, ORDER_HELD) ||
        counts->waiting != memory_waiting(memory, tier) ||
        counts->capacity != tier->terms.capacity || counts->price != tier->terms.price ||
        counts->limit != tier->terms.limit)
        walk_differ(cursor->walk,
                    "tier %s/%s: %" PRId64 " sold, %" PRId64 " held, %" PRId64
                    " waiting, capacity %" PRId64,
                    counts->event, counts->tier, counts->sold, counts->held, counts->waiting,
                    counts->capacity);
}

static void compare_order(void *context, int64_t place_in_list, const struct order *order)
{
    struct cursor *cursor = context;
    const struct store_memory *memory = &cursor->walk->memory;
    (void)place_in_list;
    while (cursor->next < memory->order_count &&
           strcmp(memory->orders[cursor->next].sale.event, cursor->event) != 0)
        cursor->next++;
    if (cursor->next == memory->order_count) {
        walk_differ(cursor->walk, "an order too many in %s", cursor->event);
        return;
    }
    const struct memory_order *expected = &memory->orders[cursor->next++];
    const char *field = sale_differs(&order->sale, &expected->sale);
    field = strcmp(order->payment, expected->payment) != 0 ? "payment" : field;
    field = order->late != expected->late ? "late" : field;
    field = order->place != memory_place(memory, expected) ? "place" : field;
    field = expected->changed_at != 0 && order->changed_at != expected->changed_at ? "changed_at"
                                                                                   : field;
    cursor->count++;
    if (field != NULL)
        walk_differ(cursor->walk, "order %zu of %s, %s: %s differs (%s)", cursor->count,
                    cursor->event, order_state_name(expected->sale.state), field,
                    order_state_name(order->sale.state));
}

static size_t orders_of(const struct store_memory *memory, const char *event)
{
    size_t count = 0;
    for (size_t i = 0; i < memory->order_count; i++)
        count += strcmp(memory->orders[i].sale.event, event) == 0;
    return count;
}

static void compare_ticket(void *context, const struct ticket *ticket)
{
    struct cursor *cursor = context;
    struct store_memory *memory = &cursor->walk->memory;
    const struct memory_order *order = memory_order(memory, &ticket->order);
    const struct memory_check_in *check_in =
        memory_check_in(memory, ticket->event, ticket->tier, ticket->number);
    cursor->count++;
    if (order == NULL || order->sale.first_number == 0 ||
        ticket->number < order->sale.first_number ||
        ticket->number >= order->sale.first_number + order->sale.quantity ||
        strcmp(order->sale.tier, ticket->tier) != 0)
        walk_differ(cursor->walk, "ticket %" PRId64 " of %s/%s: of another order", ticket->number,
                    ticket->event, ticket->tier);
    else if (ticket->refunded != (order->sale.state == ORDER_REFUNDED) ||
             strcmp(ticket->buyer, order->sale.buyer) != 0)
        walk_differ(cursor->walk, "ticket %" PRId64 " of %s/%s: refunded or buyer differs",
                    ticket->number, ticket->event, ticket->tier);
    else if (ticket->checked_in_at != (check_in == NULL ? 0 : check_in->at) ||
             (check_in != NULL && strcmp(ticket->gate, check_in->gate) != 0))
        walk_differ(cursor->walk, "ticket %" PRId64 " of %s/%s: its check-in differs",
                    ticket->number, ticket->event, ticket->tier);
}

static size_t tickets_of(const struct store_memory *memory, const char *event)
{
    int64_t count = 0;
    for (size_t i = 0; i < memory->tier_count; i++)
        if (strcmp(memory->tiers[i].event, event) == 0)
            count += memory->tiers[i].given;
    return (size_t)count;
}

static void compare_owed(void *context, int64_t place_in_list, const struct owed *owed)
{
    struct cursor *cursor = context;
    struct store_memory *memory = &cursor->walk->memory;
    (void)place_in_list;
    while (cursor->next < memory->owed_count &&
           strcmp(memory->owed[cursor->next].event, cursor->event) != 0)
        cursor->next++;
    if (cursor->next == memory->owed_count) {
        walk_differ(cursor->walk, "a payment owed too many: %s", owed->reference);
        return;
    }
    const struct memory_owed *expected = &memory->owed[cursor->next++];
    cursor->count++;
    if (!id_equal(&owed->order, &expected->order) || owed->reason != expected->reason ||
        strcmp(owed->reference, expected->reference) != 0 || owed->at != expected->at ||
        owed->settled_at != 0)
        walk_differ(cursor->walk, "a payment owed: %s for %s, expected %s for %s", owed->reference,
                    problem_name(owed->reason), expected->reference,
                    problem_name(expected->reason));
}

static size_t owed_of(const struct store_memory *memory, const char *event)
{
    size_t count = 0;
    for (size_t i = 0; i < memory->owed_count; i++)
        count += strcmp(memory->owed[i].event, event) == 0;
    return count;
}

static void expect_all(struct walk *walk, enum store_found found, const char *event,
                       const char *what, size_t count, size_t expected)
{
    if (found != STORE_FOUND || count != expected)
        walk_differ(walk, "%s: %zu %s, expected %zu (%s)", event, count, what, expected,
                    found == STORE_FOUND ? "read" : store_error(walk->reader));
}

static void compare_event(struct walk *walk, const struct event_terms *terms)
{
    const char *event = terms->name;
    struct event_terms told;
    struct cursor tiers = {walk, event, 0, 0}, orders = tiers, tickets = tiers, owed = tiers;
    enum store_found found = store_read_tiers(walk->reader, event, compare_tier, &tiers);
    expect_all(walk, found, event, "tiers", tiers.count, strcmp(event, "opera") == 0 ? 2 : 1);
    found = store_list_orders(walk->reader, event, 0, STORE_PAGE_MAX, compare_order, &orders);
    expect_all(walk, found, event, "orders", orders.count, orders_of(&walk->memory, event));
    found =
        store_list_tickets(walk->reader, event, "", 0, STORE_PAGE_MAX, compare_ticket, &tickets);
    expect_all(walk, found, event, "tickets", tickets.count, tickets_of(&walk->memory, event));
    found = store_list_owed(walk->reader, event, 0, STORE_PAGE_MAX, compare_owed, &owed);
    expect_all(walk, found, event, "payments owed", owed.count, owed_of(&walk->memory, event));
    found = store_read_event(walk->reader, event, &told);
    if (found != STORE_FOUND || told.sale_from != terms->sale_from ||
        told.sale_until != terms->sale_until || told.buyer_limit != terms->buyer_limit ||
        told.hold_seconds != terms->hold_seconds || told.waiting_list != terms->waiting_list ||
        told.closed != terms->closed)
        walk_differ(walk, "event %s: other terms", event);
}

static void note_broken(void *context, bool ok, const char *sentence)
{
    if (!ok)
        walk_differ(context, "audit: %s", sentence);
}

void walk_compare_state(struct walk *walk)
{
    for (size_t i = 0; i < walk->memory.event_count; i++)
        compare_event(walk, &walk->memory.events[i].terms);
}

void walk_audit(struct walk *walk)
{
    if (store_audit(walk->reader, note_broken, walk) != STORE_FOUND)
        walk_differ(walk, "audit: %s", store_error(walk->reader));
}
