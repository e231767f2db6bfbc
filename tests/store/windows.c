/* When an event sells: between two times, by when a request was admitted, and while it is not closed. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/clock.h"
#include "tests/store/peek.h"

static const enum verb verbs[] = {VERB_PURCHASE, VERB_HOLD};

/* What is asked at `now`, admitted at `admitted`, for one ticket. */
static struct outcome ask_at(struct store *store, enum verb verb, int64_t admitted)
{
    struct basket basket = {0};
    struct item *item = basket_add(&basket, "0193b0aa-1111-7000-8000-000000000002", 1);
    item->verb = verb;
    id_format(&item->request, item->key);
    item->admitted = admitted;
    basket_settle(&basket, store);
    struct outcome outcome = *basket_outcome(&basket, 0);
    basket_free(&basket);
    return outcome;
}

static void set_window(struct fixture *fixture, int64_t from, int64_t until)
{
    fixture_sql(fixture, "UPDATE events SET sale_from = %lld, sale_until = %lld", (long long)from,
                (long long)until);
}

static void sells_between_two_times(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    int64_t from = clock_now() - CLOCK_SECOND, until = clock_now() + CLOCK_SECOND;
    set_window(fixture, from, until);
    for (int i = 0; i < 2; i++) {
        struct outcome outcome = ask_at(store, verbs[i], from - 1);
        expect_problem(&outcome, PROBLEM_NOT_ON_SALE_YET);
        CU_ASSERT_EQUAL(outcome.retry_at, from);
        CU_ASSERT_FALSE(outcome.stored);
        CU_ASSERT_EQUAL(ask_at(store, verbs[i], from).problem, PROBLEM_NONE);
        CU_ASSERT_EQUAL(ask_at(store, verbs[i], until - 1).problem, PROBLEM_NONE);
        outcome = ask_at(store, verbs[i], until);
        expect_problem(&outcome, PROBLEM_SALE_OVER);
        CU_ASSERT_EQUAL(outcome.retry_at, 0);
        CU_ASSERT_FALSE(outcome.stored);
    }
    store_close(store);
    expect_counts(fixture, 2, 2, 0);
}

static void a_bound_may_be_missing(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    int64_t now = clock_now();
    set_window(fixture, 0, now);
    CU_ASSERT_EQUAL(ask_at(store, VERB_PURCHASE, now - 1).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(ask_at(store, VERB_PURCHASE, 1).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(ask_at(store, VERB_PURCHASE, now).problem, PROBLEM_SALE_OVER);
    set_window(fixture, now, 0);
    CU_ASSERT_EQUAL(ask_at(store, VERB_PURCHASE, now - 1).problem, PROBLEM_NOT_ON_SALE_YET);
    CU_ASSERT_EQUAL(ask_at(store, VERB_PURCHASE, now).problem, PROBLEM_NONE);
    set_window(fixture, 0, 0);
    CU_ASSERT_EQUAL(ask_at(store, VERB_PURCHASE, 1).problem, PROBLEM_NONE);
    store_close(store);
}

/* It stood in a queue of ours while the sale began, or ended: that is not the buyer's fault, nor luck. */
static void judged_by_the_admission(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    int64_t then = clock_now();
    set_window(fixture, then + 1, then + CLOCK_SECOND);
    clock_step(2 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(ask_at(store, VERB_PURCHASE, then).problem, PROBLEM_NOT_ON_SALE_YET);
    CU_ASSERT_EQUAL(ask_at(store, VERB_PURCHASE, then + 1).problem, PROBLEM_NONE);
    store_close(store);
}

/* Asked again with the same key, once it is on sale. */
static void not_stored(struct fixture *fixture)
{
    static const char key[] = "key-of-an-early-bird";
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    set_window(fixture, clock_now() + CLOCK_SECOND, 0);
    CU_ASSERT_EQUAL(buy(store, key, 1).problem, PROBLEM_NOT_ON_SALE_YET);
    clock_step(CLOCK_SECOND);
    struct outcome outcome = buy(store, key, 1);
    expect_order(&outcome, ORDER_SOLD, 1);
    CU_ASSERT_FALSE(outcome.replayed);
    store_close(store);
}

static void known_keys_are_answered_at_any_time(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    buy(store, "key-of-who-bought", 1);
    hold(store, "key-of-who-holds", 1);
    set_window(fixture, 1, 2);
    set_demo(fixture, "closed = 1");
    CU_ASSERT(buy(store, "key-of-who-bought", 1).replayed);
    struct outcome outcome = hold(store, "key-of-who-holds", 1);
    expect_order(&outcome, ORDER_HELD, 1);
    CU_ASSERT(outcome.replayed);
    store_close(store);
}

static void closed_sells_nothing(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    set_demo(fixture, "closed = 1");
    for (int i = 0; i < 2; i++) {
        struct outcome outcome = ask_at(store, verbs[i], clock_now());
        expect_problem(&outcome, PROBLEM_SALE_OVER);
        CU_ASSERT_FALSE(outcome.stored);
    }
    set_demo(fixture, "closed = 0");
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_NONE);
    store_close(store);
}

static void closed_still_lets_go(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    struct id bought = buy(store, NULL, 1).sale.id, held = hold(store, NULL, 1).sale.id;
    buy(store, NULL, 1);
    hold(store, NULL, 1);
    set_demo(fixture, "closed = 1");
    set_window(fixture, 1, 2);
    CU_ASSERT_EQUAL(refund(store, &bought).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(release(store, &held).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(let_in(store, NULL, 2, "North", NULL).problem, PROBLEM_NONE);
    clock_step(HOLD_SECONDS * CLOCK_SECOND);
    tidy(store, "demo");
    store_close(store);
    expect_counts(fixture, 1, 0, 0);
}

/* The window is told before all that a client could put right. */
static void window_comes_first(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    set_window(fixture, clock_now() + 60 * CLOCK_SECOND, 0);
    set_demo(fixture, "buyer_limit = 2");
    basket_ask(&basket, NULL, "demo", "box", 1);
    basket_ask(&basket, NULL, "demo", "", 11);
    basket_wait(&basket, NULL, "", 1);
    basket_settle(&basket, store);
    for (size_t i = 0; i < basket.count; i++)
        expect_problem(basket_outcome(&basket, i), PROBLEM_NOT_ON_SALE_YET);
    basket_free(&basket);
    store_close(store);
}

static const struct fixture_case cases[] = {
    {"sells between two times", 10, sells_between_two_times},
    {"a bound of the sale may be missing", 10, a_bound_may_be_missing},
    {"judged by the admission", 10, judged_by_the_admission},
    {"not on sale yet is not stored", 10, not_stored},
    {"known keys are answered at any time", 10, known_keys_are_answered_at_any_time},
    {"a closed event sells nothing", 10, closed_sells_nothing},
    {"a closed event still lets go", 10, closed_still_lets_go},
    {"the window comes first", 10, window_comes_first},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store windows", cases, sizeof cases / sizeof *cases);
}
