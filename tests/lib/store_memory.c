/* What the store in memory holds, and the order in which a batch is decided. */
#include "tests/lib/store_memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/store_memory_parts.h"

/* --- events and tiers ---------------------------------------------------------------------- */

struct memory_event *memory_event(struct store_memory *memory, const char *event)
{
    for (size_t i = 0; i < memory->event_count; i++)
        if (strcmp(memory->events[i].terms.name, event) == 0)
            return &memory->events[i];
    return NULL;
}

struct memory_event *memory_add_event(struct store_memory *memory, const char *event)
{
    assert(memory->event_count < MEMORY_EVENTS_MAX);
    struct memory_event *added = &memory->events[memory->event_count++];
    *added = (struct memory_event){.terms = {.hold_seconds = HOLD_SECONDS}};
    strcpy(added->terms.name, event);
    return added;
}

struct memory_tier *memory_add_tier(struct store_memory *memory, const char *event,
                                    const char *tier, int64_t capacity, int64_t price,
                                    int64_t limit)
{
    assert(memory->tier_count < MEMORY_TIERS_MAX);
    if (memory_event(memory, event) == NULL)
        memory_add_event(memory, event);
    struct memory_tier *added = &memory->tiers[memory->tier_count++];
    *added = (struct memory_tier){
        .terms = {.currency = "EUR", .price = price, .capacity = capacity, .limit = limit},
        .skipped = memory->numbers_skipped};
    strcpy(added->event, event);
    strcpy(added->terms.name, tier);
    return added;
}

struct memory_tier *memory_tier(struct store_memory *memory, const char *event, const char *tier)
{
    for (size_t i = 0; i < memory->tier_count; i++)
        if (strcmp(memory->tiers[i].event, event) == 0 &&
            strcmp(memory->tiers[i].terms.name, tier) == 0)
            return &memory->tiers[i];
    return NULL;
}

/* --- orders, and what belongs to them ------------------------------------------------------- */

struct memory_order *memory_order(struct store_memory *memory, const struct id *id)
{
    for (size_t i = 0; i < memory->order_count; i++)
        if (id_equal(&memory->orders[i].sale.id, id))
            return &memory->orders[i];
    return NULL;
}

const struct memory_check_in *memory_check_in(const struct store_memory *memory, const char *event,
                                              const char *tier, int64_t number)
{
    for (size_t i = 0; i < memory->check_in_count; i++)
        if (strcmp(memory->check_ins[i].event, event) == 0 &&
            strcmp(memory->check_ins[i].tier, tier) == 0 && memory->check_ins[i].number == number)
            return &memory->check_ins[i];
    return NULL;
}

static bool is_of(const struct memory_order *order, const struct memory_tier *tier)
{
    return strcmp(order->sale.event, tier->event) == 0 &&
           strcmp(order->sale.tier, tier->terms.name) == 0;
}

int64_t memory_tickets(const struct store_memory *memory, const struct memory_tier *tier,
                       enum order_state state)
{
    int64_t sum = 0;
    for (size_t i = 0; i < memory->order_count; i++)
        if (is_of(&memory->orders[i], tier) && memory->orders[i].sale.state == state)
            sum += memory->orders[i].sale.quantity;
    return sum;
}

int64_t memory_waiting(const struct store_memory *memory, const struct memory_tier *tier)
{
    int64_t orders = 0;
    for (size_t i = 0; i < memory->order_count; i++)
        orders += is_of(&memory->orders[i], tier) && memory->orders[i].sale.state == ORDER_WAITING;
    return orders;
}

int64_t memory_place(const struct store_memory *memory, const struct memory_order *order)
{
    int64_t place = 0;
    if (order->sale.state != ORDER_WAITING)
        return 0;
    for (const struct memory_order *o = memory->orders; o <= order; o++)
        place += strcmp(o->sale.event, order->sale.event) == 0 &&
                 strcmp(o->sale.tier, order->sale.tier) == 0 && o->sale.state == ORDER_WAITING;
    return place;
}

/* The array, with room for one more: it doubles. */
static void *grown(void *array, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return array;
    array = realloc(array, (count == 0 ? 1 : 2 * count) * size);
    assert(array != NULL);
    return array;
}

struct memory_order *memory_new_order(struct store_memory *memory)
{
    memory->orders = grown(memory->orders, memory->order_count, sizeof *memory->orders);
    struct memory_order *added = &memory->orders[memory->order_count++];
    return memset(added, 0, sizeof *added);
}

struct memory_key *memory_new_key(struct store_memory *memory)
{
    memory->keys = grown(memory->keys, memory->key_count, sizeof *memory->keys);
    struct memory_key *added = &memory->keys[memory->key_count++];
    return memset(added, 0, sizeof *added);
}

struct memory_owed *memory_new_owed(struct store_memory *memory)
{
    memory->owed = grown(memory->owed, memory->owed_count, sizeof *memory->owed);
    struct memory_owed *added = &memory->owed[memory->owed_count++];
    return memset(added, 0, sizeof *added);
}

struct memory_check_in *memory_new_check_in(struct store_memory *memory)
{
    memory->check_ins = grown(memory->check_ins, memory->check_in_count, sizeof *memory->check_ins);
    struct memory_check_in *added = &memory->check_ins[memory->check_in_count++];
    return memset(added, 0, sizeof *added);
}

struct memory_move *memory_new_move(struct store_memory *memory)
{
    memory->moves = grown(memory->moves, memory->move_count, sizeof *memory->moves);
    struct memory_move *added = &memory->moves[memory->move_count++];
    return memset(added, 0, sizeof *added);
}

/* --- a batch -------------------------------------------------------------------------------- */

/* Refusals whose hour is over go, in each event that a batch names. */
static void forget_refusals(struct store_memory *memory, const char *event, int64_t now)
{
    size_t left = 0;
    for (size_t i = 0; i < memory->key_count; i++) {
        const struct memory_key *key = &memory->keys[i];
        bool old = key->outcome.problem != PROBLEM_NONE &&
                   key->at < now - STORE_REFUSAL_SECONDS * CLOCK_SECOND;
        if (!old || strcmp(key->event, event) != 0)
            memory->keys[left++] = *key;
    }
    memory->key_count = left;
}

/* The event that a decision names, by its name or by an order's id; NULL: none that exists. */
static struct memory_event *named_by(struct store_memory *memory, const struct item *item)
{
    if (item->verb != VERB_CONFIRM && item->verb != VERB_RELEASE)
        return memory_event(memory, item->purchase.event);
    const struct memory_order *order = memory_order(memory, &item->order);
    return order == NULL || !order->kept ? NULL : memory_event(memory, order->sale.event);
}

static void begin(struct store_memory *memory, int64_t now, const struct decision *decisions,
                  size_t n)
{
    memory->move_count = memory->offered_in_part = 0;
    for (size_t i = 0; i < memory->order_count; i++)
        memory->orders[i].just_sold = false;
    for (size_t i = 0; i < memory->event_count; i++)
        memory->events[i].named = memory->events[i].overdue = false;
    for (size_t i = 0; i < n; i++) {
        struct memory_event *event = named_by(memory, decisions[i].item);
        if (event == NULL || event->named)
            continue;
        event->named = true;
        forget_refusals(memory, event->terms.name, now);
        memory_expire(memory, event, now);
        memory_offer(memory, event, now);
    }
}

static void decide_one(const struct memory_asking *asking)
{
    memset(asking->outcome, 0, sizeof *asking->outcome);
    switch (asking->item->verb) {
    case VERB_PURCHASE:
    case VERB_HOLD:
        memory_purchase(asking);
        break;
    case VERB_CONFIRM:
        memory_confirm(asking);
        break;
    case VERB_RELEASE:
        memory_release(asking);
        break;
    case VERB_REFUND:
        memory_refund(asking);
        break;
    case VERB_CHECK_IN:
        memory_let_in(asking);
        break;
    case VERB_TIDY:
        if (memory_event(asking->memory, asking->item->purchase.event) == NULL)
            asking->outcome->problem = PROBLEM_NO_SUCH_EVENT;
        break;
    }
}

void memory_decide(struct store_memory *memory, const char *server, int64_t now,
                   struct decision *decisions, size_t n)
{
    begin(memory, now, decisions, n);
    for (size_t i = 0; i < n; i++) {
        struct memory_asking asking = {
            memory, server, now, &decisions[i], decisions[i].item, &decisions[i].outcome};
        decide_one(&asking);
    }
    memory->offered_last = memory->move_count;
    for (size_t i = 0; i < memory->event_count; i++)
        if (memory->events[i].named)
            memory_offer(memory, &memory->events[i], now);
    memory->offered_last = memory->move_count - memory->offered_last;
}

size_t memory_refusals(const struct store_memory *memory, const char *event)
{
    size_t count = 0;
    for (size_t i = 0; i < memory->key_count; i++)
        count += memory->keys[i].outcome.problem != PROBLEM_NONE &&
                 strcmp(memory->keys[i].event, event) == 0;
    return count;
}

/* --- copies --------------------------------------------------------------------------------- */

static void *copied(const void *array, size_t count, size_t size)
{
    size_t room = 1;
    while (room < count) /* as grown() wants it */
        room *= 2;
    void *copy = count == 0 ? NULL : malloc(room * size);
    assert(count == 0 || copy != NULL);
    if (count > 0)
        memcpy(copy, array, count * size);
    return copy;
}

/* That was given, or skipped, of any tier. */
static int64_t last_number(const struct store_memory *memory)
{
    int64_t last = memory->numbers_skipped;
    for (size_t i = 0; i < memory->tier_count; i++)
        if (memory->tiers[i].skipped + memory->tiers[i].given > last)
            last = memory->tiers[i].skipped + memory->tiers[i].given;
    return last;
}

void memory_put_back(struct store_memory *copy, const struct store_memory *replaced)
{
    int64_t last = last_number(copy), other = last_number(replaced);
    copy->numbers_skipped = (last > other ? last : other) + STORE_NUMBERS_SKIPPED;
    for (size_t i = 0; i < copy->tier_count; i++)
        copy->tiers[i].skipped = copy->numbers_skipped - copy->tiers[i].given;
}

void memory_clone(struct store_memory *copy, const struct store_memory *memory)
{
    *copy = *memory;
    copy->orders = copied(memory->orders, memory->order_count, sizeof *memory->orders);
    copy->keys = copied(memory->keys, memory->key_count, sizeof *memory->keys);
    copy->owed = copied(memory->owed, memory->owed_count, sizeof *memory->owed);
    copy->check_ins = copied(memory->check_ins, memory->check_in_count, sizeof *memory->check_ins);
    copy->moves = copied(memory->moves, memory->move_count, sizeof *memory->moves);
}

void memory_free(struct store_memory *memory)
{
    free(memory->orders);
    free(memory->keys);
    free(memory->owed);
    free(memory->check_ins);
    free(memory->moves);
    memset(memory, 0, sizeof *memory);
}
