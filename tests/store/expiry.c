/* Holds expire: when their time has come, exactly once, whatever processes and clocks do. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/child.h"
#include "tests/store/clock.h"
#include "tests/store/peek.h"

static const int64_t hold_time = HOLD_SECONDS * CLOCK_SECOND;

static void expires_when_its_time_has_come(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    struct id id = hold(store, NULL, 5).sale.id;
    clock_step(hold_time - 1);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
    expect_state(fixture, &id, ORDER_HELD);
    clock_step(1);
    struct outcome outcome = buy(store, NULL, 4);
    expect_order(&outcome, ORDER_SOLD, 4);
    store_close(store);
    expect_counts(fixture, 4, 0, 0);
    expect_state(fixture, &id, ORDER_EXPIRED);
    CU_ASSERT_EQUAL(peek_order(fixture, &id).sale.quantity, 5);
}

static void expires_once(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    hold(store, NULL, 3);
    hold(store, NULL, 2);
    clock_step(hold_time);
    for (int i = 0; i < 3; i++) {
        tidy(store, "demo");
        expect_counts(fixture, 0, 0, 0);
    }
    CU_ASSERT_EQUAL(hold(store, NULL, 5).problem, PROBLEM_NONE);
    expect_counts(fixture, 0, 5, 0);
    store_close(store);
}

static void expires_over_a_restart(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    struct id id = hold(store, NULL, 5).sale.id;
    store_close(store);
    clock_step(hold_time);
    store = fixture_seller(fixture, "server-1");
    CU_ASSERT_EQUAL(buy(store, NULL, 5).problem, PROBLEM_NONE);
    store_close(store);
    store = fixture_seller(fixture, "server-2");
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
    store_close(store);
    expect_state(fixture, &id, ORDER_EXPIRED);
}

static void two_servers_expire_it_once(struct fixture *fixture)
{
    struct store *a = fixture_seller(fixture, "server-1");
    struct store *b = fixture_seller(fixture, "server-2");
    const struct sale *moved;
    clock_stop(clock_now());
    hold(a, NULL, 5);
    clock_step(hold_time);
    tidy(a, "demo");
    tidy(b, "demo");
    CU_ASSERT_EQUAL(store_moved(a, &moved), 1);
    CU_ASSERT_EQUAL(store_moved(b, &moved), 0);
    store_close(a);
    store_close(b);
    expect_counts(fixture, 0, 0, 0);
}

static void clock_steps_back_before(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    struct id id = hold(store, NULL, 5).sale.id;
    clock_step(-3600 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
    clock_step(3600 * CLOCK_SECOND + hold_time - 1);
    tidy(store, "demo");
    expect_state(fixture, &id, ORDER_HELD);
    clock_step(1);
    tidy(store, "demo");
    expect_state(fixture, &id, ORDER_EXPIRED);
    store_close(store);
}

static void clock_steps_back_behind(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    struct id id = hold(store, NULL, 5).sale.id;
    clock_step(hold_time);
    CU_ASSERT_EQUAL(buy(store, NULL, 5).problem, PROBLEM_NONE);
    clock_step(-hold_time);
    tidy(store, "demo");
    expect_state(fixture, &id, ORDER_EXPIRED);
    expect_counts(fixture, 5, 0, 0);
    clock_step(hold_time);
    tidy(store, "demo");
    expect_counts(fixture, 5, 0, 0);
    store_close(store);
}

static void clock_leaps(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    struct id id = hold(store, NULL, 5).sale.id;
    clock_step(10 * INT64_C(365) * 86400 * CLOCK_SECOND);
    struct outcome outcome = confirm(store, &id, "payment");
    expect_order(&outcome, ORDER_SOLD, 5);
    CU_ASSERT(outcome.late);
    store_close(store);
    expect_counts(fixture, 5, 0, 0);
}

static void what_moved_is_told_once(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    const struct sale *moved;
    clock_stop(clock_now());
    struct id id = hold(store, NULL, 2).sale.id;
    struct id other = hold(store, NULL, 1).sale.id;
    release(store, &other);
    CU_ASSERT_EQUAL(store_moved(store, &moved), 0);
    clock_step(hold_time);
    CU_ASSERT_EQUAL(buy(store, NULL, 5).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL_FATAL(store_moved(store, &moved), 1);
    CU_ASSERT(id_equal(&moved[0].id, &id));
    CU_ASSERT_EQUAL(moved[0].state, ORDER_EXPIRED);
    CU_ASSERT_EQUAL(moved[0].quantity, 2);
    CU_ASSERT_STRING_EQUAL(moved[0].event, "demo");
    tidy(store, "demo");
    CU_ASSERT_EQUAL(store_moved(store, &moved), 0);
    store_close(store);
}

static void other_events_wait_for_their_batch(struct fixture *fixture)
{
    fixture_tier(fixture, 2, "opera", 1, "stalls", 5);
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    clock_stop(clock_now());
    struct id id = basket_ask(&basket, NULL, "opera", "", 5)->request;
    basket.items[0].verb = VERB_HOLD;
    basket_settle(&basket, store);
    clock_step(hold_time);
    tidy(store, "demo");
    expect_state(fixture, &id, ORDER_HELD);
    tidy(store, "opera");
    expect_state(fixture, &id, ORDER_EXPIRED);
    basket_free(&basket);
    store_close(store);
}

/* A release names no event but by its order. */
static void an_id_names_its_event(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    struct id first = hold(store, NULL, 2).sale.id, second = hold(store, NULL, 3).sale.id;
    clock_step(hold_time);
    CU_ASSERT_EQUAL(release(store, &second).problem, PROBLEM_HOLD_EXPIRED);
    expect_state(fixture, &first, ORDER_EXPIRED);
    expect_state(fixture, &second, ORDER_EXPIRED);
    store_close(store);
}

static void tidying_nothing(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    hold(store, NULL, 2);
    basket_tidy(&basket, "demo");
    basket_tidy(&basket, "circus");
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 0), PROBLEM_NONE);
    expect_problem(basket_outcome(&basket, 1), PROBLEM_NO_SUCH_EVENT);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 0, 2, 0);
}

/* --- more than one batch expires ------------------------------------------------------------ */

static void hold_many(struct store *store, size_t n)
{
    struct basket basket = {0};
    for (size_t i = 0; i < n; i++)
        basket_hold(&basket, NULL, "", 1);
    basket_settle(&basket, store);
    basket_free(&basket);
}

static void no_more_than_the_bound_in_one_batch(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    const struct sale *moved;
    clock_stop(clock_now());
    hold_many(store, 2 * STORE_TIDY_MAX + 1);
    clock_step(hold_time);
    for (int left = 2 * STORE_TIDY_MAX + 1; left > 0; left -= STORE_TIDY_MAX) {
        tidy(store, "demo");
        CU_ASSERT_EQUAL(store_moved(store, &moved), left < STORE_TIDY_MAX ? left : STORE_TIDY_MAX);
    }
    expect_counts(fixture, 0, 0, 0);
    store_close(store);
}

static void the_earliest_expire_first(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    hold_many(store, STORE_TIDY_MAX - 1);
    clock_step(-60 * CLOCK_SECOND);
    struct id early = hold(store, NULL, 1).sale.id;
    clock_step(61 * CLOCK_SECOND);
    struct id late = hold(store, NULL, 1).sale.id;
    clock_step(hold_time);
    tidy(store, "demo");
    expect_state(fixture, &early, ORDER_EXPIRED);
    expect_state(fixture, &late, ORDER_HELD);
    expect_counts(fixture, 0, 1, 0);
    store_close(store);
}

/* What was not reached is held until then: it may be confirmed in time, so to say. */
static void confirmed_before_it_was_reached(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    hold_many(store, STORE_TIDY_MAX);
    clock_step(1);
    struct id id = hold(store, NULL, 1).sale.id;
    clock_step(hold_time);
    struct outcome outcome = confirm(store, &id, "payment");
    expect_order(&outcome, ORDER_SOLD, 1);
    CU_ASSERT_FALSE(outcome.late);
    store_close(store);
    expect_counts(fixture, 1, 0, 0);
}

/* --- what is due ---------------------------------------------------------------------------- */

static void count_event(void *context, const char *event)
{
    *(int *)context += strcmp(event, "demo") == 0 ? 1 : 100;
}

static int due(struct fixture *fixture, int64_t at)
{
    int count = 0;
    struct store *reader = fixture_reader(fixture);
    CU_ASSERT_EQUAL(store_each_due(reader, at, count_event, &count), STORE_FOUND);
    store_close(reader);
    return count;
}

static void what_is_due_is_found(struct fixture *fixture)
{
    fixture_tier(fixture, 2, "opera", 1, "stalls", 5);
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    hold(store, NULL, 2);
    hold(store, NULL, 2);
    CU_ASSERT_EQUAL(due(fixture, clock_now() + hold_time - 1), 0);
    CU_ASSERT_EQUAL(due(fixture, clock_now() + hold_time), 1);
    clock_step(hold_time);
    tidy(store, "demo");
    CU_ASSERT_EQUAL(due(fixture, clock_now()), 0);
    store_close(store);
}

/* --- deaths --------------------------------------------------------------------------------- */

static const enum fixture_moment moments[] = {FIXTURE_BEFORE_COMMIT, FIXTURE_BEHIND_COMMIT};

static int tidy_and_die(struct fixture *fixture, int moment, int parent)
{
    char error[STORE_ERROR_SIZE];
    struct basket basket = {0};
    struct store *store = store_open_seller(fixture->url, "server-1", error);
    (void)parent;
    if (store == NULL)
        return 1;
    fixture_die_at(fixture, store, moments[moment], 0);
    basket_tidy(&basket, "demo");
    basket_add(&basket, "the-key-of-one-who-died", 3);
    child_renew_ids(&basket, 9);
    basket_decide(&basket, store);
    return 2;
}

static void expires_once_though_the_seller_dies(struct fixture *fixture)
{
    for (int i = 0; i < 2; i++) {
        struct child child;
        fixture_renew(fixture, 5);
        clock_stop(clock_now());
        struct store *store = fixture_seller(fixture, "server-1");
        struct id id = hold(store, NULL, 5).sale.id;
        store_close(store);
        clock_step(hold_time);
        child_start(&child, tidy_and_die, fixture, i);
        child_open_gate();
        CU_ASSERT_EQUAL(child_wait(&child), -1);
        expect_state(fixture, &id, i == 0 ? ORDER_HELD : ORDER_EXPIRED);
        store = fixture_seller(fixture, "server-1");
        struct outcome outcome = buy(store, "the-key-of-one-who-died", 3);
        expect_order(&outcome, ORDER_SOLD, 3);
        CU_ASSERT_EQUAL(outcome.replayed, i == 1);
        CU_ASSERT_EQUAL(buy(store, NULL, 2).problem, PROBLEM_NONE);
        CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
        store_close(store);
        expect_state(fixture, &id, ORDER_EXPIRED);
        clock_run();
    }
}

static const struct fixture_case cases[] = {
    {"a hold expires when its time has come", 5, expires_when_its_time_has_come},
    {"a hold expires once", 5, expires_once},
    {"a hold expires over a restart", 5, expires_over_a_restart},
    {"two servers expire a hold once", 5, two_servers_expire_it_once},
    {"the clock steps back before a hold expires", 5, clock_steps_back_before},
    {"the clock steps back after a hold expired", 5, clock_steps_back_behind},
    {"the clock leaps by years", 5, clock_leaps},
    {"what moved is told once", 5, what_moved_is_told_once},
    {"other events wait for their batch", 5, other_events_wait_for_their_batch},
    {"an order's id names its event", 5, an_id_names_its_event},
    {"tidying where nothing is due", 5, tidying_nothing},
    {"no more than the bound expire in one batch", 3 * STORE_TIDY_MAX,
     no_more_than_the_bound_in_one_batch},
    {"the earliest expire first", 3 * STORE_TIDY_MAX, the_earliest_expire_first},
    {"confirmed before it was reached", 3 * STORE_TIDY_MAX, confirmed_before_it_was_reached},
    {"what is due is found", 5, what_is_due_is_found},
    {"a hold expires once though the seller dies", 5, expires_once_though_the_seller_dies},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store expiry", cases, sizeof cases / sizeof *cases);
}
