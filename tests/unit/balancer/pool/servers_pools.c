/* Servers of other pools: configured, checked, with reports of workload and requests of their own. */
#include <stdio.h>
#include <string.h>

#include "balancer/pool/servers.h"
#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/checks.h"
#include "tests/unit/balancer/pool/history.h"

#define REQUEST "0193b0aa-0000-7abc-8def-0123456789ab"

static struct servers servers;

/* A ticket server that joins, and a server of files, of weight 3. */
static void open_pools(void)
{
    struct pool_rules rules = pool_rules_default(false);
    rules.limit = 64;
    servers_init(&servers);
    CU_ASSERT(servers_joined(&servers, "server-1", "127.0.0.1:1", 41));
    CU_ASSERT_EQUAL(servers_pool_add(&servers, "files", &rules), 1);
    history_text(&servers);
    struct server_about about = {"files-1", "127.0.0.1:2", 1, 3, SOURCE_CONFIG};
    CU_ASSERT(servers_add(&servers, &about));
}

static void a_configured_server_is_checked(void)
{
    open_pools();
    history_expect(&servers, "server server=files-1 pool=files weight=3 state=new→joining boot=0 "
                             "commit=0 told=0 limit=64 store=\"\" why=configured\n");
    check_answered(&servers, 1, 0);
    history_expect(&servers, "server server=files-1 pool=files weight=3 state=joining→up boot=0 "
                             "commit=0 told=0 limit=64 store=\"\" why=\"probe: answered\"\n");
    check_answered(&servers, 1, 0); /* it is up already */
    check_answered(&servers, 1, 7); /* of another start */
    history_expect(&servers, "");
    servers_failed(&servers, 1, 0, "connection refused");
    history_expect(&servers, "server server=files-1 pool=files weight=3 state=up→down boot=0 "
                             "commit=0 told=0 limit=64 store=\"\" why=\"connection refused\"\n");
    check_answered(&servers, 1, 0);
    CU_ASSERT_EQUAL(servers.list[1].state, SERVER_UP);
    servers_free(&servers);
}

static void a_server_has_its_identity(void)
{
    open_pools();
    CU_ASSERT_EQUAL(servers.list[0].identity, policy_hash("server-1"));
    CU_ASSERT_EQUAL(servers.list[1].identity, policy_hash("files-1"));
    CU_ASSERT_EQUAL(servers.seed, policy_hash(servers.router));
    CU_ASSERT_STRING_EQUAL(servers.pools[POOL_TICKETS].name, ROUTING_TICKETS);
    CU_ASSERT(servers.list[0].weight == 1 && servers.list[0].limit == MAX_PENDING);
    servers_free(&servers);
}

/* Only ticket servers sell, and only they share a store. */
static void other_pools_sell_nothing(void)
{
    open_pools();
    check_answered(&servers, 1, 0);
    servers_failed(&servers, 0, 1, "gone");
    CU_ASSERT_FALSE(servers_any(&servers));
    CU_ASSERT_FALSE(servers_idle_elsewhere(&servers, 0));
    servers_joined(&servers, "server-1", "127.0.0.1:1", 42);
    CU_ASSERT(servers_any(&servers));
    struct figures figures = {.store = HISTORY_STORE, .boot = 1};
    check_told(&servers, 0, servers.list[0].start, &figures);
    CU_ASSERT_EQUAL(servers.list[0].state, SERVER_UP);
    strcpy(figures.store, HISTORY_OTHER_STORE); /* the only ticket server may change its store */
    check_told(&servers, 0, servers.list[0].start, &figures);
    CU_ASSERT_EQUAL(servers.list[0].state, SERVER_UP);
    servers_free(&servers);
}

static void a_report_leaves_a_line_where_a_route_reads_it(void)
{
    open_pools();
    check_answered(&servers, 0, 1);
    check_answered(&servers, 1, 0);
    history_text(&servers);
    check_reported(&servers, 1, 0, &(struct server_report){310, 9, 0, 812});
    history_expect(&servers, "");
    CU_ASSERT_EQUAL(servers.list[1].workload_at, 0);
    servers.pools[1].reports = true;
    int64_t before = clock_now();
    check_reported(&servers, 1, 0, &(struct server_report){310, 9, 0, 812});
    history_expect(&servers, "load server=files-1 cpu=310 memory=9 commit=812 workload=310\n");
    CU_ASSERT_EQUAL(servers.list[1].workload, 310);
    CU_ASSERT(servers.list[1].workload_at >= before && servers.list[1].workload_at <= clock_now());
    check_reported(&servers, 0, 1,
                   &(struct server_report){310, 9, 0, 812}); /* of a pool that nobody asks for it */
    history_expect(&servers, "");
    servers_free(&servers);
}

/* What was asked of a process that is gone says nothing of the one in its place. */
static void a_report_of_another_start_is_not_taken(void)
{
    open_pools();
    servers.pools[POOL_TICKETS].reports = true;
    unsigned start = servers.list[0].start;
    CU_ASSERT(servers_joined(&servers, "server-1", "127.0.0.1:1", 42));
    history_text(&servers);
    check_reported(&servers, 0, start, &(struct server_report){310, 9, 0, 812});
    history_expect(&servers, "");
    CU_ASSERT(servers.list[0].workload == 0 && servers.list[0].workload_at == 0);
    check_answered(&servers, 0, servers.list[0].start);
    history_text(&servers);
    check_reported(&servers, 0, servers.list[0].start, &(struct server_report){310, 9, 0, 812});
    history_expect(&servers, "load server=server-1 cpu=310 memory=9 commit=812 workload=310\n");
    servers_free(&servers);
}

/* How each end of a request counts. */
static const struct {
    enum routing_end how;
    const char *name;
    bool failure;
} ends[] = {
    {END_ANSWERED, "answered", false}, {END_CONNECT, "connect", true},
    {END_LOST, "lost", true},          {END_BAD, "bad", true},
    {END_LATE, "late", true},          {END_LEFT, "left", false},
};

static void the_servers_failures_are_counted(void)
{
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char expected[256];
        open_pools();
        history_text(&servers);
        servers.list[1].busy = 2;
        struct routing_done done = {.request = REQUEST, .status = 200, .how = ends[i].how};
        servers_done(&servers, 1, &done);
        snprintf(expected, sizeof expected,
                 "done request=" REQUEST
                 " server=files-1 status=200 sent=0 received=0 took=0 how=%s\n",
                 ends[i].name);
        history_expect(&servers, expected);
        CU_ASSERT_EQUAL(servers.list[1].busy, 1);
        CU_ASSERT_EQUAL(servers.list[1].failures, ends[i].failure);
        servers_free(&servers);
    }
}

static void a_state_line_tells_it_all(void)
{
    char expected[512], time[CLOCK_TEXT_SIZE];
    open_pools();
    servers.pools[1].reports = true;
    check_reported(&servers, 1, 0, &(struct server_report){0, 512, 0, 0});
    servers.list[1].busy = 2;
    servers.list[1].turns[TURN_PURCHASE] = (struct routing_turn){3, -3};
    struct buffer lines = {0};
    servers_cut_history(&servers, &lines);
    clock_format(servers.list[1].workload_at, time);
    snprintf(expected, sizeof expected,
             "state router=%s store=\"\" flight=1 sales=0 "
             "servers=server-1|tickets|joining|0+0|0.0|512|0/1|0/0|0/0|0@0,"
             "files-1|files|up|0+0|0.0|64|2/3|3/-3|0/0|500@%s\n",
             servers.router, time);
    history_expect(&servers, expected);
    buffer_free(&lines);
    servers_free(&servers);
}

static void the_list_is_shared_and_has_an_end(void)
{
    open_pools();
    struct server_about about = {"files-2", "127.0.0.1:2", 1, 1, SOURCE_CONFIG};
    servers.count = ROUTING_SERVERS_MAX;
    history_text(&servers);
    CU_ASSERT_FALSE(servers_add(&servers, &about));
    history_expect(&servers, "");
    servers_free(&servers);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("servers_pools", "a configured server is checked", a_configured_server_is_checked);
    suite_add("servers_pools", "a server has its identity", a_server_has_its_identity);
    suite_add("servers_pools", "other pools sell nothing", other_pools_sell_nothing);
    suite_add("servers_pools", "a report leaves a line where a route reads it",
              a_report_leaves_a_line_where_a_route_reads_it);
    suite_add("servers_pools", "a report of another start is not taken",
              a_report_of_another_start_is_not_taken);
    suite_add("servers_pools", "the server's failures are counted",
              the_servers_failures_are_counted);
    suite_add("servers_pools", "a state line tells it all", a_state_line_tells_it_all);
    suite_add("servers_pools", "the list is shared, and has an end",
              the_list_is_shared_and_has_an_end);
}
