#include "balancer/client/purchases.h"

#include <unistd.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/client/counter.h"

enum {
    WAITING_MAX = 100,
};

static void release(size_t server)
{
    counter.fakes[server].manner = FAKE_ANSWERS;
    fake_server_release(&counter.fakes[server]);
}

static void a_purchase_is_sold(void)
{
    counter_open(2, WAITING_MAX);
    CU_ASSERT_EQUAL(counter_receive(counter_buy(2)), 201);
    CU_ASSERT(counter_head_has("\r\nLocation: /events/demo/purchases/"));
    CU_ASSERT(counter_head_has("\r\nIdempotency-Key: "));
    CU_ASSERT(counter_head_has("\r\nRequest-Id: "));
    CU_ASSERT(counter_body_has("\"server\":\"server-1\""));
    CU_ASSERT(counter_logged(" event=demo quantity=2 to=server-1 flight=1 why=least-recent "));
    CU_ASSERT(counter_logged(" client=127.0.0.1 route=purchase "));
    CU_ASSERT_EQUAL(counter_receive(counter_buy(1)), 201);
    CU_ASSERT(counter_body_has("\"server\":\"server-2\""));
    CU_ASSERT(counter_logged(" why=fewest sold=server-1:2+0,server-2:0+0"));
    counter_close();
}

static void a_refusal_is_passed_on(void)
{
    counter_open(1, WAITING_MAX);
    held_loop_hold(&counter.held);
    counter.fakes[0].problem = PROBLEM_SOLD_OUT;
    held_loop_free(&counter.held);
    CU_ASSERT_EQUAL(counter_receive(counter_buy(1)), 409);
    CU_ASSERT(counter_body_has("\"code\":\"sold_out\""));
    counter_close();
}

static void bad_input_asks_nobody(void)
{
    counter_open(1, WAITING_MAX);
    CU_ASSERT_EQUAL(counter_ask("GET /purchases HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
    CU_ASSERT(counter_head_has("\r\nAllow: POST\r\n"));
    CU_ASSERT_EQUAL(counter_ask("POST /purchases HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                                "Content-Type: application/json\r\n\r\n{"),
                    400);
    CU_ASSERT_EQUAL(counter_receive(counter_buy(1001)), 422);
    CU_ASSERT_FALSE(counter_logged(" choice "));
    held_loop_hold(&counter.held);
    CU_ASSERT_EQUAL(counter.fakes[0].requests, 0);
    counter_close();
}

static void without_a_server_nobody_waits(void)
{
    counter_open(0, WAITING_MAX);
    CU_ASSERT_EQUAL(counter_receive(counter_buy(1)), 503);
    CU_ASSERT(counter_body_has("\"code\":\"no_server\""));
    CU_ASSERT(counter_head_has("\r\nRetry-After: 1\r\n"));
    counter_close();
}

static void while_a_server_joins_buyers_wait_in_order(void)
{
    int fds[3];
    counter_open(0, WAITING_MAX);
    held_loop_hold(&counter.held);
    servers_joined(&counter.servers, "server-1", counter.fakes[0].address, 5);
    held_loop_free(&counter.held);
    for (unsigned i = 0; i < 3; i++) {
        fds[i] = counter_buy((int)i + 1);
        counter_hold_at(i + 1);
        held_loop_free(&counter.held);
    }
    held_loop_hold(&counter.held);
    CU_ASSERT_EQUAL(counter.fakes[0].requests, 0);
    counter_up(0);
    held_loop_free(&counter.held);
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(counter_receive(fds[i]), 201);
    held_loop_hold(&counter.held);
    CU_ASSERT_EQUAL(counter.fakes[0].requests, 1);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(counter.fakes[0].items[i].purchase.quantity, i + 1);
    counter_close();
}

/* Three who wait: 500 are pending, so 100 have no room; 1 would have, but nobody overtakes. */
static void nobody_overtakes(void)
{
    int fds[3];
    static const int quantities[] = {500, 100, 1};
    counter_open(1, WAITING_MAX);
    held_loop_hold(&counter.held);
    counter.fakes[0].manner = FAKE_HOLDS;
    held_loop_free(&counter.held);
    for (unsigned i = 0; i < 3; i++) {
        fds[i] = counter_buy(quantities[i]);
        counter_hold_at(i + 1);
        held_loop_free(&counter.held);
    }
    counter_hold_at_server(0, 1);
    CU_ASSERT_EQUAL(counter.servers.list[0].pending, 500);
    release(0);
    held_loop_free(&counter.held);
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(counter_receive(fds[i]), 201);
    held_loop_hold(&counter.held);
    CU_ASSERT_EQUAL(counter.fakes[0].count, 2);
    CU_ASSERT_EQUAL(counter.fakes[0].items[0].purchase.quantity, 100);
    counter_close();
}

static void only_so_many_may_wait(void)
{
    int fds[4];
    counter_open(1, 2);
    held_loop_hold(&counter.held);
    counter.fakes[0].manner = FAKE_HOLDS;
    held_loop_free(&counter.held);
    for (unsigned i = 0; i < 4; i++) {
        fds[i] = counter_buy(512);
        counter_hold_at(i + 1);
        held_loop_free(&counter.held);
    }
    CU_ASSERT_EQUAL(counter_receive(fds[3]), 503);
    CU_ASSERT(counter_body_has("\"code\":\"overloaded\""));
    counter_hold_at_server(0, 1);
    release(0);
    held_loop_free(&counter.held);
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(counter_receive(fds[i]), 201);
    counter_close();
}

static void a_lost_purchase_is_asked_elsewhere(void)
{
    counter_open(2, WAITING_MAX);
    held_loop_hold(&counter.held);
    counter.fakes[0].manner = FAKE_CLOSES;
    held_loop_free(&counter.held);
    CU_ASSERT_EQUAL(counter_receive(counter_buy(1)), 201);
    CU_ASSERT(counter_body_has("\"server\":\"server-2\""));
    CU_ASSERT(counter_logged(" to=server-2 flight=2 why=retry "));
    CU_ASSERT(counter_logged(" lost=1 unsent=0"));
    held_loop_hold(&counter.held);
    CU_ASSERT_EQUAL(counter.fakes[1].items[0].attempt, 2);
    counter_close();
}

/* What comes back is older than what came meanwhile, and leaves in front of it. */
static void who_comes_back_is_served_first(void)
{
    int fds[2];
    counter_open(1, WAITING_MAX);
    held_loop_hold(&counter.held);
    counter.fakes[0].manner = FAKE_HOLDS;
    held_loop_free(&counter.held);
    fds[0] = counter_buy(7);
    counter_hold_at_server(0, 1);
    held_loop_free(&counter.held);
    fds[1] = counter_buy(8);
    counter_hold_at(2);
    servers_joined(&counter.servers, "server-1", counter.fakes[0].address, 6);
    purchases_check(counter.purchases); /* the second comes back first */
    counter.fakes[0].manner = FAKE_CLOSES;
    fake_server_release(&counter.fakes[0]);
    counter.fakes[0].manner = FAKE_ANSWERS;
    held_loop_turns(&counter.held, 10);
    counter_up(0);
    held_loop_free(&counter.held);
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(counter_receive(fds[i]), 201);
    CU_ASSERT(counter_logged(" quantity=7 to=server-1 flight=3 why=retry "));
    CU_ASSERT(counter_logged(" quantity=8 to=server-1 flight=4 why=retry "));
    counter_close();
}

static void who_left_is_sold_to_all_the_same(void)
{
    counter_open(1, WAITING_MAX);
    held_loop_hold(&counter.held);
    counter.fakes[0].manner = FAKE_HOLDS;
    held_loop_free(&counter.held);
    int fd = counter_buy(1);
    counter_hold_at_server(0, 1);
    close(fd);
    release(0);
    held_loop_free(&counter.held);
    CU_ASSERT_EQUAL(counter_receive(counter_buy(1)), 201);
    CU_ASSERT(counter_logged(" told=1 released=1 sold=1 "));
    counter_close();
}

/* Five seconds, once for both: one was lost and is in the air again, one waits for room. */
static void deadlines_are_kept(void)
{
    int fds[2];
    int64_t begun = clock_monotonic();
    counter_open(1, WAITING_MAX);
    held_loop_hold(&counter.held);
    counter.fakes[0].manner = FAKE_CLOSES;
    held_loop_free(&counter.held);
    fds[0] = counter_buy(1);
    counter_hold_at_server(0, 1);
    held_loop_turns(&counter.held, 10);
    CU_ASSERT_EQUAL(counter.servers.list[0].state, SERVER_DOWN);
    counter.fakes[0].manner = FAKE_HOLDS;
    counter_up(0);
    held_loop_free(&counter.held);
    counter_hold_at_server(0, 2);
    held_loop_free(&counter.held);
    fds[1] = counter_buy(512);
    counter_hold_at(2);
    CU_ASSERT_EQUAL(counter.servers.list[0].pending, 1);
    held_loop_free(&counter.held);
    CU_ASSERT_EQUAL(counter_receive(fds[0]), 503);
    CU_ASSERT(counter_body_has("\"code\":\"outcome_unknown\""));
    CU_ASSERT(counter_head_has("\r\nIdempotency-Key: "));
    CU_ASSERT_EQUAL(counter_receive(fds[1]), 503);
    CU_ASSERT(counter_body_has("\"code\":\"expired\""));
    int64_t passed = clock_monotonic() - begun;
    CU_ASSERT(passed >= 5 * CLOCK_SECOND && passed < 9 * CLOCK_SECOND);
    held_loop_hold(&counter.held);
    release(0);
    CU_ASSERT_EQUAL(counter.fakes[0].requests, 2);
    held_loop_free(&counter.held);
    CU_ASSERT_EQUAL(counter_receive(counter_buy(1)), 201);
    counter_close();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("purchases", "a purchase is sold", a_purchase_is_sold);
    suite_add("purchases", "a refusal is passed on", a_refusal_is_passed_on);
    suite_add("purchases", "bad input asks nobody", bad_input_asks_nobody);
    suite_add("purchases", "without a server nobody waits", without_a_server_nobody_waits);
    suite_add("purchases", "while a server joins buyers wait in order",
              while_a_server_joins_buyers_wait_in_order);
    suite_add("purchases", "nobody overtakes", nobody_overtakes);
    suite_add("purchases", "only so many may wait", only_so_many_may_wait);
    suite_add("purchases", "a lost purchase is asked elsewhere",
              a_lost_purchase_is_asked_elsewhere);
    suite_add("purchases", "who comes back is served first", who_comes_back_is_served_first);
    suite_add("purchases", "who left is sold to all the same", who_left_is_sold_to_all_the_same);
    suite_add("purchases", "deadlines are kept", deadlines_are_kept);
}
