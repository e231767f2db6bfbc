/* Refunds: tickets come back, once, and payments are owed. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/clock.h"
#include "tests/store/peek.h"

static void frees_its_tickets(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = buy(store, NULL, 5).sale.id;
    struct basket basket = {0};
    basket_refund(&basket, &id);
    basket_add(&basket, NULL, 5);
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 0), ORDER_REFUNDED, 5);
    CU_ASSERT_FALSE(basket_outcome(&basket, 0)->replayed);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 0)->sale.first_number, 1);
    expect_order(basket_outcome(&basket, 1), ORDER_SOLD, 5);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 1)->sale.first_number, 6);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 5, 0, 0);
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), 0);
}

static void refunded_twice_frees_once(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = buy(store, NULL, 2).sale.id;
    struct basket basket = {0};
    buy(store, NULL, 2);
    for (int i = 0; i < 3; i++)
        basket_refund(&basket, &id);
    basket_settle(&basket, store);
    for (size_t i = 0; i < 3; i++) {
        expect_order(basket_outcome(&basket, i), ORDER_REFUNDED, 2);
        CU_ASSERT_EQUAL(basket_outcome(&basket, i)->replayed, i > 0);
    }
    store_close(store);
    store = fixture_seller(fixture, "server-2");
    CU_ASSERT(refund(store, &id).replayed);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 2, 0, 0);
}

static void payment_is_owed(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct owed owed[PEEK_MAX];
    clock_stop(clock_now());
    struct id id = hold(store, NULL, 3).sale.id;
    confirm(store, &id, "payment");
    clock_step(CLOCK_SECOND);
    refund(store, &id);
    refund(store, &id);
    CU_ASSERT_EQUAL_FATAL(peek_owed(fixture, owed), 1);
    CU_ASSERT(id_equal(&owed[0].order, &id));
    CU_ASSERT_STRING_EQUAL(owed[0].reference, "payment");
    CU_ASSERT_EQUAL(owed[0].reason, PROBLEM_NONE);
    CU_ASSERT_EQUAL(owed[0].amount, 7500);
    CU_ASSERT_EQUAL(owed[0].at, clock_now());
    struct order order = peek_order(fixture, &id);
    CU_ASSERT_EQUAL(order.sale.state, ORDER_REFUNDED);
    CU_ASSERT_EQUAL(order.changed_at, clock_now());
    CU_ASSERT_STRING_EQUAL(order.payment, "payment");
    store_close(store);
}

static void confirms_of_what_was_refunded(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = hold(store, NULL, 3).sale.id;
    confirm(store, &id, "payment-1");
    refund(store, &id);
    struct outcome outcome = confirm(store, &id, "payment-1");
    expect_order(&outcome, ORDER_REFUNDED, 3);
    CU_ASSERT(outcome.replayed);
    expect_counts(fixture, 0, 0, 0);
    outcome = confirm(store, &id, "payment-2");
    expect_problem(&outcome, PROBLEM_ALREADY_PAID);
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), 2);
    store_close(store);
}

static void owed_beyond_the_bound(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = hold(store, NULL, 1).sale.id;
    char reference[32];
    confirm(store, &id, "payment");
    for (int i = 0; i < STORE_OWED_MAX + 1; i++) {
        snprintf(reference, sizeof reference, "payment-%d", i);
        confirm(store, &id, reference);
    }
    struct outcome outcome = refund(store, &id);
    expect_order(&outcome, ORDER_REFUNDED, 1);
    store_close(store);
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), STORE_OWED_MAX + 1);
}

static void what_cannot_be_refunded(struct fixture *fixture)
{
    fixture_tier(fixture, 2, "opera", 1, "stalls", 5);
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    set_demo(fixture, "waiting_list = 1");
    clock_stop(clock_now());
    struct id expired = hold(store, NULL, 1).sale.id;
    clock_step(HOLD_SECONDS * CLOCK_SECOND);
    struct id held = hold(store, NULL, 1).sale.id, released = hold(store, NULL, 1).sale.id;
    struct id bought = buy(store, NULL, 1).sale.id, unknown = id_make();
    release(store, &released);
    struct id ids[] = {expired, held, released, unknown, wait_for(store, NULL, 9).sale.id};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        CU_ASSERT_EQUAL(refund(store, &ids[i]).problem, PROBLEM_NO_SUCH_PURCHASE);
    strcpy(basket_refund(&basket, &bought)->purchase.event, "opera");
    strcpy(basket_refund(&basket, &bought)->purchase.event, "circus");
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 0), PROBLEM_NO_SUCH_PURCHASE);
    expect_problem(basket_outcome(&basket, 1), PROBLEM_NO_SUCH_PURCHASE);
    basket_free(&basket);
    store_close(store);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 1);
}

static void late_refund_is_dropped(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = buy(store, NULL, 1).sale.id;
    struct basket basket = {0};
    basket_refund(&basket, &id)->deadline = clock_now() - 1;
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 0), PROBLEM_EXPIRED);
    expect_counts(fixture, 1, 0, 0);
    refund(store, &id);
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 0), ORDER_REFUNDED, 1);
    basket_free(&basket);
    store_close(store);
}

static void used_tickets_are_not_refunded(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id used = buy(store, NULL, 3).sale.id, other = buy(store, NULL, 1).sale.id;
    let_in(store, NULL, 3, "north", NULL);
    CU_ASSERT_EQUAL(refund(store, &used).problem, PROBLEM_TICKETS_USED);
    CU_ASSERT_EQUAL(refund(store, &other).problem, PROBLEM_NONE);
    store_close(store);
    expect_counts(fixture, 3, 0, 0);
}

static void used_and_refunded_in_one_batch(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id a = buy(store, NULL, 1).sale.id, b = buy(store, NULL, 1).sale.id;
    struct basket basket = {0};
    basket_check_in(&basket, NULL, 1, "north");
    basket_refund(&basket, &a);
    basket_refund(&basket, &b);
    basket_check_in(&basket, NULL, 2, "north");
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 0), PROBLEM_NONE);
    expect_problem(basket_outcome(&basket, 1), PROBLEM_TICKETS_USED);
    expect_order(basket_outcome(&basket, 2), ORDER_REFUNDED, 1);
    expect_problem(basket_outcome(&basket, 3), PROBLEM_TICKET_REFUNDED);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 1, 0, 0);
}

static void bought_and_refunded_in_one_batch(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    struct id id = basket_add(&basket, NULL, 5)->request;
    basket_refund(&basket, &id);
    basket_add(&basket, NULL, 5);
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 0), ORDER_SOLD, 5);
    expect_order(basket_outcome(&basket, 1), ORDER_REFUNDED, 5);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 2)->sale.first_number, 6);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 5, 0, 0);
}

/* A server's total is of tickets ever sold, so that what is chosen by it does not jump back. */
static void totals_do_not_fall(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct figures figures;
    struct id id = buy(store, NULL, 3).sale.id;
    refund(store, &id);
    store_figures(store, &figures);
    CU_ASSERT_EQUAL(figures.sold, 3);
    store_close(store);
    store = fixture_seller(fixture, "server-1");
    store_figures(store, &figures);
    CU_ASSERT_EQUAL(figures.sold, 3);
    store_close(store);
}

static void refunded_is_still_to_be_read(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct sale sale;
    struct id id = buy(store, "key-of-the-refunded-one", 2).sale.id;
    refund(store, &id);
    CU_ASSERT_EQUAL(store_read_sale(store, "demo", &id, &sale), STORE_FOUND);
    CU_ASSERT_EQUAL(sale.state, ORDER_REFUNDED);
    CU_ASSERT_EQUAL(sale.quantity, 2);
    CU_ASSERT(peek_ticket(fixture, 2).refunded);
    struct outcome again = buy(store, "key-of-the-refunded-one", 2);
    expect_order(&again, ORDER_REFUNDED, 2);
    CU_ASSERT(again.replayed);
    store_close(store);
}

static const struct fixture_case cases[] = {
    {"a refund frees its tickets", 5, frees_its_tickets},
    {"refunded twice, freed once", 5, refunded_twice_frees_once},
    {"a refunded payment is owed", 5, payment_is_owed},
    {"confirms of what was refunded", 5, confirms_of_what_was_refunded},
    {"a refund is owed beyond the bound", 5, owed_beyond_the_bound},
    {"what cannot be refunded", 5, what_cannot_be_refunded},
    {"a late refund is dropped", 5, late_refund_is_dropped},
    {"used tickets are not refunded", 5, used_tickets_are_not_refunded},
    {"used and refunded in one batch", 5, used_and_refunded_in_one_batch},
    {"bought and refunded in one batch", 5, bought_and_refunded_in_one_batch},
    {"totals do not fall", 5, totals_do_not_fall},
    {"what was refunded is still to be read", 5, refunded_is_still_to_be_read},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store refunds", cases, sizeof cases / sizeof *cases);
}
