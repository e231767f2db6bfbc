#include "balancer/upstream/flight.h"

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/upstream/flying.h"

/* What is decided: the way it should be, and who leaves with whom. What goes wrong: flight_losses.c. */

static void all_on_board_are_decided(void)
{
    flying_open(1);
    for (int i = 0; i < 5; i++)
        flying_board(i + 1);
    flying_until_back(5, 0);
    CU_ASSERT_EQUAL(flying->fakes[0].requests, 1);
    CU_ASSERT_EQUAL(flying->fakes[0].count, 5);
    for (size_t i = 0; i < 5; i++) {
        const struct traveller *traveller = &flying->travellers[i];
        CU_ASSERT_EQUAL(traveller->decided, 1);
        CU_ASSERT_EQUAL(traveller->outcome.problem, PROBLEM_NONE);
        CU_ASSERT(id_equal(&traveller->outcome.sale.id, &traveller->passenger.item.request));
        CU_ASSERT_EQUAL(traveller->outcome.sale.quantity, (int)i + 1);
        CU_ASSERT_EQUAL(flying->fakes[0].items[i].attempt, 1);
    }
    flying_expect("settled server=server-1 flight=1 boot=1 commit=1 told=15 released=15 sold=5 "
                  "replayed=0 refused=0 lost=0 unsent=0\n");
    flying_close();
}

static void outcomes_are_counted(void)
{
    flying_open(1);
    flying->fakes[0].problem = PROBLEM_SOLD_OUT;
    flying_board_all(2);
    flying_until_back(2, 0);
    CU_ASSERT_EQUAL(flying->travellers[1].outcome.problem, PROBLEM_SOLD_OUT);
    flying_expect("released=2 sold=0 replayed=0 refused=2 lost=0 unsent=0\n");
    flying->fakes[0].replays = true; /* a stored refusal, replayed */
    flying_board(1);
    flying_until_back(3, 0);
    flying_expect("released=1 sold=0 replayed=1 refused=0 lost=0 unsent=0\n");
    flying->fakes[0].problem = PROBLEM_NONE;
    flying_board(2);
    flying_until_back(4, 0);
    flying_expect("released=2 sold=0 replayed=1 refused=0 lost=0 unsent=0\n");
    CU_ASSERT_EQUAL(flying->servers.sales, 0);
    flying_close();
}

/* Boards, to ask for something else than a purchase. */
static struct traveller *board_to(enum verb verb, int quantity)
{
    struct traveller *traveller = flying_board(quantity);
    struct item *item = &traveller->passenger.item;
    item->verb = verb;
    item->key_made = verb == VERB_RELEASE;
    item->order = id_make();
    return traveller;
}

static void holds_are_counted_apart(void)
{
    flying_open(1);
    struct traveller *hold = board_to(VERB_HOLD, 2), *confirm = board_to(VERB_CONFIRM, 1),
                     *release = board_to(VERB_RELEASE, 1);
    flying_board(3);
    flying_until_back(4, 0);
    flying_expect("released=7 sold=2 replayed=0 refused=0 lost=0 unsent=0 held=1 freed=1\n");
    CU_ASSERT_EQUAL(hold->outcome.sale.state, ORDER_HELD);
    CU_ASSERT(id_equal(&hold->outcome.sale.id, &hold->passenger.item.request));
    CU_ASSERT_EQUAL(hold->outcome.sale.quantity, 2);
    CU_ASSERT_EQUAL(confirm->outcome.sale.state, ORDER_SOLD);
    CU_ASSERT(id_equal(&confirm->outcome.sale.id, &confirm->passenger.item.order));
    CU_ASSERT_STRING_EQUAL(confirm->outcome.sale.event, "demo");
    CU_ASSERT_EQUAL(release->outcome.sale.state, ORDER_RELEASED);
    CU_ASSERT_EQUAL(flying->servers.sales, 2);
    flying_close();
}

/* A sale is no answer to who wanted tickets held. */
static void an_answer_to_something_else_is_none(void)
{
    flying_open(1);
    flying->fakes[0].manner = FAKE_SELLS_HOLDS;
    struct traveller *hold = board_to(VERB_HOLD, 1);
    flying_until_back(0, 1);
    CU_ASSERT(hold->passenger.sent);
    flying_expect("released=1 sold=0 replayed=0 refused=0 lost=1 unsent=0\n");
    flying_close();
}

static void what_comes_meanwhile_leaves_together(void)
{
    flying_open(1);
    flying->fakes[0].manner = FAKE_HOLDS;
    flying_board(1);
    flying_until_asked(0, 1);
    for (int i = 0; i < 3; i++) {
        flying_board_all(2);
        flights_depart(flying->flights);
        held_loop_turns(&flying->held, 3);
    }
    CU_ASSERT_EQUAL(flying->fakes[0].requests, 1);
    CU_ASSERT_EQUAL(flying->decided, 0);
    flying->fakes[0].manner = FAKE_ANSWERS;
    fake_server_release(&flying->fakes[0]);
    flying_until_back(7, 0);
    CU_ASSERT_EQUAL(flying->fakes[0].requests, 2);
    CU_ASSERT_EQUAL(flying->fakes[0].count, 6);
    flying_close();
}

static void each_server_has_its_own_flight(void)
{
    flying_open(2);
    flying->fakes[0].manner = FAKE_HOLDS;
    flying->fakes[1].manner = FAKE_HOLDS;
    flying_board_all(2);
    flying_until_asked(0, 1);
    flying_until_asked(1, 1);
    CU_ASSERT_EQUAL(flying->fakes[0].count, 1);
    flying->fakes[1].manner = FAKE_ANSWERS;
    fake_server_release(&flying->fakes[1]);
    flying_until_back(1, 0);
    CU_ASSERT_EQUAL(flying->travellers[1].decided, 1);
    fake_server_release(&flying->fakes[0]);
    flying_until_back(2, 0);
    flying_close();
}

static bool is_released(void *context)
{
    const struct server *server = context;
    return server->pending == 0;
}

/* The store takes one commit after the other: a third flight would only queue for it. But those that
 * hang keep nobody on the ground. */
static void the_third_flight_waits(void)
{
    flying_open(3);
    flying->fakes[0].manner = FAKE_HOLDS;
    flying->fakes[1].manner = FAKE_HOLDS;
    flying_board_all(3);
    int64_t begin = clock_monotonic();
    flying_until_asked(2, 1);
    CU_ASSERT(clock_monotonic() - begin >= 20 * CLOCK_MILLISECOND);
    CU_ASSERT_EQUAL(flying->fakes[0].requests + flying->fakes[1].requests, 2);
    flying_until_back(1, 0);
    fake_server_release(&flying->fakes[0]);
    fake_server_release(&flying->fakes[1]);
    flying_until_back(3, 0);
    flying_close();
}

static void what_does_not_leave_keeps_nobody(void)
{
    flying_open(3);
    flying_board_all(3);
    flights_drop(&flying->travellers[0].passenger);
    flights_drop(&flying->travellers[1].passenger);
    flights_depart(flying->flights); /* once: the next turn may come late */
    CU_ASSERT(flights_drop(&flying->travellers[2].passenger)); /* has left */
    flying_until(is_released, &flying->servers.list[2]);
    flying_close();
}

static void a_full_flight_carries_256(void)
{
    flying_open(1);
    flying_board_all(FLIGHT_ITEMS_MAX + 1);
    flying_until_asked(0, 1);
    CU_ASSERT_EQUAL(flying->fakes[0].count, FLIGHT_ITEMS_MAX);
    flying_until_back(FLIGHT_ITEMS_MAX + 1, 0);
    CU_ASSERT_EQUAL(flying->fakes[0].requests, 2);
    CU_ASSERT_EQUAL(flying->fakes[0].count, 1);
    flying_close();
}

static void dropped_before_departure(void)
{
    flying_open(1);
    flying_board_all(3);
    CU_ASSERT_FALSE(flights_drop(&flying->travellers[1].passenger));
    CU_ASSERT_PTR_NULL(flying->travellers[1].passenger.flight);
    flying_until_back(2, 0);
    CU_ASSERT_EQUAL(flying->fakes[0].count, 2);
    CU_ASSERT_EQUAL(flying->travellers[1].decided, 0);
    for (size_t i = 0; i < 3; i += 2)
        CU_ASSERT(id_equal(&flying->travellers[i].outcome.sale.id,
                           &flying->travellers[i].passenger.item.request));
    flying_expect("released=3 sold=2 replayed=0 refused=0 lost=0 unsent=1\n");
    flying_close();
}

static void all_dropped_before_departure(void)
{
    flying_open(1);
    flying_board_all(2);
    flights_drop(&flying->travellers[0].passenger);
    flights_drop(&flying->travellers[1].passenger);
    flying_until(is_released, &flying->servers.list[0]);
    CU_ASSERT_EQUAL(flying->fakes[0].requests, 0);
    CU_ASSERT_EQUAL(flying->decided + flying->returned, 0);
    flying_expect("released=2 sold=0 replayed=0 refused=0 lost=0 unsent=2\n");
    flying_close();
}

static void dropped_in_the_air(void)
{
    flying_open(1);
    flying->fakes[0].manner = FAKE_HOLDS;
    flying_board_all(2);
    flying_until_asked(0, 1);
    CU_ASSERT(flights_drop(&flying->travellers[0].passenger)); /* it may be decided yet */
    fake_server_release(&flying->fakes[0]);
    flying_until_back(1, 0);
    CU_ASSERT_EQUAL(flying->travellers[0].decided, 0);
    CU_ASSERT(id_equal(&flying->travellers[1].outcome.sale.id,
                       &flying->travellers[1].passenger.item.request));
    flying_expect("released=2 sold=2 replayed=0 refused=0 lost=0 unsent=0\n");
    flying_close();
}

/* The first gave up before it left, so that the others moved up. */
static void dropped_before_and_after_departure(void)
{
    flying_open(1);
    flying->fakes[0].manner = FAKE_HOLDS;
    flying_board_all(3);
    flights_drop(&flying->travellers[0].passenger);
    flying_until_asked(0, 1);
    CU_ASSERT(flights_drop(&flying->travellers[2].passenger));
    fake_server_release(&flying->fakes[0]);
    flying_until_back(1, 0);
    CU_ASSERT_EQUAL(flying->travellers[1].decided, 1);
    CU_ASSERT_EQUAL(flying->travellers[2].decided, 0);
    flying_expect("released=3 sold=2 replayed=0 refused=0 lost=0 unsent=1\n");
    flying_close();
}

/* Who was on a flight that was lost may be decided, wherever it waits when its deadline comes. */
static void dropped_on_a_second_way(void)
{
    flying_open(1);
    flying->fakes[0].manner = FAKE_CLOSES;
    struct traveller *traveller = flying_board(1);
    flying_until_back(0, 1);
    flying_probe(0);
    flying_board_again(traveller);
    CU_ASSERT(flights_drop(&traveller->passenger));
    flying_until(is_released, &flying->servers.list[0]);
    flying_close();
}

static void what_waits_for_a_server_that_is_down_comes_back(void)
{
    flying_open(1);
    flying->fakes[0].manner = FAKE_HOLDS;
    flying_board(1);
    flying_until_asked(0, 1);
    flying_board_all(2);
    flights_check(flying->flights);
    CU_ASSERT_EQUAL(flying->returned, 0);
    servers_gone(&flying->servers, "server-1", "a test says so");
    flights_check(flying->flights);
    CU_ASSERT_EQUAL(flying->returned, 2);
    CU_ASSERT_FALSE(flying->travellers[1].passenger.sent);
    CU_ASSERT_EQUAL(flying->travellers[1].passenger.item.attempt, 1);
    flying_expect("flight=2 boot=1 commit=0 told=0 released=2 sold=0 replayed=0 refused=0 lost=0 "
                  "unsent=2\n");
    fake_server_release(&flying->fakes[0]); /* what is in the air may land all the same */
    flying_until_back(1, 2);
    flying_close();
}

static void nobody_leaves_for_a_server_that_is_down(void)
{
    flying_open(1);
    flying_board_all(2);
    servers_gone(&flying->servers, "server-1", "a test says so");
    flying_until_back(0, 2);
    CU_ASSERT_EQUAL(flying->fakes[0].requests, 0);
    flying_expect("released=2 sold=0 replayed=0 refused=0 lost=0 unsent=2\n");
    flying_close();
}

/* What was loaded for a server leaves for it, also when it is to get nothing new. */
static void who_is_on_board_leaves_for_a_server_that_drains(void)
{
    flying_open(1);
    flying->fakes[0].manner = FAKE_HOLDS;
    flying_board(1);
    flying_until_asked(0, 1);
    flying_board_all(2);
    CU_ASSERT(servers_drain(&flying->servers, "server-1", "for a test"));
    CU_ASSERT_EQUAL(flying_state(0), SERVER_DRAINING);
    flights_check(flying->flights);
    flying->fakes[0].manner = FAKE_ANSWERS;
    fake_server_release(&flying->fakes[0]);
    flying_until_back(3, 0);
    flying_close();
}

/* A 503 that is not a ticket server's own is a failure: even the last one is out until a check is passed. */
static void a_503_of_somebody_else_is_a_failure(void)
{
    flying_open(1);
    flying->fakes[0].status = 503;
    flying_board(1);
    flying_until_back(1, 0);
    CU_ASSERT_EQUAL(flying_state(0), SERVER_DOWN);
    flying_close();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("flight", "all on board are decided", all_on_board_are_decided);
    suite_add("flight", "outcomes are counted", outcomes_are_counted);
    suite_add("flight", "holds are counted apart", holds_are_counted_apart);
    suite_add("flight", "an answer to something else is none", an_answer_to_something_else_is_none);
    suite_add("flight", "what comes meanwhile leaves together",
              what_comes_meanwhile_leaves_together);
    suite_add("flight", "each server has its own flight", each_server_has_its_own_flight);
    suite_add("flight", "a full flight carries 256", a_full_flight_carries_256);
    suite_add("flight", "dropped before departure", dropped_before_departure);
    suite_add("flight", "all dropped before departure", all_dropped_before_departure);
    suite_add("flight", "the third flight waits", the_third_flight_waits);
    suite_add("flight", "what does not leave keeps nobody", what_does_not_leave_keeps_nobody);
    suite_add("flight", "dropped in the air", dropped_in_the_air);
    suite_add("flight", "dropped before and after departure", dropped_before_and_after_departure);
    suite_add("flight", "dropped on a second way", dropped_on_a_second_way);
    suite_add("flight", "what waits for a server that is down comes back",
              what_waits_for_a_server_that_is_down_comes_back);
    suite_add("flight", "nobody leaves for a server that is down",
              nobody_leaves_for_a_server_that_is_down);
    suite_add("flight", "who is on board leaves for a server that drains",
              who_is_on_board_leaves_for_a_server_that_drains);
    suite_add("flight", "a 503 of somebody else is a failure", a_503_of_somebody_else_is_a_failure);
}
