#include "common/http.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/id.h"
#include "tests/lib/suite.h"
#include "tests/unit/common/http_case.h"

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_LENGTH (sizeof GET("/hold") - 1)

static struct http_case test;
static struct raw_answer answer;

static void open_case(void)
{
    answer = (struct raw_answer){0};
    http_case_open(&test, 512);
}

static void close_case(void)
{
    http_case_close(&test);
    buffer_free(&answer.bytes);
}

static bool head_has(const char *line)
{
    return strcasestr(buffer_text(&answer.bytes), line) != NULL;
}

static void send_text(int fd, const char *text)
{
    CU_ASSERT(raw_send(fd, text, strlen(text)));
}

static unsigned receive(int fd)
{
    raw_receive(fd, &answer, false, HTTP_CASE_SECONDS);
    return answer.status;
}

static void a_request_is_seen_as_it_came(void)
{
    open_case();
    CU_ASSERT_EQUAL(http_case_ask(&test, GET("/a%20b/%2e?c=d"), &answer), 200);
    CU_ASSERT_STRING_EQUAL(raw_body(&answer), "GET /a%20b/%2e 127.0.0.1 0");
    CU_ASSERT(head_has("\r\nContent-Type: application/json\r\n"));
    static const char post[] = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\na\0b\r\n";
    int fd = raw_connect(test.url);
    CU_ASSERT(raw_send(fd, post, sizeof post - 1));
    CU_ASSERT_EQUAL(receive(fd), 200);
    CU_ASSERT_STRING_EQUAL(raw_body(&answer), "POST /x 127.0.0.1 5");
    close(fd);
    close_case();
}

static void an_answer_may_say_what_it_is(void)
{
    open_case();
    CU_ASSERT_EQUAL(http_case_ask(&test, GET("/typed"), &answer), 200);
    CU_ASSERT(head_has("\r\nContent-Type: text/html; charset=utf-8\r\n"));
    CU_ASSERT_FALSE(head_has("application/json"));
    close_case();
}

static void a_body_in_pieces_is_one(void)
{
    open_case();
    CU_ASSERT_EQUAL(http_case_ask(&test,
                                  "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                                  "chunked\r\n\r\n4\r\nfour\r\n5;x=y\r\n five\r\n0\r\n\r\n",
                                  &answer),
                    200);
    CU_ASSERT_STRING_EQUAL(raw_body(&answer), "POST /x 127.0.0.1 9");
    held_loop_hold(&test.held);
    CU_ASSERT_STRING_EQUAL(buffer_text(&test.seen), "four five");
    held_loop_free(&test.held);
    close_case();
}

static void a_head_is_an_answer_without_its_body(void)
{
    open_case();
    int fd = raw_connect(test.url);
    send_text(fd, "HEAD /y HTTP/1.1\r\nHost: a\r\n\r\n");
    raw_receive(fd, &answer, true, HTTP_CASE_SECONDS);
    CU_ASSERT_EQUAL(answer.status, 200);
    CU_ASSERT(head_has("\r\nContent-Length: 19\r\n"));
    CU_ASSERT_EQUAL(answer.bytes.length, answer.head);
    send_text(fd, GET("/z")); /* the connection goes on */
    CU_ASSERT_EQUAL(receive(fd), 200);
    CU_ASSERT_STRING_EQUAL(raw_body(&answer), "GET /z 127.0.0.1 0");
    close(fd);
    close_case();
}

/* Says so before a byte of the body was sent. */
static void a_long_body_is_refused_at_once(void)
{
    open_case();
    int fd = raw_connect(test.url);
    send_text(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
    CU_ASSERT_EQUAL(receive(fd), 413);
    CU_ASSERT(head_has("\r\nConnection: close\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(raw_body(&answer), "\"code\":\"too_large\""));
    close(fd);
    close_case();
    CU_ASSERT_EQUAL(test.handled, 0);
}

/* A request with a chunked body of that many bytes. */
static void send_chunks(int fd, size_t length)
{
    static char piece[1000];
    memset(piece, 'x', sizeof piece);
    send_text(fd, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t sent = 0; sent < length;) {
        char size[16];
        size_t now = length - sent < sizeof piece ? length - sent : sizeof piece;
        int digits = snprintf(size, sizeof size, "%zx\r\n", now);
        if (!raw_send(fd, size, (size_t)digits) || !raw_send(fd, piece, now) ||
            !raw_send(fd, "\r\n", 2))
            return;
        sent += now;
    }
    raw_send(fd, "0\r\n\r\n", 5);
}

static void chunks_over_the_limit_are_refused(void)
{
    static const size_t lengths[] = {HTTP_CASE_BODY_MAX, HTTP_CASE_BODY_MAX + 1,
                                     100 * HTTP_CASE_BODY_MAX};
    open_case();
    for (size_t i = 0; i < 3; i++) {
        int fd = raw_connect(test.url);
        send_chunks(fd, lengths[i]);
        CU_ASSERT_EQUAL(receive(fd), i == 0 ? 200 : 413);
        CU_ASSERT(head_has("\r\nConnection: close\r\n"));
        close(fd);
    }
    CU_ASSERT_EQUAL(http_case_ask(&test, GET("/"), &answer), 200);
    close_case();
    CU_ASSERT_EQUAL(test.handled, 2);
}

/* Who never stops is not listened to for ever. */
static void endless_chunks_are_cut(void)
{
    open_case();
    int fd = raw_connect(test.url);
    send_chunks(fd, 8u << 20);
    CU_ASSERT_NOT_EQUAL(receive(fd), 200);
    CU_ASSERT(answer.closed);
    close(fd);
    CU_ASSERT_EQUAL(http_case_ask(&test, GET("/"), &answer), 200);
    close_case();
    CU_ASSERT_EQUAL(test.handled, 1);
}

static void two_requests_at_once_are_answered_in_order(void)
{
    open_case();
    int fd = raw_connect(test.url);
    send_text(fd, GET("/one") GET("/two"));
    for (int i = 0; i < 2; i++) {
        struct buffer rest = {0};
        CU_ASSERT_EQUAL(receive(fd), 200);
        const char *body = raw_body(&answer);
        CU_ASSERT_PTR_NOT_NULL(strstr(body, i == 0 ? "/one" : "/two"));
        if (i == 0 && strstr(body, "/two") != NULL) /* both came together */
            i = 2;
        buffer_free(&rest);
    }
    close(fd);
    close_case();
    CU_ASSERT_EQUAL(test.handled, 2);
}

static void the_second_waits_for_the_first(void)
{
    open_case();
    int fd = raw_connect(test.url);
    send_text(fd, GET("/hold") GET("/two"));
    http_case_until_kept(&test, 1);
    held_loop_hold(&test.held);
    held_loop_turns(&test.held, 5);
    CU_ASSERT_EQUAL(test.handled, 1);
    CU_ASSERT_EQUAL(http_unanswered(test.server), 1);
    http_case_answer(&test);
    held_loop_free(&test.held);
    CU_ASSERT_EQUAL(receive(fd), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(raw_body(&answer), "GET /hold"));
    close(fd);
    close_case();
}

/* Nothing else happens in the system: the answer itself must end the wait. A lone client once waited for
 * the next event of anybody, or for a minute. */
static void a_late_answer_leaves_at_once(void)
{
    open_case();
    test.answers_by_timer = true;
    int fd = raw_connect(test.url);
    int64_t begun = clock_monotonic();
    for (int i = 0; i < 5; i++) {
        send_text(fd, GET("/hold"));
        CU_ASSERT_EQUAL(receive(fd), 200);
    }
    CU_ASSERT(clock_monotonic() - begun < 5 * CLOCK_SECOND);
    close(fd);
    close_case();
}

static bool due; /* the loop's thread */

static void fall_due(void *context)
{
    (void)context;
    due = true;
}

static void answer_when_due(void *context)
{
    if (due)
        http_case_answer(context);
}

/* The same for an answer that comes late in a turn, after the server has had its own: any time on the
 * loop's thread will do, says the header. */
static void an_answer_late_in_the_turn_leaves_at_once(void)
{
    struct loop_timer timer = {.ring = fall_due};
    open_case();
    due = false;
    int fd = raw_connect(test.url);
    send_text(fd, GET("/hold"));
    http_case_until_kept(&test, 1);
    held_loop_hold(&test.held);
    loop_each_turn(test.held.loop, answer_when_due, &test);
    loop_timer_set(test.held.loop, &timer, clock_monotonic() + 50 * CLOCK_MILLISECOND);
    held_loop_free(&test.held);
    raw_receive(fd, &answer, false, 3);
    CU_ASSERT_EQUAL(answer.status, 200);
    close(fd);
    close_case();
}

/* It has closed its side and listens: it is answered, and then the connection ends. (libmicrohttpd looks
 * first at the connection that has been idle for longest: not at this one.) */
static void who_only_listens_is_answered(void)
{
    open_case();
    int idle = raw_connect(test.url);
    send_text(idle, GET("/one"));
    CU_ASSERT_EQUAL(receive(idle), 200);
    int fd = raw_connect(test.url);
    send_text(fd, GET("/hold"));
    http_case_until_kept(&test, 1);
    CU_ASSERT_EQUAL(shutdown(fd, SHUT_WR), 0);
    held_loop_hold(&test.held);
    http_case_answer(&test);
    held_loop_free(&test.held);
    CU_ASSERT_EQUAL(receive(fd), 200);
    CU_ASSERT_EQUAL(receive(fd), 0);
    CU_ASSERT(answer.closed);
    close(fd);
    close(idle);
    close_case();
}

static void many_are_answered_together(void)
{
    int fds[HTTP_CASE_KEPT_MAX];
    open_case();
    for (size_t i = 0; i < HTTP_CASE_KEPT_MAX; i++) {
        fds[i] = raw_connect(test.url);
        send_text(fds[i], GET("/hold"));
    }
    http_case_until_kept(&test, HTTP_CASE_KEPT_MAX);
    held_loop_hold(&test.held);
    CU_ASSERT_EQUAL(http_unanswered(test.server), HTTP_CASE_KEPT_MAX);
    CU_ASSERT_EQUAL(http_connections(test.server), HTTP_CASE_KEPT_MAX);
    http_case_answer(&test);
    held_loop_free(&test.held);
    for (size_t i = 0; i < HTTP_CASE_KEPT_MAX; i++) {
        CU_ASSERT_EQUAL(receive(fds[i]), 200);
        close(fds[i]);
    }
    close_case();
}

/* Each sends a request while the loop stands still, so that all are ready in one and the same turn. */
static void ready_at_once(size_t count)
{
    static int fds[512];
    open_case();
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_FATAL((fds[i] = raw_connect(test.url)) >= 0);
    for (int round = 0; round < 3; round++) {
        held_loop_hold(&test.held);
        for (size_t i = 0; i < count; i++)
            raw_send(fds[i], GET("/"), sizeof GET("/") - 1);
        held_loop_free(&test.held);
        size_t answered = 0;
        for (size_t i = 0; i < count && answered == i; i++)
            answered += receive(fds[i]) == 200;
        CU_ASSERT_EQUAL_FATAL(answered, count);
    }
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    close_case();
}

static void connections_of_128_are_ready_at_once(void)
{
    ready_at_once(128);
}

static void connections_of_256_are_ready_at_once(void)
{
    ready_at_once(256);
}

static bool nobody_is_left(void *context)
{
    (void)context;
    return http_unanswered(test.server) == 0 && http_connections(test.server) == 0;
}

static void who_left_is_answered_all_the_same(void)
{
    open_case();
    int fd = raw_connect(test.url);
    send_text(fd, GET("/hold"));
    http_case_until_kept(&test, 1);
    close(fd);
    held_loop_hold(&test.held);
    held_loop_turns(&test.held, 3);
    CU_ASSERT_EQUAL(http_unanswered(test.server), 1);
    http_case_answer(&test);
    CU_ASSERT(held_loop_until(&test.held, nobody_is_left, NULL, HTTP_CASE_SECONDS));
    held_loop_free(&test.held);
    CU_ASSERT_EQUAL(http_case_ask(&test, GET("/"), &answer), 200);
    close_case();
}

static void quiescing_answers_and_closes(void)
{
    open_case();
    int busy = raw_connect(test.url), idle = raw_connect(test.url);
    send_text(idle, GET("/"));
    CU_ASSERT_EQUAL(receive(idle), 200);
    CU_ASSERT_FALSE(head_has("\r\nConnection: close\r\n"));
    send_text(busy, GET("/hold"));
    http_case_until_kept(&test, 1);
    held_loop_hold(&test.held);
    http_quiesce(test.server);
    http_quiesce(test.server);
    CU_ASSERT_EQUAL(raw_connect(test.url), -1);
    http_case_answer(&test);
    held_loop_free(&test.held);
    send_text(idle, GET("/"));
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(receive(i == 0 ? busy : idle), 200);
        CU_ASSERT(head_has("\r\nConnection: close\r\n"));
    }
    held_loop_hold(&test.held);
    CU_ASSERT(held_loop_until(&test.held, nobody_is_left, NULL, HTTP_CASE_SECONDS));
    held_loop_free(&test.held);
    close(busy);
    close(idle);
    close_case();
}

/* A problem as it is answered: headers that go with it. */
struct refusal {
    enum problem problem;
    unsigned status;
    const char *allow;
    const char *header;
};

static const struct refusal refusals[] = {
    {PROBLEM_METHOD_NOT_ALLOWED, 405, "GET, HEAD", "\r\nAllow: GET, HEAD\r\n"},
    {PROBLEM_OVERLOADED, 503, NULL, "\r\nRetry-After: 1\r\n"},
    {PROBLEM_UNAUTHORIZED, 401, NULL, "\r\nWWW-Authenticate: Bearer\r\n"},
    {PROBLEM_BAD_GATEWAY, 502, NULL, "\r\nContent-Type: application/problem+json\r\n"},
};

static void refusals_carry_their_headers(void)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *row = &refusals[i];
        char request_id[ID_TEXT_SIZE] = "";
        struct id id;
        open_case();
        held_loop_hold(&test.held);
        test.problem = row->problem;
        test.allow = row->allow;
        held_loop_free(&test.held);
        CU_ASSERT_EQUAL(http_case_ask(&test, GET("/problem"), &answer), row->status);
        CU_ASSERT(head_has(row->header));
        CU_ASSERT_EQUAL(head_has("\r\nRetry-After:"), row->status == 503);
        CU_ASSERT_PTR_NOT_NULL(strstr(raw_body(&answer), problem_code(row->problem)));
        CU_ASSERT_PTR_NOT_NULL(strstr(raw_body(&answer), "It is so."));
        const char *field = strcasestr(buffer_text(&answer.bytes), "\r\nRequest-Id: ");
        CU_ASSERT(field != NULL && sscanf(field, "%*s %36s", request_id) == 1);
        CU_ASSERT(id_parse(request_id, &id));
        close_case();
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("http", "a request is seen as it came", a_request_is_seen_as_it_came);
    suite_add("http", "an answer may say what it is", an_answer_may_say_what_it_is);
    suite_add("http", "a body in pieces is one", a_body_in_pieces_is_one);
    suite_add("http", "a HEAD is an answer without its body", a_head_is_an_answer_without_its_body);
    suite_add("http", "a long body is refused at once", a_long_body_is_refused_at_once);
    suite_add("http", "chunks over the limit are refused", chunks_over_the_limit_are_refused);
    suite_add("http", "endless chunks are cut", endless_chunks_are_cut);
    suite_add("http", "two requests at once are answered in order",
              two_requests_at_once_are_answered_in_order);
    suite_add("http", "the second waits for the first", the_second_waits_for_the_first);
    suite_add("http", "a late answer leaves at once", a_late_answer_leaves_at_once);
    suite_add("http", "an answer late in the turn leaves at once",
              an_answer_late_in_the_turn_leaves_at_once);
    suite_add("http", "who only listens is answered", who_only_listens_is_answered);
    suite_add("http", "many are answered together", many_are_answered_together);
    suite_add("http", "128 connections are ready at once", connections_of_128_are_ready_at_once);
    suite_add("http", "256 connections are ready at once", connections_of_256_are_ready_at_once);
    suite_add("http", "who left is answered all the same", who_left_is_answered_all_the_same);
    suite_add("http", "quiescing answers and closes", quiescing_answers_and_closes);
    suite_add("http", "refusals carry their headers", refusals_carry_their_headers);
}
