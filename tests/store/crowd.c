/* Processes that hold, pay, give up, let expire and refund at once, each with a clock of its own, and some
 * of them die: what anyone was told is so in the end, and no ticket is lost or sold twice. SEED=N repeats
 * what they ask for. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/lib/dice.h"
#include "tests/store/child.h"
#include "tests/store/clock.h"
#include "tests/store/peek.h"

enum {
    PROCESSES = 3,
    GENERATIONS = 4,
    BATCHES = 25,
    BATCH = 8,
    ORDERS = BATCHES * BATCH,
    CAPACITY = 60,
    TOLD_MAX = PROCESSES * GENERATIONS * ORDERS,
};

/* What a process was told of an order of its own last. */
struct told {
    struct id id;
    enum order_state state;
};

static struct {
    uint64_t seed;
    int generation;
    struct told told[TOLD_MAX];
    size_t count;
} crowd;

/* Of a child. */
static struct told own[ORDERS];
static size_t own_count;

static struct told *own_order(const struct id *id)
{
    for (size_t i = 0; i < own_count; i++)
        if (id_equal(&own[i].id, id))
            return &own[i];
    return NULL;
}

static void add_one(struct basket *basket, struct dice *dice)
{
    unsigned kind = dice_roll(dice, 10);
    if (kind < 5 || own_count == 0) {
        struct item *item = basket_hold(basket, NULL, "", 1 + (int)dice_roll(dice, 4));
        item->wait = dice_roll(dice, 2) == 0;
        return;
    }
    const struct id *order = &own[own_count - 1 - dice_roll(dice, 10) % own_count].id;
    if (kind < 7)
        basket_confirm(basket, order, "payment");
    else if (kind < 9)
        basket_release(basket, order);
    else
        basket_refund(basket, order);
}

static void note(const struct outcome *outcome)
{
    if (outcome->problem != PROBLEM_NONE)
        return;
    struct told *told = own_order(&outcome->sale.id);
    if (told == NULL)
        told = &own[own_count++];
    *told = (struct told){outcome->sale.id, outcome->sale.state};
}

/* Tells the parent of each batch before the next one. */
static int ask_batches(struct store *store, struct dice *dice, int number, int parent)
{
    struct basket basket = {0};
    for (int i = 0; i < BATCHES; i++) {
        basket_clear(&basket);
        for (unsigned n = 1 + dice_roll(dice, BATCH); n > 0; n--)
            add_one(&basket, dice);
        child_renew_ids(&basket, number);
        if (basket_decide(&basket, store) != STORE_DURABLE)
            return 2;
        for (size_t k = 0; k < basket.count; k++)
            note(basket_outcome(&basket, k));
        if (own_count > 0 && send(parent, own, own_count * sizeof *own, MSG_NOSIGNAL) < 0)
            return 3;
        clock_step((int64_t)dice_roll(dice, 400) * CLOCK_MILLISECOND);
    }
    basket_free(&basket);
    return 0;
}

static int join_in(struct fixture *fixture, int number, int parent)
{
    char server[SERVER_SIZE], error[STORE_ERROR_SIZE];
    struct dice dice = dice_new(crowd.seed + (uint64_t)(PROCESSES * crowd.generation + number));
    snprintf(server, sizeof server, "server-%d", number);
    clock_step(number * 300 * CLOCK_MILLISECOND);
    struct store *store = store_open_seller(fixture->url, server, error);
    if (store == NULL)
        return 1;
    if (dice_roll(&dice, 2) == 0)
        fixture_die_at(fixture, store, FIXTURE_STEPS, 1000 + (int)dice_roll(&dice, 60000));
    return ask_batches(store, &dice, PROCESSES * crowd.generation + number, parent);
}

static struct told *told_of(const struct id *id)
{
    for (size_t i = 0; i < crowd.count; i++)
        if (id_equal(&crowd.told[i].id, id))
            return &crowd.told[i];
    return &crowd.told[crowd.count++];
}

/* All that it has to say; false where it was no success and no death. */
static bool hear_out(struct child *child)
{
    struct told told;
    while (child_read(child, &told, sizeof told))
        if (crowd.count < TOLD_MAX)
            *told_of(&told.id) = told;
    return child_wait(child) <= 0;
}

/* Sold, released and refunded are final, but that what was sold may be refunded by a batch that was decided
 * and not told of. */
static bool holds_true(struct fixture *fixture, const struct told *told)
{
    enum order_state state = peek_order(fixture, &told->id).sale.state;
    if (told->state == ORDER_SOLD)
        return state == ORDER_SOLD || state == ORDER_REFUNDED;
    if (told->state == ORDER_RELEASED || told->state == ORDER_REFUNDED)
        return state == told->state;
    return true;
}

/* All have gone: what they hold expires, and is offered, until nobody waits. What is not sold can be sold. */
static void expect_nothing_stranded(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct tier_counts counts = peek_counts(fixture);
    fixture_hasten(fixture, store);
    for (int i = 0; i < TOLD_MAX && counts.held + counts.waiting > 0; i++) {
        if (counts.sold == CAPACITY)
            break;
        clock_step(2 * CLOCK_SECOND);
        tidy(store, "demo");
        counts = peek_counts(fixture);
    }
    CU_ASSERT_EQUAL(counts.held, 0);
    for (int64_t i = counts.sold; i < CAPACITY; i++)
        CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
    store_close(store);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), CAPACITY);
}

static void crowd_is_served(struct fixture *fixture)
{
    struct child children[PROCESSES];
    crowd.seed = dice_seed();
    crowd.count = 0;
    set_demo(fixture, "waiting_list = 1, hold_seconds = 1");
    for (crowd.generation = 0; crowd.generation < GENERATIONS; crowd.generation++) {
        for (int i = 0; i < PROCESSES; i++)
            child_start(&children[i], join_in, fixture, i + 1);
        child_open_gate();
        for (int i = 0; i < PROCESSES; i++)
            CU_ASSERT(hear_out(&children[i]));
        CU_ASSERT_EQUAL(fixture_broken(fixture, NULL), 0);
    }
    unsigned untrue = 0;
    for (size_t i = 0; i < crowd.count; i++)
        untrue += !holds_true(fixture, &crowd.told[i]);
    CU_ASSERT_EQUAL(untrue, 0);
    CU_ASSERT(crowd.count > CAPACITY);
    expect_nothing_stranded(fixture);
}

static const struct fixture_case cases[] = {
    {"a crowd of processes is served", CAPACITY, crowd_is_served},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store crowd", cases, sizeof cases / sizeof *cases);
}
