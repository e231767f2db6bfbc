#include "balancer/pool/scaler.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/history.h"
#include "tests/unit/balancer/pool/own_servers.h"

static struct scaler scaler;
static struct renewal renewal;
static const struct renewal_calls orders = {.renew = own_renew, .drained = own_drained};
static int64_t now, waiting;

static int64_t tell_waiting(void *context)
{
    (void)context;
    return waiting;
}

static void open_scaler(int count, int64_t min, int64_t max)
{
    own_open(count);
    struct scaler_settings settings = {
        .loop = own.loop,
        .servers = &own.servers,
        .departures = &own.departures,
        .renewal = &renewal,
        .rules = scale_rules_default(min, max, 512),
        .calls = {.start = own_start, .retire = own_retire, .waiting = tell_waiting},
    };
    waiting = 0;
    renewal_open(&renewal, &own.servers, &own.departures, own.loop, &orders);
    scaler_open(&scaler, &settings);
    scaler_lead(&scaler);
    now = clock_monotonic();
}

static void close_scaler(void)
{
    departures_close(&own.departures);
    scaler_close(&scaler);
    renewal_close(&renewal);
    own_close();
}

/* So many seconds go by: a look every quarter of one, as by the timers. */
static void pass(int64_t seconds)
{
    for (int64_t end = now + seconds * CLOCK_SECOND; now < end;) {
        now += 250 * CLOCK_MILLISECOND;
        scaler_check(&scaler, now);
        departures_check(&own.departures, now);
    }
}

/* The steps that the history tells of; it is taken. */
static void expect_steps(const char *steps)
{
    static struct routing_line line;
    struct buffer lines = {0}, got = {0};
    char error[ROUTING_ERROR_SIZE];
    servers_take_history(&own.servers, &lines);
    for (char *text = (char *)buffer_text(&lines), *end; (end = strchr(text, '\n')) != NULL;
         text = end + 1) {
        CU_ASSERT_FATAL(routing_line_parse(text, (size_t)(end - text), &line, error));
        if (line.kind == ROUTING_SCALE)
            buffer_printf(&got, "%s%d-%d", got.length > 0 ? " " : "", (int)line.scale.from,
                          (int)line.scale.to);
    }
    CU_ASSERT_STRING_EQUAL(buffer_text(&got), steps);
    routing_line_free(&line);
    line = (struct routing_line){0};
    buffer_free(&lines);
    buffer_free(&got);
}

static void load_starts_those_with_the_lowest_free_names(void)
{
    open_scaler(2, 2, 8);
    own_pending("server-1", 80);
    own_pending("server-2", 30);
    waiting = 3;
    pass(2);
    own_expect("");
    pass(1);
    own_expect("start server-3 start server-4");
    history_expect(&own.servers,
                   "scale from=2 to=4 up=2 pending=110 waiting=3 commit=0 cpu=0 why=\"110 tickets "
                   "pending and 3 purchases waiting at 2 servers for 2 s, more than 32 each\"\n");
    close_scaler();
}

static void nothing_more_is_started_until_those_are_up(void)
{
    open_scaler(2, 2, 8);
    own_pending("server-1", 900);
    pass(3);
    own_expect("start server-3 start server-4");
    pass(4);
    own_joins("server-3");
    own_joins("server-4");
    own_is_up("server-3");
    pass(4);
    CU_ASSERT_EQUAL(scaler.scale.verdict, SCALE_MISSING);
    own_expect("");
    own_is_up("server-4");
    pass(3);
    own_expect("start server-5 start server-6 start server-7 start server-8");
    close_scaler();
}

static void quiet_retires_who_came_up_last_when_it_is_empty(void)
{
    open_scaler(4, 2, 8);
    servers_gone(&own.servers, "server-2", "killed"); /* and so it is the last to come up */
    own_joins("server-2");
    own_is_up("server-2");
    own_pending("server-2", 1);
    pass(11);
    CU_ASSERT_EQUAL(own_get("server-2").state, SERVER_DRAINING);
    own_expect("");
    own_pending("server-2", 0);
    pass(1);
    own_expect("retire server-2");
    CU_ASSERT_EQUAL(own_get("server-2").state, SERVER_LEFT);
    pass(8);
    own_expect("");
    scaler_retired(&scaler, "server-2");
    pass(2);
    own_expect("retire server-4");
    own_pending("server-1", 200); /* a name is free as soon as its process has ended */
    own_pending("server-3", 200);
    pass(3);
    own_expect("start server-2 start server-5");
    close_scaler();
}

static void one_that_is_not_empty_in_time_is_cut(void)
{
    open_scaler(3, 2, 8);
    own_pending("server-3", 2);
    pass(40);
    own_expect("");
    CU_ASSERT_EQUAL(own_get("server-3").state, SERVER_DRAINING);
    pass(1);
    CU_ASSERT_EQUAL(own_get("server-3").state, SERVER_DOWN);
    CU_ASSERT(own_get("server-3").health.cut);
    pass(10);
    own_expect("retire server-3");
    expect_steps("3-2");
    close_scaler();
}

static void one_that_serves_nobody_is_retired_first(void)
{
    open_scaler(4, 2, 8);
    servers_gone(&own.servers, "server-1", "killed");
    pass(12);
    own_expect("retire server-1");
    close_scaler();
}

static void one_that_never_came_is_retired_without_ado(void)
{
    open_scaler(2, 2, 8);
    own_pending("server-1", 70);
    pass(3);
    own_expect("start server-3");
    own_pending("server-1", 0);
    pass(15);
    own_expect("retire server-3");
    pass(30);
    own_expect("");
    scaler_retired(&scaler, "server-3");
    own_pending("server-1", 70);
    pass(3);
    own_expect("start server-3");
    close_scaler();
}

static void those_that_somebody_drained_are_left_alone(void)
{
    open_scaler(3, 2, 3);
    servers_drain(&own.servers, "server-3", "by hand");
    pass(60);
    own_expect("");
    CU_ASSERT_EQUAL(own_get("server-3").state, SERVER_DRAINING);
    own_pending("server-1", 900); /* three is the most, and three there are */
    pass(60);
    own_expect("");
    CU_ASSERT_EQUAL(scaler.scale.verdict, SCALE_FULL);
    servers_drain(&own.servers, "server-2", "by hand");
    pass(60);
    own_expect("");
    CU_ASSERT_EQUAL(scaler.scale.steps, 0);
    close_scaler();
}

/* Wanted are those that are drained too: each line goes on from the one before. */
static void lines_go_on_from_one_another(void)
{
    open_scaler(3, 2, 8);
    pass(11);
    scaler_retired(&scaler, "server-3");
    servers_drain(&own.servers, "server-2", "by hand");
    pass(3);
    own_expect("retire server-3 start server-3");
    own_joins("server-3");
    own_is_up("server-3");
    servers_ready(&own.servers, "server-2", "by hand");
    own_pending("server-1", 190);
    pass(3);
    own_expect("start server-4 start server-5 start server-6");
    own_joins("server-7"); /* nobody knew of it */
    pass(1);
    expect_steps("3-2 2-3 3-6 6-7");
    close_scaler();
}

static void the_name_of_one_that_still_ends_is_taken(void)
{
    open_scaler(3, 2, 3);
    pass(11);
    own_expect("retire server-3");
    own_pending("server-1", 900);
    pass(30);
    own_expect("");
    CU_ASSERT_EQUAL(scaler.scale.verdict, SCALE_FULL);
    scaler_retired(&scaler, "server-3");
    pass(1);
    own_expect("start server-3");
    close_scaler();
}

static void what_has_come_is_not_asked_for_again(void)
{
    open_scaler(2, 2, 8);
    own_pending("server-1", 70);
    pass(3);
    own_expect("start server-3");
    own_joins("server-3");
    own_is_up("server-3");
    pass(70);
    own_expect("");
    close_scaler();
}

static void one_that_reports_too_much_is_not_missing(void)
{
    open_scaler(2, 2, 8);
    own_pending("server-1", 70);
    own.servers.list[1].state = SERVER_OVERLOADED;
    pass(3);
    own_expect("start server-3");
    close_scaler();
}

static void servers_of_other_pools_are_no_help(void)
{
    struct pool_rules rules = pool_rules_default(false);
    struct server_about files = {.id = "files-1", .address = "127.0.0.1:2", .pool = 1, .weight = 1};
    open_scaler(2, 2, 8);
    servers_pool_add(&own.servers, "files", &rules);
    CU_ASSERT(servers_add(&own.servers, &files));
    own.servers.list[2].state = SERVER_UP;
    own_pending("server-1", 70);
    pass(3);
    own_expect("start server-3");
    close_scaler();
}

static void one_that_is_drained_below_the_minimum_is_replaced(void)
{
    open_scaler(2, 2, 3);
    servers_drain(&own.servers, "server-1", "by hand");
    pass(6);
    own_expect("start server-3");
    close_scaler();
}

static void a_departure_that_is_called_off_retires_nobody(void)
{
    open_scaler(3, 2, 8);
    own_pending("server-3", 1);
    pass(11);
    CU_ASSERT_EQUAL(own_get("server-3").state, SERVER_DRAINING);
    servers_ready(&own.servers, "server-3", "by hand");
    own_pending("server-3", 0);
    pass(2);
    own_expect("");
    CU_ASSERT_EQUAL(own_get("server-3").state, SERVER_UP);
    pass(10); /* it counts again */
    own_expect("retire server-3");
    expect_steps("3-2 2-3 3-2");
    close_scaler();
}

static void a_message_that_was_lost_is_sent_again(void)
{
    open_scaler(2, 2, 3);
    own_pending("server-1", 70);
    pass(62);
    CU_ASSERT_EQUAL(scaler.scale.verdict, SCALE_MISSING);
    CU_ASSERT_EQUAL(scaler.said, SCALE_MISSING); /* and it was said */
    own_expect("start server-3");
    pass(2);
    own_expect("start server-3");
    pass(58);
    own_expect("");
    close_scaler();
}

static void one_that_is_started_again_while_it_retires_does_not_stay(void)
{
    open_scaler(3, 2, 8);
    pass(11);
    own_expect("retire server-3");
    own_joins("server-3"); /* it was killed just then */
    own_is_up("server-3");
    pass(40);
    own_expect("");
    scaler_retired(&scaler, "server-3");
    CU_ASSERT_EQUAL(own_get("server-3").state, SERVER_LEFT);
    close_scaler();
}

/* --- who scales ---------------------------------------------------------------------------------- */

static void who_does_not_lead_does_nothing(void)
{
    open_scaler(2, 2, 8);
    scaler_lead_no_more(&scaler);
    own_pending("server-1", 900);
    pass(60);
    own_expect("");
    scaler_lead(&scaler);
    pass(3);
    own_expect("start server-3 start server-4");
    close_scaler();
}

static void what_is_departing_at_a_handover_is_the_next_ones(void)
{
    open_scaler(3, 2, 8);
    own_pending("server-3", 1);
    pass(11);
    CU_ASSERT_EQUAL(own_get("server-3").state, SERVER_DRAINING);
    scaler_lead_no_more(&scaler);
    own_pending("server-3", 0);
    pass(1);
    CU_ASSERT_EQUAL(own_get("server-3").state, SERVER_LEFT);
    own_expect("");
    close_scaler();
}

static void one_retired_by_another_router_leaves_the_list(void)
{
    open_scaler(3, 2, 8);
    scaler_lead_no_more(&scaler);
    own_pending("server-3", 4);
    scaler_retired(&scaler, "server-3");
    CU_ASSERT_EQUAL(own_get("server-3").state, SERVER_DOWN); /* its flight has not been given up */
    own_pending("server-3", 0);
    scaler_retired(&scaler, "server-3");
    CU_ASSERT_EQUAL(own_get("server-3").state, SERVER_LEFT);
    scaler_retired(&scaler, "server-77"); /* nobody's */
    scaler_retired(&scaler, "somebody");
    close_scaler();
}

static void nothing_is_decided_during_a_rolling_restart(void)
{
    char why[RENEWAL_DETAIL_SIZE];
    open_scaler(2, 2, 8);
    own_pending("server-1", 900);
    CU_ASSERT(renewal_begin(&renewal, why));
    pass(60);
    own_expect("renew server-1");
    renewal_stop(&renewal, "enough.");
    pass(3);
    own_expect("start server-3 start server-4");
    close_scaler();
}

static void a_fixed_number_stays(void)
{
    open_scaler(3, 2, 2);
    own_pending("server-1", 900);
    servers_drain(&own.servers, "server-2", "by hand");
    pass(60);
    own_expect("");
    CU_ASSERT_EQUAL(scaler.scale.steps, 0);
    close_scaler();
}

static void the_first_ones_are_the_masters(void)
{
    open_scaler(0, 2, 8);
    pass(2);
    own_joins("server-1");
    pass(2);
    own_expect("");
    pass(2);
    own_expect("start server-2"); /* it does not come */
    close_scaler();
}

static void servers_of_others_help_and_are_not_touched(void)
{
    open_scaler(3, 2, 8);
    CU_ASSERT(servers_joined(&own.servers, "server-9", "127.0.0.1:9", 0));
    CU_ASSERT(servers_joined(&own.servers, "somewhere", "127.0.0.1:9", 0));
    own_is_up("server-9");
    own_is_up("somewhere");
    own_pending("server-1", 5 * 32);
    pass(10);
    own_expect("");
    own_pending("server-1", 0);
    pass(12);
    own_expect("retire server-3");
    close_scaler();
}

static void what_a_server_reports_counts(void)
{
    struct server_report report = {.cpu = 900, .commit = 4000};
    open_scaler(2, 2, 8);
    own.servers.list[0].report = own.servers.list[1].report = report;
    pass(3);
    own_expect("start server-3");
    history_expect(&own.servers,
                   "scale from=2 to=3 up=2 pending=0 waiting=0 commit=4000 cpu=900 why=\"90 % of a "
                   "processor at each of 2 servers for 2 s, more than 70 %\"\n");
    close_scaler();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("scaler", "load starts those with the lowest free names",
              load_starts_those_with_the_lowest_free_names);
    suite_add("scaler", "nothing more is started until those are up",
              nothing_more_is_started_until_those_are_up);
    suite_add("scaler", "quiet retires who came up last, when it is empty",
              quiet_retires_who_came_up_last_when_it_is_empty);
    suite_add("scaler", "one that is not empty in time is cut",
              one_that_is_not_empty_in_time_is_cut);
    suite_add("scaler", "one that serves nobody is retired first",
              one_that_serves_nobody_is_retired_first);
    suite_add("scaler", "one that never came is retired without ado",
              one_that_never_came_is_retired_without_ado);
    suite_add("scaler", "those that somebody drained are left alone",
              those_that_somebody_drained_are_left_alone);
    suite_add("scaler", "lines go on from one another", lines_go_on_from_one_another);
    suite_add("scaler", "the name of one that still ends is taken",
              the_name_of_one_that_still_ends_is_taken);
    suite_add("scaler", "what has come is not asked for again",
              what_has_come_is_not_asked_for_again);
    suite_add("scaler", "one that reports too much is not missing",
              one_that_reports_too_much_is_not_missing);
    suite_add("scaler", "servers of other pools are no help", servers_of_other_pools_are_no_help);
    suite_add("scaler", "one that is drained below the minimum is replaced",
              one_that_is_drained_below_the_minimum_is_replaced);
    suite_add("scaler", "a departure that is called off retires nobody",
              a_departure_that_is_called_off_retires_nobody);
    suite_add("scaler", "a message that was lost is sent again",
              a_message_that_was_lost_is_sent_again);
    suite_add("scaler", "one that is started again while it retires does not stay",
              one_that_is_started_again_while_it_retires_does_not_stay);
    suite_add("scaler", "who does not lead does nothing", who_does_not_lead_does_nothing);
    suite_add("scaler", "what is departing at a handover is the next one's",
              what_is_departing_at_a_handover_is_the_next_ones);
    suite_add("scaler", "one retired by another router leaves the list",
              one_retired_by_another_router_leaves_the_list);
    suite_add("scaler", "nothing is decided during a rolling restart",
              nothing_is_decided_during_a_rolling_restart);
    suite_add("scaler", "a fixed number stays", a_fixed_number_stays);
    suite_add("scaler", "the first ones are the master's", the_first_ones_are_the_masters);
    suite_add("scaler", "servers of others help and are not touched",
              servers_of_others_help_and_are_not_touched);
    suite_add("scaler", "what a server reports counts", what_a_server_reports_counts);
}
