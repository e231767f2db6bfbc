/* A batch of which some items cannot be written: it ends as if each item had come on its own. */
#include <stdio.h>
#include <stdlib.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "tests/lib/dice.h"
#include "tests/store/clock.h"
#include "tests/store/peek.h"

enum {
    ROUNDS = 6,
    ITEMS = 61, /* no power of two */
    KEYS = 40,
    SPOILT = 7, /* tickets of an order that cannot be written */
    CAPACITY = 110,
    WHOLE = STORE_BATCH_MAX,
};

static void spoil(struct fixture *fixture)
{
    fixture_on_insert(fixture, "decisions", "NEW.quantity = 7", NULL);
}

/* One in so many is spoilt; later items are about orders of earlier ones, and keys come again. */
static void add_at_random(struct basket *basket, struct dice *dice, uint32_t one_in)
{
    char key[KEY_SIZE];

    struct id order = {.bytes = "nobody's order"};
    int quantity = dice_roll(dice, one_in) == 0 ? SPOILT : 1 + (int)dice_roll(dice, 4);
    uint32_t which = dice_roll(dice, 10);
    if (basket->count > 0)
        order = basket->items[dice_roll(dice, (uint32_t)basket->count)].request;
    snprintf(key, sizeof key, "a key of a buyer %u", dice_roll(dice, KEYS));
    if (which < 4)
        basket_add(basket, which == 0 ? NULL : key, quantity);
    else if (which < 7)
        basket_hold(basket, which == 4 ? NULL : key, "", quantity);
    else if (which == 7)
        basket_confirm(basket, &order, "payment");
    else if (which == 8)
        basket_release(basket, &order);
    else
        basket_refund(basket, &order);
}

static struct outcome *decide_each(struct basket *basket, struct store *store)
{
    struct outcome *alone = memory_new(basket->count * sizeof *alone);
    struct figures figures;
    basket_prepare(basket);
    for (size_t i = 0; i < basket->count; i++) {
        CU_ASSERT_EQUAL(store_decide(store, &basket->decisions[i], 1, &figures), STORE_DURABLE);
        alone[i] = *basket_outcome(basket, i);
    }
    return alone;
}

static void expect_same(const struct outcome *together, const struct outcome *alone)
{
    CU_ASSERT_EQUAL(together->problem, alone->problem);
    CU_ASSERT_EQUAL(together->replayed, alone->replayed);
    CU_ASSERT_EQUAL(together->remaining, alone->remaining);
    CU_ASSERT(id_equal(&together->sale.id, &alone->sale.id));
    CU_ASSERT_EQUAL(together->sale.state, alone->sale.state);
    CU_ASSERT_EQUAL(together->sale.quantity, alone->sale.quantity);
    CU_ASSERT_EQUAL(together->sale.first_number, alone->sale.first_number);
}

/* The same basket in two fresh stores. */
static void round_of(struct fixture *fixture, struct dice *dice, uint32_t one_in)
{
    struct basket basket = {0};
    for (int i = 0; i < ITEMS; i++)
        add_at_random(&basket, dice, one_in);
    fixture_renew(fixture, CAPACITY);
    spoil(fixture);
    struct store *store = fixture_seller(fixture, "server-1");
    struct outcome *alone = decide_each(&basket, store);
    struct figures before, after;
    store_figures(store, &before);
    store_close(store);
    fixture_renew(fixture, CAPACITY);
    spoil(fixture);
    store = fixture_seller(fixture, "server-1");
    basket_settle(&basket, store);
    store_figures(store, &after);
    CU_ASSERT_EQUAL(after.sold, before.sold);
    for (size_t i = 0; i < basket.count; i++)
        expect_same(basket_outcome(&basket, i), &alone[i]);
    store_close(store);
    free(alone);
    basket_free(&basket);
}

static void as_if_alone(struct fixture *fixture)
{
    struct dice dice = dice_new(dice_seed());
    clock_stop(clock_now());
    for (uint32_t i = 1; i <= ROUNDS; i++)
        round_of(fixture, &dice, i * i);
}

/* In a batch of all that one may hold, so that each number that is drawn for it counts. */
static void only_the_spoilt(struct fixture *fixture)
{
    static const size_t spoilt[] = {0, 1, 1000, 2047, 2048, WHOLE - 1};
    const size_t count = sizeof spoilt / sizeof *spoilt;
    struct basket basket = {0};
    size_t given_up = 0;
    for (int i = 0; i < WHOLE; i++)
        basket_add(&basket, NULL, 1);
    for (size_t i = 0; i < count; i++)
        basket.items[spoilt[i]].purchase.quantity = SPOILT;
    spoil(fixture);
    struct store *store = fixture_seller(fixture, "server-1");
    basket_settle(&basket, store);
    for (size_t i = 0; i < basket.count; i++)
        given_up += basket_outcome(&basket, i)->problem == PROBLEM_STORE_UNAVAILABLE;
    CU_ASSERT_EQUAL(given_up, count);
    for (size_t i = 0; i < count; i++)
        expect_problem(basket_outcome(&basket, spoilt[i]), PROBLEM_STORE_UNAVAILABLE);
    fixture_on_insert_no_more(fixture, "decisions");
    basket_settle(&basket, store);
    for (size_t i = 0; i < count; i++)
        expect_problem(basket_outcome(&basket, spoilt[i]), PROBLEM_NONE);
    store_close(store);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"),
                    (int64_t)(WHOLE - count + SPOILT * count));
    basket_free(&basket);
}

/* All are spoilt, and each is slow to be refused: others are not kept waiting for as long as that would take. */
static void looked_for_shortly(struct fixture *fixture)
{
    struct basket basket = {0};
    for (int i = 0; i < ITEMS; i++)
        basket_add(&basket, NULL, SPOILT);
    fixture_on_insert(fixture, "decisions", "NEW.quantity = 7",
                      "PERFORM pg_sleep(0.15); RAISE check_violation");
    struct store *store = fixture_seller(fixture, "server-1");
    int64_t begin = clock_monotonic();
    basket_settle(&basket, store);
    CU_ASSERT(clock_monotonic() - begin < 6 * CLOCK_SECOND);
    for (size_t i = 0; i < basket.count; i++)
        expect_problem(basket_outcome(&basket, i), PROBLEM_STORE_UNAVAILABLE);
    store_close(store);
    basket_free(&basket);
}

static const struct fixture_case slow = {"looked for shortly", CAPACITY, looked_for_shortly};

static const struct fixture_case cases[] = {
    {"a batch with spoilt items is as if each came alone", CAPACITY, as_if_alone},
    {"of a whole batch only the spoilt items are given up", 2 * WHOLE, only_the_spoilt},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store spoilt", cases, sizeof cases / sizeof *cases);
    fixture_add_on("postgresql", "store spoilt", &slow, 1);
}
