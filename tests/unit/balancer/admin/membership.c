/* Servers that come and go by the admin API, and what is kept of that. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/unit/balancer/admin/office.h"

enum {
    SECONDS = 20,
};

#define BOX "{\"id\":\"box-1\",\"url\":\"http://127.0.0.1:9001\"}"

/* Servers that the master has not started. */
static void add_configured(const char *id)
{
    const struct server_about about = {.id = id,
                                       .address = "127.0.0.1:7",
                                       .pool = POOL_TICKETS,
                                       .weight = 1,
                                       .source = SOURCE_CONFIG};
    CU_ASSERT(servers_add(&office.servers, &about));
}

/* --- adding -------------------------------------------------------------------------------------- */

static void an_added_server_joins_and_is_kept(void)
{
    office_open(1);
    CU_ASSERT_EQUAL(
        office_ask("POST", "/servers",
                   "{\"url\":\"HTTP://localhost:9001/\",\"id\":\"box-1\",\"weight\":5}"),
        201);
    CU_ASSERT(office_head_has("\r\nLocation: /servers/box-1\r\n"));
    CU_ASSERT(office_body_has("\"state\":\"joining\""));
    struct server server = office_server("box-1");
    CU_ASSERT_EQUAL(server.state, SERVER_JOINING);
    CU_ASSERT_EQUAL(server.source, SOURCE_ADDED);
    CU_ASSERT_EQUAL(server.weight, 5);
    CU_ASSERT_EQUAL(server.pool, POOL_TICKETS);
    CU_ASSERT_STRING_EQUAL(server.address, "127.0.0.1:9001");
    CU_ASSERT(office.changes >= 2); /* as it led, and now */
    CU_ASSERT_STRING_EQUAL(
        office_file(), "{\"version\":1,\n \"servers\":[\n"
                       "  {\"id\":\"box-1\",\"pool\":\"tickets\",\"address\":\"127.0.0.1:9001\","
                       "\"weight\":5,\"source\":\"added\"}],\n \"drained\":[]}\n");
    office_restart();
    server = office_server("box-1");
    CU_ASSERT_EQUAL(server.state, SERVER_JOINING);
    CU_ASSERT_EQUAL(server.source, SOURCE_ADDED);
    CU_ASSERT_EQUAL(server.weight, 5);
    office_close();
}

static const struct refusal {
    const char *body;
    unsigned status;
    const char *code, *fragment;
} refusals[] = {
    {"", 400, "malformed", ""},
    {"[]", 400, "malformed", "an object"},
    {BOX BOX, 400, "malformed", ""},
    {"{\"url\":\"http://127.0.0.1:9001\"}", 400, "malformed", "needed"},
    {"{\"id\":\"a\"}", 400, "malformed", "needed"},
    {"{\"id\":1,\"url\":\"http://127.0.0.1:9001\"}", 400, "malformed", ""},
    {"{\"id\":\"a\",\"id\":\"b\",\"url\":\"http://127.0.0.1:9001\"}", 400, "malformed", "twice"},
    {"{\"id\":\"a\",\"url\":\"http://127.0.0.1:9001\",\"port\":1}", 400, "malformed", "port"},
    {"{\"id\":\"a\",\"url\":\"http://127.0.0.1:9001\",\"heartbeat\":true}", 400, "malformed", ""},
    {"{\"id\":\"\",\"url\":\"http://127.0.0.1:9001\"}", 422, "invalid_server", "id"},
    {"{\"id\":\"A\",\"url\":\"http://127.0.0.1:9001\"}", 422, "invalid_server", "id"},
    {"{\"id\":\"../x\",\"url\":\"http://127.0.0.1:9001\"}", 422, "invalid_server", "id"},
    {"{\"id\":\"a23456789012345678901234567890123\",\"url\":\"http://127.0.0.1:9001\"}", 422,
     "invalid_server", "id"},
    {"{\"id\":\"server-9\",\"url\":\"http://127.0.0.1:9001\"}", 422, "invalid_server", "server-1"},
    {"{\"id\":\"a\",\"url\":\"http://u:p@127.0.0.1:9001\"}", 422, "invalid_server", "password"},
    {"{\"id\":\"a\",\"url\":\"http://u@127.0.0.1:9001\"}", 422, "invalid_server", "password"},
    {"{\"id\":\"a\",\"url\":\"https://127.0.0.1:9001\"}", 422, "invalid_server", "http://"},
    {"{\"id\":\"a\",\"url\":\"127.0.0.1:9001\"}", 422, "invalid_server", "http://"},
    {"{\"id\":\"a\",\"url\":\"http://127.0.0.1:9001/x\"}", 422, "invalid_server", "port"},
    {"{\"id\":\"a\",\"url\":\"http://127.0.0.1:9001?x\"}", 422, "invalid_server", "port"},
    {"{\"id\":\"a\",\"url\":\"http://127.0.0.1:9001#x\"}", 422, "invalid_server", "port"},
    {"{\"id\":\"a\",\"url\":\"http://127.0.0.1:0\"}", 422, "invalid_server", "port"},
    {"{\"id\":\"a\",\"url\":\"http://127.0.0.1:65536\"}", 422, "invalid_server", "port"},
    {"{\"id\":\"a\",\"url\":\"http://127.0.0.1\"}", 422, "invalid_server", "port"},
    {"{\"id\":\"a\",\"url\":\"http://localhost\"}", 422, "invalid_server", "port"},
    {"{\"id\":\"a\",\"url\":\"http://shop.example:80\"}", 422, "invalid_server", "numeric"},
    {"{\"id\":\"a\",\"url\":\"http://0.0.0.0:9001\"}", 422, "invalid_server", "numeric"},
    {"{\"id\":\"a\",\"url\":\"http://[::]:9001\"}", 422, "invalid_server", "numeric"},
    {"{\"id\":\"a\",\"url\":\"http://\"}", 422, "invalid_server", "numeric"},
    {"{\"id\":\"a\",\"url\":\"http://10.0.0.1:80\"}", 403, "remote_address", "--allow-remote"},
    {"{\"id\":\"a\",\"url\":\"http://[2001:db8::1]:80\"}", 403, "remote_address", "--allow-remote"},
    {"{\"id\":\"a\",\"url\":\"http://127.0.0.1:9001\",\"pool\":\"nope\"}", 422, "invalid_server",
     "tickets"},
    {"{\"id\":\"a\",\"url\":\"http://127.0.0.1:9001\",\"pool\":\"\"}", 422, "invalid_server",
     "pool"},
    {"{\"id\":\"a\",\"url\":\"http://127.0.0.1:9001\",\"weight\":0}", 422, "invalid_server",
     "1000"},
    {"{\"id\":\"a\",\"url\":\"http://127.0.0.1:9001\",\"weight\":1001}", 422, "invalid_server",
     "1000"},
    {"{\"id\":\"a\",\"url\":\"http://127.0.0.1:9001\",\"weight\":1.5}", 422, "invalid_server",
     "1000"},
    {BOX, 409, "server_exists", "added"},
    {"{\"id\":\"files-1\",\"url\":\"http://127.0.0.1:9001\"}", 409, "server_exists",
     "configuration"},
};

static void bad_servers_are_refused_and_change_nothing(void)
{
    char before[512];
    office_open(1);
    add_configured("files-1");
    CU_ASSERT_EQUAL(office_ask("POST", "/servers", BOX), 201);
    snprintf(before, sizeof before, "%s", office_file());
    size_t count = servers_count(&office.servers);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *refusal = &refusals[i];
        unsigned status = office_ask("POST", "/servers", refusal->body);
        bool fine = status == refusal->status && strcmp(office_code(), refusal->code) == 0 &&
                    office_body_has(refusal->fragment);
        CU_ASSERT(fine);
        if (!fine)
            printf("  %s: %u, %s\n", refusal->body, status, raw_body(&office.answer));
    }
    CU_ASSERT_STRING_EQUAL(office_file(), before);
    CU_ASSERT_EQUAL(servers_count(&office.servers), count);
    CU_ASSERT_EQUAL(
        office_ask_with("POST", "/servers", OFFICE_BEARER "Content-Type: text/plain\r\n", BOX),
        415);
    CU_ASSERT_EQUAL(office_ask_with("POST", "/servers", OFFICE_BEARER, BOX), 415);
    office_close();
}

static void other_machines_need_the_option(void)
{
    static const char remote[] = "{\"id\":\"a\",\"url\":\"http://192.0.2.1:80\"}";
    office_open(1);
    office.settings.allow_remote = true;
    office_restart();
    CU_ASSERT_EQUAL(office_ask("POST", "/servers", remote), 201);
    office.settings.allow_remote = false; /* the next router has no use for it, and keeps it */
    office_restart();
    CU_ASSERT_EQUAL(office_server("a").state, SERVER_NEW);
    CU_ASSERT_PTR_NOT_NULL(strstr(office_file(), "192.0.2.1:80"));
    CU_ASSERT_EQUAL(office_ask("DELETE", "/servers/a", NULL), 200); /* until it is removed */
    CU_ASSERT_PTR_NULL(strstr(office_file(), "192.0.2.1:80"));
    CU_ASSERT_EQUAL(office_ask("DELETE", "/servers/a", NULL), 404);
    office_close();
}

/* But for the places of 64 servers of our own, whether they run or not. */
static void the_list_may_be_full(void)
{
    office_open(1);
    for (int i = 1; i < ROUTING_SERVERS_MAX - 64; i++) {
        char id[SERVER_SIZE];
        snprintf(id, sizeof id, "files-%d", i);
        add_configured(id);
    }
    CU_ASSERT_EQUAL(office_ask("POST", "/servers", BOX), 201);
    CU_ASSERT_EQUAL(office_ask("DELETE", "/servers/box-1", NULL), 200);
    add_configured("files-960");
    CU_ASSERT_EQUAL(office_ask("POST", "/servers", BOX), 503);
    CU_ASSERT_PTR_NULL(strstr(office_file(), "box-1"));
    office_close();
}

static void keep_in(const char *name)
{
    held_loop_hold(&office.held);
    files_path(office.members, office.dir, name);
    held_loop_free(&office.held);
}

/* What cannot be kept is not done either. */
static void nothing_changes_where_it_cannot_be_kept(void)
{
    office_open(1);
    CU_ASSERT_EQUAL(office_ask("POST", "/servers", BOX), 201);
    keep_in("none/members.json");
    CU_ASSERT_EQUAL(
        office_ask("POST", "/servers", "{\"id\":\"box-2\",\"url\":\"http://127.0.0.1:9002\"}"),
        503);
    CU_ASSERT_STRING_EQUAL(office_code(), "not_kept");
    CU_ASSERT(office_body_has("No such file"));
    CU_ASSERT_EQUAL(office_server("box-2").state, SERVER_NEW);
    CU_ASSERT_EQUAL(office_ask("PUT", "/servers/box-3", "{\"url\":\"http://127.0.0.1:9003\"}"),
                    503);
    CU_ASSERT_EQUAL(office_server("box-3").state, SERVER_NEW);
    CU_ASSERT_EQUAL(office_ask("PATCH", "/servers/server-1", "{\"state\":\"drain\"}"), 503);
    CU_ASSERT_EQUAL(office_server("server-1").state, SERVER_UP);
    CU_ASSERT_EQUAL(office_ask("DELETE", "/servers/box-1", NULL), 503);
    CU_ASSERT_EQUAL(office_server("box-1").state, SERVER_JOINING);
    CU_ASSERT_FALSE(office_server("box-1").health.leave);
    keep_in("members.json");
    CU_ASSERT_EQUAL(office_ask("DELETE", "/servers/box-1", NULL), 200); /* once it can be kept */
    office_close();
}

/* --- joining ------------------------------------------------------------------------------------- */

#define JOIN(port)  "{\"pool\":\"tickets\",\"url\":\"http://127.0.0.1:" port "\",\"weight\":1}"
#define STILL(port) "{\"url\":\"http://127.0.0.1:" port "\",\"heartbeat\":true}"

static void a_server_joins_and_says_that_it_is_there(void)
{
    office_open(1);
    CU_ASSERT_EQUAL(office_ask("PUT", "/servers/box-1", JOIN("9001")), 201);
    CU_ASSERT_EQUAL(office_server("box-1").source, SOURCE_JOINED);
    CU_ASSERT_PTR_NOT_NULL(strstr(office_file(), "\"source\":\"joined\""));
    CU_ASSERT_EQUAL(unlink(office.members), 0);
    CU_ASSERT_EQUAL(office_ask("PUT", "/servers/box-1", STILL("9001")), 200);
    CU_ASSERT_STRING_EQUAL(office_file(), ""); /* nothing new is to be kept */
    unsigned start = office_server("box-1").start;
    CU_ASSERT_EQUAL(office_ask("PUT", "/servers/box-1", JOIN("9002")), 200); /* started elsewhere */
    CU_ASSERT_STRING_EQUAL(office_server("box-1").address, "127.0.0.1:9002");
    CU_ASSERT_EQUAL(office_server("box-1").start, start + 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(office_file(), "127.0.0.1:9002"));
    CU_ASSERT_EQUAL(office_ask("PUT", "/servers/box-1", STILL("9001")), 409); /* the one before */
    CU_ASSERT_STRING_EQUAL(office_code(), "server_moved");
    CU_ASSERT_STRING_EQUAL(office_server("box-1").address, "127.0.0.1:9002");
    office_restart();
    CU_ASSERT_STRING_EQUAL(office_server("box-1").address, "127.0.0.1:9002");
    CU_ASSERT_EQUAL(office_server("box-1").source, SOURCE_JOINED);
    CU_ASSERT_EQUAL(office_ask("PUT", "/servers/box-1", STILL("9002")), 200);
    office_close();
}

static void a_name_that_is_taken_cannot_join(void)
{
    static const struct refusal taken[] = {
        {"/servers/server-1", 422, "invalid_server", "--id"},
        {"/servers/files-1", 409, "server_exists", "configuration"},
        {"/servers/box-1", 409, "server_exists", "added"},
    };
    office_open(1);
    add_configured("files-1");
    CU_ASSERT_EQUAL(office_ask("POST", "/servers", BOX), 201);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        CU_ASSERT_EQUAL(office_ask("PUT", taken[i].body, JOIN("9003")), taken[i].status);
        CU_ASSERT_STRING_EQUAL(office_code(), taken[i].code);
        CU_ASSERT(office_body_has(taken[i].fragment));
    }
    CU_ASSERT_EQUAL(office_ask("PUT", "/servers/box-2", JOIN("9003")), 201);
    CU_ASSERT_EQUAL(
        office_ask("PUT", "/servers/box-2", "{\"url\":\"http://127.0.0.1:9003\",\"weight\":2}"),
        409);
    CU_ASSERT_EQUAL(office_ask("PUT", "/servers/box-3", "{\"id\":\"box-3\"}"), 400);
    CU_ASSERT_EQUAL(office_ask("PUT", "/servers/box-3", "{\"url\":\"http://10.0.0.1:1\"}"), 403);
    CU_ASSERT_EQUAL(
        office_ask("PUT", "/servers/box-3", "{\"url\":\"http://127.0.0.1:1\",\"pool\":\"nope\"}"),
        422);
    office_close();
}

/* A heartbeat does not bring back who was removed; a new start does. */
static void a_removed_server_does_not_creep_back(void)
{
    office_open(1);
    CU_ASSERT_EQUAL(office_ask("PUT", "/servers/box-1", JOIN("9001")), 201);
    CU_ASSERT_EQUAL(office_ask("DELETE", "/servers/box-1", NULL), 200);
    CU_ASSERT_EQUAL(office_ask("PUT", "/servers/box-1", STILL("9001")), 410);
    CU_ASSERT_STRING_EQUAL(office_code(), "server_removed");
    CU_ASSERT_EQUAL(office_ask("PUT", "/servers/box-1", JOIN("9001")), 201);
    CU_ASSERT_EQUAL(office_ask("PUT", "/servers/box-1", STILL("9001")), 200);
    CU_ASSERT_EQUAL(office_ask("PUT", "/servers/box-2", STILL("9002")), 201); /* merely forgotten */
    office_close();
}

static void bury(int64_t after)
{
    held_loop_hold(&office.held);
    admin_bury(office.admin, clock_monotonic() + after);
    held_loop_free(&office.held);
}

static void who_is_silent_and_gone_leaves(void)
{
    office_open(1);
    CU_ASSERT_EQUAL(office_ask("PUT", "/servers/box-1", JOIN("9001")), 201);
    CU_ASSERT_EQUAL(
        office_ask("POST", "/servers", "{\"id\":\"box-2\",\"url\":\"http://127.0.0.1:9002\"}"),
        201);
    bury((MEMBER_SILENCE - 1) * CLOCK_SECOND);
    CU_ASSERT_EQUAL(office_server("box-1").state, SERVER_JOINING);
    size_t index = servers_find(&office.servers, "box-1", NULL);
    struct server_checked fine = {.passed = true, .reason = "answered"};
    servers_checked(&office.servers, index, office_server("box-1").start, &fine);
    bury((MEMBER_SILENCE + 1) * CLOCK_SECOND); /* it is silent, but answers */
    CU_ASSERT_EQUAL(office_server("box-1").state, SERVER_UP);
    servers_failed(&office.servers, index, office_server("box-1").start, "a test says so");
    bury((MEMBER_SILENCE + 1) * CLOCK_SECOND);
    CU_ASSERT_EQUAL(office_server("box-1").state, SERVER_NEW);
    CU_ASSERT_PTR_NULL(strstr(office_file(), "box-1"));
    CU_ASSERT_EQUAL(office_server("box-2").state, SERVER_JOINING); /* nobody expects it to speak */
    office_close();
}

/* --- draining ------------------------------------------------------------------------------------ */

static void a_drain_is_kept_whoever_the_server_is(void)
{
    office_open(2);
    CU_ASSERT_EQUAL(office_ask("PATCH", "/servers/server-2", "{\"state\":\"drain\"}"), 200);
    CU_ASSERT(office_body_has("\"state\":\"draining\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(office_file(), "\"drained\":[\n  \"server-2\"]"));
    CU_ASSERT_EQUAL(office_ask("PATCH", "/servers/server-2", "{\"state\":\"drain\"}"), 200);
    office_restart();
    CU_ASSERT(servers_joined(&office.servers, "server-1", "127.0.0.1:1", 1));
    CU_ASSERT(servers_joined(&office.servers, "server-2", "127.0.0.1:2", 2));
    held_loop_hold(&office.held);
    admin_server_joined(office.admin, "server-1");
    admin_server_joined(office.admin, "server-2");
    held_loop_free(&office.held);
    CU_ASSERT_FALSE(office_server("server-1").health.drain);
    CU_ASSERT(office_server("server-2").health.drain);
    CU_ASSERT_EQUAL(office_ask("PATCH", "/servers/server-2", "{\"state\":\"ready\"}"), 200);
    CU_ASSERT_FALSE(office_server("server-2").health.drain);
    CU_ASSERT_PTR_NULL(strstr(office_file(), "server-2"));
    office_close();
}

static void bad_states_are_refused(void)
{
    static const struct refusal bad[] = {
        {"{}", 400, "malformed", "state"},
        {"{\"state\":1}", 400, "malformed", ""},
        {"{\"state\":\"up\"}", 422, "invalid_server", "drain or ready"},
        {"{\"state\":\"drained\"}", 422, "invalid_server", "drain or ready"},
        {"{\"state\":\"drain\",\"for\":1}", 400, "malformed", "for"},
    };
    office_open(1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CU_ASSERT_EQUAL(office_ask("PATCH", "/servers/server-1", bad[i].body), bad[i].status);
        CU_ASSERT_STRING_EQUAL(office_code(), bad[i].code);
        CU_ASSERT(office_body_has(bad[i].fragment));
    }
    CU_ASSERT_EQUAL(office_server("server-1").state, SERVER_UP);
    CU_ASSERT_EQUAL(office_ask("PATCH", "/servers/nobody", "{\"state\":\"drain\"}"), 404);
    CU_ASSERT_EQUAL(office_ask_with("PATCH", "/servers/server-1", OFFICE_BEARER, "{}"), 415);
    office_close();
}

/* --- removing ------------------------------------------------------------------------------------ */

static bool leaves(void *context)
{
    return office_server(context).health.leave;
}

static bool is_cut(void *context)
{
    return office_server(context).health.cut;
}

static void a_removal_waits_until_the_server_is_empty(void)
{
    office_open(1);
    CU_ASSERT_EQUAL(office_ask("POST", "/servers", BOX), 201);
    office_busy("box-1", 2);
    int fd = office_send("DELETE", "/servers/box-1?drain=20s");
    CU_ASSERT(wait_until(leaves, "box-1", SECONDS));
    CU_ASSERT_PTR_NULL(strstr(office_file(), "box-1")); /* whoever comes next does not have it */
    CU_ASSERT_EQUAL(office_ask("DELETE", "/servers/box-1", NULL), 409);
    CU_ASSERT_STRING_EQUAL(office_code(), "server_leaving");
    CU_ASSERT_EQUAL(office_ask("PATCH", "/servers/box-1", "{\"state\":\"ready\"}"), 409);
    CU_ASSERT_EQUAL(office_ask("POST", "/servers", BOX), 409);
    office_over("box-1");
    CU_ASSERT_NOT_EQUAL(office_server("box-1").state, SERVER_NEW);
    office_over("box-1");
    CU_ASSERT_EQUAL(office_receive(fd), 200);
    CU_ASSERT(office_body_has("\"waited\":{\"requests\":2,\"tickets\":0}"));
    CU_ASSERT(office_body_has("\"cut\":false"));
    CU_ASSERT_EQUAL(office_server("box-1").state, SERVER_NEW);
    CU_ASSERT_EQUAL(office_ask("POST", "/servers", BOX), 201);
    office_close();
}

static void a_removal_cuts_at_its_deadline(void)
{
    office_open(1);
    CU_ASSERT_EQUAL(office_ask("POST", "/servers", BOX), 201);
    office_busy("box-1", 1);
    int fd = office_send("DELETE", "/servers/box-1?drain=0");
    CU_ASSERT(wait_until(is_cut, "box-1", SECONDS));
    office_over("box-1"); /* as the worker does that gives it up */
    CU_ASSERT_EQUAL(office_receive(fd), 200);
    CU_ASSERT(office_body_has("\"cut\":true"));
    CU_ASSERT_EQUAL(office_server("box-1").state, SERVER_NEW);
    office_close();
}

/* Who asked may leave: the server does all the same. */
static void a_removal_does_not_need_who_asked(void)
{
    office_open(1);
    CU_ASSERT_EQUAL(office_ask("POST", "/servers", BOX), 201);
    office_busy("box-1", 1);
    close(office_send("DELETE", "/servers/box-1?drain=20s"));
    CU_ASSERT(wait_until(leaves, "box-1", SECONDS));
    office_over("box-1");
    CU_ASSERT_EQUAL(office_server("box-1").state, SERVER_NEW);
    CU_ASSERT_EQUAL(office_ask("DELETE", "/servers/box-1", NULL), 404);
    office_close();
}

static void who_waits_for_a_removal_is_told_when_the_balancer_stops(void)
{
    office_open(1);
    CU_ASSERT_EQUAL(office_ask("POST", "/servers", BOX), 201);
    office_busy("box-1", 1);
    int fd = office_send("DELETE", "/servers/box-1?drain=20s");
    CU_ASSERT(wait_until(leaves, "box-1", SECONDS));
    held_loop_hold(&office.held);
    admin_quiesce(office.admin);
    CU_ASSERT_FALSE(admin_idle(office.admin));
    departures_close(&office.departures);
    held_loop_free(&office.held);
    CU_ASSERT_EQUAL(office_receive(fd), 409);
    office_busy("box-1", 0);
    office_close();
}

static void only_what_was_added_can_be_removed(void)
{
    static const struct refusal others[] = {
        {"/servers/files-1", 409, "server_configured", "reload"},
        {"/servers/server-1", 409, "server_started", "--servers"},
        {"/servers/nobody", 404, "no_such_server", ""},
        {"/servers/box-1?drain=1", 400, "malformed", "30s"},
        {"/servers/box-1?drain=", 400, "malformed", "30s"},
        {"/servers/box-1?drain=-1s", 400, "malformed", "30s"},
        {"/servers/box-1?drain=3601s", 400, "malformed", "hour"},
        {"/servers/box-1?drain=9999999999s", 400, "malformed", "hour"},
        {"/servers/box-1?drain=1s&x=1", 400, "malformed", "30s"},
        {"/servers/box-1?x=1", 400, "malformed", "30s"},
    };
    office_open(1);
    add_configured("files-1");
    CU_ASSERT_EQUAL(office_ask("POST", "/servers", BOX), 201);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        CU_ASSERT_EQUAL(office_ask("DELETE", others[i].body, NULL), others[i].status);
        CU_ASSERT_STRING_EQUAL(office_code(), others[i].code);
        CU_ASSERT(office_body_has(others[i].fragment));
    }
    CU_ASSERT_FALSE(office_server("box-1").health.leave);
    CU_ASSERT_EQUAL(office_ask("DELETE", "/servers/box-1?drain=500ms", NULL), 200);
    office_close();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("membership", "an added server joins and is kept", an_added_server_joins_and_is_kept);
    suite_add("membership", "bad servers are refused and change nothing",
              bad_servers_are_refused_and_change_nothing);
    suite_add("membership", "other machines need the option", other_machines_need_the_option);
    suite_add("membership", "the list may be full", the_list_may_be_full);
    suite_add("membership", "nothing changes where it cannot be kept",
              nothing_changes_where_it_cannot_be_kept);
    suite_add("membership", "a server joins and says that it is there",
              a_server_joins_and_says_that_it_is_there);
    suite_add("membership", "a name that is taken cannot join", a_name_that_is_taken_cannot_join);
    suite_add("membership", "a removed server does not creep back",
              a_removed_server_does_not_creep_back);
    suite_add("membership", "who is silent and gone leaves", who_is_silent_and_gone_leaves);
    suite_add("membership", "a drain is kept whoever the server is",
              a_drain_is_kept_whoever_the_server_is);
    suite_add("membership", "bad states are refused", bad_states_are_refused);
    suite_add("membership", "a removal waits until the server is empty",
              a_removal_waits_until_the_server_is_empty);
    suite_add("membership", "a removal cuts at its deadline", a_removal_cuts_at_its_deadline);
    suite_add("membership", "a removal does not need who asked", a_removal_does_not_need_who_asked);
    suite_add("membership", "who waits for a removal is told when the balancer stops",
              who_waits_for_a_removal_is_told_when_the_balancer_stops);
    suite_add("membership", "only what was added can be removed",
              only_what_was_added_can_be_removed);
}
