/* Random decisions on two handles, held against the oracle. SEED=N repeats a run. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "tests/lib/dice.h"
#include "tests/lib/store_memory.h"
#include "tests/store/fixture.h"

enum {
    ROUNDS = 300,
    KEYS = 400,   /* few, so that they repeat */
    OLD_MAX = 60, /* refusals made old at once: no more than one batch removes */
};

/* A run: the store, the oracle, and where the randomness comes from. */
struct run {
    struct fixture *fixture;
    struct store *sellers[2];
    struct store_memory memory;
    struct dice dice;
    uint64_t seed;
    unsigned differences;
};

static const char *const servers[] = {"server-1", "server-2"};

static void add_random(struct run *run, struct basket *basket)
{
    static const char *const events[] = {"demo", "demo", "demo", "opera", "opera", "circus"};
    static const char *const tiers[] = {"", "", "standard", "stalls", "circle", "box"};
    char key[KEY_SIZE];
    snprintf(key, sizeof key, "random-key-number-%u", dice_roll(&run->dice, KEYS));
    struct item *item = basket_ask(basket, key, events[dice_roll(&run->dice, 6)],
                                   tiers[dice_roll(&run->dice, 6)], (int)dice_roll(&run->dice, 13));
    if (dice_roll(&run->dice, 3) > 0) /* most clients repeat what they asked */
        strcpy(item->purchase.tier, strcmp(item->purchase.event, "demo") == 0 ? "" : "stalls");
    if (dice_roll(&run->dice, 3) > 0)
        item->purchase.quantity = 1 + (key[strlen(key) - 1] - '0') % 3;
    if (dice_roll(&run->dice, 10) == 0)
        strcpy(item->purchase.buyer, "somebody");
    item->key_made = dice_roll(&run->dice, 2) == 0;
    item->attempt = 1 + (dice_roll(&run->dice, 4) == 0);
    if (dice_roll(&run->dice, 8) == 0)
        item->deadline = clock_now() - CLOCK_SECOND;
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->problem == b->problem && a->replayed == b->replayed && a->stored == b->stored &&
           a->remaining == b->remaining && a->limit == b->limit &&
           id_equal(&a->sale.id, &b->sale.id) && strcmp(a->sale.event, b->sale.event) == 0 &&
           strcmp(a->sale.tier, b->sale.tier) == 0 && strcmp(a->sale.buyer, b->sale.buyer) == 0 &&
           strcmp(a->sale.server, b->sale.server) == 0 &&
           strcmp(a->sale.currency, b->sale.currency) == 0 &&
           a->sale.quantity == b->sale.quantity && a->sale.first_number == b->sale.first_number &&
           a->sale.amount == b->sale.amount;
}

static void compare(struct run *run, const struct basket *basket, const struct decision *expected)
{
    for (size_t i = 0; i < basket->count; i++) {
        const struct outcome *told = basket_outcome(basket, i);
        if (same(told, &expected[i].outcome))
            continue;
        if (run->differences++ == 0)
            printf("  SEED=%" PRIu64 ": key %s: problem %d, expected %d\n", run->seed,
                   basket->items[i].key, told->problem, expected[i].outcome.problem);
    }
}

static void decide_batch(struct run *run)
{
    struct basket basket = {0};
    size_t server = dice_roll(&run->dice, 2);
    size_t n = 1 + (dice_roll(&run->dice, 4) == 0 ? dice_roll(&run->dice, 300)
                                                  : dice_roll(&run->dice, 12));
    for (size_t i = 0; i < n; i++)
        add_random(run, &basket);
    basket_settle(&basket, run->sellers[server]);
    struct decision *expected = memory_new(n * sizeof *expected);
    memcpy(expected, basket.decisions, n * sizeof *expected);
    memory_decide(&run->memory, servers[server], clock_now(), expected, n);
    compare(run, &basket, expected);
    free(expected);
    basket_free(&basket);
}

static void change_tier(struct run *run)
{
    struct memory_tier *tier =
        &run->memory.tiers[dice_roll(&run->dice, (unsigned)run->memory.tier_count)];
    struct tier_counts *counts = &tier->counts;
    counts->capacity = counts->sold + counts->held + dice_roll(&run->dice, 30);
    counts->held = dice_roll(&run->dice, (unsigned)(counts->capacity - counts->sold) + 1);
    fixture_sql(run->fixture,
                "UPDATE tiers SET capacity = %" PRId64 ", held = %" PRId64 " WHERE name = '%s'"
                "  AND event = (SELECT event FROM events WHERE name = '%s')",
                counts->capacity, counts->held, counts->tier, counts->event);
}

static void pass_an_hour(struct run *run)
{
    if (memory_refusals(&run->memory, "demo") > OLD_MAX ||
        memory_refusals(&run->memory, "opera") > OLD_MAX)
        return;
    memory_age_refusals(&run->memory);
    fixture_sql(run->fixture, "UPDATE decisions SET created_at = created_at - 7200000000");
}

static void reopen(struct run *run)
{
    size_t server = dice_roll(&run->dice, 2);
    store_close(run->sellers[server]);
    run->sellers[server] = fixture_seller(run->fixture, servers[server]);
}

static void step(struct run *run)
{
    switch (dice_roll(&run->dice, 12)) {
    case 0:
        change_tier(run);
        break;
    case 1:
        pass_an_hour(run);
        break;
    case 2:
        reopen(run);
        break;
    default:
        decide_batch(run);
    }
}

static void compare_counts(struct run *run)
{
    for (size_t i = 0; i < run->memory.tier_count; i++) {
        const struct tier_counts *counts = &run->memory.tiers[i].counts;
        CU_ASSERT_EQUAL(fixture_sold(run->fixture, counts->event, counts->tier), counts->sold);
    }
}

static void agrees_with_the_oracle(struct fixture *fixture)
{
    struct run run = {.fixture = fixture};
    run.seed = dice_seed();
    run.dice = dice_new(run.seed);
    fixture_tier(fixture, 2, "opera", 1, "stalls", 40);
    fixture_tier(fixture, 2, "opera", 2, "circle", 20);
    memory_add_tier(&run.memory, "demo", "standard", 60, 2500, STORE_ORDER_LIMIT);
    memory_add_tier(&run.memory, "opera", "stalls", 40, 1000, 10);
    memory_add_tier(&run.memory, "opera", "circle", 20, 1000, 10);
    for (int i = 0; i < 2; i++)
        run.sellers[i] = fixture_seller(fixture, servers[i]);
    for (int i = 0; i < ROUNDS && run.differences == 0; i++)
        step(&run);
    CU_ASSERT_EQUAL(run.differences, 0);
    compare_counts(&run);
    for (int i = 0; i < 2; i++)
        store_close(run.sellers[i]);
    memory_free(&run.memory);
}

static const struct fixture_case cases[] = {
    {"agrees with the oracle", 60, agrees_with_the_oracle},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store random", cases, 1);
}
