#include "balancer/upstream/probe.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/unit/balancer/upstream/fake_server.h"
#include "tests/unit/common/held_loop.h"

enum {
    SECONDS_MAX = 20,
};

/* A probe on its thread, and a ticket server on another. */
struct clinic {
    struct held_loop held;
    struct servers servers;
    struct fake_server fake;
    struct probe *probe;
    atomic_int changes;
};

static struct clinic clinic;

static void changed(void *context)
{
    struct clinic *called = context;
    atomic_fetch_add(&called->changes, 1);
}

static void open_clinic(enum fake_manner manner)
{
    memset(&clinic, 0, sizeof clinic);
    held_loop_open(&clinic.held);
    servers_init(&clinic.servers);
    fake_server_open(&clinic.fake, clinic.held.loop, "server-1");
    clinic.fake.manner = manner;
    clinic.fake.boot = 3;
    clinic.fake.commit = 8;
    clinic.fake.sold = 21;
    held_loop_free(&clinic.held);
    clinic.probe = probe_start(&clinic.servers, changed, &clinic);
    CU_ASSERT(servers_joined(&clinic.servers, "server-1", clinic.fake.address, 41));
    probe_now(clinic.probe);
}

static void close_clinic(void)
{
    probe_stop(clinic.probe);
    held_loop_hold(&clinic.held);
    fake_server_close(&clinic.fake);
    held_loop_close(&clinic.held);
    servers_free(&clinic.servers);
}

static void set_manner(enum fake_manner manner)
{
    held_loop_hold(&clinic.held);
    clinic.fake.manner = manner;
    held_loop_free(&clinic.held);
}

static bool is_in_state(void *context)
{
    struct server server = {0};
    servers_get(&clinic.servers, 0, &server);
    return server.state == *(const enum server_state *)context;
}

/* Waits for the state; what is then known of the server. */
static struct server await(enum server_state state)
{
    struct server server = {0};
    CU_ASSERT(wait_until(is_in_state, &state, SECONDS_MAX));
    servers_get(&clinic.servers, 0, &server);
    return server;
}

static void who_answers_is_up(void)
{
    open_clinic(FAKE_ANSWERS);
    struct server server = await(SERVER_UP);
    CU_ASSERT_EQUAL(server.boot, 3);
    CU_ASSERT_EQUAL(server.commit, 8);
    CU_ASSERT_EQUAL(server.told, 21);
    CU_ASSERT_STRING_EQUAL(server.why, "probe: answered");
    close_clinic();
    CU_ASSERT(clinic.changes > 0);
    CU_ASSERT_STRING_EQUAL(clinic.servers.store, "0193b0aa-0000-7abc-8def-0123456789ab");
}

/* Three times more than it had been. */
static bool has_been_asked(void *context)
{
    held_loop_hold(&clinic.held);
    bool asked = clinic.fake.requests >= *(const unsigned *)context + 3;
    held_loop_free(&clinic.held);
    return asked;
}

static bool is_refused(void *context)
{
    struct server server = {0};
    (void)context;
    servers_get(&clinic.servers, 0, &server);
    return server.health.refused;
}

/* What a server does when it is probed, and why it is not up. */
struct row {
    enum fake_manner manner;
    const char *why;
};

static const struct row rows[] = {
    {FAKE_SAYS_500, "probe: the answer is not a ticket server's"},
    {FAKE_SAYS_503, "probe: the answer is not a ticket server's"},
    {FAKE_SAYS_NONSENSE, "probe: the answer is not a ticket server's"},
    {FAKE_TAKES_NAME, "probe: another server answers at this address"},
    {FAKE_CLOSES, "probe: Empty reply from server"},
    {FAKE_TEARS, "probe: "},
    {FAKE_NO_HTTP, "probe: "},
    {FAKE_HOLDS, "probe: "}, /* after a second */
};

static void who_does_not_is_not_up_and_says_why(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        open_clinic(rows[i].manner);
        struct server server = {0};
        CU_ASSERT(wait_until(is_refused, NULL, SECONDS_MAX));
        servers_get(&clinic.servers, 0, &server);
        CU_ASSERT_EQUAL(server.state, SERVER_JOINING);
        if (strncmp(server.why, rows[i].why, strlen(rows[i].why)) != 0) {
            printf("  %s instead of %s\n", server.why, rows[i].why);
            CU_FAIL("another reason is given");
        }
        close_clinic();
    }
}

static void who_recovers_is_up_again(void)
{
    open_clinic(FAKE_ANSWERS);
    await(SERVER_UP);
    set_manner(FAKE_SAYS_500);
    await(SERVER_DOWN);
    set_manner(FAKE_ANSWERS);
    await(SERVER_UP);
    close_clinic();
}

/* One that failed in a flight has to answer one before it gets another: also where it is in good health. */
static void who_failed_in_a_flight_is_tried_with_one(void)
{
    open_clinic(FAKE_ANSWERS);
    await(SERVER_UP);
    held_loop_hold(&clinic.held);
    clinic.fake.manner = FAKE_ADDS; /* an outcome too many, of flights */
    servers_failed(&clinic.servers, 0, 1, "flight 9: no");
    unsigned requests = clinic.fake.requests;
    held_loop_free(&clinic.held);
    CU_ASSERT(wait_until(has_been_asked, &requests, SECONDS_MAX));
    struct server server = await(SERVER_DOWN);
    CU_ASSERT_STRING_EQUAL(server.check.reason,
                           "a trial flight was answered with 200, but not as a flight is");
    set_manner(FAKE_ANSWERS);
    server = await(SERVER_UP);
    CU_ASSERT_STRING_EQUAL(server.why, "probe: answered a trial flight");
    close_clinic();
}

static void nobody_listens(void)
{
    open_clinic(FAKE_ANSWERS);
    await(SERVER_UP);
    held_loop_hold(&clinic.held);
    fake_server_die(&clinic.fake);
    held_loop_free(&clinic.held);
    struct server server = await(SERVER_DOWN);
    CU_ASSERT_EQUAL(strncmp(server.why, "probe: ", 7), 0);
    close_clinic();
}

static bool has_changed(void *context)
{
    return atomic_load((atomic_int *)context) > 0;
}

/* Waits for a further probe's answer or failure; how often the server has been asked by then. */
static unsigned asked_so_far(void)
{
    atomic_store(&clinic.changes, 0);
    CU_ASSERT(wait_until(has_changed, &clinic.changes, SECONDS_MAX));
    held_loop_hold(&clinic.held);
    unsigned requests = clinic.fake.requests;
    held_loop_free(&clinic.held);
    return requests;
}

/* A process that has ended is asked nothing more, while others are; its successor is. */
static void the_dead_are_not_asked(void)
{
    open_clinic(FAKE_ANSWERS);
    await(SERVER_UP);
    servers_gone(&clinic.servers, "server-1", "a test says so");
    CU_ASSERT(servers_joined(&clinic.servers, "server-2", "127.0.0.1:1", 42));
    unsigned before = asked_so_far();
    asked_so_far();
    CU_ASSERT_EQUAL(asked_so_far(), before);
    CU_ASSERT(servers_joined(&clinic.servers, "server-1", clinic.fake.address, 43));
    probe_now(clinic.probe);
    await(SERVER_UP);
    close_clinic();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("probe", "who answers is up", who_answers_is_up);
    suite_add("probe", "who does not is not up and says why", who_does_not_is_not_up_and_says_why);
    suite_add("probe", "who recovers is up again", who_recovers_is_up_again);
    suite_add("probe", "who failed in a flight is tried with one",
              who_failed_in_a_flight_is_tried_with_one);
    suite_add("probe", "nobody listens", nobody_listens);
    suite_add("probe", "the dead are not asked", the_dead_are_not_asked);
}
