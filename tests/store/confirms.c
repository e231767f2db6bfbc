/* Confirms: whoever has paid gets tickets, or the payment is recorded as owed back. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/child.h"
#include "tests/store/clock.h"
#include "tests/store/peek.h"

static const int64_t hold_time = HOLD_SECONDS * CLOCK_SECOND;

/* Fails unless one payment is owed, for this order and reference, and this is why. */
static void expect_owed(struct fixture *fixture, const struct id *order, const char *reference,
                        enum problem reason)
{
    struct owed owed[PEEK_MAX];
    CU_ASSERT_EQUAL_FATAL(peek_owed(fixture, owed), 1);
    CU_ASSERT(id_equal(&owed[0].order, order));
    CU_ASSERT_STRING_EQUAL(owed[0].reference, reference);
    CU_ASSERT_EQUAL(owed[0].reason, reason);
    CU_ASSERT_STRING_EQUAL(owed[0].event, "demo");
    CU_ASSERT_STRING_EQUAL(owed[0].currency, "EUR");
    CU_ASSERT_EQUAL(owed[0].amount, 2500 * (int64_t)peek_order(fixture, order).sale.quantity);
    CU_ASSERT_EQUAL(owed[0].at, clock_now());
    CU_ASSERT_EQUAL(owed[0].settled_at, 0);
}

static void in_time_it_is_sold(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    buy(store, NULL, 2);
    struct sale held = hold(store, NULL, 3).sale;
    clock_step(hold_time - 1);
    struct basket basket = {0};
    struct id request = basket_confirm(&basket, &held.id, "pi_3MtwBwLkdIwHu7ix28a3tqPa")->request;
    basket_settle(&basket, store);
    const struct outcome *outcome = basket_outcome(&basket, 0);
    expect_order(outcome, ORDER_SOLD, 3);
    CU_ASSERT(outcome->stored && !outcome->replayed && !outcome->late);
    CU_ASSERT(id_equal(&outcome->sale.id, &held.id));
    CU_ASSERT(id_equal(&outcome->sale.request, &request));
    CU_ASSERT_EQUAL(outcome->sale.first_number, 3);
    CU_ASSERT_EQUAL(outcome->sale.amount, 7500);
    CU_ASSERT_EQUAL(outcome->sale.created_at, held.created_at);
    CU_ASSERT_EQUAL(outcome->sale.expires_at, held.expires_at);
    struct order order = peek_order(fixture, &held.id);
    CU_ASSERT_STRING_EQUAL(order.payment, "pi_3MtwBwLkdIwHu7ix28a3tqPa");
    CU_ASSERT_EQUAL(order.changed_at, clock_now());
    CU_ASSERT_FALSE(order.late);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 5, 0, 0);
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), 0);
}

static void confirmed_twice_is_sold_once(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = hold(store, NULL, 2).sale.id;
    struct outcome first = confirm(store, &id, "payment");
    for (int i = 0; i < 3; i++) {
        struct outcome again = confirm(store, &id, "payment");
        expect_order(&again, ORDER_SOLD, 2);
        CU_ASSERT(again.replayed);
        CU_ASSERT_EQUAL(again.sale.first_number, first.sale.first_number);
        CU_ASSERT(id_equal(&again.sale.request, &first.sale.request));
    }
    store_close(store);
    expect_counts(fixture, 2, 0, 0);
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), 0);
}

static void confirmed_twice_in_one_batch(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = hold(store, NULL, 2).sale.id;
    struct basket basket = {0};
    basket_confirm(&basket, &id, "payment");
    basket_confirm(&basket, &id, "payment");
    basket_confirm(&basket, &id, "another");
    basket_confirm(&basket, &id, "another");
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 1), ORDER_SOLD, 2);
    CU_ASSERT(basket_outcome(&basket, 1)->replayed);
    expect_problem(basket_outcome(&basket, 2), PROBLEM_ALREADY_PAID);
    expect_problem(basket_outcome(&basket, 3), PROBLEM_ALREADY_PAID);
    CU_ASSERT_FALSE(basket_outcome(&basket, 2)->replayed);
    CU_ASSERT(basket_outcome(&basket, 3)->replayed);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 2, 0, 0);
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), 1);
}

static void held_and_confirmed_in_one_batch(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    struct id id = basket_hold(&basket, NULL, "", 2)->request;
    basket_confirm(&basket, &id, "payment");
    basket_add(&basket, NULL, 2);
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 0), ORDER_HELD, 2);
    expect_order(basket_outcome(&basket, 1), ORDER_SOLD, 2);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 1)->sale.first_number, 1);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 2)->sale.first_number, 3);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 4, 0, 0);
}

static void paid_by_another_payment_is_owed(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    struct id id = hold(store, NULL, 2).sale.id;
    confirm(store, &id, "payment-1");
    struct outcome outcome = confirm(store, &id, "payment-2");
    expect_problem(&outcome, PROBLEM_ALREADY_PAID);
    CU_ASSERT_FALSE(outcome.replayed);
    outcome = confirm(store, &id, "payment-2");
    expect_problem(&outcome, PROBLEM_ALREADY_PAID);
    CU_ASSERT(outcome.replayed);
    CU_ASSERT(confirm(store, &id, "payment-1").replayed);
    store_close(store);
    expect_owed(fixture, &id, "payment-2", PROBLEM_ALREADY_PAID);
}

static void late_but_tickets_are_there(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    struct id id = hold(store, NULL, 5).sale.id;
    clock_step(hold_time);
    struct outcome outcome = confirm(store, &id, "payment");
    expect_order(&outcome, ORDER_SOLD, 5);
    CU_ASSERT(outcome.late && !outcome.replayed);
    outcome = confirm(store, &id, "payment");
    CU_ASSERT(outcome.late && outcome.replayed);
    store_close(store);
    expect_counts(fixture, 5, 0, 0);
    CU_ASSERT(peek_order(fixture, &id).late);
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), 0);
}

static void late_and_tickets_are_gone(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    struct id id = hold(store, NULL, 3).sale.id;
    clock_step(hold_time);
    buy(store, NULL, 3);
    struct outcome outcome = confirm(store, &id, "payment");
    expect_problem(&outcome, PROBLEM_HOLD_EXPIRED);
    CU_ASSERT(outcome.stored);
    store_close(store);
    expect_owed(fixture, &id, "payment", PROBLEM_HOLD_EXPIRED);
    expect_state(fixture, &id, ORDER_EXPIRED);
    expect_counts(fixture, 3, 0, 0);
}

/* The payment is being given back: it cannot buy, though tickets came free since. Another one can. */
static void what_is_owed_stays_owed(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    struct id id = hold(store, NULL, 3).sale.id;
    clock_step(hold_time);
    buy(store, NULL, 3);
    confirm(store, &id, "payment-1");
    fixture_sql(fixture, "UPDATE tiers SET capacity = 100");
    struct outcome outcome = confirm(store, &id, "payment-1");
    expect_problem(&outcome, PROBLEM_HOLD_EXPIRED);
    CU_ASSERT(outcome.replayed);
    outcome = confirm(store, &id, "payment-2");
    expect_order(&outcome, ORDER_SOLD, 3);
    CU_ASSERT(outcome.late);
    outcome = confirm(store, &id, "payment-1");
    expect_problem(&outcome, PROBLEM_HOLD_EXPIRED);
    store_close(store);
    expect_owed(fixture, &id, "payment-1", PROBLEM_HOLD_EXPIRED);
}

static void released_is_owed(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    struct id id = hold(store, NULL, 3).sale.id;
    release(store, &id);
    for (int i = 0; i < 2; i++) {
        struct outcome outcome = confirm(store, &id, "payment");
        expect_problem(&outcome, PROBLEM_HOLD_RELEASED);
        CU_ASSERT_EQUAL(outcome.replayed, i == 1);
    }
    store_close(store);
    expect_owed(fixture, &id, "payment", PROBLEM_HOLD_RELEASED);
    expect_counts(fixture, 0, 0, 0);
}

static void released_and_confirmed_in_one_batch(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id a = hold(store, NULL, 1).sale.id, b = hold(store, NULL, 1).sale.id;
    struct basket basket = {0};
    basket_release(&basket, &a);
    basket_confirm(&basket, &a, "payment");
    basket_confirm(&basket, &b, "payment");
    basket_release(&basket, &b);
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 0), ORDER_RELEASED, 1);
    expect_problem(basket_outcome(&basket, 1), PROBLEM_HOLD_RELEASED);
    expect_order(basket_outcome(&basket, 2), ORDER_SOLD, 1);
    expect_problem(basket_outcome(&basket, 3), PROBLEM_ALREADY_SOLD);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 1, 0, 0);
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), 1);
}

static void waiting_is_owed(struct fixture *fixture)
{
    set_demo(fixture, "waiting_list = 1");
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    struct id first = hold(store, NULL, 3).sale.id;
    struct id id = wait_for(store, NULL, 2).sale.id;
    struct outcome outcome = confirm(store, &id, "payment-1");
    expect_problem(&outcome, PROBLEM_NOT_OFFERED);
    release(store, &first); /* it is offered them now */
    expect_state(fixture, &id, ORDER_HELD);
    outcome = confirm(store, &id, "payment-1");
    expect_problem(&outcome, PROBLEM_NOT_OFFERED);
    CU_ASSERT(outcome.replayed);
    expect_owed(fixture, &id, "payment-1", PROBLEM_NOT_OFFERED);
    outcome = confirm(store, &id, "payment-2");
    expect_order(&outcome, ORDER_SOLD, 2);
    CU_ASSERT_FALSE(outcome.late);
    store_close(store);
}

static void nothing_to_confirm(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id unknown = id_make(), bought = buy(store, NULL, 1).sale.id;
    struct outcome outcome = confirm(store, &unknown, "payment");
    expect_problem(&outcome, PROBLEM_NO_SUCH_HOLD);
    CU_ASSERT_FALSE(outcome.stored);
    CU_ASSERT_EQUAL(confirm(store, &bought, "payment").problem, PROBLEM_NO_SUCH_HOLD);
    store_close(store);
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), 0);
}

static void past_its_deadline_nothing_is_decided(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = hold(store, NULL, 1).sale.id;
    struct basket basket = {0};
    basket_confirm(&basket, &id, "payment")->deadline = clock_now() - 1;
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 0), PROBLEM_EXPIRED);
    expect_state(fixture, &id, ORDER_HELD);
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), 0);
    confirm(store, &id, "payment");
    basket_settle(&basket, store); /* what is known is answered at any time */
    expect_order(basket_outcome(&basket, 0), ORDER_SOLD, 1);
    CU_ASSERT(basket_outcome(&basket, 0)->replayed);
    basket_free(&basket);
    store_close(store);
}

static void so_many_payments_are_owed(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = hold(store, NULL, 1).sale.id;
    release(store, &id);
    char reference[32];
    for (int i = 0; i < STORE_OWED_MAX + 3; i++) {
        snprintf(reference, sizeof reference, "payment-%d", i);
        struct outcome outcome = confirm(store, &id, reference);
        expect_problem(&outcome, i < STORE_OWED_MAX ? PROBLEM_HOLD_RELEASED : PROBLEM_OVERLOADED);
        CU_ASSERT_EQUAL(outcome.stored, i < STORE_OWED_MAX);
    }
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), STORE_OWED_MAX);
    CU_ASSERT(confirm(store, &id, "payment-0").replayed);
    fixture_sql(fixture, "UPDATE owed SET settled_at = 5 WHERE reference = 'payment-0'");
    struct outcome outcome = confirm(store, &id, reference); /* once one was given back */
    expect_problem(&outcome, PROBLEM_HOLD_RELEASED);
    CU_ASSERT_EQUAL(confirm(store, &id, "payment-0").problem, PROBLEM_HOLD_RELEASED);
    CU_ASSERT_EQUAL(confirm(store, &id, "one-more").problem, PROBLEM_OVERLOADED);
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), STORE_OWED_MAX + 1);
    store_close(store);
}

/* The bound holds within a batch, too. */
static void so_many_payments_in_one_batch(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = hold(store, NULL, 1).sale.id;
    struct basket basket = {0};
    char reference[32];
    for (int i = 0; i < STORE_OWED_MAX + 4; i++) {
        snprintf(reference, sizeof reference, "payment-%d", i);
        basket_confirm(&basket, &id, reference);
    }
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 0), ORDER_SOLD, 1);
    for (size_t i = 1; i < basket.count; i++)
        expect_problem(basket_outcome(&basket, i),
                       i <= STORE_OWED_MAX ? PROBLEM_ALREADY_PAID : PROBLEM_OVERLOADED);
    basket_free(&basket);
    store_close(store);
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), STORE_OWED_MAX);
}

static void one_reference_pays_two_orders(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id a = hold(store, NULL, 1).sale.id, b = hold(store, NULL, 1).sale.id;
    CU_ASSERT_EQUAL(confirm(store, &a, "basket-of-two").problem, PROBLEM_NONE);
    struct outcome outcome = confirm(store, &b, "basket-of-two");
    expect_order(&outcome, ORDER_SOLD, 1);
    CU_ASSERT_FALSE(outcome.replayed);
    store_close(store);
}

static void longest_reference_is_kept(struct fixture *fixture)
{
    char reference[KEY_SIZE];
    memset(reference, '~', sizeof reference - 1);
    reference[sizeof reference - 1] = '\0';
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = hold(store, NULL, 1).sale.id;
    CU_ASSERT_FALSE(confirm(store, &id, reference).replayed);
    CU_ASSERT(confirm(store, &id, reference).replayed);
    reference[sizeof reference - 2] = '}';
    CU_ASSERT_EQUAL(confirm(store, &id, reference).problem, PROBLEM_ALREADY_PAID);
    store_close(store);
    CU_ASSERT_EQUAL(strlen(peek_order(fixture, &id).payment), KEY_SIZE - 1);
}

/* A reference is no key: the same text may be a buyer's key, or look like an id. */
static void references_are_no_keys(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    char text[ID_TEXT_SIZE];
    struct id id = hold(store, "a-key-and-a-reference", 1).sale.id;
    id_format(&id, text);
    CU_ASSERT_EQUAL(confirm(store, &id, "a-key-and-a-reference").problem, PROBLEM_NONE);
    CU_ASSERT(hold(store, "a-key-and-a-reference", 1).replayed);
    CU_ASSERT_EQUAL(confirm(store, &id, text).problem, PROBLEM_ALREADY_PAID);
    CU_ASSERT(confirm(store, &id, text).replayed);
    store_close(store);
    struct owed owed[PEEK_MAX];
    CU_ASSERT_EQUAL(peek_owed(fixture, owed), 1);
    CU_ASSERT_STRING_EQUAL(owed[0].reference, text);
}

static void confirmed_though_the_sale_is_over(struct fixture *fixture)
{
    static const char *const terms[] = {"closed = 1", "closed = 0, sale_until = 1",
                                        "sale_from = 4000000000000000, sale_until = 0"};
    struct store *store = fixture_seller(fixture, "server-1");
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        set_demo(fixture, "closed = 0, sale_from = 0, sale_until = 0");
        struct id id = hold(store, NULL, 1).sale.id;
        set_demo(fixture, terms[i]);
        struct outcome outcome = confirm(store, &id, "payment");
        expect_order(&outcome, ORDER_SOLD, 1);
    }
    store_close(store);
    expect_counts(fixture, 3, 0, 0);
}

static void sold_for_what_it_was_held_for(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    struct id in_time = hold(store, NULL, 2).sale.id;
    struct id late = hold(store, NULL, 2).sale.id;
    fixture_sql(fixture, "UPDATE tiers SET price = 9900, order_limit = 1");
    CU_ASSERT_EQUAL(confirm(store, &in_time, "payment").sale.amount, 5000);
    clock_step(hold_time);
    CU_ASSERT_EQUAL(confirm(store, &late, "payment").sale.amount, 5000);
    store_close(store);
}

static void counted_for_who_confirmed(struct fixture *fixture)
{
    struct store *a = fixture_seller(fixture, "server-1");
    struct store *b = fixture_seller(fixture, "server-2");
    struct figures figures;
    struct id id = hold(a, NULL, 4).sale.id;
    struct outcome outcome = confirm(b, &id, "payment");
    CU_ASSERT_STRING_EQUAL(outcome.sale.server, "server-2");
    CU_ASSERT(confirm(a, &id, "payment").replayed);
    store_figures(a, &figures);
    CU_ASSERT_EQUAL(figures.sold, 0);
    store_figures(b, &figures);
    CU_ASSERT_EQUAL(figures.sold, 4);
    store_close(a);
    store_close(b);
}

/* --- deaths --------------------------------------------------------------------------------- */

static struct id dying;

static int confirm_and_die(struct fixture *fixture, int moment, int parent)
{
    char error[STORE_ERROR_SIZE];
    struct basket basket = {0};
    struct store *store = store_open_seller(fixture->url, "server-1", error);
    (void)parent;
    if (store == NULL)
        return 1;
    fixture_die_at(fixture, store, moment == 0 ? FIXTURE_BEFORE_COMMIT : FIXTURE_BEHIND_COMMIT, 0);
    basket_confirm(&basket, &dying, "payment");
    basket_decide(&basket, store);
    return 2;
}

static void asked_again_after_a_death(struct fixture *fixture)
{
    for (int i = 0; i < 2; i++) {
        struct child child;
        struct store *store = fixture_seller(fixture, "server-1");
        dying = hold(store, NULL, 2).sale.id;
        store_close(store);
        child_start(&child, confirm_and_die, fixture, i);
        child_open_gate();
        CU_ASSERT_EQUAL(child_wait(&child), -1);
        store = fixture_seller(fixture, "server-1");
        struct outcome outcome = confirm(store, &dying, "payment");
        expect_order(&outcome, ORDER_SOLD, 2);
        CU_ASSERT_EQUAL(outcome.replayed, i == 1);
        store_close(store);
        expect_counts(fixture, 2 * (i + 1), 0, 0);
    }
}

static const struct fixture_case cases[] = {
    {"in time it is sold", 5, in_time_it_is_sold},
    {"confirmed twice, sold once", 5, confirmed_twice_is_sold_once},
    {"confirmed twice in one batch", 5, confirmed_twice_in_one_batch},
    {"held and confirmed in one batch", 5, held_and_confirmed_in_one_batch},
    {"paid by another payment is owed", 5, paid_by_another_payment_is_owed},
    {"late, but tickets are there", 5, late_but_tickets_are_there},
    {"late, and tickets are gone", 3, late_and_tickets_are_gone},
    {"what is owed stays owed", 3, what_is_owed_stays_owed},
    {"a payment for what was released is owed", 5, released_is_owed},
    {"released and confirmed in one batch", 5, released_and_confirmed_in_one_batch},
    {"a payment for what waits is owed", 3, waiting_is_owed},
    {"nothing to confirm", 5, nothing_to_confirm},
    {"past its deadline no confirm is decided", 5, past_its_deadline_nothing_is_decided},
    {"so many payments are owed for an order", 5, so_many_payments_are_owed},
    {"so many payments in one batch", 5, so_many_payments_in_one_batch},
    {"one reference pays two orders", 5, one_reference_pays_two_orders},
    {"the longest reference is kept", 5, longest_reference_is_kept},
    {"references are no keys", 5, references_are_no_keys},
    {"confirmed though the sale is over", 5, confirmed_though_the_sale_is_over},
    {"sold for what it was held for", 5, sold_for_what_it_was_held_for},
    {"counted for who confirmed", 5, counted_for_who_confirmed},
    {"a confirm is asked again after a death", 5, asked_again_after_a_death},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store confirms", cases, sizeof cases / sizeof *cases);
}
