/* What is due in an event: what has expired, and what the line is offered. */
#include <string.h>

#include "common/clock.h"
#include "tests/lib/store_memory_parts.h"

static void note_move(struct store_memory *memory, struct memory_order *order,
                      enum order_state state, int64_t now)
{
    order->sale.state = state;
    order->changed_at = now;
    struct memory_move *move = memory_new_move(memory);
    move->order = order->sale.id;
    move->state = state;
}

/* By their time, then by which tier was made first; what came first is first already. */
static bool expires_before(struct store_memory *memory, const struct sale *a, const struct sale *b)
{
    if (a->expires_at != b->expires_at)
        return a->expires_at < b->expires_at;
    return memory_tier(memory, a->event, a->tier) < memory_tier(memory, b->event, b->tier);
}

/* Of those that are held and whose time has come, the one whose time came first; NULL: none. */
static struct memory_order *first_expired(struct store_memory *memory, const char *event,
                                          int64_t now)
{
    struct memory_order *first = NULL;
    for (size_t i = 0; i < memory->order_count; i++) {
        struct memory_order *order = &memory->orders[i];
        if (strcmp(order->sale.event, event) == 0 && order->sale.state == ORDER_HELD &&
            order->sale.expires_at <= now &&
            (first == NULL || expires_before(memory, &order->sale, &first->sale)))
            first = order;
    }
    return first;
}

void memory_expire(struct store_memory *memory, struct memory_event *event, int64_t now)
{
    for (int i = 0; i < STORE_TIDY_MAX; i++) {
        struct memory_order *order = first_expired(memory, event->terms.name, now);
        if (order == NULL)
            return;
        note_move(memory, order, ORDER_EXPIRED, now);
    }
    event->overdue = first_expired(memory, event->terms.name, now) != NULL;
}

static struct memory_order *first_in_line(struct store_memory *memory,
                                          const struct memory_tier *tier)
{
    for (size_t i = 0; i < memory->order_count; i++)
        if (memory->orders[i].sale.state == ORDER_WAITING &&
            strcmp(memory->orders[i].sale.event, tier->event) == 0 &&
            strcmp(memory->orders[i].sale.tier, tier->terms.name) == 0)
            return &memory->orders[i];
    return NULL;
}

int64_t memory_not_taken(const struct store_memory *memory, const struct memory_tier *tier)
{
    return tier->terms.capacity - memory_tickets(memory, tier, ORDER_SOLD) -
           memory_tickets(memory, tier, ORDER_HELD);
}

static void offer_in_tier(struct store_memory *memory, const struct memory_event *event,
                          const struct memory_tier *tier, int64_t now)
{
    for (int i = 0; i < STORE_TIDY_MAX; i++) {
        struct memory_order *order = first_in_line(memory, tier);
        int64_t there = memory_not_taken(memory, tier);
        if (order == NULL || there <= 0)
            return;
        if (order->sale.quantity > there) {
            order->sale.quantity = (int)there;
            memory->offered_in_part++;
        }
        order->sale.amount = order->sale.quantity * tier->terms.price;
        order->sale.expires_at = now + event->terms.hold_seconds * CLOCK_SECOND;
        note_move(memory, order, ORDER_HELD, now);
    }
}

bool memory_offers(const struct memory_event *event, int64_t now)
{
    bool over = event->terms.sale_until != 0 && now >= event->terms.sale_until;
    return !event->terms.closed && !over;
}

void memory_offer(struct store_memory *memory, struct memory_event *event, int64_t now)
{
    for (size_t i = 0; memory_offers(event, now) && i < memory->tier_count; i++)
        if (strcmp(memory->tiers[i].event, event->terms.name) == 0)
            offer_in_tier(memory, event, &memory->tiers[i], now);
}

bool memory_is_due(struct store_memory *memory, const struct memory_event *event, int64_t now)
{
    if (first_expired(memory, event->terms.name, now) != NULL)
        return true;
    for (size_t i = 0; memory_offers(event, now) && i < memory->tier_count; i++)
        if (strcmp(memory->tiers[i].event, event->terms.name) == 0 &&
            first_in_line(memory, &memory->tiers[i]) != NULL &&
            memory_not_taken(memory, &memory->tiers[i]) > 0)
            return true;
    return false;
}

int64_t memory_free_tickets(const struct store_memory *memory, const struct memory_tier *tier)
{
    return memory_waiting(memory, tier) > 0 ? 0 : memory_not_taken(memory, tier);
}
