/* Choices for forwarded requests: pools, the line of each policy, and what a done line ends. */
#include <stdio.h>
#include <string.h>

#include "balancer/routing/choose.h"
#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/checks.h"
#include "tests/unit/balancer/routing/forwarding.h"

static void each_policy_has_its_line(void)
{
    forwarding_open(2);
    struct choice choice = forwarding_choice("files", POLICY_FEWEST_SOLD);
    forwarding_expect(&choice, "policy=fewest-sold to=files-1 why=least-recent "
                               "sold=files-1:0+0,files-2:0+0");
    choice.policy = POLICY_ROUND_ROBIN;
    forwarding_expect(&choice, "policy=round-robin to=files-2 why=turn "
                               "turn=files-1:0/1,files-2:0/2");
    forwarding_expect(&choice, "policy=round-robin to=files-1 why=turn "
                               "turn=files-1:1/1,files-2:-1/2");
    choice.policy = POLICY_LEAST_CONNECTIONS;
    forwarding_expect(&choice, "policy=least-connections to=files-2 why=least-busy "
                               "busy=files-1:2/1,files-2:1/2");
    choice.policy = POLICY_POWER_OF_TWO;
    uint64_t draw = policy_draw(policy_hash(forwarding.router), forwarding.n + 1);
    forwarding_expect(&choice, draw >> 63 ? "policy=power-of-two drawn=files-2,files-1 to=files-2 "
                                            "why=less-busy busy=files-1:2/1,files-2:2/2"
                                          : "policy=power-of-two drawn=files-1,files-2 to=files-2 "
                                            "why=less-busy busy=files-1:2/1,files-2:2/2");
    choice.policy = POLICY_IP_HASH;
    uint64_t key = policy_hash(choice.client);
    uint64_t scores[] = {policy_score(key, policy_hash("files-1")),
                         policy_score(key, policy_hash("files-2"))};
    char line[128];
    snprintf(line, sizeof line, "policy=ip-hash to=files-%d why=hash hash=files-1:%u,files-2:%u",
             scores[0] > scores[1] ? 1 : 2, (unsigned)scores[0], (unsigned)scores[1]);
    forwarding_expect(&choice, line);
    forwarding_close();
}

static void random_draws_by_router_and_number(void)
{
    forwarding_open(3);
    struct choice choice = forwarding_choice("files", POLICY_RANDOM);
    for (int i = 0; i < 20; i++) {
        forwarding_finish();
        uint64_t draw = policy_draw(policy_hash(forwarding.router), forwarding.n + 1);
        size_t due = (size_t)((draw >> 32) * 3 >> 32);
        char line[128];
        snprintf(line, sizeof line,
                 "policy=random to=files-%zu why=drawn from=files-1,files-2,files-3", due + 1);
        forwarding_expect(&choice, line);
    }
    forwarding_close();
}

static void least_workload_reads_fresh_reports(void)
{
    forwarding_open(3);
    struct choice choice = forwarding_choice("files", POLICY_LEAST_WORKLOAD);
    forwarding_expect(&choice, "policy=least-workload to=files-1 why=stale "
                               "load=files-1:?+0,files-2:?+0,files-3:?+0");
    check_reported(&forwarding, forwarding_index("files-1"), 0,
                   &(struct server_report){100, 1, 0, 1});
    check_reported(&forwarding, forwarding_index("files-2"), 0,
                   &(struct server_report){300, 1, 0, 1});
    history_text(&forwarding);
    forwarding_expect(&choice, "policy=least-workload to=files-1 why=least-loaded "
                               "load=files-1:100+1,files-2:300+0,files-3:?+0");
    forwarding.list[forwarding_index("files-1")].workload_at -= 3000000; /* older than 2 s */
    forwarding_expect(&choice, "policy=least-workload to=files-2 why=least-loaded "
                               "load=files-1:?+2,files-2:300+0,files-3:?+0");
    forwarding_close();
}

/* The clock was set back: how old such a report is, nobody knows. */
static void a_report_of_the_future_is_stale(void)
{
    forwarding_open(2);
    struct choice choice = forwarding_choice("files", POLICY_LEAST_WORKLOAD);
    struct server *server = &forwarding.list[forwarding_index("files-1")];
    check_reported(&forwarding, forwarding_index("files-1"), 0,
                   &(struct server_report){100, 1, 0, 1});
    check_reported(&forwarding, forwarding_index("files-2"), 0,
                   &(struct server_report){300, 1, 0, 1});
    server->workload_at += 3600 * CLOCK_SECOND;
    history_text(&forwarding);
    forwarding_expect(&choice, "policy=least-workload to=files-2 why=least-loaded "
                               "load=files-1:?+0,files-2:300+0");
    check_reported(&forwarding, forwarding_index("files-1"), 0,
                   &(struct server_report){100, 1, 0, 1}); /* the same figure, but of now */
    history_expect(&forwarding, "load server=files-1 cpu=100 memory=1 commit=1 workload=100\n");
    CU_ASSERT(server->workload_at <= clock_now());
    forwarding_close();
}

static void expect_done(struct routing_done done, const char *rest)
{
    char expected[256];
    done.request = FORWARDED;
    servers_done(&forwarding, forwarding_index("files-1"), &done);
    snprintf(expected, sizeof expected, "done request=" FORWARDED " server=files-1 %s\n", rest);
    history_expect(&forwarding, expected);
}

static void a_request_is_busy_until_it_is_done(void)
{
    forwarding_open(1);
    struct choice choice = forwarding_choice("files", POLICY_LEAST_CONNECTIONS);
    const struct server *server = &forwarding.list[forwarding_index("files-1")];
    for (int i = 1; i <= 4; i++) {
        CU_ASSERT_EQUAL(forwarding_to(&choice), forwarding_index("files-1"));
        CU_ASSERT_EQUAL(server->busy, i);
        CU_ASSERT_EQUAL(server->turns[TURN_REQUEST].last, forwarding.n);
    }
    history_text(&forwarding);
    expect_done((struct routing_done){.status = 200, .sent = 1, .received = 412, .took = 812},
                "status=200 sent=1 received=412 took=812 how=answered");
    CU_ASSERT(server->busy == 3 && server->failures == 0);
    expect_done((struct routing_done){.how = END_LEFT},
                "status=0 sent=0 received=0 took=0 how=left");
    CU_ASSERT(server->busy == 2 && server->failures == 0);
    expect_done((struct routing_done){.status = 200, .how = END_LATE},
                "status=200 sent=0 received=0 took=0 how=late");
    expect_done((struct routing_done){.how = END_CONNECT},
                "status=0 sent=0 received=0 took=0 how=connect");
    CU_ASSERT(server->busy == 0 && server->failures == 2);
    forwarding_close();
}

/* What a purchase asks of a ticket server is busy as well, until its flight is settled. */
static void purchases_are_busy_too(void)
{
    static struct loading loading[ROUTING_SERVERS_MAX];
    forwarding_open(1);
    memset(loading, 0, sizeof loading);
    struct choice choice = forwarding_choice(ROUTING_TICKETS, POLICY_LEAST_CONNECTIONS);
    struct purchase_choice purchase = {.event = "demo", .quantity = 2, .room = 9};
    size_t to;
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(choose_for_purchase(&forwarding, &choice, &purchase, loading, &to), CHOSEN);
    CU_ASSERT_EQUAL(forwarding.list[to].busy, 2 - (int64_t)to);
    forwarding_text();
    forwarding_expect(&choice, "policy=least-connections to=server-2 why=least-busy "
                               "busy=server-1:2/1,server-2:1/1");
    struct settlement settlement = {.flight = 1, .released = 4, .sold = 1, .refused = 1};
    servers_settle(&forwarding, 0, &settlement, NULL);
    CU_ASSERT_EQUAL(forwarding.list[0].busy, 0);
    forwarding_close();
}

/* A pool's limit is one of requests under way; that of the ticket servers holds back purchases alone. */
static void a_full_server_is_marked(void)
{
    forwarding_open(2);
    struct choice choice = forwarding_choice("files", POLICY_ROUND_ROBIN);
    for (int i = 0; i < 2 * FORWARDING_LIMIT; i++)
        CU_ASSERT_NOT_EQUAL(forwarding_to(&choice), SERVER_NONE);
    size_t to = SERVER_NONE;
    uint64_t n = forwarding.n;
    CU_ASSERT_EQUAL(choose_for_request(&forwarding, &choice, &to), CHOSEN_NO_ROOM);
    CU_ASSERT(to == SERVER_NONE && forwarding.n == n);
    struct routing_done done = {.request = FORWARDED, .status = 200};
    servers_done(&forwarding, forwarding_index("files-2"), &done);
    history_text(&forwarding);
    choice.policy = POLICY_LEAST_CONNECTIONS;
    forwarding_expect(&choice, "policy=least-connections to=files-2 why=least-busy "
                               "busy=files-1:4/1!full,files-2:3/2");
    struct choice read = forwarding_choice(ROUTING_TICKETS, POLICY_ROUND_ROBIN);
    forwarding.list[0].pending = forwarding.list[1].pending = MAX_PENDING;
    forwarding_expect(&read, "policy=round-robin to=server-1 why=least-recent "
                             "turn=server-1:0/1,server-2:0/1");
    forwarding_close();
}

static void pools_keep_to_themselves(void)
{
    forwarding_open(2);
    struct choice files = forwarding_choice("files", POLICY_ROUND_ROBIN);
    struct choice tickets = forwarding_choice(ROUTING_TICKETS, POLICY_ROUND_ROBIN);
    forwarding_expect(&files, "policy=round-robin to=files-2 why=turn "
                              "turn=files-1:0/1,files-2:0/2");
    forwarding_expect(&tickets, "policy=round-robin to=server-1 why=least-recent "
                                "turn=server-1:0/1,server-2:0/1");
    forwarding_expect(&files, "policy=round-robin to=files-1 why=turn "
                              "turn=files-1:1/1,files-2:-1/2");
    forwarding_fail("files-1");
    forwarding_fail("files-2");
    size_t to;
    CU_ASSERT_EQUAL(choose_for_request(&forwarding, &files, &to), CHOSEN_NO_SERVER);
    forwarding_expect(&tickets, "policy=round-robin to=server-2 why=turn "
                                "turn=server-1:-1/1,server-2:1/1");
    check_answered(&forwarding, forwarding_index("files-2"), 0);
    history_text(&forwarding);
    forwarding_expect(&files, "policy=round-robin to=files-2 why=turn "
                              "turn=files-1:-1/1!down,files-2:1/2");
    forwarding_close();
}

static void a_server_that_joins_may_have_room_soon(void)
{
    forwarding_open(0);
    struct choice files = forwarding_choice("files", POLICY_RANDOM);
    size_t to;
    CU_ASSERT_EQUAL(choose_for_request(&forwarding, &files, &to), CHOSEN_NO_SERVER);
    struct server_about about = {"files-1", "127.0.0.1:1", files.pool, 1, SOURCE_CONFIG};
    CU_ASSERT(servers_add(&forwarding, &about));
    CU_ASSERT_EQUAL(choose_for_request(&forwarding, &files, &to), CHOSEN_NO_ROOM);
    history_text(&forwarding);
    forwarding_close();
}

/* --- many servers ------------------------------------------------------------------------------ */

/* The runner-up's figure differs from all others in what this policy reads. */
static void prefer(enum policy policy, size_t index, int64_t rank)
{
    struct server *server = &forwarding.list[index];
    server->told = policy == POLICY_FEWEST_SOLD ? rank : 0;
    server->turns[TURN_REQUEST].credit = policy == POLICY_ROUND_ROBIN ? -rank : 0;
    server->busy = policy == POLICY_LEAST_CONNECTIONS ? rank : 0;
    server->workload = policy == POLICY_LEAST_WORKLOAD ? rank : 0;
    server->workload_at = clock_now();
}

static void the_runner_up_is_named_by_the_orders(void)
{
    static const enum policy orders[] = {POLICY_FEWEST_SOLD, POLICY_ROUND_ROBIN,
                                         POLICY_LEAST_CONNECTIONS, POLICY_LEAST_WORKLOAD};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        forwarding_open(20);
        struct choice choice = forwarding_choice("files", orders[i]);
        for (size_t j = 1; j <= 20; j++) {
            char id[SERVER_SIZE];
            snprintf(id, sizeof id, "files-%zu", j);
            forwarding.list[forwarding_index(id)].weight = 1;
            prefer(orders[i], forwarding_index(id), j == 7 ? 1 : j == 13 ? 2 : 3);
        }
        CU_ASSERT_EQUAL(forwarding_to(&choice), forwarding_index("files-7"));
        const char *line = forwarding_text();
        CU_ASSERT_PTR_NOT_NULL(strstr(line, " to=files-7 "));
        CU_ASSERT_PTR_NOT_NULL(strstr(line, "=files-7:"));
        CU_ASSERT_PTR_NOT_NULL(strstr(line, ",files-13:"));
        CU_ASSERT_PTR_NOT_NULL(strstr(line, ",+18\n"));
        forwarding_close();
    }
}

/* One that is drawn has no second; of two that are drawn, the other one is listed. */
static void chance_has_no_order(void)
{
    static const enum policy drawn[] = {POLICY_RANDOM, POLICY_POWER_OF_TWO};
    static const char *const left_out[] = {",+19\n", ",+18\n"};
    for (size_t i = 0; i < 2; i++) {
        forwarding_open(20);
        struct choice choice = forwarding_choice("files", drawn[i]);
        CU_ASSERT_NOT_EQUAL(forwarding_to(&choice), SERVER_NONE);
        CU_ASSERT_PTR_NOT_NULL(strstr(forwarding_text(), left_out[i]));
        forwarding_close();
    }
}

static void a_thousand_servers(void)
{
    forwarding_open(1000);
    for (enum policy policy = 0; policy < POLICY_COUNT; policy++) {
        struct choice choice = forwarding_choice("files", policy);
        for (int i = 0; i < 3; i++)
            CU_ASSERT_NOT_EQUAL(forwarding_to(&choice), SERVER_NONE);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(forwarding_text(), ",+999\n"));
    forwarding_close();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("choose_request", "each policy has its line", each_policy_has_its_line);
    suite_add("choose_request", "random draws by router and number",
              random_draws_by_router_and_number);
    suite_add("choose_request", "least-workload reads fresh reports",
              least_workload_reads_fresh_reports);
    suite_add("choose_request", "a report of the future is stale", a_report_of_the_future_is_stale);
    suite_add("choose_request", "a request is busy until it is done",
              a_request_is_busy_until_it_is_done);
    suite_add("choose_request", "purchases are busy too", purchases_are_busy_too);
    suite_add("choose_request", "a full server is marked", a_full_server_is_marked);
    suite_add("choose_request", "pools keep to themselves", pools_keep_to_themselves);
    suite_add("choose_request", "a server that joins may have room soon",
              a_server_that_joins_may_have_room_soon);
    suite_add("choose_request", "the runner-up is named by the orders",
              the_runner_up_is_named_by_the_orders);
    suite_add("choose_request", "chance has no order", chance_has_no_order);
    suite_add("choose_request", "a thousand servers", a_thousand_servers);
}
