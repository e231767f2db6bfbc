/* Who may ask the admin API, and what it shows. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/admin/office.h"

static void health_follows_the_servers(void)
{
    office_open(2);
    CU_ASSERT_EQUAL(office_ask_with("GET", "/healthz", "", NULL), 200);
    CU_ASSERT(office_body_has("\"selling\":true"));
    CU_ASSERT_EQUAL(office_ask_with("HEAD", "/healthz", "", NULL), 200);
    servers_failed(&office.servers, 0, 1, "a test says so");
    CU_ASSERT_EQUAL(office_ask_with("GET", "/healthz", "", NULL), 200);
    servers_failed(&office.servers, 1, 1, "a test says so");
    CU_ASSERT_EQUAL(office_ask_with("GET", "/healthz", "", NULL), 503);
    CU_ASSERT(office_head_has("\r\nRetry-After: 1\r\n"));
    CU_ASSERT(servers_joined(&office.servers, "server-1", "127.0.0.1:1", 9));
    CU_ASSERT_EQUAL(office_ask_with("GET", "/healthz", "", NULL), 503); /* joining is not up */
    office_close();
}

/* The last one stays up for who reads; that it sells nothing must be seen from outside. */
static void health_tells_that_nothing_is_sold(void)
{
    office_open(2);
    servers_refused(&office.servers, 0, 1, "answered 503 store_unavailable");
    CU_ASSERT_EQUAL(office_ask_with("GET", "/healthz", "", NULL), 200);
    CU_ASSERT(office_body_has("\"selling\":true"));
    servers_refused(&office.servers, 1, 1, "answered 503 store_unavailable");
    CU_ASSERT_EQUAL(office_ask_with("GET", "/healthz", "", NULL), 200);
    CU_ASSERT(office_body_has("\"selling\":false"));
    CU_ASSERT_EQUAL(office_ask("GET", "/servers/server-2", NULL), 200);
    CU_ASSERT(office_body_has("answered 503 store_unavailable"));
    office_close();
}

static void all_else_needs_the_token(void)
{
    static const char *const asked[][2] = {{"GET", "/servers"},
                                           {"POST", "/servers"},
                                           {"GET", "/servers/server-1"},
                                           {"PUT", "/servers/x"},
                                           {"DELETE", "/servers/server-1"},
                                           {"PATCH", "/servers/server-1"},
                                           {"POST", "/reload"},
                                           {"POST", "/nothing"}};
    office_open(1);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        CU_ASSERT_EQUAL(office_ask_with(asked[i][0], asked[i][1], "", NULL), 401);
        CU_ASSERT(office_head_has("\r\nWWW-Authenticate: Bearer\r\n"));
        CU_ASSERT_FALSE(office_body_has("server-1"));
    }
    CU_ASSERT_EQUAL(office_ask_with("GET", "/servers", "Authorization: Bearer x\r\n", NULL), 401);
    CU_ASSERT_EQUAL(office.commands, 0);
    CU_ASSERT_EQUAL(office_ask("GET", "/servers", NULL), 200);
    CU_ASSERT_EQUAL(office_ask("HEAD", "/servers", NULL), 200);
    office_close();
}

/* The right token is taken all the same: who guesses cannot lock out who knows it. */
static void wrong_tokens_are_not_taken_for_ever(void)
{
    office_open(1);
    for (int i = 0; i < ATTEMPTS_WRONG; i++)
        CU_ASSERT_EQUAL(office_ask_with("GET", "/servers", "Authorization: Bearer x\r\n", NULL),
                        401);
    CU_ASSERT_EQUAL(office_ask_with("GET", "/servers", "", NULL), 429);
    CU_ASSERT_STRING_EQUAL(office_code(), "too_many_attempts");
    CU_ASSERT(office_head_has("\r\nRetry-After: "));
    CU_ASSERT(office_head_has("\r\nRequest-Id: "));
    CU_ASSERT_EQUAL(office_ask("GET", "/servers", NULL), 200);
    CU_ASSERT_EQUAL(office_ask_with("GET", "/healthz", "", NULL), 200);
    office_close();
}

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(value) ? value->valuedouble : -1;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(value) ? value->valuestring : "(none)";
}

static void expect_second(const cJSON *second)
{
    static const char *const texts[][2] = {{"id", "server-2"},    {"pool", "tickets"},
                                           {"source", "master"},  {"address", "127.0.0.1:1"},
                                           {"state", "draining"}, {"why", "it said \"no\""}};
    static const struct {
        const char *name;
        double value;
    } numbers[] = {{"told", 8},      {"boot", 1},   {"pending", 0}, {"limit", 512},
                   {"pid", 101},     {"weight", 1}, {"checks", 1},  {"checks_failed", 0},
                   {"ejections", 0}, {"busy", 0}};
    int64_t since;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CU_ASSERT_STRING_EQUAL(text_of(second, texts[i][0]), texts[i][1]);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        CU_ASSERT_EQUAL(number_of(second, numbers[i].name), numbers[i].value);
    CU_ASSERT(clock_parse(text_of(second, "since"), &since));
    CU_ASSERT(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(second, "drain")));
    CU_ASSERT(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(second, "leave")));
    const cJSON *check = cJSON_GetObjectItemCaseSensitive(second, "check");
    CU_ASSERT(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(check, "passed")));
    CU_ASSERT_STRING_EQUAL(text_of(check, "reason"), "answered");
    CU_ASSERT_EQUAL(number_of(check, "took_us"), 100);
    CU_ASSERT(clock_parse(text_of(check, "at"), &since));
}

static void servers_are_told_in_full(void)
{
    office_open(3);
    servers_drain(&office.servers, "server-2", "it said \"no\"");
    CU_ASSERT_EQUAL(office_ask("GET", "/servers", NULL), 200);
    cJSON *read = office_json();
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(read, "servers");
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(list), 3);
    CU_ASSERT_STRING_EQUAL(text_of(read, "router"), office.servers.router);
    CU_ASSERT_EQUAL(number_of(read, "pid"), getpid());
    expect_second(cJSON_GetArrayItem(list, 1));
    cJSON_Delete(read);
    CU_ASSERT_EQUAL(office_ask("GET", "/servers/server-2", NULL), 200);
    read = office_json();
    expect_second(read);
    cJSON_Delete(read);
    office_close();
}

static void who_has_left_is_not_shown(void)
{
    office_open(2);
    servers_leave(&office.servers, "server-1", "a test says so");
    CU_ASSERT_EQUAL(office_ask("GET", "/servers", NULL), 200);
    cJSON *read = office_json();
    CU_ASSERT_EQUAL(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(read, "servers")), 1);
    cJSON_Delete(read);
    CU_ASSERT_EQUAL(office_ask("GET", "/servers/server-1", NULL), 404);
    CU_ASSERT_STRING_EQUAL(office_code(), "no_such_server");
    office_close();
}

static void nothing_else_is_there(void)
{
    static const struct {
        const char *method, *path, *allow;
    } others[] = {
        {"DELETE", "/servers", "GET, HEAD, POST"},
        {"POST", "/servers/server-1", "GET, HEAD, PUT, PATCH, DELETE"},
        {"GET", "/reload", "POST"},
        {"PUT", "/upgrade", "POST"},
        {"DELETE", "/rolling-restart", "GET, HEAD, POST"},
        {"POST", "/healthz", "GET, HEAD"},
    };
    static const char *const nowhere[] = {
        "/",       "/servers/",  "/servers/server-1/", "/servers/A",
        "/server", "/servers//", "/servers/%41",       "/reload/"};
    office_open(1);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char allow[64];
        snprintf(allow, sizeof allow, "\r\nAllow: %s\r\n", others[i].allow);
        CU_ASSERT_EQUAL(office_ask(others[i].method, others[i].path, ""), 405);
        CU_ASSERT(office_head_has(allow));
    }
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
        CU_ASSERT_EQUAL(office_ask("GET", nowhere[i], NULL), 404);
    office_close();
}

/* --- commands ------------------------------------------------------------------------------------ */

static bool was_asked(void *context)
{
    (void)context;
    return office.commands > 0;
}

/* Sends it, and holds the loop once the command has come. */
static int send_command(const char *path)
{
    int fd = office_send("POST", path);
    held_loop_hold(&office.held);
    CU_ASSERT(held_loop_until(&office.held, was_asked, NULL, 20));
    return fd;
}

static void a_command_is_answered_when_it_is_done(void)
{
    office_open(1);
    int fd = send_command("/upgrade");
    CU_ASSERT_EQUAL(office.command, ADMIN_UPGRADE);
    CU_ASSERT_FALSE(admin_idle(office.admin));
    held_loop_free(&office.held);
    CU_ASSERT_EQUAL(office_ask("POST", "/upgrade", NULL), 409); /* one at a time */
    CU_ASSERT_EQUAL(office_ask("POST", "/reload", NULL), 409);
    CU_ASSERT_EQUAL(office.commands, 1);
    held_loop_hold(&office.held);
    admin_done(office.admin, ADMIN_RELOAD, NULL); /* nobody waits for that */
    admin_done(office.admin, ADMIN_UPGRADE, NULL);
    held_loop_free(&office.held);
    CU_ASSERT_EQUAL(office_receive(fd), 200);
    CU_ASSERT(office_body_has("done"));
    CU_ASSERT_EQUAL(office.commands, 1);
    office_close();
}

static void a_command_is_refused_with_its_reason(void)
{
    office_open(1);
    int fd = send_command("/reload");
    admin_done(office.admin, ADMIN_RELOAD, "shop.json:3: no such policy");
    held_loop_free(&office.held);
    CU_ASSERT_EQUAL(office_receive(fd), 409);
    CU_ASSERT(office_body_has("shop.json:3: no such policy"));
    held_loop_hold(&office.held);
    office.refuses = true;
    held_loop_free(&office.held);
    CU_ASSERT_EQUAL(office_ask("POST", "/reload", NULL), 409);
    CU_ASSERT(office_body_has("A test says no."));
    CU_ASSERT_EQUAL(office_ask("POST", "/reload", "{}"), 400); /* it has no body */
    office_close();
}

static void a_command_has_its_time(void)
{
    office_open(1);
    int fd = send_command("/reload");
    admin_give_up(office.admin, clock_monotonic() + (ADMIN_COMMAND_SECONDS - 1) * CLOCK_SECOND);
    CU_ASSERT_PTR_NOT_NULL(office.admin->waiting[ADMIN_RELOAD].request);
    admin_give_up(office.admin, clock_monotonic() + (ADMIN_COMMAND_SECONDS + 1) * CLOCK_SECOND);
    held_loop_free(&office.held);
    CU_ASSERT_EQUAL(office_receive(fd), 409);
    office_close();
}

/* The router that takes over is what a reload or an upgrade wants. */
static void who_leads_no_more_has_done_it(void)
{
    office_open(1);
    int fd = send_command("/reload");
    admin_quiesce(office.admin);
    held_loop_free(&office.held);
    CU_ASSERT_EQUAL(office_receive(fd), 200);
    CU_ASSERT(raw_connect(office.url) < 0); /* and the listener is closed */
    office_close();
}

/* A connection that outlives the handover does not: the members file is another router's by now. */
static void who_leads_no_more_changes_nothing(void)
{
    static const struct {
        const char *method, *path, *body;
    } changes[] = {
        {"POST", "/servers", "{\"id\":\"a\",\"url\":\"http://127.0.0.1:9001\"}"},
        {"PUT", "/servers/a", "{\"url\":\"http://127.0.0.1:9001\"}"},
        {"PATCH", "/servers/server-1", "{\"state\":\"drain\"}"},
        {"DELETE", "/servers/a", NULL},
        {"POST", "/reload", NULL},
        {"POST", "/rolling-restart", NULL},
    };
    office_open(1);
    held_loop_hold(&office.held);
    office.admin->replaced = true; /* as admin_quiesce does, which lets nobody in to be told so */
    held_loop_free(&office.held);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        CU_ASSERT_EQUAL(office_ask(changes[i].method, changes[i].path, changes[i].body), 503);
        CU_ASSERT(office_head_has("\r\nRetry-After: 1\r\n"));
    }
    held_loop_hold(&office.held);
    office.admin->replaced = false;
    office.admin->unread = true; /* and what it cannot read it does not change either */
    held_loop_free(&office.held);
    CU_ASSERT_EQUAL(office_ask(changes[0].method, changes[0].path, changes[0].body), 503);
    CU_ASSERT_EQUAL(office_ask("GET", "/servers", NULL), 200);
    CU_ASSERT_STRING_EQUAL(office_file(), "");
    CU_ASSERT_EQUAL(office.commands, 0);
    office_close();
}

/* Asked on a connection that was there before. */
static void a_kept_connection_ends_at_the_handover(void)
{
    static const char ask[] = "GET /servers HTTP/1.1\r\nHost: a\r\n" OFFICE_BEARER "\r\n";
    static const char change[] =
        "PATCH /servers/server-1 HTTP/1.1\r\nHost: a\r\n" OFFICE_BEARER
        "Content-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"state\":\"drain\"}";
    office_open(1);
    int fd = raw_connect(office.url);
    CU_ASSERT(raw_send(fd, ask, sizeof ask - 1));
    raw_receive(fd, &office.answer, false, 20);
    CU_ASSERT_EQUAL(office.answer.status, 200);
    held_loop_hold(&office.held);
    admin_quiesce(office.admin);
    held_loop_free(&office.held);
    CU_ASSERT(raw_send(fd, change, sizeof change - 1));
    CU_ASSERT_EQUAL(office_receive(fd), 503);
    CU_ASSERT(office_head_has("\r\nConnection: close\r\n"));
    CU_ASSERT_EQUAL(office_server("server-1").state, SERVER_UP);
    CU_ASSERT_STRING_EQUAL(office_file(), "");
    office_close();
}

static void a_rolling_restart_tells_how_far_it_is(void)
{
    office_open(1);
    CU_ASSERT_EQUAL(office_ask("POST", "/rolling-restart", NULL), 202);
    CU_ASSERT(office_head_has("\r\nLocation: /rolling-restart\r\n"));
    CU_ASSERT_EQUAL(office_ask("GET", "/rolling-restart", NULL), 200);
    CU_ASSERT(office_body_has("server-2 drains"));
    office_close();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("admin api", "health follows the servers", health_follows_the_servers);
    suite_add("admin api", "health tells that nothing is sold", health_tells_that_nothing_is_sold);
    suite_add("admin api", "all else needs the token", all_else_needs_the_token);
    suite_add("admin api", "wrong tokens are not taken for ever",
              wrong_tokens_are_not_taken_for_ever);
    suite_add("admin api", "servers are told in full", servers_are_told_in_full);
    suite_add("admin api", "who has left is not shown", who_has_left_is_not_shown);
    suite_add("admin api", "nothing else is there", nothing_else_is_there);
    suite_add("admin commands", "a command is answered when it is done",
              a_command_is_answered_when_it_is_done);
    suite_add("admin commands", "a command is refused with its reason",
              a_command_is_refused_with_its_reason);
    suite_add("admin commands", "a command has its time", a_command_has_its_time);
    suite_add("admin commands", "who leads no more has done it", who_leads_no_more_has_done_it);
    suite_add("admin commands", "who leads no more changes nothing",
              who_leads_no_more_changes_nothing);
    suite_add("admin commands", "a kept connection ends at the handover",
              a_kept_connection_ends_at_the_handover);
    suite_add("admin commands", "a rolling restart tells how far it is",
              a_rolling_restart_tells_how_far_it_is);
}
