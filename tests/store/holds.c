/* Holds: tickets that are kept for a while, and given up. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/clock.h"
#include "tests/store/peek.h"

static const char key_a[] = "key-of-a-client-a";

static void keeps_tickets_from_others(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct outcome held = hold(store, NULL, 3);
    expect_order(&held, ORDER_HELD, 3);
    struct outcome outcome = buy(store, NULL, 3);
    expect_problem(&outcome, PROBLEM_SOLD_OUT);
    CU_ASSERT_EQUAL(outcome.remaining, 2);
    outcome = hold(store, NULL, 3);
    expect_problem(&outcome, PROBLEM_SOLD_OUT);
    CU_ASSERT_EQUAL(buy(store, NULL, 2).problem, PROBLEM_NONE);
    store_close(store);
    expect_counts(fixture, 2, 3, 0);
}

static void tells_all_of_a_hold(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    clock_stop(clock_now());
    basket_hold(&basket, key_a, "Zoë <zoe@example.org>", 2);
    basket_settle(&basket, store);
    const struct outcome *outcome = basket_outcome(&basket, 0);
    const struct sale *sale = &outcome->sale;
    expect_order(outcome, ORDER_HELD, 2);
    CU_ASSERT(outcome->stored && !outcome->replayed && !outcome->late);
    CU_ASSERT_EQUAL(outcome->place, 0);
    CU_ASSERT(id_equal(&sale->id, &basket.items[0].request));
    CU_ASSERT_STRING_EQUAL(sale->event, "demo");
    CU_ASSERT_STRING_EQUAL(sale->tier, "standard");
    CU_ASSERT_STRING_EQUAL(sale->buyer, "Zoë <zoe@example.org>");
    CU_ASSERT_STRING_EQUAL(sale->server, "server-1");
    CU_ASSERT_STRING_EQUAL(sale->currency, "EUR");
    CU_ASSERT_EQUAL(sale->first_number, 0);
    CU_ASSERT_EQUAL(sale->amount, 5000);
    CU_ASSERT_EQUAL(sale->created_at, clock_now());
    CU_ASSERT_EQUAL(sale->expires_at, clock_now() + HOLD_SECONDS * CLOCK_SECOND);
    struct order order = peek_order(fixture, &sale->id);
    CU_ASSERT_EQUAL(memcmp(&order.sale.id, &sale->id, sizeof sale->id), 0);
    CU_ASSERT_EQUAL(order.sale.expires_at, sale->expires_at);
    CU_ASSERT_STRING_EQUAL(order.sale.buyer, sale->buyer);
    CU_ASSERT_STRING_EQUAL(order.payment, "");
    basket_free(&basket);
    store_close(store);
}

/* Each row: the event's seconds, those asked, those given. */
static void lasts_as_long_as_asked_and_allowed(struct fixture *fixture)
{
    static const int rows[][3] = {{600, 0, 600},   {600, 1, 1},     {600, 599, 599},
                                  {600, 600, 600}, {600, 601, 600}, {600, HOLD_SECONDS_MAX, 600},
                                  {1, 0, 1},       {1, 50, 1},      {86400, 86400, 86400}};
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct basket basket = {0};
        char seconds[32];
        snprintf(seconds, sizeof seconds, "hold_seconds = %d", rows[i][0]);
        set_demo(fixture, seconds);
        basket_hold(&basket, NULL, "", 1)->seconds = rows[i][1];
        basket_settle(&basket, store);
        CU_ASSERT_EQUAL(basket_outcome(&basket, 0)->sale.expires_at,
                        clock_now() + rows[i][2] * CLOCK_SECOND);
        basket_free(&basket);
    }
    store_close(store);
}

static void repeated_hold_is_the_same(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct outcome first = hold(store, key_a, 2);
    struct outcome again = hold(store, key_a, 2);
    expect_order(&again, ORDER_HELD, 2);
    CU_ASSERT(again.replayed && again.stored);
    CU_ASSERT(id_equal(&first.sale.id, &again.sale.id));
    CU_ASSERT_EQUAL(first.sale.expires_at, again.sale.expires_at);
    store_close(store);
    expect_counts(fixture, 0, 2, 0);
}

static void repeated_within_a_batch(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    for (int i = 0; i < 3; i++)
        basket_hold(&basket, key_a, "", 2);
    basket_settle(&basket, store);
    for (size_t i = 0; i < 3; i++) {
        expect_order(basket_outcome(&basket, i), ORDER_HELD, 2);
        CU_ASSERT_EQUAL(basket_outcome(&basket, i)->replayed, i > 0);
        CU_ASSERT(id_equal(&basket_outcome(&basket, i)->sale.id, &basket.items[0].request));
    }
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 0, 2, 0);
}

/* The same request again tells what has become of the hold. */
static void repeat_tells_the_present_state(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    struct id sold = hold(store, "key-of-the-sold-one", 1).sale.id;
    struct id released = hold(store, "key-of-the-released-one", 1).sale.id;
    struct id refunded = hold(store, "key-of-the-refunded-one", 1).sale.id;
    hold(store, "key-of-the-expired-one", 1);
    confirm(store, &sold, "payment-1");
    confirm(store, &refunded, "payment-2");
    refund(store, &refunded);
    release(store, &released);
    clock_step(HOLD_SECONDS * CLOCK_SECOND);
    struct outcome again = hold(store, "key-of-the-sold-one", 1);
    expect_order(&again, ORDER_SOLD, 1);
    CU_ASSERT_EQUAL(again.sale.first_number, 1);
    again = hold(store, "key-of-the-released-one", 1);
    expect_order(&again, ORDER_RELEASED, 1);
    again = hold(store, "key-of-the-refunded-one", 1);
    expect_order(&again, ORDER_REFUNDED, 1);
    again = hold(store, "key-of-the-expired-one", 1);
    expect_order(&again, ORDER_EXPIRED, 1);
    CU_ASSERT(again.replayed);
    store_close(store);
}

/* Each row differs from the first hold in one field. */
static void other_hold_under_the_key_is_refused(struct fixture *fixture)
{
    static const struct {
        enum verb verb;
        int seconds;
        bool wait;
        int quantity;
        const char *buyer, *tier;
    } rows[] = {{VERB_PURCHASE, 60, false, 2, "me", ""},     {VERB_HOLD, 61, false, 2, "me", ""},
                {VERB_HOLD, 0, false, 2, "me", ""},          {VERB_HOLD, 60, true, 2, "me", ""},
                {VERB_HOLD, 60, false, 1, "me", ""},         {VERB_HOLD, 60, false, 2, "", ""},
                {VERB_HOLD, 60, false, 2, "me", "standard"}, {VERB_HOLD, 60, false, 2, "ME", ""}};
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_hold(&basket, key_a, "me", 2)->seconds = 60;
    basket_settle(&basket, store);
    basket_clear(&basket);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct item *item = basket_hold(&basket, key_a, rows[i].buyer, rows[i].quantity);
        item->verb = rows[i].verb;
        item->seconds = rows[i].seconds;
        item->wait = rows[i].wait;
        strcpy(item->purchase.tier, rows[i].tier);
    }
    basket_settle(&basket, store);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_problem(basket_outcome(&basket, i), PROBLEM_KEY_REUSED);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 0, 2, 0);
}

static void key_of_a_purchase_holds_nothing(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    buy(store, key_a, 2);
    struct outcome outcome = hold(store, key_a, 2);
    expect_problem(&outcome, PROBLEM_KEY_REUSED);
    store_close(store);
    expect_counts(fixture, 2, 0, 0);
}

static void refused_holds_are_stored_as_purchases_are(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct outcome outcome = hold(store, key_a, 3);
    expect_problem(&outcome, PROBLEM_SOLD_OUT);
    CU_ASSERT(outcome.stored);
    CU_ASSERT_EQUAL(outcome.remaining, 2);
    CU_ASSERT_FALSE(hold(store, NULL, 3).stored);
    fixture_sql(fixture, "UPDATE tiers SET capacity = 100");
    outcome = hold(store, key_a, 3);
    expect_problem(&outcome, PROBLEM_SOLD_OUT);
    CU_ASSERT(outcome.replayed);
    CU_ASSERT_EQUAL(buy(store, key_a, 3).problem, PROBLEM_KEY_REUSED);
    store_close(store);
}

static void bad_holds_are_told_as_purchases_are(struct fixture *fixture)
{
    static const struct {
        const char *event, *tier;
        int quantity;
        enum problem problem;
    } rows[] = {
        {"circus", "", 1, PROBLEM_NO_SUCH_EVENT},  {"opera", "", 1, PROBLEM_TIER_REQUIRED},
        {"opera", "box", 1, PROBLEM_NO_SUCH_TIER}, {"opera", "stalls", 11, PROBLEM_OVER_LIMIT},
        {"opera", "stalls", 10, PROBLEM_NONE},     {"demo", "", 0, PROBLEM_NONE}};
    fixture_tier(fixture, 2, "opera", 1, "stalls", 100);
    fixture_tier(fixture, 2, "opera", 2, "circle", 100);
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        basket_ask(&basket, NULL, rows[i].event, rows[i].tier, rows[i].quantity)->verb = VERB_HOLD;
    basket_settle(&basket, store);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_problem(basket_outcome(&basket, i), rows[i].problem);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 5)->sale.quantity, 1);
    basket_free(&basket);
    store_close(store);
}

static void late_holds_are_dropped(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_hold(&basket, key_a, "", 1)->deadline = clock_now() - 1;
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 0), PROBLEM_EXPIRED);
    basket_free(&basket);
    CU_ASSERT_FALSE(hold(store, key_a, 1).replayed);
    store_close(store);
}

static void what_is_held_is_not_sold_yet(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct figures figures;
    struct sale sale;
    struct id id = hold(store, NULL, 3).sale.id;
    store_figures(store, &figures);
    CU_ASSERT_EQUAL(figures.sold, 0);
    CU_ASSERT_EQUAL(store_read_sale(store, "demo", &id, &sale), STORE_ABSENT);
    confirm(store, &id, "payment");
    store_figures(store, &figures);
    CU_ASSERT_EQUAL(figures.sold, 3);
    CU_ASSERT_EQUAL(store_read_sale(store, "demo", &id, &sale), STORE_FOUND);
    store_close(store);
}

static void holds_outlive_the_process(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = hold(store, key_a, 5).sale.id;
    store_close(store);
    store = fixture_seller(fixture, "server-2");
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
    CU_ASSERT(hold(store, key_a, 5).replayed);
    struct outcome outcome = confirm(store, &id, "payment");
    expect_order(&outcome, ORDER_SOLD, 5);
    CU_ASSERT_STRING_EQUAL(outcome.sale.server, "server-2");
    store_close(store);
}

/* --- releases ------------------------------------------------------------------------------- */

static void release_frees_at_once(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = hold(store, NULL, 5).sale.id;
    struct basket basket = {0};
    basket_release(&basket, &id);
    basket_add(&basket, NULL, 5);
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 0), ORDER_RELEASED, 5);
    CU_ASSERT_FALSE(basket_outcome(&basket, 0)->replayed);
    expect_order(basket_outcome(&basket, 1), ORDER_SOLD, 5);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 5, 0, 0);
    expect_state(fixture, &id, ORDER_RELEASED);
}

static void released_twice_frees_once(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = hold(store, NULL, 3).sale.id, other = hold(store, NULL, 2).sale.id;
    struct basket basket = {0};
    for (int i = 0; i < 3; i++)
        basket_release(&basket, &id);
    basket_settle(&basket, store);
    for (size_t i = 0; i < 3; i++) {
        expect_order(basket_outcome(&basket, i), ORDER_RELEASED, 3);
        CU_ASSERT_EQUAL(basket_outcome(&basket, i)->replayed, i > 0);
    }
    struct outcome outcome = release(store, &id);
    CU_ASSERT(outcome.replayed);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 0, 2, 0);
    expect_state(fixture, &other, ORDER_HELD);
}

static void what_cannot_be_released(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id unknown = id_make(), sold, expired, bought, refunded;
    clock_stop(clock_now());
    expired = hold(store, NULL, 1).sale.id;
    sold = hold(store, NULL, 1).sale.id;
    refunded = hold(store, NULL, 1).sale.id;
    bought = buy(store, NULL, 1).sale.id;
    confirm(store, &sold, "payment");
    confirm(store, &refunded, "payment");
    refund(store, &refunded);
    clock_step(HOLD_SECONDS * CLOCK_SECOND);
    CU_ASSERT_EQUAL(release(store, &unknown).problem, PROBLEM_NO_SUCH_HOLD);
    CU_ASSERT_EQUAL(release(store, &bought).problem, PROBLEM_NO_SUCH_HOLD);
    CU_ASSERT_EQUAL(release(store, &sold).problem, PROBLEM_ALREADY_SOLD);
    CU_ASSERT_EQUAL(release(store, &refunded).problem, PROBLEM_ALREADY_SOLD);
    CU_ASSERT_EQUAL(release(store, &expired).problem, PROBLEM_HOLD_EXPIRED);
    store_close(store);
    expect_counts(fixture, 2, 0, 0);
}

static void late_release_is_dropped(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = hold(store, NULL, 1).sale.id;
    struct basket basket = {0};
    basket_release(&basket, &id)->deadline = clock_now() - 1;
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 0), PROBLEM_EXPIRED);
    expect_state(fixture, &id, ORDER_HELD);
    release(store, &id);
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 0), ORDER_RELEASED, 1);
    CU_ASSERT(basket_outcome(&basket, 0)->replayed);
    basket_free(&basket);
    store_close(store);
}

static void held_and_released_in_one_batch(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    struct id id = basket_hold(&basket, NULL, "", 5)->request;
    basket_release(&basket, &id);
    basket_hold(&basket, NULL, "", 5);
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 0), ORDER_HELD, 5);
    expect_order(basket_outcome(&basket, 1), ORDER_RELEASED, 5);
    expect_order(basket_outcome(&basket, 2), ORDER_HELD, 5);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 0, 5, 0);
    expect_state(fixture, &id, ORDER_RELEASED);
}

static const struct fixture_case cases[] = {
    {"a hold keeps tickets from others", 5, keeps_tickets_from_others},
    {"a hold tells all", 10, tells_all_of_a_hold},
    {"a hold lasts as long as asked and allowed", 100, lasts_as_long_as_asked_and_allowed},
    {"a repeated hold is the same", 10, repeated_hold_is_the_same},
    {"a hold repeated within a batch", 10, repeated_within_a_batch},
    {"a repeat tells the hold's present state", 10, repeat_tells_the_present_state},
    {"another hold under the key is refused", 10, other_hold_under_the_key_is_refused},
    {"a purchase's key holds nothing", 10, key_of_a_purchase_holds_nothing},
    {"refused holds are stored as purchases are", 2, refused_holds_are_stored_as_purchases_are},
    {"bad holds are told as purchases are", 10, bad_holds_are_told_as_purchases_are},
    {"late holds are dropped", 10, late_holds_are_dropped},
    {"what is held is not sold yet", 10, what_is_held_is_not_sold_yet},
    {"holds outlive the process", 5, holds_outlive_the_process},
    {"a release frees at once", 5, release_frees_at_once},
    {"released twice, freed once", 5, released_twice_frees_once},
    {"what cannot be released", 10, what_cannot_be_released},
    {"a late release is dropped", 10, late_release_is_dropped},
    {"held and released in one batch", 5, held_and_released_in_one_batch},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store holds", cases, sizeof cases / sizeof *cases);
}
