#include "balancer/client/proxy.h"

#include <string.h>
#include <unistd.h>

#include "tests/lib/suite.h"
#include "tests/unit/balancer/client/counter.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static void set_manner(size_t server, enum fake_manner manner)
{
    held_loop_hold(&counter.held);
    counter.fakes[server].manner = manner;
    held_loop_free(&counter.held);
}

static void each_server_in_turn(void)
{
    counter_open(2, 1);
    for (int i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(counter_ask(GET("/events/demo?x=y")), 200);
        CU_ASSERT(counter_body_has(i % 2 == 0 ? "\"server-1\"" : "\"server-2\""));
        CU_ASSERT(counter_head_has("\r\nRequest-Id: "));
    }
    held_loop_hold(&counter.held);
    CU_ASSERT_STRING_EQUAL(buffer_text(&counter.fakes[0].request_line),
                           "GET /events/demo?x=y HTTP/1.1");
    held_loop_free(&counter.held);
    CU_ASSERT(counter_logged(" route=read policy=round-robin to=server-2 why=turn turn="));
    counter_close();
}

static void a_head_is_answered_without_its_body(void)
{
    counter_open(1, 1);
    int fd = counter_send("HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n");
    raw_receive(fd, &counter.answer, true, COUNTER_SECONDS);
    CU_ASSERT_EQUAL(counter.answer.status, 200);
    CU_ASSERT(counter_head_has("\r\nContent-Length: 19\r\n"));
    CU_ASSERT_EQUAL(counter.answer.bytes.length, counter.answer.head);
    close(fd);
    counter_close();
}

static void what_no_server_can_have_is_refused(void)
{
    char longest[400] = "GET /events/";
    counter_open(1, 1);
    CU_ASSERT_EQUAL(counter_ask("TRACE /events HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
    CU_ASSERT(counter_head_has("\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"));
    CU_ASSERT_EQUAL(counter_ask(GET("/events/a%20b")), 404);
    CU_ASSERT_EQUAL(counter_ask(GET("/events/a;b")), 404);
    memset(longest + strlen(longest), 'x', 249); /* 257 in all */
    strcat(longest, " HTTP/1.1\r\nHost: a\r\n\r\n");
    CU_ASSERT_EQUAL(counter_ask(longest), 404);
    held_loop_hold(&counter.held);
    CU_ASSERT_EQUAL(counter.fakes[0].requests, 0);
    held_loop_free(&counter.held);
    memmove(longest + 12, longest + 13, strlen(longest + 13) + 1);
    CU_ASSERT_EQUAL(counter_ask(longest), 200);
    counter_close();
}

static void errors_are_passed_on(void)
{
    counter_open(1, 1);
    set_manner(0, FAKE_SAYS_500);
    CU_ASSERT_EQUAL(counter_ask(GET("/events")), 500);
    set_manner(0, FAKE_SAYS_503);
    CU_ASSERT_EQUAL(counter_ask(GET("/events")), 503);
    counter_close();
}

static void expect_next_asked(enum fake_manner manner)
{
    counter_open(2, 1);
    set_manner(0, manner);
    CU_ASSERT_EQUAL(counter_ask(GET("/events")), 200);
    CU_ASSERT(counter_body_has("\"server-2\""));
    held_loop_hold(&counter.held);
    CU_ASSERT_EQUAL(counter.servers.list[0].state, SERVER_DOWN);
    CU_ASSERT_PTR_NOT_NULL(strstr(counter.servers.list[0].why, "request: "));
    fake_server_die(&counter.fakes[1]);
    held_loop_free(&counter.held);
    CU_ASSERT_EQUAL(counter_ask(GET("/events")), 503);
    CU_ASSERT(counter_body_has("\"title\":\"No server\""));
    CU_ASSERT(counter_body_has("\"code\":\"no_server\""));
    counter_close();
}

static void the_next_is_asked_where_one_fails(void)
{
    expect_next_asked(FAKE_CLOSES);
    expect_next_asked(FAKE_NO_HTTP);
}

/* A read that is late may have waited in a queue of ours: thousands of readers must not take servers
 * down that sell. */
static void who_is_late_is_not_down(void)
{
    counter_open(2, 1);
    set_manner(0, FAKE_HOLDS);
    CU_ASSERT_EQUAL(counter_ask(GET("/events/demo")), 200);
    CU_ASSERT(counter_body_has("\"server-2\""));
    CU_ASSERT_FALSE(counter_logged("state=up→down"));
    counter_close();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("proxy", "each server in turn", each_server_in_turn);
    suite_add("proxy", "a HEAD is answered without its body", a_head_is_answered_without_its_body);
    suite_add("proxy", "what no server can have is refused", what_no_server_can_have_is_refused);
    suite_add("proxy", "errors are passed on", errors_are_passed_on);
    suite_add("proxy", "the next is asked where one fails", the_next_is_asked_where_one_fails);
    suite_add("proxy", "who is late is not down", who_is_late_is_not_down);
}
