/* What one buyer may have: 4 tickets of the event `demo`, if nothing else is said. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/clock.h"
#include "tests/store/peek.h"

static struct store *limited(struct fixture *fixture, int limit)
{
    fixture_sql(fixture, "UPDATE events SET buyer_limit = %d, waiting_list = 1", limit);
    clock_stop(clock_now());
    return fixture_seller(fixture, "server-1");
}

static void no_more_than_the_limit(struct fixture *fixture)
{
    struct store *store = limited(fixture, 4);
    CU_ASSERT_EQUAL(buy_as(store, "ann", 3).problem, PROBLEM_NONE);
    struct outcome outcome = buy_as(store, "ann", 2);
    expect_problem(&outcome, PROBLEM_BUYER_LIMIT);
    CU_ASSERT_EQUAL(outcome.remaining, 1);
    CU_ASSERT_EQUAL(buy_as(store, "bob", 4).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy_as(store, "ann", 1).problem, PROBLEM_NONE);
    outcome = buy_as(store, "ann", 1);
    expect_problem(&outcome, PROBLEM_BUYER_LIMIT);
    CU_ASSERT_EQUAL(outcome.remaining, 0);
    store_close(store);
    expect_counts(fixture, 8, 0, 0);
}

static void more_than_the_limit_at_once(struct fixture *fixture)
{
    struct store *store = limited(fixture, 4);
    struct outcome outcome = buy_as(store, "ann", 5);
    expect_problem(&outcome, PROBLEM_BUYER_LIMIT);
    CU_ASSERT_EQUAL(outcome.remaining, 4);
    CU_ASSERT_EQUAL(buy_as(store, "ann", 4).problem, PROBLEM_NONE);
    store_close(store);
}

/* Alike but for ASCII case; what is no ASCII differs. */
static void buyers_are_the_same_but_for_case(struct fixture *fixture)
{
    struct store *store = limited(fixture, 4);
    CU_ASSERT_EQUAL(buy_as(store, "Ann@Example.org", 4).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy_as(store, "ann@example.ORG", 1).problem, PROBLEM_BUYER_LIMIT);
    CU_ASSERT_EQUAL(buy_as(store, "ann@example.org.", 1).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy_as(store, "ann", 1).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy_as(store, "zoë", 4).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy_as(store, "ZOË", 4).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy_as(store, "ZOë", 1).problem, PROBLEM_BUYER_LIMIT);
    CU_ASSERT_EQUAL(buy_as(store, "[", 4).problem, PROBLEM_NONE); /* beside the letters */
    CU_ASSERT_EQUAL(buy_as(store, "{", 4).problem, PROBLEM_NONE);
    store_close(store);
}

static void a_buyer_is_required(struct fixture *fixture)
{
    struct store *store = limited(fixture, 4);
    struct outcome outcome = buy(store, "key-without-a-buyer", 1);
    expect_problem(&outcome, PROBLEM_BUYER_REQUIRED);
    CU_ASSERT_FALSE(outcome.stored);
    CU_ASSERT_EQUAL(hold(store, NULL, 1).problem, PROBLEM_BUYER_REQUIRED);
    set_demo(fixture, "buyer_limit = 0");
    CU_ASSERT_EQUAL(buy(store, "key-without-a-buyer", 1).problem, PROBLEM_NONE);
    store_close(store);
}

static void what_is_held_and_waits_counts(struct fixture *fixture)
{
    struct store *store = limited(fixture, 4);
    struct basket basket = {0};
    CU_ASSERT_EQUAL(hold_as(store, "ann", 2).problem, PROBLEM_NONE);
    hold_as(store, "bob", 4);
    basket_wait(&basket, NULL, "ANN", 1);
    basket_wait(&basket, NULL, "ann", 2);
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 0), ORDER_WAITING, 1);
    expect_problem(basket_outcome(&basket, 1), PROBLEM_BUYER_LIMIT);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 1)->remaining, 1);
    basket_free(&basket);
    store_close(store);
}

/* The limit comes before what is free: it says more. */
static void limit_before_sold_out(struct fixture *fixture)
{
    struct store *store = limited(fixture, 4);
    hold_as(store, "ann", 4);
    hold_as(store, "bob", 2);
    CU_ASSERT_EQUAL(buy_as(store, "ann", 1).problem, PROBLEM_BUYER_LIMIT);
    CU_ASSERT_EQUAL(buy_as(store, "bob", 2).problem, PROBLEM_SOLD_OUT);
    store_close(store);
}

static void expect_room(struct store *store, const char *buyer, int64_t room)
{
    struct outcome outcome = buy_as(store, buyer, 10);
    expect_problem(&outcome, PROBLEM_BUYER_LIMIT);
    if (outcome.remaining != room)
        printf("  %lld left of the limit, expected %lld\n", (long long)outcome.remaining,
               (long long)room);
    CU_ASSERT_EQUAL(outcome.remaining, room);
}

static void what_ends_gives_back(struct fixture *fixture)
{
    struct store *store = limited(fixture, 4);
    struct id released = hold_as(store, "ann", 2).sale.id;
    expect_room(store, "ann", 2);
    release(store, &released);
    release(store, &released);
    expect_room(store, "ann", 4);
    struct id refunded = buy_as(store, "ANN", 3).sale.id;
    expect_room(store, "ann", 1);
    refund(store, &refunded);
    refund(store, &refunded);
    expect_room(store, "ann", 4);
    hold_as(store, "ann", 1);
    clock_step(HOLD_SECONDS * CLOCK_SECOND);
    expect_room(store, "ann", 4);
    clock_step(HOLD_SECONDS * CLOCK_SECOND);
    expect_room(store, "ann", 4);
    store_close(store);
}

static void confirming_counts_once(struct fixture *fixture)
{
    struct store *store = limited(fixture, 4);
    struct id id = hold_as(store, "ann", 3).sale.id;
    confirm(store, &id, "payment");
    expect_room(store, "ann", 1);
    confirm(store, &id, "payment");
    confirm(store, &id, "another");
    expect_room(store, "ann", 1);
    store_close(store);
}

static void leaving_the_line_gives_back(struct fixture *fixture)
{
    struct store *store = limited(fixture, 4);
    struct basket basket = {0};
    hold_as(store, "bob", 2);
    struct id id = basket_wait(&basket, NULL, "ann", 3)->request;
    basket_settle(&basket, store);
    expect_room(store, "ann", 1);
    release(store, &id);
    expect_room(store, "ann", 4);
    basket_free(&basket);
    store_close(store);
}

/* Of three that were wanted, one was offered: two of the limit are free again. */
static void partial_offer_gives_the_rest_back(struct fixture *fixture)
{
    struct store *store = limited(fixture, 4);
    struct basket basket = {0};
    hold_as(store, "bob", 1);
    basket_wait(&basket, NULL, "ann", 3);
    basket_settle(&basket, store);
    expect_room(store, "ann", 3);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 0, 2, 0);
}

/* Expired, and the buyer has bought since: too late, and owed, though tickets are free. */
static void late_confirm_keeps_to_the_limit(struct fixture *fixture)
{
    struct store *store = limited(fixture, 4);
    struct id two = hold_as(store, "ann", 2).sale.id, three = hold_as(store, "ann", 1).sale.id;
    clock_step(HOLD_SECONDS * CLOCK_SECOND);
    buy_as(store, "Ann", 3);
    CU_ASSERT_EQUAL(confirm(store, &two, "payment-1").problem, PROBLEM_HOLD_EXPIRED);
    struct outcome outcome = confirm(store, &three, "payment-2");
    expect_order(&outcome, ORDER_SOLD, 1);
    CU_ASSERT(outcome.late);
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), 1);
    expect_room(store, "ann", 0);
    store_close(store);
}

static void refusal_is_stored(struct fixture *fixture)
{
    struct store *store = limited(fixture, 4);
    struct basket basket = {0};
    struct item *item = basket_add(&basket, "key-of-a-client-ann", 5);
    strcpy(item->purchase.buyer, "ann");
    basket_settle(&basket, store);
    CU_ASSERT(basket_outcome(&basket, 0)->stored);
    set_demo(fixture, "buyer_limit = 8");
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 0), PROBLEM_BUYER_LIMIT);
    CU_ASSERT(basket_outcome(&basket, 0)->replayed);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 0)->remaining, 4);
    basket_free(&basket);
    store_close(store);
}

static void repeats_do_not_count(struct fixture *fixture)
{
    struct store *store = limited(fixture, 4);
    struct basket basket = {0};
    for (int i = 0; i < 3; i++)
        basket_hold(&basket, "key-of-a-client-ann", "ann", 3);
    basket_settle(&basket, store);
    for (size_t i = 0; i < 3; i++)
        expect_order(basket_outcome(&basket, i), ORDER_HELD, 3);
    expect_room(store, "ann", 1);
    basket_free(&basket);
    store_close(store);
}

static void limit_is_of_the_event(struct fixture *fixture)
{
    fixture_tier(fixture, 2, "opera", 1, "stalls", 10);
    fixture_tier(fixture, 2, "opera", 2, "circle", 10);
    struct store *store = limited(fixture, 4);
    struct basket basket = {0};
    static const char *const tiers[] = {"stalls", "circle", "circle"};
    buy_as(store, "ann", 4);
    for (int i = 0; i < 3; i++)
        strcpy(basket_ask(&basket, NULL, "opera", tiers[i], 2)->purchase.buyer, "ann");
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 0), PROBLEM_NONE);
    expect_problem(basket_outcome(&basket, 1), PROBLEM_NONE);
    expect_problem(basket_outcome(&basket, 2), PROBLEM_BUYER_LIMIT);
    basket_free(&basket);
    store_close(store);
}

/* What a buyer has already is not taken away. */
static void limit_below_what_is_had(struct fixture *fixture)
{
    struct store *store = limited(fixture, 8);
    struct id id = hold_as(store, "ann", 6).sale.id;
    set_demo(fixture, "buyer_limit = 2");
    expect_room(store, "ann", 0);
    CU_ASSERT_EQUAL(confirm(store, &id, "payment").problem, PROBLEM_NONE);
    expect_room(store, "ann", 0);
    store_close(store);
}

static void limits_outlive_the_process(struct fixture *fixture)
{
    struct store *store = limited(fixture, 4);
    hold_as(store, "ann", 3);
    store_close(store);
    store = fixture_seller(fixture, "server-2");
    expect_room(store, "ann", 1);
    store_close(store);
}

static void longest_buyer(struct fixture *fixture)
{
    char buyer[BUYER_SIZE];
    memset(buyer, 'B', sizeof buyer - 1);
    buyer[sizeof buyer - 1] = '\0';
    struct store *store = limited(fixture, 4);
    CU_ASSERT_EQUAL(buy_as(store, buyer, 3).problem, PROBLEM_NONE);
    expect_room(store, buyer, 1);
    buyer[0] = 'b';
    expect_room(store, buyer, 1);
    buyer[sizeof buyer - 2] = '\0';
    CU_ASSERT_EQUAL(buy_as(store, buyer, 4).problem, PROBLEM_NONE);
    store_close(store);
}

static const struct fixture_case cases[] = {
    {"no more than the buyer's limit", 10, no_more_than_the_limit},
    {"more than the buyer's limit at once", 10, more_than_the_limit_at_once},
    {"buyers are the same but for case", 100, buyers_are_the_same_but_for_case},
    {"a buyer is required", 10, a_buyer_is_required},
    {"what is held and what waits counts", 6, what_is_held_and_waits_counts},
    {"the limit is told before sold out", 6, limit_before_sold_out},
    {"what ends gives the limit back", 10, what_ends_gives_back},
    {"confirming counts once", 10, confirming_counts_once},
    {"leaving the line gives the limit back", 2, leaving_the_line_gives_back},
    {"a partial offer gives the rest back", 2, partial_offer_gives_the_rest_back},
    {"a late confirm keeps to the limit", 10, late_confirm_keeps_to_the_limit},
    {"a buyer's refusal is stored", 10, refusal_is_stored},
    {"repeats do not count for the limit", 10, repeats_do_not_count},
    {"the limit is of the event", 10, limit_is_of_the_event},
    {"a limit below what is had", 10, limit_below_what_is_had},
    {"limits outlive the process", 10, limits_outlive_the_process},
    {"the longest buyer", 10, longest_buyer},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store buyers", cases, sizeof cases / sizeof *cases);
}
