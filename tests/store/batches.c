/* What one batch may do at most, and what becomes of one of which an item cannot be written. */
#include <stdio.h>

#include "common/clock.h"
#include "db/decide.h"
#include "tests/store/clock.h"
#include "tests/store/peek.h"

enum {
    LINES = DECIDE_TIDY_MAX / STORE_TIDY_MAX + 1,
};

static void line_up(struct store *store, int tier)
{
    struct basket basket = {0};
    char name[16];
    snprintf(name, sizeof name, "tier-%d", tier);
    for (int i = 0; i < STORE_TIDY_MAX; i++) {
        struct item *item = basket_ask(&basket, NULL, "opera", name, 1);
        item->verb = VERB_HOLD;
        item->wait = true;
    }
    basket_settle(&basket, store);
    basket_free(&basket);
}

/* More lines than a batch may offer to: those of the last tier wait, and nobody gets ahead of them. */
static void lines_of_one_batch(struct fixture *fixture)
{
    const struct sale *moved;
    for (int i = 1; i <= LINES; i++) {
        char name[16];
        snprintf(name, sizeof name, "tier-%d", i);
        fixture_tier(fixture, 2, "opera", i, name, 0);
    }
    fixture_sql(fixture, "UPDATE events SET waiting_list = 1");
    struct store *store = fixture_seller(fixture, "server-1");
    for (int i = 1; i <= LINES; i++)
        line_up(store, i);
    fixture_sql(fixture, "UPDATE tiers SET capacity = 2000 WHERE event = 2");
    tidy(store, "opera");
    CU_ASSERT_EQUAL(store_moved(store, &moved), DECIDE_TIDY_MAX);
    tidy(store, "opera");
    CU_ASSERT_EQUAL(store_moved(store, &moved), STORE_TIDY_MAX);
    store_close(store);
}

/* Two items of one request cannot both be written: each is decided on its own. */
static void add_the_spoilt(struct basket *basket)
{
    struct id request = basket_add(basket, "key-of-the-first", 1)->request;
    basket_add(basket, "key-of-the-second", 1)->request = request;
}

/* It was offered a ticket because of the first item, and gave it back by the second. */
static void moves_that_were_undone(struct fixture *fixture)
{
    const struct sale *moved;
    struct basket basket = {0};
    set_demo(fixture, "waiting_list = 1");
    clock_stop(clock_now());
    struct store *store = fixture_seller(fixture, "server-1");
    struct id expires = hold(store, NULL, 2).sale.id, leaves = wait_for(store, NULL, 2).sale.id;
    clock_step(HOLD_SECONDS * CLOCK_SECOND);
    basket_tidy(&basket, "demo");
    basket_release(&basket, &leaves);
    add_the_spoilt(&basket);
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 2), PROBLEM_NONE);
    expect_problem(basket_outcome(&basket, 3), PROBLEM_STORE_UNAVAILABLE);
    CU_ASSERT_EQUAL_FATAL(store_moved(store, &moved), 1);
    CU_ASSERT(id_equal(&moved[0].id, &expires));
    basket_free(&basket);
    store_close(store);
    expect_state(fixture, &leaves, ORDER_RELEASED);
}

/* A hold is confirmed by its id alone: another event has none of the same. */
static void one_id_in_two_events(struct fixture *fixture)
{
    struct basket basket = {0};
    fixture_tier(fixture, 2, "opera", 1, "stalls", 5);
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = basket_hold(&basket, "key-of-a-hold", "", 1)->request;
    struct item *other = basket_ask(&basket, "key-of-another", "opera", "stalls", 1);
    other->verb = VERB_HOLD;
    other->request = id;
    basket_hold(&basket, "key-of-a-third", "", 1);
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 0), ORDER_HELD, 1);
    expect_problem(basket_outcome(&basket, 1), PROBLEM_STORE_UNAVAILABLE);
    expect_order(basket_outcome(&basket, 2), ORDER_HELD, 1);
    basket_free(&basket);
    store_close(store);
}

static const struct fixture_case cases[] = {
    {"the lines of one batch have a bound", 5, lines_of_one_batch},
    {"what a later item undid has not moved", 2, moves_that_were_undone},
};

/* PostgreSQL's tables keep ids apart within an event alone: no index is over all of them. */
static const struct fixture_case sqlite_cases[] = {
    {"no hold has the id of another event's", 5, one_id_in_two_events},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store batches", cases, sizeof cases / sizeof *cases);
    fixture_add_on("sqlite", "sqlite batches", sqlite_cases,
                   sizeof sqlite_cases / sizeof *sqlite_cases);
}
