/* What the router wants of its own servers is told to the master, and what the master did is done here. */
#include "balancer/fleet.h"

#include <string.h>
#include <unistd.h>

#include "balancer/channel.h"
#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/own_servers.h"

static struct fleet fleet;
static int ends[2]; /* the router's, the master's */

static int64_t nobody_waits(void *context)
{
    (void)context;
    return 0;
}

static void open_fleet(int count, int64_t min, int64_t max)
{
    own_open(count);
    CU_ASSERT_FATAL(channel_open(ends));
    const struct fleet_settings settings = {
        .loop = own.loop,
        .servers = &own.servers,
        .departures = &own.departures,
        .master_fd = ends[0],
        .min = min,
        .max = max,
        .quiet = 10 * CLOCK_SECOND,
        .waiting = nobody_waits,
        .drained = own_drained,
    };
    fleet_open(&fleet, &settings);
}

static void close_fleet(void)
{
    departures_close(&own.departures);
    fleet_close(&fleet);
    own_close();
    close(ends[0]);
    close(ends[1]);
}

static void expect_told(const char *expected)
{
    char text[MESSAGE_SIZE] = "";
    CU_ASSERT_EQUAL(channel_receive(ends[1], text), CHANNEL_MESSAGE);
    CU_ASSERT_STRING_EQUAL(text, expected);
    CU_ASSERT_EQUAL(channel_receive(ends[1], text), CHANNEL_EMPTY);
}

static bool progress_has(const char *text)
{
    struct buffer out = {0};
    fleet_progress(&fleet, &out);
    bool has = strstr(buffer_text(&out), text) != NULL;
    buffer_free(&out);
    return has;
}

static void a_rolling_restart_is_told_and_ends_with_the_lead(void)
{
    char why[RENEWAL_DETAIL_SIZE];
    open_fleet(2, 2, 2);
    fleet_lead(&fleet);
    CU_ASSERT(fleet_renew(&fleet, why));
    departures_check(&own.departures, clock_monotonic());
    expect_told("renew server-1");
    CU_ASSERT(progress_has("\"running\":true"));
    fleet_lead_no_more(&fleet);
    CU_ASSERT(progress_has("another router has taken over"));
    CU_ASSERT_EQUAL(own_get("server-1").state, SERVER_UP);
    close_fleet();
}

static void one_that_is_drained_stays_so(void)
{
    char why[RENEWAL_DETAIL_SIZE];
    open_fleet(1, 1, 1);
    strcpy(own.drained, "server-1");
    servers_drain(&own.servers, "server-1", "by hand");
    CU_ASSERT(fleet_renew(&fleet, why));
    fleet_lead_no_more(&fleet);
    CU_ASSERT_EQUAL(own_get("server-1").state, SERVER_DRAINING);
    close_fleet();
}

static void missing_ones_are_started(void)
{
    open_fleet(1, 2, 3);
    fleet_lead(&fleet);
    scaler_check(&fleet.scaler, clock_monotonic() + 6 * CLOCK_SECOND);
    expect_told("start server-2");
    close_fleet();
}

static void one_that_retired_leaves_the_list(void)
{
    open_fleet(2, 1, 2);
    fleet_retired(&fleet, "server-2");
    CU_ASSERT_EQUAL(own_get("server-2").state, SERVER_LEFT);
    CU_ASSERT_EQUAL(own_get("server-2").pid, 0);
    CU_ASSERT_EQUAL(own_get("server-1").state, SERVER_UP);
    CU_ASSERT(servers_joined(&own.servers, "server-2", "127.0.0.1:2", 0)); /* somebody else's */
    fleet_retired(&fleet, "server-2");
    CU_ASSERT_EQUAL(own_get("server-2").state, SERVER_JOINING);
    close_fleet();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("fleet", "a rolling restart is told, and ends with the lead",
              a_rolling_restart_is_told_and_ends_with_the_lead);
    suite_add("fleet", "one that is drained stays so", one_that_is_drained_stays_so);
    suite_add("fleet", "missing ones are started", missing_ones_are_started);
    suite_add("fleet", "one that retired leaves the list", one_that_retired_leaves_the_list);
}
