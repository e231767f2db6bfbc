#include "balancer/pool/renewal.h"

#include <string.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/history.h"
#include "tests/unit/balancer/pool/own_servers.h"

static struct renewal renewal;
static const struct renewal_calls orders = {.renew = own_renew, .drained = own_drained};
static char why[RENEWAL_DETAIL_SIZE];

static void open_renewal(int count)
{
    own_open(count);
    renewal_open(&renewal, &own.servers, &own.departures, own.loop, &orders);
}

static void close_renewal(void)
{
    departures_close(&own.departures);
    renewal_close(&renewal);
    own_close();
}

/* What the timers do, so long from now. */
static void look(int64_t seconds)
{
    int64_t now = clock_monotonic() + seconds * CLOCK_SECOND;
    departures_check(&own.departures, now);
    renewal_check(&renewal, now);
}

/* As the master does it. */
static void restart(const char *id)
{
    servers_gone(&own.servers, id, "renewed");
    look(0);
    own_joins(id);
    look(0);
    own_is_up(id);
    look(0);
}

static void expect_progress(const char *json)
{
    struct buffer out = {0};
    renewal_print(&renewal, &out);
    CU_ASSERT_STRING_EQUAL(buffer_text(&out), json);
    buffer_free(&out);
}

static void each_is_restarted_when_it_is_empty_and_the_one_before_is_up(void)
{
    open_renewal(2);
    expect_progress("{\"running\":false,\"failed\":false,\"done\":0,\"total\":0,\"detail\":\"There "
                    "was none since this balancer's router began.\"}");
    own_pending("server-1", 3);
    CU_ASSERT(renewal_begin(&renewal, why));
    CU_ASSERT(renewal_runs(&renewal));
    CU_ASSERT_EQUAL(own_get("server-1").state, SERVER_DRAINING);
    CU_ASSERT_EQUAL(own_get("server-2").state, SERVER_UP);
    look(0);
    own_expect("");
    expect_progress("{\"running\":true,\"failed\":false,\"done\":0,\"total\":2,\"detail\":"
                    "\"server-1 finishes what it has.\"}");
    own_pending("server-1", 0);
    look(0);
    own_expect("renew server-1");
    expect_progress("{\"running\":true,\"failed\":false,\"done\":0,\"total\":2,\"detail\":"
                    "\"server-1 is started again.\"}");
    servers_gone(&own.servers, "server-1", "renewed");
    look(0);
    own_joins("server-1");
    look(0);
    CU_ASSERT_EQUAL(own_get("server-2").state, SERVER_UP);
    own_expect("");
    own_is_up("server-1");
    CU_ASSERT_EQUAL(own_get("server-1").state, SERVER_UP);
    look(0);
    CU_ASSERT_EQUAL(own_get("server-2").state, SERVER_DRAINING);
    look(0);
    own_expect("renew server-2");
    restart("server-2");
    CU_ASSERT_EQUAL(own_get("server-2").state, SERVER_UP);
    CU_ASSERT_FALSE(renewal_runs(&renewal));
    expect_progress("{\"running\":false,\"failed\":false,\"done\":2,\"total\":2,\"detail\":"
                    "\"All of them were started again.\"}");
    close_renewal();
}

static void purchases_wait_for_the_only_one(void)
{
    open_renewal(1);
    CU_ASSERT(renewal_begin(&renewal, why));
    CU_ASSERT(servers_any(&own.servers));
    own.servers.list[0].health.returns_until = 0; /* they have waited for 5 s */
    look(0);
    CU_ASSERT(servers_any(&own.servers));
    servers_gone(&own.servers, "server-1", "renewed");
    look(0);
    CU_ASSERT(servers_any(&own.servers));
    close_renewal();
}

static void one_that_is_never_empty_is_restarted_all_the_same(void)
{
    open_renewal(1);
    own_pending("server-1", 1);
    CU_ASSERT(renewal_begin(&renewal, why));
    look(29);
    own_expect("");
    departures_check(&own.departures, clock_monotonic() + 31 * CLOCK_SECOND);
    own_expect("renew server-1");
    own_pending("server-1", 0);
    restart("server-1");
    CU_ASSERT_FALSE(renewal.failed || renewal_runs(&renewal));
    close_renewal();
}

static void it_stops_at_one_that_does_not_come_up(void)
{
    open_renewal(2);
    CU_ASSERT(renewal_begin(&renewal, why));
    look(0);
    own_expect("renew server-1");
    servers_gone(&own.servers, "server-1", "renewed");
    look(0);
    own_joins("server-1");
    look(9);
    CU_ASSERT(renewal_runs(&renewal));
    look(11);
    expect_progress("{\"running\":false,\"failed\":true,\"done\":0,\"total\":2,\"detail\":"
                    "\"Stopped at server-1, 0 of 2 done: it did not come up again within 10 s.\"}");
    own_expect("");
    CU_ASSERT_EQUAL(own_get("server-2").state, SERVER_UP);
    own_is_up("server-1"); /* later than that */
    CU_ASSERT_EQUAL(own_get("server-1").state, SERVER_UP);
    close_renewal();
}

static void it_stops_at_one_that_does_not_end(void)
{
    open_renewal(2);
    CU_ASSERT(renewal_begin(&renewal, why));
    look(0);
    look(39);
    CU_ASSERT(renewal_runs(&renewal));
    look(41);
    CU_ASSERT(renewal.failed);
    CU_ASSERT_PTR_NOT_NULL(strstr(renewal.detail, "its process did not end"));
    CU_ASSERT_EQUAL(own_get("server-1").state, SERVER_UP);
    close_renewal();
}

static void it_stops_where_somebody_else_makes_it_ready(void)
{
    open_renewal(2);
    own_pending("server-1", 1);
    CU_ASSERT(renewal_begin(&renewal, why));
    servers_ready(&own.servers, "server-1", "by hand");
    look(0);
    CU_ASSERT(renewal.failed);
    CU_ASSERT_PTR_NOT_NULL(strstr(renewal.detail, "made ready by somebody else"));
    own_expect("");
    close_renewal();
}

static void drain_by_hand(const char *id)
{
    strcpy(own.drained, id);
    servers_drain(&own.servers, id, "by hand");
}

static void one_that_somebody_drained_stays_drained(void)
{
    open_renewal(2);
    drain_by_hand("server-1");
    CU_ASSERT(renewal_begin(&renewal, why));
    look(0);
    own_expect("renew server-1");
    restart("server-1");
    CU_ASSERT_EQUAL(own_get("server-1").state, SERVER_DRAINING);
    CU_ASSERT_EQUAL(renewal.done, 1);
    close_renewal();
}

/* While it finishes what it has, while its process ends, while the next one comes up. */
static void one_that_somebody_drains_meanwhile_stays_drained(void)
{
    for (int phase = RENEWAL_DRAINS; phase <= RENEWAL_RETURNS; phase++) {
        open_renewal(1);
        CU_ASSERT(renewal_begin(&renewal, why));
        if (phase == RENEWAL_DRAINS)
            drain_by_hand("server-1");
        look(0);
        own_expect("renew server-1");
        if (phase == RENEWAL_ENDS)
            drain_by_hand("server-1");
        servers_gone(&own.servers, "server-1", "renewed");
        look(0);
        own_joins("server-1");
        if (phase == RENEWAL_RETURNS)
            drain_by_hand("server-1");
        own_is_up("server-1");
        look(0);
        CU_ASSERT_EQUAL(own_get("server-1").state, SERVER_DRAINING);
        CU_ASSERT_FALSE(renewal.failed || renewal_runs(&renewal));
        close_renewal();
    }
}

static void one_that_somebody_drains_stays_drained_where_it_stops(void)
{
    open_renewal(1);
    own_pending("server-1", 1);
    CU_ASSERT(renewal_begin(&renewal, why));
    drain_by_hand("server-1");
    renewal_stop(&renewal, "another router leads.");
    CU_ASSERT_EQUAL(own_get("server-1").state, SERVER_DRAINING);
    close_renewal();
}

static void the_master_is_asked_again(void)
{
    open_renewal(1);
    CU_ASSERT(renewal_begin(&renewal, why));
    look(0);
    own_expect("renew server-1");
    look(0);
    own_expect("");
    look(2);
    own_expect("renew server-1");
    servers_gone(&own.servers, "server-1", "renewed");
    look(4);
    own_expect("");
    close_renewal();
}

static void those_that_leave_are_passed_over(void)
{
    open_renewal(4);
    own_pending("server-1", 1);
    servers_leave(&own.servers, "server-1", "by hand");
    CU_ASSERT(renewal_begin(&renewal, why));
    CU_ASSERT_EQUAL(renewal.total, 3);
    own_pending("server-3", 1);
    servers_leave(&own.servers, "server-3", "by hand");
    look(0);
    own_expect("renew server-2");
    restart("server-2");
    CU_ASSERT_EQUAL(own_get("server-4").state, SERVER_DRAINING);
    look(0);
    own_expect("renew server-4");
    servers_leave(&own.servers, "server-4", "by hand"); /* while it is the present one */
    CU_ASSERT_EQUAL(own_get("server-4").state, SERVER_LEFT);
    look(0);
    CU_ASSERT_FALSE(renewal.failed || renewal_runs(&renewal));
    close_renewal();
}

static void one_that_crashed_just_then_is_restarted_too(void)
{
    open_renewal(1);
    servers_gone(&own.servers, "server-1", "killed");
    CU_ASSERT(renewal_begin(&renewal, why));
    look(0);
    own_expect("renew server-1");
    look(0);
    own_joins("server-1");
    own_is_up("server-1");
    look(0);
    CU_ASSERT_FALSE(renewal.failed || renewal_runs(&renewal));
    CU_ASSERT_EQUAL(own_get("server-1").state, SERVER_UP);
    close_renewal();
}

static void it_is_refused_where_it_cannot_begin(void)
{
    open_renewal(0);
    CU_ASSERT(servers_joined(&own.servers, "somebody", "127.0.0.1:1", 0));
    CU_ASSERT_FALSE(renewal_begin(&renewal, why));
    CU_ASSERT_STRING_EQUAL(why, "No ticket server was started by this balancer.");
    own_joins("server-1");
    own_is_up("server-1");
    own_pending("server-1", 1);
    CU_ASSERT(renewal_begin(&renewal, why));
    CU_ASSERT_FALSE(renewal_begin(&renewal, why));
    CU_ASSERT_STRING_EQUAL(why, "A rolling restart is under way already.");
    renewal_stop(&renewal, "enough.");
    CU_ASSERT_FALSE(renewal_begin(&renewal, why));
    CU_ASSERT_STRING_EQUAL(why, "server-1 is being drained already.");
    look(0);
    CU_ASSERT(renewal_begin(&renewal, why));
    close_renewal();
}

static void it_can_be_stopped_anywhere(void)
{
    open_renewal(2);
    renewal_stop(&renewal, "none runs.");
    CU_ASSERT_FALSE(renewal.failed);
    own_pending("server-1", 1);
    CU_ASSERT(renewal_begin(&renewal, why));
    renewal_stop(&renewal, "another router leads.");
    expect_progress("{\"running\":false,\"failed\":true,\"done\":0,\"total\":2,\"detail\":"
                    "\"Stopped at server-1, 0 of 2 done: another router leads.\"}");
    CU_ASSERT_EQUAL(own_get("server-1").state, SERVER_UP);
    look(0);
    own_expect("");
    CU_ASSERT_PTR_NOT_NULL(strstr(renewal.detail, "another router leads"));
    close_renewal();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("renewal", "each is restarted when it is empty and the one before is up",
              each_is_restarted_when_it_is_empty_and_the_one_before_is_up);
    suite_add("renewal", "purchases wait for the only one", purchases_wait_for_the_only_one);
    suite_add("renewal", "one that is never empty is restarted all the same",
              one_that_is_never_empty_is_restarted_all_the_same);
    suite_add("renewal", "it stops at one that does not come up",
              it_stops_at_one_that_does_not_come_up);
    suite_add("renewal", "it stops at one that does not end", it_stops_at_one_that_does_not_end);
    suite_add("renewal", "it stops where somebody else makes it ready",
              it_stops_where_somebody_else_makes_it_ready);
    suite_add("renewal", "one that somebody drained stays drained",
              one_that_somebody_drained_stays_drained);
    suite_add("renewal", "one that somebody drains meanwhile stays drained",
              one_that_somebody_drains_meanwhile_stays_drained);
    suite_add("renewal", "one that somebody drains stays drained where it stops",
              one_that_somebody_drains_stays_drained_where_it_stops);
    suite_add("renewal", "the master is asked again", the_master_is_asked_again);
    suite_add("renewal", "those that leave are passed over", those_that_leave_are_passed_over);
    suite_add("renewal", "one that crashed just then is restarted too",
              one_that_crashed_just_then_is_restarted_too);
    suite_add("renewal", "it is refused where it cannot begin",
              it_is_refused_where_it_cannot_begin);
    suite_add("renewal", "it can be stopped anywhere", it_can_be_stopped_anywhere);
}
