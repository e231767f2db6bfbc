/* What went wrong in other shops, each under its name. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/child.h"
#include "tests/store/clock.h"
#include "tests/store/peek.h"

static const int64_t hold_time = HOLD_SECONDS * CLOCK_SECOND;

/* --- the last ticket is not sold twice ------------------------------------------------------- */

/* Its hold expires, it is sold, and then the hold is paid for, in one batch and by two servers. */
static void last_ticket_after_expiry(struct fixture *fixture)
{
    struct store *a = fixture_seller(fixture, "server-1");
    struct store *b = fixture_seller(fixture, "server-2");
    struct basket basket = {0};
    clock_stop(clock_now());
    struct id id = hold(a, NULL, 1).sale.id;
    clock_step(hold_time);
    basket_add(&basket, NULL, 1);
    basket_confirm(&basket, &id, "payment");
    basket_add(&basket, NULL, 1);
    basket_settle(&basket, b);
    expect_order(basket_outcome(&basket, 0), ORDER_SOLD, 1);
    expect_problem(basket_outcome(&basket, 1), PROBLEM_HOLD_EXPIRED);
    expect_problem(basket_outcome(&basket, 2), PROBLEM_SOLD_OUT);
    CU_ASSERT_EQUAL(buy(a, NULL, 1).problem, PROBLEM_SOLD_OUT);
    CU_ASSERT_EQUAL(confirm(a, &id, "payment").problem, PROBLEM_HOLD_EXPIRED);
    basket_free(&basket);
    store_close(a);
    store_close(b);
    expect_counts(fixture, 1, 0, 0);
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), 1);
}

/* The payment is faster than the next buyer: then it is the buyer who comes too late. */
static void last_ticket_to_a_late_payment(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    clock_stop(clock_now());
    struct id id = hold(store, NULL, 1).sale.id;
    clock_step(hold_time);
    basket_confirm(&basket, &id, "payment");
    basket_add(&basket, NULL, 1);
    basket_hold(&basket, NULL, "", 1);
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 0), ORDER_SOLD, 1);
    expect_problem(basket_outcome(&basket, 1), PROBLEM_SOLD_OUT);
    expect_problem(basket_outcome(&basket, 2), PROBLEM_SOLD_OUT);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 1, 0, 0);
}

static void last_ticket_offered_and_bought(struct fixture *fixture)
{
    set_demo(fixture, "waiting_list = 1");
    struct store *store = fixture_seller(fixture, "server-1");
    struct id holder = hold(store, NULL, 1).sale.id;
    struct id first = wait_for(store, NULL, 1).sale.id, second = wait_for(store, NULL, 1).sale.id;
    struct basket basket = {0};
    basket_release(&basket, &holder);
    basket_add(&basket, NULL, 1);
    basket_release(&basket, &holder);
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 1), PROBLEM_SOLD_OUT);
    expect_state(fixture, &first, ORDER_HELD);
    expect_state(fixture, &second, ORDER_WAITING);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 0, 1, 1);
}

/* --- who paid gets tickets or is owed -------------------------------------------------------- */

/* Whatever had become of the order when the payment came: the provider's reference leads to tickets, or
 * to the list of what is owed; and told so by a repeat. */
static void who_paid_gets_tickets_or_is_owed(struct fixture *fixture)
{
    set_demo(fixture, "waiting_list = 1");
    struct store *store = fixture_seller(fixture, "server-1");
    clock_stop(clock_now());
    struct id gone = hold(store, NULL, 4).sale.id;
    clock_step(hold_time);
    struct id held = hold(store, NULL, 1).sale.id, sold = hold(store, NULL, 1).sale.id;
    struct id released = hold(store, NULL, 1).sale.id, refunded = hold(store, NULL, 1).sale.id;
    confirm(store, &sold, "payment-before");
    confirm(store, &refunded, "payment-before");
    refund(store, &refunded);
    release(store, &released);
    buy(store, NULL, 2);
    struct id waiting = wait_for(store, NULL, 1).sale.id;
    const struct id *orders[] = {&gone, &held, &sold, &released, &refunded, &waiting};
    size_t owed = peek_owed(fixture, NULL);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct outcome first = confirm(store, orders[i], "payment-now");
        struct outcome again = confirm(store, orders[i], "payment-now");
        bool tickets = first.problem == PROBLEM_NONE && first.sale.state == ORDER_SOLD;
        CU_ASSERT_EQUAL(again.problem, first.problem);
        CU_ASSERT(again.replayed);
        CU_ASSERT_EQUAL(peek_owed(fixture, NULL), owed + (tickets ? 0 : 1));
        owed = peek_owed(fixture, NULL);
    }
    store_close(store);
    expect_state(fixture, &held, ORDER_SOLD);
    CU_ASSERT_EQUAL(owed, 1 + 5); /* and that of the refund */
}

/* Paid at the very moment at which it expires: two processes, one decides first. */
static void paid_while_it_expires(struct fixture *fixture)
{
    struct store *a = fixture_seller(fixture, "server-1");
    struct store *b = fixture_seller(fixture, "server-2");
    clock_stop(clock_now());
    struct id id = hold(a, NULL, 1).sale.id;
    clock_step(hold_time);
    tidy(a, "demo");
    struct outcome outcome = confirm(b, &id, "payment");
    expect_order(&outcome, ORDER_SOLD, 1);
    CU_ASSERT(outcome.late);
    clock_step(-hold_time); /* and the clock is set right, as people say */
    tidy(a, "demo");
    CU_ASSERT(confirm(a, &id, "payment").replayed);
    store_close(a);
    store_close(b);
    expect_counts(fixture, 1, 0, 0);
}

/* --- never a false "sold out" ---------------------------------------------------------------- */

/* All is held, and the time is over: whoever comes first finds all of it, and in the same batch. */
static void expired_in_the_same_batch(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    clock_stop(clock_now());
    for (int i = 0; i < 5; i++)
        hold(store, NULL, 1);
    clock_step(hold_time);
    basket_add(&basket, NULL, 3);
    basket_hold(&basket, NULL, "", 2);
    basket_add(&basket, NULL, 1);
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 0), ORDER_SOLD, 3);
    expect_order(basket_outcome(&basket, 1), ORDER_HELD, 2);
    expect_problem(basket_outcome(&basket, 2), PROBLEM_SOLD_OUT);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 3, 2, 0);
}

/* More has expired than one batch deals with: it does not know, and says so; nothing is stored. */
static void more_due_than_one_batch_takes(struct fixture *fixture)
{
    static const char key[] = "key-of-who-asks-again";
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    clock_stop(clock_now());
    for (int i = 0; i < 2 * STORE_TIDY_MAX; i++)
        basket_hold(&basket, NULL, "", 1);
    basket_settle(&basket, store);
    fixture_sql(fixture, "UPDATE tiers SET order_limit = 1000, capacity = %d", 2 * STORE_TIDY_MAX);
    clock_step(hold_time);
    basket_clear(&basket);
    basket_add(&basket, key, 1000);
    basket_add(&basket, NULL, 1000);
    basket_hold(&basket, NULL, "", 24);
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 0), ORDER_SOLD, 1000);
    expect_problem(basket_outcome(&basket, 1), PROBLEM_OVERLOADED);
    CU_ASSERT_FALSE(basket_outcome(&basket, 1)->stored);
    expect_order(basket_outcome(&basket, 2), ORDER_HELD, 24);
    basket_settle(&basket, store);
    CU_ASSERT(basket_outcome(&basket, 0)->replayed);
    expect_order(basket_outcome(&basket, 1), ORDER_SOLD, 1000);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 2000, 24, 0);
}

/* A late payment, too, is not turned away for what may come free in the next batch. */
static void late_payment_while_more_is_due(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    clock_stop(clock_now());
    struct id id = hold(store, NULL, 10).sale.id;
    clock_step(CLOCK_SECOND);
    for (int i = 0; i < 2 * STORE_TIDY_MAX - 10; i++)
        basket_hold(&basket, NULL, "", 1);
    basket_settle(&basket, store);
    fixture_sql(fixture, "UPDATE tiers SET order_limit = 1000, capacity = %d", 2 * STORE_TIDY_MAX);
    clock_step(hold_time);
    basket_clear(&basket);
    basket_add(&basket, NULL, 1000);
    basket_add(&basket, NULL, 30);
    basket_confirm(&basket, &id, "payment");
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 2), PROBLEM_OVERLOADED);
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), 0);
    struct outcome outcome = confirm(store, &id, "payment");
    expect_order(&outcome, ORDER_SOLD, 10);
    CU_ASSERT(outcome.late);
    basket_free(&basket);
    store_close(store);
}

/* What is given up earlier in the batch is there for who comes later. */
static void given_up_in_the_same_batch(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    struct id held = hold(store, NULL, 2).sale.id, bought = buy(store, NULL, 3).sale.id;
    basket_add(&basket, NULL, 1);
    basket_release(&basket, &held);
    basket_refund(&basket, &bought);
    basket_add(&basket, NULL, 5);
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 0), PROBLEM_SOLD_OUT);
    expect_order(basket_outcome(&basket, 3), ORDER_SOLD, 5);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 5, 0, 0);
}

/* --- freed tickets are counted once ----------------------------------------------------------- */

/* Its time is over and its owner gives it up, at once. */
static void released_and_expired(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    clock_stop(clock_now());
    struct id id = hold(store, NULL, 2).sale.id, other = hold(store, NULL, 3).sale.id;
    release(store, &other);
    clock_step(hold_time);
    basket_release(&basket, &id);
    basket_release(&basket, &other);
    basket_tidy(&basket, "demo");
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 0), PROBLEM_HOLD_EXPIRED);
    expect_order(basket_outcome(&basket, 1), ORDER_RELEASED, 3);
    expect_counts(fixture, 0, 0, 0);
    CU_ASSERT_EQUAL(buy(store, NULL, 5).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
    basket_free(&basket);
    store_close(store);
}

/* Released in one process's life; expired, as it would seem, in the next one's. */
static void released_before_a_restart(struct fixture *fixture)
{
    clock_stop(clock_now());
    struct id id = {{0}};
    for (int life = 0; life < 4; life++) {
        struct store *store = fixture_seller(fixture, life % 2 == 0 ? "server-1" : "server-2");
        if (life == 0)
            id = hold(store, NULL, 3).sale.id;
        release(store, &id);
        tidy(store, "demo");
        store_close(store);
        clock_step(hold_time);
        expect_counts(fixture, 0, 0, 0);
    }
    expect_state(fixture, &id, ORDER_RELEASED);
}

static void refunded_twice(struct fixture *fixture)
{
    struct id id = {{0}};
    for (int life = 0; life < 3; life++) {
        struct store *store = fixture_seller(fixture, "server-1");
        struct basket basket = {0};
        if (life == 0)
            id = buy(store, NULL, 3).sale.id;
        basket_refund(&basket, &id);
        basket_refund(&basket, &id);
        basket_settle(&basket, store);
        CU_ASSERT_EQUAL(basket_outcome(&basket, 0)->replayed, life > 0);
        CU_ASSERT(basket_outcome(&basket, 1)->replayed);
        basket_free(&basket);
        store_close(store);
        expect_counts(fixture, 0, 0, 0);
    }
    struct store *store = fixture_seller(fixture, "server-1");
    CU_ASSERT_EQUAL(hold(store, NULL, 5).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(hold(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
    store_close(store);
}

/* A sale that was a hold, refunded: what it had held was given up when it was sold. */
static void held_sold_and_refunded(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    clock_stop(clock_now());
    struct id id = basket_hold(&basket, NULL, "", 3)->request;
    basket_confirm(&basket, &id, "payment");
    basket_refund(&basket, &id);
    basket_release(&basket, &id);
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 2), ORDER_REFUNDED, 3);
    expect_problem(basket_outcome(&basket, 3), PROBLEM_ALREADY_SOLD);
    clock_step(hold_time);
    tidy(store, "demo");
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 0, 0, 0);
    expect_state(fixture, &id, ORDER_REFUNDED);
}

/* --- two orders at once do not evade a buyer's limit ------------------------------------------ */

static void two_orders_in_one_batch(struct fixture *fixture)
{
    set_demo(fixture, "buyer_limit = 4");
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    static const char *const spellings[] = {"ann", "Ann", "ANN"};
    for (int i = 0; i < 3; i++)
        strcpy(basket_add(&basket, NULL, 2)->purchase.buyer, spellings[i]);
    basket_hold(&basket, NULL, "anN", 1);
    basket_settle(&basket, store);
    for (size_t i = 0; i < 4; i++)
        expect_problem(basket_outcome(&basket, i), i < 2 ? PROBLEM_NONE : PROBLEM_BUYER_LIMIT);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 4, 0, 0);
}

static int buy_at_once(struct fixture *fixture, int number, int parent)
{
    char server[SERVER_SIZE], error[STORE_ERROR_SIZE];
    struct basket basket = {0};
    snprintf(server, sizeof server, "server-%d", number);
    struct store *store = store_open_seller(fixture->url, server, error);
    (void)parent;
    for (int i = 0; i < 8; i++)
        basket_hold(&basket, NULL, i % 2 == 0 ? "ann" : "Ann", 1);
    child_renew_ids(&basket, number);
    if (store == NULL || basket_decide(&basket, store) != STORE_DURABLE)
        return 1;
    store_close(store);
    return 0;
}

static void two_orders_by_two_processes(struct fixture *fixture)
{
    struct child children[3];
    set_demo(fixture, "buyer_limit = 4");
    for (int i = 0; i < 3; i++)
        child_start(&children[i], buy_at_once, fixture, i + 1);
    child_open_gate();
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(child_wait(&children[i]), 0);
    expect_counts(fixture, 0, 4, 0);
}

static const struct fixture_case cases[] = {
    {"the last ticket is not sold twice: after its hold expired", 1, last_ticket_after_expiry},
    {"the last ticket is not sold twice: paid late", 1, last_ticket_to_a_late_payment},
    {"the last ticket is not sold twice: offered", 1, last_ticket_offered_and_bought},
    {"who paid gets tickets or is owed", 4, who_paid_gets_tickets_or_is_owed},
    {"who paid gets tickets or is owed: while it expires", 1, paid_while_it_expires},
    {"never a false sold out: expired in the same batch", 5, expired_in_the_same_batch},
    {"never a false sold out: more due than a batch takes", 3 * STORE_TIDY_MAX,
     more_due_than_one_batch_takes},
    {"never a false sold out: a late payment", 3 * STORE_TIDY_MAX, late_payment_while_more_is_due},
    {"never a false sold out: given up in the same batch", 5, given_up_in_the_same_batch},
    {"freed tickets are counted once: release and expiry", 5, released_and_expired},
    {"freed tickets are counted once: over restarts", 5, released_before_a_restart},
    {"freed tickets are counted once: refunded twice", 5, refunded_twice},
    {"freed tickets are counted once: held, sold, refunded", 5, held_sold_and_refunded},
    {"two orders at once do not evade a buyer's limit", 10, two_orders_in_one_batch},
    {"two processes at once do not evade a buyer's limit", 10, two_orders_by_two_processes},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store regressions", cases, sizeof cases / sizeof *cases);
}
