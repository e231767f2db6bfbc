#include "tests/unit/lib/linear_search.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"

enum {
    COUNT_MAX = 8,
    RECENT = 16, /* keys that may be asked again */
};

/* What a box office remembers of a key. */
struct known {
    char key[LINEAR_KEY_SIZE];
    enum operation_kind kind;
    int64_t told;
};

/* One that serves one after the other. */
struct office {
    int64_t capacity, sold;
    struct known *known;
    size_t count;
};

static const struct known *recall(const struct office *office, const char *key)
{
    for (size_t i = 0; i < office->count; i++)
        if (strcmp(office->known[i].key, key) == 0)
            return &office->known[i];
    return NULL;
}

static const struct known *buy(struct office *office, const char *key, int quantity)
{
    const struct known *known = recall(office, key);
    if (known != NULL)
        return known;
    struct known *new = &office->known[office->count++];
    snprintf(new->key, sizeof new->key, "%s", key);
    bool enough = office->sold + quantity <= office->capacity;
    new->kind = enough ? OPERATION_SOLD : OPERATION_SOLD_OUT;
    new->told = enough ? office->sold + 1 : office->capacity - office->sold;
    office->sold += enough ? quantity : 0;
    return new;
}

/* --- brute force --------------------------------------------------------------------------- */

struct order {
    const struct operation *operations;
    size_t count;
    bool done[COUNT_MAX];
};

/* Whether the box office could answer that. */
static bool serve(struct office *office, const struct operation *operation)
{
    if (operation->kind == OPERATION_READ)
        return operation->told == office->sold;
    const struct known *known = buy(office, operation->key, operation->quantity);
    return operation->kind == OPERATION_UNKNOWN ||
           (known->kind == operation->kind && known->told == operation->told);
}

/* Nobody who is still to come had ended before this one began. */
static bool may_be_next(const struct order *order, size_t i)
{
    for (size_t k = 0; k < order->count; k++)
        if (!order->done[k] && order->operations[k].kind != OPERATION_UNKNOWN &&
            order->operations[k].ended < order->operations[i].begun)
            return false;
    return !order->done[i];
}

static bool only_unanswered_are_left(const struct order *order)
{
    for (size_t i = 0; i < order->count; i++)
        if (!order->done[i] && order->operations[i].kind != OPERATION_UNKNOWN)
            return false;
    return true;
}

static bool any_order(struct order *order, const struct office *office)
{
    if (only_unanswered_are_left(order))
        return true;
    for (size_t i = 0; i < order->count; i++) {
        struct known known[COUNT_MAX];
        struct office next = *office;
        if (!may_be_next(order, i))
            continue;
        memcpy(known, office->known, sizeof known);
        next.known = known;
        order->done[i] = true;
        if (serve(&next, &order->operations[i]) && any_order(order, &next))
            return true;
        order->done[i] = false;
    }
    return false;
}

bool linear_search(const struct operation *operations, size_t count, int64_t capacity)
{
    struct known known[COUNT_MAX] = {{{0}, OPERATION_READ, 0}};
    struct order order = {.operations = operations, .count = count};
    struct office office = {.capacity = capacity, .known = known};
    assert(count <= COUNT_MAX);
    return any_order(&order, &office);
}

/* --- making a history ---------------------------------------------------------------------- */

/* A purchase with a new key, or with one of the last few. */
static void ask(struct operation *operation, struct office *office, size_t *keys, struct dice *dice)
{
    size_t recent = *keys < RECENT ? *keys : RECENT;
    size_t key = recent > 0 && dice_roll(dice, 3) == 0
                     ? *keys - 1 - dice_roll(dice, (unsigned)recent)
                     : (*keys)++;
    snprintf(operation->key, sizeof operation->key, "key-%zu", key);
    operation->quantity = 1 + (int)(key % 3);
    struct office late =
        *office; /* only the last keys can come again: no need to search them all */
    size_t skipped = office->count > 2 * RECENT ? office->count - 2 * RECENT : 0;
    late.known += skipped;
    late.count -= skipped;
    const struct known *known = buy(&late, operation->key, operation->quantity);
    operation->kind = known->kind;
    operation->told = known->told;
    office->sold = late.sold;
    office->count = late.count + skipped;
    if (dice_roll(dice, 40) == 0)
        operation->kind = OPERATION_UNKNOWN;
}

/* The i-th operation happens at time 10 * i, and lasts as long as its client needs. */
void history_make(struct operation *operations, size_t count, int64_t capacity, size_t clients,
                  struct dice *dice)
{
    struct office office = {.capacity = capacity};
    size_t keys = 0;
    office.known = memory_new((count + 1) * sizeof *office.known);
    for (size_t i = 0; i < count; i++) {
        struct operation *operation = &operations[i];
        int64_t now = 10 * (int64_t)i;
        *operation = (struct operation){.kind = OPERATION_READ, .told = office.sold};
        operation->begun = now - dice_roll(dice, 10 * (unsigned)clients);
        operation->ended = now + dice_roll(dice, 10 * (unsigned)clients);
        if (dice_roll(dice, 3) > 0)
            ask(operation, &office, &keys, dice);
    }
    free(office.known);
}
