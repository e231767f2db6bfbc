/* Who comes, goes and is well, as the list of servers has it. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/checks.h"
#include "tests/unit/balancer/pool/history.h"

static struct servers servers;

static enum server_state state(size_t index)
{
    return servers.list[index].state;
}

static void pass(size_t index)
{
    check_answered(&servers, index, servers.list[index].start);
}

static void report(size_t index, int64_t cpu)
{
    struct server_report report = {.cpu = cpu};
    check_reported(&servers, index, servers.list[index].start, &report);
}

static void fail(size_t index)
{
    servers_failed(&servers, index, servers.list[index].start, "flight 9: no");
}

/* A further ticket server, which is not up yet. */
static size_t join(const char *id)
{
    CU_ASSERT(servers_joined(&servers, id, "127.0.0.1:9", 0));
    return servers_find(&servers, id, NULL);
}

/* --- leaving ----------------------------------------------------------------------------------- */

static void who_leaves_drains_first(void)
{
    history_servers_up(&servers, 2, NULL);
    servers.list[0].pending = 3;
    servers.list[0].busy = 2;
    CU_ASSERT(servers_leave(&servers, "server-1", "asked for"));
    history_expect(&servers,
                   "server server=server-1 pool=tickets weight=1 state=up→draining boot=1 commit=0 "
                   "told=0 limit=512 store=" HISTORY_STORE " why=\"asked for\"\n");
    struct settlement settlement = {.flight = 1, .released = 3, .sold = 2};
    servers_settle(&servers, 0, &settlement, NULL);
    CU_ASSERT_EQUAL(state(0), SERVER_LEFT);
    const char *lines = history_text(&servers);
    CU_ASSERT_PTR_NOT_NULL(strstr(lines, "settled server=server-1 flight=1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(lines, "state=draining→left"));
    CU_ASSERT_EQUAL(servers_find(&servers, "server-1", NULL), SERVER_NONE);
    CU_ASSERT_FALSE(servers_drain(&servers, "server-1", "again"));
    servers_free(&servers);
}

static void who_is_idle_leaves_at_once(void)
{
    history_servers_up(&servers, 2, NULL);
    CU_ASSERT(servers_leave(&servers, "server-2", "asked for"));
    history_expect(&servers,
                   "server server=server-2 pool=tickets weight=1 state=up→left boot=1 commit=0 "
                   "told=0 limit=512 store=" HISTORY_STORE " why=\"asked for\"\n");
    CU_ASSERT_FALSE(servers_leave(&servers, "server-2", "asked for"));
    servers_free(&servers);
}

static void who_is_cut_is_down_until_empty(void)
{
    history_servers_up(&servers, 2, NULL);
    servers.list[0].busy = 1;
    CU_ASSERT(servers_cut(&servers, "server-1", "too late"));
    CU_ASSERT_EQUAL(state(0), SERVER_DOWN);
    CU_ASSERT(servers_left_behind(&servers, 0, 0));
    pass(0); /* it may answer as much as it likes */
    CU_ASSERT_EQUAL(state(0), SERVER_DOWN);
    struct routing_done done = {.request = HISTORY_STORE, .how = END_LOST};
    servers_done(&servers, 0, &done);
    CU_ASSERT_EQUAL(state(0), SERVER_LEFT);
    history_text(&servers);
    servers_free(&servers);
}

static void a_place_that_was_left_is_taken(void)
{
    history_servers_up(&servers, 3, NULL);
    unsigned start = servers.list[1].start;
    servers_leave(&servers, "server-2", "asked for");
    check_answered(&servers, 1, start); /* what was under way to it says nothing any more */
    servers_failed(&servers, 1, start, "late");
    CU_ASSERT_EQUAL(state(1), SERVER_LEFT);
    CU_ASSERT_EQUAL(join("elsewhere-1"), 1);
    CU_ASSERT_EQUAL(join("server-2"), 3);
    CU_ASSERT(servers.list[1].start > start);
    CU_ASSERT_EQUAL(servers.list[1].told + servers.list[1].boot, 0);
    check_answered(&servers, 1, start);
    CU_ASSERT_EQUAL(state(1), SERVER_JOINING);
    history_text(&servers);
    servers_free(&servers);
}

static void an_id_is_given_once(void)
{
    history_servers_up(&servers, 1, NULL);
    struct server_about about = {"server-1", "127.0.0.1:5", POOL_TICKETS, 1, SOURCE_ADDED};
    CU_ASSERT_FALSE(servers_add(&servers, &about));
    history_expect(&servers, "");
    servers_free(&servers);
}

/* --- draining ---------------------------------------------------------------------------------- */

static void a_drain_is_taken_back(void)
{
    history_servers_up(&servers, 1, NULL);
    servers_drain(&servers, "server-1", "asked for");
    CU_ASSERT_EQUAL(state(0), SERVER_DRAINING);
    CU_ASSERT_FALSE(servers_any(&servers));
    CU_ASSERT_FALSE(servers_left_behind(&servers, 0, 0)); /* what it has, it finishes */
    fail(0);
    CU_ASSERT_EQUAL(state(0), SERVER_DOWN);
    pass(0);
    CU_ASSERT_EQUAL(state(0), SERVER_DRAINING);
    servers_ready(&servers, "server-1", "asked for");
    CU_ASSERT_EQUAL(state(0), SERVER_UP);
    history_text(&servers);
    servers_free(&servers);
}

/* A full disk is full for all: somebody stays, for those who only read. */
static void the_last_one_whose_store_takes_nothing_stays(void)
{
    history_servers_up(&servers, 2, NULL);
    servers_refused(&servers, 0, servers.list[0].start, "refused");
    CU_ASSERT_EQUAL(state(0), SERVER_DOWN);
    servers_refused(&servers, 1, servers.list[1].start, "refused");
    CU_ASSERT_EQUAL(state(1), SERVER_UP);
    CU_ASSERT_STRING_EQUAL(servers.list[1].why, "refused");
    CU_ASSERT_FALSE(servers_selling(&servers));
    CU_ASSERT_FALSE(servers_any_but(&servers, 1));
    servers_returning(&servers, "server-1"); /* whoever returns may do better */
    CU_ASSERT(servers_any_but(&servers, 1));
    servers_refused(&servers, 1, servers.list[1].start, "refused");
    CU_ASSERT_EQUAL(state(1), SERVER_DOWN);
    history_text(&servers);
    servers_free(&servers);
}

static void who_returns_is_waited_for(void)
{
    history_servers_up(&servers, 1, NULL);
    servers_returning(&servers, "server-1");
    servers_gone(&servers, "server-1", "renewed");
    CU_ASSERT_EQUAL(state(0), SERVER_DOWN);
    CU_ASSERT(servers_any(&servers));
    CU_ASSERT(servers_joined(&servers, "server-1", "127.0.0.1:9", 77));
    pass(0);
    CU_ASSERT_EQUAL(state(0), SERVER_UP);
    servers_gone(&servers, "server-1", "killed");
    CU_ASSERT_FALSE(servers_any(&servers)); /* nobody said that it would return */
    history_text(&servers);
    servers_free(&servers);
}

/* --- ejection ---------------------------------------------------------------------------------- */

static void who_fails_again_and_again_is_ejected(void)
{
    history_servers_up(&servers, 2, NULL);
    for (int i = 0; i < 4; i++) {
        fail(0);
        CU_ASSERT_EQUAL(state(0), SERVER_DOWN);
        pass(0);
        CU_ASSERT_EQUAL(state(0), SERVER_UP);
    }
    history_text(&servers);
    fail(0);
    pass(0);
    CU_ASSERT_EQUAL(state(0), SERVER_EJECTED);
    CU_ASSERT_EQUAL(servers.list[0].ejections, 1);
    CU_ASSERT_EQUAL(servers.list[0].failures, 5);
    CU_ASSERT_PTR_NOT_NULL(strstr(history_text(&servers), "state=down→ejected"));
    servers_free(&servers);
}

static void the_last_one_is_not_ejected(void)
{
    history_servers_up(&servers, 2, NULL);
    servers_gone(&servers, "server-2", "killed");
    for (int i = 0; i < 20; i++) {
        fail(0);
        pass(0);
    }
    CU_ASSERT_EQUAL(state(0), SERVER_UP);
    CU_ASSERT_EQUAL(servers.list[0].ejections, 0);
    history_text(&servers);
    servers_free(&servers);
}

/* When those go who could take its place, one that was ejected is let in again. */
static void who_is_ejected_is_let_in_where_nobody_else_is_left(void)
{
    history_servers_up(&servers, 2, NULL);
    for (int i = 0; i < 5; i++) {
        fail(0);
        pass(0);
    }
    CU_ASSERT_EQUAL(state(0), SERVER_EJECTED);
    history_text(&servers);
    servers_gone(&servers, "server-2", "killed");
    CU_ASSERT_EQUAL(state(0), SERVER_UP);
    CU_ASSERT_PTR_NOT_NULL(strstr(history_text(&servers), "why=\"too few others are left\""));
    servers_free(&servers);
}

static void only_so_many_may_be_out(void)
{
    history_servers_up(&servers, 5, NULL);
    servers.pools[POOL_TICKETS].rules.cpu = 900;
    for (size_t i = 0; i < 5; i++)
        report(i, 1000);
    size_t out = 0;
    for (size_t i = 0; i < 5; i++)
        out += state(i) == SERVER_OVERLOADED;
    CU_ASSERT_EQUAL(out, 2); /* half of five */
    CU_ASSERT_EQUAL(state(4), SERVER_UP);
    report(0, 800);
    CU_ASSERT_EQUAL(state(0), SERVER_OVERLOADED); /* not below four fifths */
    report(0, 700);
    CU_ASSERT_EQUAL(state(0), SERVER_UP);
    report(4, 1000);
    CU_ASSERT_EQUAL(state(4), SERVER_OVERLOADED);
    history_text(&servers);
    servers_free(&servers);
}

/* --- slow start -------------------------------------------------------------------------------- */

/* Others have been up for so many seconds longer than it takes to be warm. */
static void age(size_t index, int64_t seconds)
{
    servers.list[index].up_at -= seconds * CLOCK_SECOND;
}

static void where_all_are_cold_nobody_begins_slowly(void)
{
    history_servers_up(&servers, 2, NULL);
    size_t third = join("server-3");
    pass(third);
    CU_ASSERT_EQUAL(servers.list[third].limit, MAX_PENDING);
    servers_free(&servers);
}

static void who_joins_the_warm_begins_slowly(void)
{
    history_servers_up(&servers, 1, NULL);
    age(0, 11);
    size_t joined = join("server-2");
    history_text(&servers);
    pass(joined);
    struct server *server = &servers.list[joined];
    CU_ASSERT_EQUAL(server->limit, 32);
    CU_ASSERT_PTR_NOT_NULL(strstr(history_text(&servers), "state=joining→up boot=0 commit=0 told=0 "
                                                          "limit=32 "));
    pass(joined);
    history_expect(&servers, ""); /* so small a step is not worth a line */
    server->ramp -= 5 * CLOCK_SECOND;
    pass(joined);
    CU_ASSERT(server->limit >= 272 && server->limit < 300);
    CU_ASSERT_PTR_NOT_NULL(strstr(history_text(&servers), "why=slow-start"));
    server->ramp -= 5 * CLOCK_SECOND;
    pass(joined);
    history_expect(&servers, "limit server=server-2 limit=512 why=warm\n");
    CU_ASSERT_EQUAL(server->limit, MAX_PENDING);
    pass(joined);
    history_expect(&servers, "");
    servers_free(&servers);
}

static void who_is_alone_is_warm(void)
{
    history_servers_up(&servers, 1, NULL);
    age(0, 11);
    size_t joined = join("server-2");
    pass(joined);
    servers_gone(&servers, "server-1", "killed");
    history_text(&servers);
    pass(joined);
    history_expect(&servers, "limit server=server-2 limit=512 why=warm\n");
    servers_free(&servers);
}

/* --- the store --------------------------------------------------------------------------------- */

static void tell(size_t index, const char *store)
{
    struct figures figures = {.boot = 1};
    strcpy(figures.store, store);
    check_told(&servers, index, servers.list[index].start, &figures);
}

/* Somebody added a server that sells from another store: also when all of our own are down, it does not
 * become the shop. */
static void who_was_added_does_not_name_the_store(void)
{
    history_servers_up(&servers, 1, NULL);
    servers.has_own = true;
    size_t stranger = join("stranger");
    tell(stranger, HISTORY_OTHER_STORE);
    servers_gone(&servers, "server-1", "killed");
    tell(stranger, HISTORY_OTHER_STORE);
    CU_ASSERT_EQUAL(state(stranger), SERVER_JOINING);
    CU_ASSERT(servers_joined(&servers, "server-1", "127.0.0.1:9", 43));
    tell(0, HISTORY_STORE);
    CU_ASSERT_EQUAL(state(0), SERVER_UP);
    history_text(&servers);
    servers_free(&servers);
}

static void who_was_added_waits_for_our_own_to_name_it(void)
{
    servers_init(&servers);
    servers.has_own = true;
    size_t joined = join("box-1");
    tell(joined, HISTORY_STORE);
    CU_ASSERT_EQUAL(state(joined), SERVER_JOINING);
    CU_ASSERT(servers_joined(&servers, "server-1", "127.0.0.1:9", 43));
    tell(1, HISTORY_STORE);
    tell(joined, HISTORY_STORE);
    CU_ASSERT_EQUAL(state(joined), SERVER_UP);
    history_text(&servers);
    servers_free(&servers);
}

static void where_we_have_none_the_first_names_the_store(void)
{
    servers_init(&servers);
    size_t first = join("box-1"), second = join("box-2");
    tell(first, HISTORY_STORE);
    servers_failed(&servers, first, servers.list[first].start, "gone");
    tell(second, HISTORY_OTHER_STORE);
    CU_ASSERT_EQUAL(state(second), SERVER_JOINING);
    tell(first, HISTORY_STORE);
    CU_ASSERT_EQUAL(state(first), SERVER_UP);
    history_text(&servers);
    servers_free(&servers);
}

/* The answer to a trial flight tells no store. */
static void a_trial_names_no_store(void)
{
    history_servers_up(&servers, 1, NULL);
    fail(0);
    tell(0, "");
    CU_ASSERT_EQUAL(state(0), SERVER_UP);
    CU_ASSERT_STRING_EQUAL(servers.store, HISTORY_STORE);
    history_text(&servers);
    servers_free(&servers);
}

/* Flights of others count on, also when who landed them has left. */
static void who_leaves_takes_no_flights_along(void)
{
    history_servers_up(&servers, 3, NULL);
    for (int i = 0; i < 8; i++) {
        struct settlement settlement = {.flight = 1};
        struct figures figures = {.store = HISTORY_STORE, .boot = 1};
        servers_settle(&servers, i < 4 ? 1 : 2, &settlement, &figures);
    }
    int64_t then = servers_landed_elsewhere(&servers, 0);
    servers_leave(&servers, "server-2", "asked for");
    CU_ASSERT_EQUAL(servers_landed_elsewhere(&servers, 0), then);
    history_text(&servers);
    servers_free(&servers);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("servers_state", "who was added does not name the store",
              who_was_added_does_not_name_the_store);
    suite_add("servers_state", "who was added waits for our own to name it",
              who_was_added_waits_for_our_own_to_name_it);
    suite_add("servers_state", "where we have none the first names the store",
              where_we_have_none_the_first_names_the_store);
    suite_add("servers_state", "a trial names no store", a_trial_names_no_store);
    suite_add("servers_state", "who leaves takes no flights along",
              who_leaves_takes_no_flights_along);
    suite_add("servers_state", "who leaves drains first", who_leaves_drains_first);
    suite_add("servers_state", "who is idle leaves at once", who_is_idle_leaves_at_once);
    suite_add("servers_state", "who is cut is down until empty", who_is_cut_is_down_until_empty);
    suite_add("servers_state", "a place that was left is taken", a_place_that_was_left_is_taken);
    suite_add("servers_state", "an id is given once", an_id_is_given_once);
    suite_add("servers_state", "a drain is taken back", a_drain_is_taken_back);
    suite_add("servers_state", "who returns is waited for", who_returns_is_waited_for);
    suite_add("servers_state", "the last one whose store takes nothing stays",
              the_last_one_whose_store_takes_nothing_stays);
    suite_add("servers_state", "who fails again and again is ejected",
              who_fails_again_and_again_is_ejected);
    suite_add("servers_state", "the last one is not ejected", the_last_one_is_not_ejected);
    suite_add("servers_state", "who is ejected is let in where nobody else is left",
              who_is_ejected_is_let_in_where_nobody_else_is_left);
    suite_add("servers_state", "only so many may be out", only_so_many_may_be_out);
    suite_add("servers_state", "where all are cold nobody begins slowly",
              where_all_are_cold_nobody_begins_slowly);
    suite_add("servers_state", "who joins the warm begins slowly",
              who_joins_the_warm_begins_slowly);
    suite_add("servers_state", "who is alone is warm", who_is_alone_is_warm);
}
