#include "balancer/routing/choose.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/checks.h"
#include "tests/unit/balancer/pool/history.h"

#define REQUEST "0193b0aa-0000-7abc-8def-0123456789ab"

/* Servers, and a worker's flights that load. */
struct place {
    struct servers servers;
    struct loading loading[ROUTING_SERVERS_MAX];
    size_t to; /* whom the last choice went to */
};

static struct place place;

static void open_place(size_t count, const int64_t *told)
{
    memset(&place, 0, sizeof place);
    history_servers_up(&place.servers, count, told);
}

static void close_place(void)
{
    servers_free(&place.servers);
}

static const struct choice by_fewest_sold = {.request = REQUEST,
                                             .client = "127.0.0.1",
                                             .route = "purchase",
                                             .pool = POOL_TICKETS,
                                             .policy = POLICY_FEWEST_SOLD,
                                             .pinned = SERVER_NONE};

static enum chosen choose(int quantity, size_t room, bool retry)
{
    struct purchase_choice purchase = {
        .event = "demo", .quantity = quantity, .room = room, .retry = retry};
    place.to = place.servers.count; /* untouched where nobody is chosen */
    return choose_for_purchase(&place.servers, &by_fewest_sold, &purchase, place.loading,
                               &place.to);
}

static enum chosen choose_one(int quantity)
{
    return choose(quantity, FLIGHT_ITEMS_MAX, false);
}

/* What a choice's line says behind its constant part. */
static void expect_choice(const char *rest)
{
    char expected[1024];
    snprintf(expected, sizeof expected,
             "choice request=" REQUEST " client=127.0.0.1 route=purchase policy=fewest-sold "
             "event=demo %s\n",
             rest);
    history_expect(&place.servers, expected);
}

static void fail(size_t index)
{
    servers_failed(&place.servers, index, place.servers.list[index].start, "a test says so");
}

static void what_is_pending_counts(void)
{
    open_place(3, (const int64_t[]){5, 4, 5});
    CU_ASSERT_EQUAL(choose_one(2), CHOSEN);
    expect_choice("quantity=2 to=server-2 flight=1 why=fewest "
                  "sold=server-1:5+0,server-2:4+0,server-3:5+0");
    CU_ASSERT_EQUAL(place.servers.list[1].pending, 2);
    CU_ASSERT_EQUAL(choose_one(1), CHOSEN);
    expect_choice("quantity=1 to=server-1 flight=2 why=least-recent "
                  "sold=server-1:5+0,server-2:4+2,server-3:5+0");
    CU_ASSERT_EQUAL(choose_one(3), CHOSEN);
    expect_choice("quantity=3 to=server-3 flight=3 why=fewest "
                  "sold=server-1:5+1,server-2:4+2,server-3:5+0");
    close_place();
}

static void choices_are_numbered(void)
{
    open_place(2, NULL);
    uint64_t before = place.servers.n;
    choose_one(1);
    CU_ASSERT_EQUAL(place.servers.list[0].turns[TURN_PURCHASE].last, before + 1);
    choose_one(1);
    CU_ASSERT_EQUAL(place.servers.list[1].turns[TURN_PURCHASE].last, before + 2);
    CU_ASSERT_EQUAL(place.servers.n, before + 2);
    close_place();
}

/* Among equals the one chosen least recently, and not the first of the list. */
static void ties_take_turns(void)
{
    static const size_t expected[] = {0, 1, 2, 0, 1, 2};
    open_place(3, NULL);
    for (size_t i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL(choose_one(1), CHOSEN);
        CU_ASSERT_EQUAL(place.to, expected[i]);
    }
    close_place();
}

/* Whom round-robin gives a purchase, or a request of another kind, over the same servers. */
static size_t turn_of(bool purchase)
{
    struct choice choice = by_fewest_sold;
    struct purchase_choice details = {.event = "demo", .quantity = 1, .room = FLIGHT_ITEMS_MAX};
    size_t to = SERVER_NONE;
    choice.policy = POLICY_ROUND_ROBIN;
    CU_ASSERT_EQUAL(purchase
                        ? choose_for_purchase(&place.servers, &choice, &details, place.loading, &to)
                        : choose_for_request(&place.servers, &choice, &to),
                    CHOSEN);
    return to;
}

/* Who looks, buys, looks and buys would else buy from one server only. */
static void purchases_and_requests_take_turns_apart(void)
{
    open_place(2, NULL);
    for (size_t i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL(turn_of(true), i % 2);
        CU_ASSERT_EQUAL(turn_of(false), i % 2);
    }
    close_place();
}

static void a_retry_says_so(void)
{
    open_place(1, NULL);
    CU_ASSERT_EQUAL(choose(1, FLIGHT_ITEMS_MAX, true), CHOSEN);
    expect_choice("quantity=1 to=server-1 flight=1 why=retry sold=server-1:0+0");
    close_place();
}

static void an_idle_server_has_room(void)
{
    open_place(1, NULL);
    CU_ASSERT_EQUAL(choose_one(MAX_PENDING + 88), CHOSEN);
    CU_ASSERT_EQUAL(choose_one(1), CHOSEN_NO_ROOM);
    CU_ASSERT_EQUAL(place.to, place.servers.count);
    CU_ASSERT_EQUAL(place.servers.list[0].pending, MAX_PENDING + 88);
    close_place();
}

static void room_is_used_up_to_the_limit(void)
{
    open_place(2, (const int64_t[]){0, 10000});
    CU_ASSERT_EQUAL(choose_one(MAX_PENDING - 1), CHOSEN);
    history_text(&place.servers);
    CU_ASSERT_EQUAL(choose_one(2), CHOSEN); /* one ticket too many for the fewest */
    expect_choice("quantity=2 to=server-2 flight=2 why=fewest "
                  "sold=server-1:0+511!full,server-2:10000+0");
    CU_ASSERT_EQUAL(choose_one(1), CHOSEN);
    CU_ASSERT_EQUAL(place.to, 0);
    CU_ASSERT_EQUAL(place.servers.list[0].pending, MAX_PENDING);
    close_place();
}

/* What a choice that finds nobody leaves behind: nothing. */
static void expect_none(enum chosen expected)
{
    uint64_t n = place.servers.n, flight = place.servers.flight;
    CU_ASSERT_EQUAL(choose_one(1), expected);
    CU_ASSERT_EQUAL(place.to, place.servers.count);
    CU_ASSERT_EQUAL(place.servers.n, n);
    CU_ASSERT_EQUAL(place.servers.flight, flight);
}

static void no_room_is_not_no_server(void)
{
    open_place(3, NULL);
    for (size_t i = 0; i < 3; i++)
        choose_one(MAX_PENDING);
    expect_none(CHOSEN_NO_ROOM);
    fail(0);
    servers_joined(&place.servers, "server-2", "127.0.0.1:1", 9);
    expect_none(CHOSEN_NO_ROOM); /* the third is still up */
    fail(2);
    expect_none(CHOSEN_NO_ROOM); /* the second may be in a moment */
    fail(1);
    expect_none(CHOSEN_NO_SERVER);
    close_place();
    open_place(0, NULL);
    expect_none(CHOSEN_NO_SERVER);
    close_place();
}

static void marks_say_who_is_out(void)
{
    open_place(4, (const int64_t[]){0, 1, 2, 3});
    choose_one(MAX_PENDING);
    fail(1);
    servers_joined(&place.servers, "server-3", "127.0.0.1:1", 9);
    history_text(&place.servers);
    CU_ASSERT_EQUAL(choose_one(1), CHOSEN);
    expect_choice("quantity=1 to=server-4 flight=2 why=fewest "
                  "sold=server-1:0+512!full,server-2:1+0!down,server-3:2+0!joining,server-4:3+0");
    close_place();
}

/* The number of the flight that one more purchase joins. */
static uint64_t flight_of(size_t room)
{
    CU_ASSERT_EQUAL(choose(1, room, false), CHOSEN);
    return place.loading[place.to].flight;
}

static void flights_carry_256_at_most(void)
{
    open_place(1, NULL);
    for (unsigned i = 0; i < FLIGHT_ITEMS_MAX; i++)
        CU_ASSERT_EQUAL(flight_of(FLIGHT_ITEMS_MAX), 1);
    CU_ASSERT_EQUAL(place.loading[0].count, FLIGHT_ITEMS_MAX);
    CU_ASSERT_EQUAL(flight_of(FLIGHT_ITEMS_MAX), 2);
    CU_ASSERT_EQUAL(place.loading[0].count, 1);
    close_place();
}

static void a_purchase_that_flies_alone(void)
{
    open_place(1, NULL);
    CU_ASSERT_EQUAL(flight_of(FLIGHT_ITEMS_MAX), 1);
    CU_ASSERT_EQUAL(flight_of(1), 2);
    CU_ASSERT_EQUAL(flight_of(FLIGHT_ITEMS_MAX), 3);
    CU_ASSERT_EQUAL(flight_of(1), 4);
    CU_ASSERT_EQUAL(flight_of(1), 5);
    close_place();
}

/* The smallest room among those on board is the flight's, whoever came first. */
static void a_purchase_with_little_company(void)
{
    open_place(1, NULL);
    CU_ASSERT_EQUAL(flight_of(FLIGHT_ITEMS_MAX), 1);
    CU_ASSERT_EQUAL(flight_of(3), 1);
    CU_ASSERT_EQUAL(place.loading[0].room, 3);
    CU_ASSERT_EQUAL(flight_of(FLIGHT_ITEMS_MAX), 1);
    CU_ASSERT_EQUAL(flight_of(FLIGHT_ITEMS_MAX), 2); /* three are on board */
    CU_ASSERT_EQUAL(flight_of(2), 2);
    CU_ASSERT_EQUAL(flight_of(2), 3);
    close_place();
}

/* Each worker has flights of its own, but their numbers come from one place. */
static void workers_have_flights_of_their_own(void)
{
    static struct loading other[ROUTING_SERVERS_MAX];
    struct purchase_choice purchase = {.event = "demo", .quantity = 1, .room = FLIGHT_ITEMS_MAX};
    open_place(1, NULL);
    CU_ASSERT_EQUAL(flight_of(FLIGHT_ITEMS_MAX), 1);
    CU_ASSERT_EQUAL(
        choose_for_purchase(&place.servers, &by_fewest_sold, &purchase, other, &place.to), CHOSEN);
    CU_ASSERT_EQUAL(other[0].flight, 2);
    CU_ASSERT_EQUAL(flight_of(FLIGHT_ITEMS_MAX), 1);
    close_place();
}

static void many_servers_are_not_all_listed(void)
{
    int64_t told[20];
    for (size_t i = 0; i < 20; i++)
        told[i] = 100 + (int64_t)i;
    told[11] = 7;
    told[17] = 9;
    open_place(17, told);
    CU_ASSERT_EQUAL(choose_one(1), CHOSEN);
    expect_choice("quantity=1 to=server-12 flight=1 why=fewest "
                  "sold=server-12:7+0,server-1:100+0,+15");
    close_place();
    open_place(20, told);
    CU_ASSERT_EQUAL(choose_one(2), CHOSEN);
    expect_choice("quantity=2 to=server-12 flight=1 why=fewest "
                  "sold=server-12:7+0,server-18:9+0,+18");
    CU_ASSERT_EQUAL(choose_one(1), CHOSEN); /* the fewest: 7+2, chosen more recently than 9+0 */
    expect_choice("quantity=1 to=server-18 flight=2 why=least-recent "
                  "sold=server-18:9+0,server-12:7+2,+18");
    close_place();
}

static void sixteen_servers_are_listed(void)
{
    open_place(ROUTING_CANDIDATES_MAX, NULL);
    CU_ASSERT_EQUAL(choose_one(1), CHOSEN);
    const char *line = history_text(&place.servers);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "server-1:0+0,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(line, ",server-16:0+0\n"));
    close_place();
}

static void one_of_many_is_left(void)
{
    open_place(18, NULL);
    for (size_t i = 0; i < 17; i++)
        fail(i);
    history_text(&place.servers);
    CU_ASSERT_EQUAL(choose_one(1), CHOSEN);
    expect_choice("quantity=1 to=server-18 flight=1 why=fewest sold=server-18:0+0,+17");
    close_place();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("choose", "what is pending counts", what_is_pending_counts);
    suite_add("choose", "choices are numbered", choices_are_numbered);
    suite_add("choose", "ties take turns", ties_take_turns);
    suite_add("choose", "purchases and requests take turns apart",
              purchases_and_requests_take_turns_apart);
    suite_add("choose", "a retry says so", a_retry_says_so);
    suite_add("choose", "an idle server has room", an_idle_server_has_room);
    suite_add("choose", "room is used up to the limit", room_is_used_up_to_the_limit);
    suite_add("choose", "no room is not no server", no_room_is_not_no_server);
    suite_add("choose", "marks say who is out", marks_say_who_is_out);
    suite_add("choose", "flights carry 256 at most", flights_carry_256_at_most);
    suite_add("choose", "a purchase that flies alone", a_purchase_that_flies_alone);
    suite_add("choose", "a purchase with little company", a_purchase_with_little_company);
    suite_add("choose", "workers have flights of their own", workers_have_flights_of_their_own);
    suite_add("choose", "many servers are not all listed", many_servers_are_not_all_listed);
    suite_add("choose", "sixteen servers are listed", sixteen_servers_are_listed);
    suite_add("choose", "one of many is left", one_of_many_is_left);
}
