/* The waiting line: what comes free is offered in order, as holds. Capacity is 4, if nothing else is said. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/clock.h"
#include "tests/store/peek.h"

static const int64_t hold_time = HOLD_SECONDS * CLOCK_SECOND;

/* A seller of an event with a line, all of whose tickets are held by `holder`. */
static struct store *full_house(struct fixture *fixture, struct id *holder)
{
    set_demo(fixture, "waiting_list = 1");
    clock_stop(clock_now());
    struct store *store = fixture_seller(fixture, "server-1");
    *holder = hold(store, NULL, (int)peek_counts(fixture).capacity).sale.id;
    return store;
}

/* The last two of a list, and where the next page begins. */
struct list_end {
    struct order last[2];
    int64_t after;
};

static void note_order(void *context, int64_t place_in_list, const struct order *order)
{
    struct list_end *end = context;
    end->last[0] = end->last[1];
    end->last[1] = *order;
    end->after = place_in_list;
}

static void waits_where_there_are_too_few(struct fixture *fixture)
{
    struct id holder;
    struct store *store = full_house(fixture, &holder);
    for (int i = 1; i <= 3; i++) {
        struct outcome outcome = wait_for(store, NULL, i);
        expect_order(&outcome, ORDER_WAITING, i);
        CU_ASSERT(outcome.stored && !outcome.replayed);
        CU_ASSERT_EQUAL(outcome.place, i);
        CU_ASSERT_EQUAL(outcome.sale.expires_at, 0);
        CU_ASSERT_EQUAL(outcome.sale.first_number, 0);
        CU_ASSERT_EQUAL(peek_order(fixture, &outcome.sale.id).place, i);
    }
    store_close(store);
    expect_counts(fixture, 0, 4, 3);
}

/* Who asks for his place is told it up to ORDER_PLACE_MAX, so that it costs as little in a line of 100,000. */
static void places_are_counted_so_far(struct fixture *fixture)
{
    struct id holder, behind[3] = {{.bytes = {0}}};
    struct basket basket = {0};
    struct store *store = full_house(fixture, &holder);
    for (int i = 0; i < ORDER_PLACE_MAX + 2; i++)
        basket_wait(&basket, NULL, "", 1);
    basket_settle(&basket, store);
    for (size_t i = 0; i < 3; i++)
        behind[i] = basket_outcome(&basket, ORDER_PLACE_MAX - 2 + i)->sale.id;
    CU_ASSERT_EQUAL(basket_outcome(&basket, ORDER_PLACE_MAX + 1)->place, ORDER_PLACE_MAX + 2);
    CU_ASSERT_EQUAL(peek_order(fixture, &behind[0]).place, ORDER_PLACE_MAX - 1);
    CU_ASSERT_EQUAL(peek_order(fixture, &behind[1]).place, ORDER_PLACE_MAX);
    CU_ASSERT_EQUAL(peek_order(fixture, &behind[2]).place, ORDER_PLACE_MAX);
    CU_ASSERT_EQUAL(release(store, &behind[0]).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(peek_order(fixture, &behind[1]).place, ORDER_PLACE_MAX - 1);
    struct list_end end = {.after = 0};
    for (int64_t before = -1; before != end.after;) {
        before = end.after;
        CU_ASSERT_EQUAL(store_list_orders(store, "demo", before, STORE_PAGE_MAX, note_order, &end),
                        STORE_FOUND);
    }
    CU_ASSERT(end.last[0].place == ORDER_PLACE_MAX && end.last[1].place == ORDER_PLACE_MAX);
    basket_free(&basket);
    store_close(store);
}

static void held_at_once_where_it_need_not_wait(struct fixture *fixture)
{
    set_demo(fixture, "waiting_list = 1");
    struct store *store = fixture_seller(fixture, "server-1");
    struct outcome outcome = wait_for(store, NULL, 4);
    expect_order(&outcome, ORDER_HELD, 4);
    CU_ASSERT_EQUAL(outcome.place, 0);
    store_close(store);
    expect_counts(fixture, 0, 4, 0);
}

static void who_does_not_ask_does_not_wait(struct fixture *fixture)
{
    struct id holder;
    struct store *store = full_house(fixture, &holder);
    CU_ASSERT_EQUAL(hold(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
    store_close(store);
    expect_counts(fixture, 0, 4, 0);
}

static void event_without_a_line(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct outcome outcome = wait_for(store, "key-of-who-would-wait", 5);
    expect_problem(&outcome, PROBLEM_NO_WAITING_LIST);
    CU_ASSERT_FALSE(outcome.stored);
    set_demo(fixture, "waiting_list = 1");
    outcome = wait_for(store, "key-of-who-would-wait", 5);
    expect_order(&outcome, ORDER_WAITING, 5);
    store_close(store);
}

static void offered_in_order(struct fixture *fixture)
{
    struct id holder, waiting[4];
    struct store *store = full_house(fixture, &holder);
    for (int i = 0; i < 4; i++)
        waiting[i] = wait_for(store, NULL, 2).sale.id;
    release(store, &holder);
    for (int i = 0; i < 4; i++)
        expect_state(fixture, &waiting[i], i < 2 ? ORDER_HELD : ORDER_WAITING);
    CU_ASSERT_EQUAL(peek_order(fixture, &waiting[2]).place, 1);
    CU_ASSERT_EQUAL(peek_order(fixture, &waiting[3]).place, 2);
    CU_ASSERT_EQUAL(peek_order(fixture, &waiting[0]).sale.expires_at, clock_now() + hold_time);
    CU_ASSERT_EQUAL(peek_order(fixture, &waiting[0]).changed_at, clock_now());
    store_close(store);
    expect_counts(fixture, 0, 4, 2);
}

static void offered_as_many_as_there_are(struct fixture *fixture)
{
    set_demo(fixture, "waiting_list = 1");
    struct store *store = fixture_seller(fixture, "server-1");
    struct id one = hold(store, NULL, 1).sale.id;
    hold(store, NULL, 3);
    struct id first = wait_for(store, NULL, 3).sale.id, second = wait_for(store, NULL, 1).sale.id;
    release(store, &one);
    struct order order = peek_order(fixture, &first);
    CU_ASSERT_EQUAL(order.sale.state, ORDER_HELD);
    CU_ASSERT_EQUAL(order.sale.quantity, 1);
    CU_ASSERT_EQUAL(order.sale.amount, 2500);
    expect_state(fixture, &second, ORDER_WAITING);
    struct outcome outcome = confirm(store, &first, "payment");
    expect_order(&outcome, ORDER_SOLD, 1);
    store_close(store);
    expect_counts(fixture, 1, 3, 1);
}

/* It asks for more than are free, and nobody is before it: what there is, is offered in the same batch. */
static void offered_the_rest_at_once(struct fixture *fixture)
{
    set_demo(fixture, "waiting_list = 1");
    struct store *store = fixture_seller(fixture, "server-1");
    const struct sale *moved;
    hold(store, NULL, 2);
    struct outcome outcome = wait_for(store, "key-of-who-takes-less", 3);
    expect_order(&outcome, ORDER_WAITING, 3);
    CU_ASSERT_EQUAL(outcome.place, 1);
    CU_ASSERT_EQUAL_FATAL(store_moved(store, &moved), 1);
    CU_ASSERT(id_equal(&moved[0].id, &outcome.sale.id));
    CU_ASSERT_EQUAL(moved[0].state, ORDER_HELD);
    CU_ASSERT_EQUAL(moved[0].quantity, 2);
    outcome = wait_for(store, "key-of-who-takes-less", 3);
    expect_order(&outcome, ORDER_HELD, 2);
    CU_ASSERT(outcome.replayed);
    store_close(store);
    expect_counts(fixture, 0, 4, 0);
}

static void nobody_overtakes_the_line(struct fixture *fixture)
{
    struct id holder;
    struct store *store = full_house(fixture, &holder);
    struct id waiting = wait_for(store, NULL, 4).sale.id;
    struct basket basket = {0};
    basket_release(&basket, &holder);
    basket_add(&basket, NULL, 1);
    basket_hold(&basket, NULL, "", 1);
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 1), PROBLEM_SOLD_OUT);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 1)->remaining, 0);
    expect_problem(basket_outcome(&basket, 2), PROBLEM_SOLD_OUT);
    CU_ASSERT_EQUAL(peek_order(fixture, &waiting).sale.quantity, 4);
    expect_state(fixture, &waiting, ORDER_HELD);
    basket_free(&basket);
    store_close(store);
}

static void late_confirm_does_not_overtake(struct fixture *fixture)
{
    struct id holder;
    struct store *store = full_house(fixture, &holder);
    struct id waiting = wait_for(store, NULL, 1).sale.id;
    wait_for(store, NULL, 4);
    clock_step(hold_time); /* the holder's tickets go to those in line: 1 and 3 */
    struct outcome outcome = confirm(store, &holder, "payment");
    expect_problem(&outcome, PROBLEM_HOLD_EXPIRED);
    expect_state(fixture, &waiting, ORDER_HELD);
    store_close(store);
    expect_counts(fixture, 0, 4, 0);
}

/* A line that is never offered anything keeps no ticket from who has paid for it. */
static void late_confirm_of_a_line_that_stands_still(struct fixture *fixture)
{
    struct id holder;
    struct store *store = full_house(fixture, &holder);
    struct outcome waits = wait_for(store, NULL, 2);
    fixture_sql(fixture, "UPDATE events SET closed = 1");
    clock_step(hold_time);
    struct outcome outcome = confirm(store, &holder, "payment");
    expect_order(&outcome, ORDER_SOLD, 4);
    CU_ASSERT(outcome.late);
    expect_state(fixture, &waits.sale.id, ORDER_WAITING);
    CU_ASSERT_EQUAL(peek_owed(fixture, NULL), 0);
    store_close(store);
    expect_counts(fixture, 4, 0, 1);
}

static void late_confirm_after_the_sale(struct fixture *fixture)
{
    struct id holder;
    struct store *store = full_house(fixture, &holder);
    wait_for(store, NULL, 2);
    fixture_sql(fixture, "UPDATE events SET sale_until = %lld", (long long)clock_now() + 1);
    clock_step(hold_time);
    struct outcome outcome = confirm(store, &holder, "payment");
    expect_order(&outcome, ORDER_SOLD, 4);
    store_close(store);
    expect_counts(fixture, 4, 0, 1);
}

static void leaving_the_line(struct fixture *fixture)
{
    struct id holder;
    struct store *store = full_house(fixture, &holder);
    struct id first = wait_for(store, NULL, 1).sale.id, second = wait_for(store, NULL, 1).sale.id;
    struct outcome outcome = release(store, &first);
    expect_order(&outcome, ORDER_RELEASED, 1);
    CU_ASSERT(release(store, &first).replayed);
    expect_counts(fixture, 0, 4, 1);
    CU_ASSERT_EQUAL(peek_order(fixture, &second).place, 1);
    release(store, &holder);
    expect_state(fixture, &first, ORDER_RELEASED);
    expect_state(fixture, &second, ORDER_HELD);
    store_close(store);
    expect_counts(fixture, 0, 1, 0);
}

static void repeats_tell_the_place(struct fixture *fixture)
{
    struct id holder;
    struct store *store = full_house(fixture, &holder);
    struct id first = wait_for(store, NULL, 1).sale.id;
    CU_ASSERT_EQUAL(wait_for(store, "key-of-the-second-one", 1).place, 2);
    CU_ASSERT_EQUAL(wait_for(store, "key-of-the-second-one", 1).place, 2);
    release(store, &first);
    struct outcome again = wait_for(store, "key-of-the-second-one", 1);
    expect_order(&again, ORDER_WAITING, 1);
    CU_ASSERT_EQUAL(again.place, 1);
    CU_ASSERT(again.replayed);
    release(store, &holder);
    again = wait_for(store, "key-of-the-second-one", 1);
    expect_order(&again, ORDER_HELD, 1);
    CU_ASSERT_EQUAL(again.place, 0);
    store_close(store);
}

static void places_within_one_batch(struct fixture *fixture)
{
    struct id holder;
    struct store *store = full_house(fixture, &holder);
    struct basket basket = {0};
    wait_for(store, NULL, 1);
    basket_wait(&basket, NULL, "", 1);
    struct id leaves = basket_wait(&basket, NULL, "", 1)->request;
    basket_release(&basket, &leaves);
    basket_wait(&basket, NULL, "", 1);
    basket_settle(&basket, store);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 0)->place, 2);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 1)->place, 3);
    expect_order(basket_outcome(&basket, 2), ORDER_RELEASED, 1);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 3)->place, 3);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 0, 4, 3);
}

static void more_capacity_is_offered(struct fixture *fixture)
{
    struct id holder;
    struct store *store = full_house(fixture, &holder);
    struct id waiting = wait_for(store, NULL, 3).sale.id;
    fixture_sql(fixture, "UPDATE tiers SET capacity = 6");
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
    CU_ASSERT_EQUAL(peek_order(fixture, &waiting).sale.quantity, 2);
    expect_state(fixture, &waiting, ORDER_HELD);
    store_close(store);
    expect_counts(fixture, 0, 6, 0);
}

static void refunds_are_offered(struct fixture *fixture)
{
    struct id holder;
    struct store *store = full_house(fixture, &holder);
    confirm(store, &holder, "payment");
    struct id waiting = wait_for(store, NULL, 4).sale.id;
    refund(store, &holder);
    expect_state(fixture, &waiting, ORDER_HELD);
    store_close(store);
    expect_counts(fixture, 0, 4, 0);
}

static void what_expires_is_offered_at_once(struct fixture *fixture)
{
    struct id holder;
    struct store *store = full_house(fixture, &holder);
    struct id first = wait_for(store, NULL, 4).sale.id, second = wait_for(store, NULL, 4).sale.id;
    clock_step(hold_time);
    tidy(store, "demo");
    expect_state(fixture, &holder, ORDER_EXPIRED);
    expect_state(fixture, &first, ORDER_HELD);
    clock_step(hold_time);
    tidy(store, "demo");
    expect_state(fixture, &first, ORDER_EXPIRED);
    expect_state(fixture, &second, ORDER_HELD);
    store_close(store);
    expect_counts(fixture, 0, 4, 0);
}

/* The seconds that were asked count from the asking, which is long ago. */
static void offered_for_the_events_seconds(struct fixture *fixture)
{
    struct id holder;
    struct store *store = full_house(fixture, &holder);
    struct basket basket = {0};
    struct id waiting = basket_wait(&basket, NULL, "", 1)->request;
    basket.items[0].seconds = 5;
    basket_settle(&basket, store);
    set_demo(fixture, "hold_seconds = 77");
    fixture_sql(fixture, "UPDATE tiers SET price = 3000");
    clock_step(CLOCK_SECOND);
    release(store, &holder);
    struct order order = peek_order(fixture, &waiting);
    CU_ASSERT_EQUAL(order.sale.expires_at, clock_now() + 77 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(order.sale.amount, 3000);
    basket_free(&basket);
    store_close(store);
}

/* Nothing is offered by an event that sells no more; the line stands as it is. */
static void expect_no_offer(struct fixture *fixture, const char *terms)
{
    struct id holder;
    struct store *store = full_house(fixture, &holder);
    struct id waiting = wait_for(store, NULL, 1).sale.id;
    set_demo(fixture, terms);
    release(store, &holder);
    tidy(store, "demo");
    expect_state(fixture, &waiting, ORDER_WAITING);
    expect_counts(fixture, 0, 0, 1);
    set_demo(fixture, "closed = 0, sale_until = 0");
    tidy(store, "demo");
    expect_state(fixture, &waiting, ORDER_HELD);
    store_close(store);
}

static void closed_offers_nothing(struct fixture *fixture)
{
    expect_no_offer(fixture, "closed = 1");
}

static void over_offers_nothing(struct fixture *fixture)
{
    expect_no_offer(fixture, "sale_until = 1");
}

static void line_turned_off_keeps_who_waits(struct fixture *fixture)
{
    struct id holder;
    struct store *store = full_house(fixture, &holder);
    struct id waiting = wait_for(store, NULL, 1).sale.id;
    set_demo(fixture, "waiting_list = 0");
    CU_ASSERT_EQUAL(wait_for(store, NULL, 1).problem, PROBLEM_NO_WAITING_LIST);
    CU_ASSERT_EQUAL(peek_order(fixture, &waiting).place, 1);
    release(store, &holder);
    expect_state(fixture, &waiting, ORDER_HELD);
    store_close(store);
}

static void line_outlives_the_process(struct fixture *fixture)
{
    struct id holder;
    struct store *store = full_house(fixture, &holder);
    struct id first = wait_for(store, NULL, 1).sale.id, second = wait_for(store, NULL, 1).sale.id;
    store_close(store);
    store = fixture_seller(fixture, "server-2");
    struct outcome third = wait_for(store, NULL, 2);
    CU_ASSERT_EQUAL(third.place, 3);
    release(store, &holder);
    expect_state(fixture, &first, ORDER_HELD);
    expect_state(fixture, &second, ORDER_HELD);
    expect_state(fixture, &third.sale.id, ORDER_HELD);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
    store_close(store);
}

/* The line is of one tier: the other one sells. */
static void tiers_have_lines_of_their_own(struct fixture *fixture)
{
    fixture_tier(fixture, 2, "opera", 1, "stalls", 1);
    fixture_tier(fixture, 2, "opera", 2, "circle", 2);
    fixture_sql(fixture, "UPDATE events SET waiting_list = 1");
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    for (int i = 0; i < 3; i++) {
        struct item *item = basket_ask(&basket, NULL, "opera", "stalls", 1);
        item->verb = VERB_HOLD;
        item->wait = true;
    }
    basket_ask(&basket, NULL, "opera", "circle", 1);
    basket_settle(&basket, store);
    expect_order(basket_outcome(&basket, 0), ORDER_HELD, 1);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 2)->place, 2);
    expect_order(basket_outcome(&basket, 3), ORDER_SOLD, 1);
    basket_free(&basket);
    store_close(store);
}

static void so_many_are_offered_in_one_batch(struct fixture *fixture)
{
    struct id holder;
    struct basket basket = {0};
    fixture_sql(fixture, "UPDATE tiers SET capacity = 1");
    struct store *store = full_house(fixture, &holder);
    for (int i = 0; i < 3 * STORE_TIDY_MAX; i++)
        basket_wait(&basket, NULL, "", 1);
    basket_settle(&basket, store);
    fixture_sql(fixture, "UPDATE tiers SET capacity = 1000000");
    tidy(store, "demo"); /* twice the bound at most: at its head, and at its end */
    CU_ASSERT(peek_counts(fixture).held <= 1 + 2 * STORE_TIDY_MAX);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
    for (int i = 0; i < 4; i++)
        tidy(store, "demo");
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_NONE);
    basket_free(&basket);
    store_close(store);
    expect_counts(fixture, 1, 1 + 3 * STORE_TIDY_MAX, 0);
}

static const struct fixture_case cases[] = {
    {"waits where there are too few", 4, waits_where_there_are_too_few},
    {"places are counted so far", 4, places_are_counted_so_far},
    {"held at once where it need not wait", 4, held_at_once_where_it_need_not_wait},
    {"who does not ask to, does not wait", 4, who_does_not_ask_does_not_wait},
    {"an event without a line", 4, event_without_a_line},
    {"offered in order", 4, offered_in_order},
    {"offered as many as there are", 4, offered_as_many_as_there_are},
    {"offered the rest at once", 4, offered_the_rest_at_once},
    {"nobody overtakes the line", 4, nobody_overtakes_the_line},
    {"a late confirm does not overtake", 4, late_confirm_does_not_overtake},
    {"a late confirm passes a line that stands still", 4, late_confirm_of_a_line_that_stands_still},
    {"a late confirm after the sale passes its line", 4, late_confirm_after_the_sale},
    {"leaving the line", 4, leaving_the_line},
    {"repeats tell the place", 4, repeats_tell_the_place},
    {"places within one batch", 4, places_within_one_batch},
    {"more capacity is offered", 4, more_capacity_is_offered},
    {"refunds are offered", 4, refunds_are_offered},
    {"what expires is offered at once", 4, what_expires_is_offered_at_once},
    {"offered for the event's seconds", 4, offered_for_the_events_seconds},
    {"a closed event offers nothing", 4, closed_offers_nothing},
    {"a sale that is over offers nothing", 4, over_offers_nothing},
    {"a line turned off keeps who waits", 4, line_turned_off_keeps_who_waits},
    {"a line outlives the process", 4, line_outlives_the_process},
    {"tiers have lines of their own", 4, tiers_have_lines_of_their_own},
    {"so many are offered in one batch", 4, so_many_are_offered_in_one_batch},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store line", cases, sizeof cases / sizeof *cases);
}
