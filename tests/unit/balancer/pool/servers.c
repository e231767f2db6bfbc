#include "balancer/pool/servers.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/checks.h"
#include "tests/unit/balancer/pool/history.h"

static const char *const address = "127.0.0.1:9001";

static struct figures told(int64_t boot, int64_t commit, int64_t sold)
{
    return (struct figures){
        .server = "server-1", .store = HISTORY_STORE, .boot = boot, .commit = commit, .sold = sold};
}

static void probe(struct servers *servers, size_t index, unsigned start, struct figures figures)
{
    check_told(servers, index, start, &figures);
}

static struct server get(struct servers *servers, size_t index)
{
    struct server server = {0};
    CU_ASSERT(servers_get(servers, index, &server));
    return server;
}

/* One server that joins as process 41 and is not heard of yet; the history is taken. */
static void open_joining(struct servers *servers)
{
    servers_init(servers);
    CU_ASSERT(servers_joined(servers, "server-1", address, 41));
    history_text(servers);
}

/* One server that is up with boot 3, commit 7, 20 sold. */
static void open_up(struct servers *servers)
{
    open_joining(servers);
    probe(servers, 0, 1, told(3, 7, 20));
    history_text(servers);
}

static void history_begins_with_started(void)
{
    struct servers servers;
    char expected[128];
    servers_init(&servers);
    snprintf(expected, sizeof expected, "started router=%s version=4\n", servers.router);
    history_expect(&servers, expected);
    servers_stopped(&servers);
    snprintf(expected, sizeof expected, "stopped router=%s\n", servers.router);
    history_expect(&servers, expected);
    history_expect(&servers, "");
    servers_free(&servers);
}

static void a_server_joins_and_is_up(void)
{
    struct servers servers;
    servers_init(&servers);
    history_text(&servers);
    CU_ASSERT_FALSE(servers_any(&servers));
    CU_ASSERT(servers_joined(&servers, "server-1", address, 41));
    history_expect(
        &servers,
        "server server=server-1 pool=tickets weight=1 state=new→joining boot=0 commit=0 told=0 "
        "limit=512 store=\"\" why=\"started as process 41\"\n");
    CU_ASSERT(servers_any(&servers)); /* it may be up in a moment */
    int64_t before = clock_now();
    probe(&servers, 0, 1, told(3, 7, 20));
    history_expect(
        &servers,
        "server server=server-1 pool=tickets weight=1 state=joining→up boot=3 commit=7 told=20 "
        "limit=512 store=" HISTORY_STORE " why=\"probe: answered\"\n");
    CU_ASSERT(servers_any(&servers));
    struct server server = get(&servers, 0);
    CU_ASSERT_STRING_EQUAL(server.id, "server-1");
    CU_ASSERT_STRING_EQUAL(server.address, address);
    CU_ASSERT_EQUAL(server.pid, 41);
    CU_ASSERT_EQUAL(server.start, 1);
    CU_ASSERT_EQUAL(server.state, SERVER_UP);
    CU_ASSERT(server.since >= before && server.since <= clock_now());
    CU_ASSERT_FALSE(servers_get(&servers, 1, &server));
    servers_free(&servers);
}

static void a_server_goes_down_and_up_again(void)
{
    struct servers servers;
    open_up(&servers);
    servers_failed(&servers, 0, 1, "flight 9: refused");
    history_expect(
        &servers,
        "server server=server-1 pool=tickets weight=1 state=up→down boot=3 commit=7 told=20 "
        "limit=512 store=" HISTORY_STORE " why=\"flight 9: refused\"\n");
    CU_ASSERT_FALSE(servers_any(&servers));
    servers_failed(&servers, 0, 1, "again");
    history_expect(&servers, "");
    CU_ASSERT_STRING_EQUAL(get(&servers, 0).why, "flight 9: refused");
    probe(&servers, 0, 1, told(3, 7, 20));
    history_expect(
        &servers,
        "server server=server-1 pool=tickets weight=1 state=down→up boot=3 commit=7 told=20 "
        "limit=512 store=" HISTORY_STORE " why=\"probe: answered\"\n");
    servers_free(&servers);
}

static void one_that_never_came_up_joins_and_says_why(void)
{
    struct servers servers;
    open_joining(&servers);
    servers_failed(&servers, 0, 1, "probe: no");
    history_expect(&servers, "");
    CU_ASSERT_EQUAL(get(&servers, 0).state, SERVER_JOINING);
    CU_ASSERT_STRING_EQUAL(get(&servers, 0).why, "probe: no");
    CU_ASSERT_FALSE(servers_any(&servers)); /* nobody waits for it */
    servers_free(&servers);
}

static void a_dead_process_is_not_believed(void)
{
    struct servers servers;
    open_up(&servers);
    servers_gone(&servers, "server-1", "killed by signal 9 (Killed)");
    history_expect(&servers, "server server=server-1 pool=tickets weight=1 state=up→down boot=3 "
                             "commit=7 told=20 limit=512 "
                             "store=" HISTORY_STORE " why=\"killed by signal 9 (Killed)\"\n");
    CU_ASSERT_EQUAL(get(&servers, 0).pid, 0);
    probe(&servers, 0, 1, told(3, 8, 21)); /* sent before it died */
    servers_gone(&servers, "server-1", "told twice");
    servers_gone(&servers, "server-7", "nobody knows it");
    history_expect(&servers, "");
    servers_free(&servers);
}

static void a_process_is_started_anew(void)
{
    struct servers servers;
    open_up(&servers);
    servers_gone(&servers, "server-1", "gone");
    history_text(&servers);
    CU_ASSERT(servers_joined(&servers, "server-1", "127.0.0.1:9002", 42));
    history_expect(
        &servers,
        "server server=server-1 pool=tickets weight=1 state=down→joining boot=3 commit=7 told=20 "
        "limit=512 store=" HISTORY_STORE " why=\"started as process 42\"\n");
    CU_ASSERT_EQUAL(servers.count, 1);
    CU_ASSERT_EQUAL(get(&servers, 0).start, 2);
    CU_ASSERT_STRING_EQUAL(get(&servers, 0).address, "127.0.0.1:9002");
    servers_failed(&servers, 0, 1, "a flight of the process before");
    probe(&servers, 0, 1, told(3, 9, 30));
    history_expect(&servers, "");
    CU_ASSERT_EQUAL(get(&servers, 0).told, 20);
    probe(&servers, 0, 2, told(4, 0, 21));
    CU_ASSERT_EQUAL(get(&servers, 0).state, SERVER_UP);
    servers_free(&servers);
}

static void a_process_is_replaced_unseen(void)
{
    struct servers servers;
    open_up(&servers);
    CU_ASSERT(servers_joined(&servers, "server-1", address, 43));
    history_expect(&servers, "server server=server-1 pool=tickets weight=1 state=up→down boot=3 "
                             "commit=7 told=20 limit=512 "
                             "store=" HISTORY_STORE " why=\"its process was replaced\"\n"
                             "server server=server-1 pool=tickets weight=1 state=down→joining "
                             "boot=3 commit=7 told=20 limit=512 "
                             "store=" HISTORY_STORE " why=\"started as process 43\"\n");
    CU_ASSERT(servers_joined(&servers, "server-1", address, 44));
    history_expect(&servers, "server server=server-1 pool=tickets weight=1 state=joining→down "
                             "boot=3 commit=7 told=20 limit=512 "
                             "store=" HISTORY_STORE " why=\"its process was replaced\"\n"
                             "server server=server-1 pool=tickets weight=1 state=down→joining "
                             "boot=3 commit=7 told=20 limit=512 "
                             "store=" HISTORY_STORE " why=\"started as process 44\"\n");
    CU_ASSERT_EQUAL(get(&servers, 0).start, 3);
    servers_free(&servers);
}

/* What a server that is up tells, and whether it is news to one that knows boot 3, commit 7. */
struct heard {
    int64_t boot, commit;
    bool news;
};

static const struct heard heard_rows[] = {
    {3, 8, true}, {4, 0, true}, {4, 9, true}, {3, 7, false}, {3, 6, false}, {2, 99, false},
};

static void only_newer_figures_count(void)
{
    for (size_t i = 0; i < sizeof heard_rows / sizeof *heard_rows; i++) {
        const struct heard *row = &heard_rows[i];
        struct servers servers;
        char expected[128] = "";
        open_up(&servers);
        probe(&servers, 0, 1, told(row->boot, row->commit, 22));
        if (row->news)
            snprintf(expected, sizeof expected, "told server=server-1 boot=%d commit=%d told=22\n",
                     (int)row->boot, (int)row->commit);
        history_expect(&servers, expected);
        CU_ASSERT_EQUAL(get(&servers, 0).told, row->news ? 22 : 20);
        servers_free(&servers);
    }
}

static void another_store_is_not_sold_from(void)
{
    struct servers servers;
    struct figures other = told(1, 1, 5);
    strcpy(other.store, HISTORY_OTHER_STORE);
    open_up(&servers);
    CU_ASSERT(servers_joined(&servers, "server-2", address, 50));
    history_text(&servers);
    check_told(&servers, 1, 1, &other);
    history_expect(&servers, "");
    CU_ASSERT_STRING_EQUAL(get(&servers, 1).why,
                           "probe: it sells from another store than the others");
    check_told(&servers, 1, 1, &other);
    history_expect(&servers, "");
    CU_ASSERT_EQUAL(get(&servers, 1).told, 0);
    strcpy(other.store, HISTORY_STORE);
    check_told(&servers, 1, 1, &other);
    CU_ASSERT_EQUAL(get(&servers, 1).state, SERVER_UP);
    strcpy(other.store, HISTORY_OTHER_STORE);
    check_told(&servers, 1, 1, &other);
    CU_ASSERT_EQUAL(get(&servers, 1).state, SERVER_DOWN);
    servers_free(&servers);
}

static void a_flight_is_settled(void)
{
    struct servers servers;
    struct figures figures = told(3, 8, 23);
    struct settlement settlement = {
        .flight = 6, .released = 5, .sold = 2, .replayed = 3, .refused = 4, .lost = 5, .unsent = 6};
    open_up(&servers);
    servers.list[0].pending = 7;
    servers.list[0].busy = 21;
    servers_settle(&servers, 0, &settlement, &figures);
    history_expect(&servers, "settled server=server-1 flight=6 boot=3 commit=8 told=23 released=5 "
                             "sold=2 replayed=3 refused=4 lost=5 unsent=6\n");
    struct server server = get(&servers, 0);
    CU_ASSERT_EQUAL(server.pending, 2);
    CU_ASSERT_EQUAL(server.busy, 1); /* each purchase was one request */
    CU_ASSERT_EQUAL(server.sales, 2);
    CU_ASSERT_EQUAL(servers.sales, 2);
    CU_ASSERT_EQUAL(server.landed, 1);
    servers_free(&servers);
}

static void a_late_answer_settles_without_its_figures(void)
{
    struct servers servers;
    struct figures figures = told(3, 6, 19);
    struct settlement settlement = {.flight = 6, .released = 1, .sold = 1};
    open_up(&servers);
    servers.list[0].pending = servers.list[0].busy = 2;
    servers_settle(&servers, 0, &settlement, &figures);
    history_expect(&servers, "settled server=server-1 flight=6 boot=3 commit=7 told=20 released=1 "
                             "sold=1 replayed=0 refused=0 lost=0 unsent=0\n");
    CU_ASSERT_EQUAL(get(&servers, 0).landed, 1);
    servers_settle(&servers, 0, &(struct settlement){.flight = 7, .released = 1, .lost = 1}, NULL);
    CU_ASSERT_EQUAL(get(&servers, 0).landed, 1); /* it was not answered */
    CU_ASSERT_EQUAL(get(&servers, 0).pending, 0);
    CU_ASSERT_EQUAL(get(&servers, 0).busy, 0);
    servers_free(&servers);
}

/* Three servers that write in turn land one flight each; one that lands none while the others land
 * many hangs. */
static void who_hangs_is_left_behind(void)
{
    struct servers servers;
    struct figures figures = told(1, 1, 0);
    history_servers_up(&servers, 3, NULL);
    int64_t then = servers_landed_elsewhere(&servers, 0);
    for (int i = 1; i < 2 * LEFT_BEHIND; i++)
        servers_settle(&servers, 1 + (size_t)i % 2, &(struct settlement){.flight = 1}, &figures);
    servers_settle(&servers, 0, &(struct settlement){.flight = 2},
                   &figures);                                             /* itself is no other */
    servers_settle(&servers, 1, &(struct settlement){.flight = 3}, NULL); /* was not answered */
    CU_ASSERT_EQUAL(servers_landed_elsewhere(&servers, 0), then + 2 * LEFT_BEHIND - 1);
    CU_ASSERT_FALSE(servers_left_behind(&servers, 0, then));
    servers_settle(&servers, 1, &(struct settlement){.flight = 4}, &figures);
    CU_ASSERT(servers_left_behind(&servers, 0, then));
    servers_free(&servers);
}

static void who_is_down_is_left_behind(void)
{
    struct servers servers;
    history_servers_up(&servers, 2, NULL);
    CU_ASSERT_FALSE(servers_left_behind(&servers, 0, 0));
    servers_failed(&servers, 0, get(&servers, 0).start, "probe: no answer");
    CU_ASSERT(servers_left_behind(&servers, 0, 0));
    servers_failed(&servers, 1, get(&servers, 1).start, "probe: no answer");
    servers_free(&servers);
}

static void the_list_has_an_end(void)
{
    static struct servers servers;
    history_servers_up(&servers, ROUTING_SERVERS_MAX, NULL);
    CU_ASSERT_EQUAL(servers.count, ROUTING_SERVERS_MAX);
    CU_ASSERT_FALSE(servers_joined(&servers, "one-too-many", address, 1));
    history_expect(&servers, "");
    CU_ASSERT(servers_joined(&servers, "server-128", address, 2));
    CU_ASSERT_EQUAL(servers.count, ROUTING_SERVERS_MAX);
    servers_free(&servers);
}

static void history_is_taken_once(void)
{
    struct servers servers;
    struct buffer lines = {0};
    servers_init(&servers);
    CU_ASSERT_EQUAL(servers_take_history(&servers, &lines), 1);
    CU_ASSERT_EQUAL(servers_take_history(&servers, &lines), 0);
    CU_ASSERT_EQUAL(lines.length, 0);
    servers_joined(&servers, "server-1", address, 1);
    servers_stopped(&servers);
    buffer_add(&lines, "what was in it before");
    CU_ASSERT_EQUAL(servers_take_history(&servers, &lines), 2);
    CU_ASSERT_EQUAL(strncmp(lines.data, "n=2 ", 4), 0);
    buffer_free(&lines);
    servers_free(&servers);
}

/* A server with everything that a state line tells. */
static void fill(struct servers *servers)
{
    open_up(servers);
    servers->list[0].pending = 4;
    servers->list[0].turns[TURN_PURCHASE] = (struct routing_turn){2, -2};
    servers->list[0].busy = 3;
    servers->flight = 8;
    servers->sales = 12;
    servers_failed(servers, 0, 1, "no");
}

static void a_cut_opens_the_next_file_with_the_state(void)
{
    struct servers servers;
    struct buffer lines = {0};
    char expected[256];
    fill(&servers);
    CU_ASSERT_EQUAL(servers_cut_history(&servers, &lines), 4);
    history_expect_lines(&lines, 4,
                         "server server=server-1 pool=tickets weight=1 state=up→down boot=3 "
                         "commit=7 told=20 limit=512 "
                         "store=" HISTORY_STORE " why=no\n");
    snprintf(expected, sizeof expected,
             "state router=%s store=%s flight=9 sales=12 "
             "servers=server-1|tickets|down|20+4|3.7|512|3/1|2/-2|0/0|0@0\n",
             servers.router, HISTORY_STORE);
    history_expect(&servers, expected);
    CU_ASSERT_EQUAL(servers_cut_history(&servers, &lines), 0);
    CU_ASSERT_EQUAL(servers_take_history(&servers, &lines), 6);
    buffer_free(&lines);
    servers_free(&servers);
}

static void a_gap_is_stated(void)
{
    struct servers servers;
    struct buffer lines = {0};
    fill(&servers);
    servers_state_gap(&servers, 3);
    servers_state_gap(&servers, 3);
    CU_ASSERT_EQUAL(servers_take_history(&servers, &lines), 6);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&lines), " after_gap=3"));
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&lines), "|down|20+4|3.7|512|3/1|2/-2|0/0|0@0\n"));
    CU_ASSERT_EQUAL(strchr(buffer_text(&lines), '\n') + 1, lines.data + lines.length);
    buffer_free(&lines);
    servers_free(&servers);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("servers", "history begins with started", history_begins_with_started);
    suite_add("servers", "a server joins and is up", a_server_joins_and_is_up);
    suite_add("servers", "a server goes down and up again", a_server_goes_down_and_up_again);
    suite_add("servers", "one that never came up joins and says why",
              one_that_never_came_up_joins_and_says_why);
    suite_add("servers", "a dead process is not believed", a_dead_process_is_not_believed);
    suite_add("servers", "a process is started anew", a_process_is_started_anew);
    suite_add("servers", "a process is replaced unseen", a_process_is_replaced_unseen);
    suite_add("servers", "only newer figures count", only_newer_figures_count);
    suite_add("servers", "another store is not sold from", another_store_is_not_sold_from);
    suite_add("servers", "a flight is settled", a_flight_is_settled);
    suite_add("servers", "a late answer settles without its figures",
              a_late_answer_settles_without_its_figures);
    suite_add("servers", "who hangs is left behind", who_hangs_is_left_behind);
    suite_add("servers", "who is down is left behind", who_is_down_is_left_behind);
    suite_add("servers", "the list has an end", the_list_has_an_end);
    suite_add("servers", "history is taken once", history_is_taken_once);
    suite_add("servers", "a cut opens the next file with the state",
              a_cut_opens_the_next_file_with_the_state);
    suite_add("servers", "a gap is stated", a_gap_is_stated);
}
