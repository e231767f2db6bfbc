#include "common/patience.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/unit/common/http_case.h"

enum {
    CUT_SECONDS = 20,     /* for somebody to be cut, on a busy machine */
    LONG_ENOUGH = 3,      /* limits, for whatever would be cut to be cut */
    SHORT_ENOUGH = 12000, /* bytes that a kernel takes at once, but not for that client */
};

static const int64_t limit = 300 * CLOCK_MILLISECOND;

static struct http_case test;
static struct raw_answer answer;

static void open_case(void)
{
    const struct http_settings bounds = {.connections_max = 64,
                                         .patience = {.request = limit, .answer = limit}};
    answer = (struct raw_answer){0};
    http_case_open_with(&test, &bounds);
}

static void close_case(void)
{
    http_case_close(&test);
    buffer_free(&answer.bytes);
}

/* A client that says something whenever it is looked at, but never all. */
struct dribble {
    int fd;
    char byte;
};

static bool is_cut(void *context)
{
    const struct dribble *dribble = context;
    char answer_byte;
    raw_send(dribble->fd, &dribble->byte, 1);
    ssize_t got = recv(dribble->fd, &answer_byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
}

/* Begins with `head`, dribbles on, and is cut: how long that took. */
static int64_t dribble(const char *head, char byte)
{
    struct dribble slow = {raw_connect(test.url), byte};
    int64_t begun = clock_monotonic();
    CU_ASSERT(raw_send(slow.fd, head, strlen(head)));
    CU_ASSERT(wait_until(is_cut, &slow, CUT_SECONDS));
    close(slow.fd);
    return clock_monotonic() - begun;
}

static void expect_cut(const char *head, char byte)
{
    open_case();
    int64_t lasted = dribble(head, byte);
    CU_ASSERT(lasted >= limit);
    CU_ASSERT_EQUAL(test.handled, 0);
    CU_ASSERT_EQUAL(http_case_ask(&test, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", &answer), 200);
    close_case();
}

static void a_first_line_that_dribbles_is_cut(void)
{
    expect_cut("GET /", 'a');
}

static void blank_lines_without_end_are_cut(void)
{
    expect_cut("\r\n", '\n');
}

static void headers_that_dribble_are_cut(void)
{
    expect_cut("GET / HTTP/1.1\r\nHost: a\r\nX: ", 'a');
}

static void a_body_that_dribbles_is_cut(void)
{
    expect_cut("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", 'a');
}

static void chunks_that_dribble_are_cut(void)
{
    expect_cut("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;", 'a');
}

/* The same after a request that was answered, on its connection. */
static void a_second_request_that_dribbles_is_cut(void)
{
    open_case();
    struct dribble slow = {raw_connect(test.url), 'a'};
    CU_ASSERT(raw_send(slow.fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27));
    raw_receive(slow.fd, &answer, false, HTTP_CASE_SECONDS);
    CU_ASSERT_EQUAL(answer.status, 200);
    CU_ASSERT(wait_until(is_cut, &slow, CUT_SECONDS));
    close(slow.fd);
    close_case();
    CU_ASSERT_EQUAL(test.handled, 1);
}

static bool nobody_is_left(void *context)
{
    (void)context;
    return http_unanswered(test.server) == 0 && http_connections(test.server) == 0;
}

/* The answer does not go out as long as nobody reads it. */
static void who_does_not_read_is_cut(void)
{
    static char bytes[1 << 16];
    open_case();
    int fd = raw_connect(test.url);
    int64_t begun = clock_monotonic();
    CU_ASSERT(raw_send(fd, "GET /long HTTP/1.1\r\nHost: a\r\n\r\n", 31));
    held_loop_hold(&test.held);
    while (test.handled == 0)
        held_loop_turns(&test.held, 1);
    CU_ASSERT_EQUAL(http_unanswered(test.server), 1);
    CU_ASSERT(held_loop_until(&test.held, nobody_is_left, NULL, CUT_SECONDS));
    held_loop_free(&test.held);
    CU_ASSERT(clock_monotonic() - begun >= limit);
    size_t got = 0;
    for (ssize_t n; (n = recv(fd, bytes, sizeof bytes, 0)) > 0;)
        got += (size_t)n;
    CU_ASSERT(got < HTTP_CASE_LONG);
    close(fd);
    close_case();
}

/* A connection with so little room that nearly all of an answer stays with the server's kernel. */
static int connect_with_little_room(void)
{
    struct sockaddr_in address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_FATAL(raw_address(test.url, &address));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){1}, sizeof(int));
    CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* libmicrohttpd has handed all of it over, and waits for the next request. */
static void who_leaves_an_answer_to_the_kernel_is_cut(void)
{
    open_case();
    held_loop_hold(&test.held);
    test.long_length = SHORT_ENOUGH;
    held_loop_free(&test.held);
    int fd = connect_with_little_room();
    int64_t begun = clock_monotonic();
    CU_ASSERT(raw_send(fd, "GET /long HTTP/1.1\r\nHost: a\r\n\r\n", 31));
    held_loop_hold(&test.held);
    while (test.handled == 0 || http_unanswered(test.server) > 0)
        held_loop_turns(&test.held, 1);
    CU_ASSERT_EQUAL(http_connections(test.server), 1);
    CU_ASSERT(held_loop_until(&test.held, nobody_is_left, NULL, CUT_SECONDS));
    held_loop_free(&test.held);
    CU_ASSERT(clock_monotonic() - begun >= limit);
    close(fd);
    close_case();
}

static bool limits_have_passed(void *context)
{
    return clock_monotonic() - *(int64_t *)context > LONG_ENOUGH * limit;
}

static void who_waits_for_an_answer_is_not_cut(void)
{
    open_case();
    int fd = raw_connect(test.url);
    int64_t begun = clock_monotonic();
    CU_ASSERT(raw_send(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n", 31));
    http_case_until_kept(&test, 1);
    CU_ASSERT(wait_until(limits_have_passed, &begun, CUT_SECONDS));
    held_loop_hold(&test.held);
    http_case_answer(&test);
    held_loop_free(&test.held);
    raw_receive(fd, &answer, false, HTTP_CASE_SECONDS);
    CU_ASSERT_EQUAL(answer.status, 200);
    close(fd);
    close_case();
}

/* Who says nothing costs nothing; its first byte begins its time. */
static void who_is_idle_is_not_cut(void)
{
    open_case();
    int fresh = raw_connect(test.url), kept = raw_connect(test.url);
    for (int round = 0; round < 2; round++) {
        CU_ASSERT(raw_send(kept, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27));
        raw_receive(kept, &answer, false, HTTP_CASE_SECONDS);
        CU_ASSERT_EQUAL(answer.status, 200);
        int64_t begun = clock_monotonic();
        CU_ASSERT(wait_until(limits_have_passed, &begun, CUT_SECONDS));
    }
    CU_ASSERT(raw_send(fresh, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27));
    raw_receive(fresh, &answer, false, HTTP_CASE_SECONDS);
    CU_ASSERT_EQUAL(answer.status, 200);
    close(fresh);
    close(kept);
    close_case();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("patience", "a first line that dribbles is cut", a_first_line_that_dribbles_is_cut);
    suite_add("patience", "blank lines without end are cut", blank_lines_without_end_are_cut);
    suite_add("patience", "headers that dribble are cut", headers_that_dribble_are_cut);
    suite_add("patience", "a body that dribbles is cut", a_body_that_dribbles_is_cut);
    suite_add("patience", "chunks that dribble are cut", chunks_that_dribble_are_cut);
    suite_add("patience", "a second request that dribbles is cut",
              a_second_request_that_dribbles_is_cut);
    suite_add("patience", "who does not read is cut", who_does_not_read_is_cut);
    suite_add("patience", "who leaves an answer to the kernel is cut",
              who_leaves_an_answer_to_the_kernel_is_cut);
    suite_add("patience", "who waits for an answer is not cut", who_waits_for_an_answer_is_not_cut);
    suite_add("patience", "who is idle is not cut", who_is_idle_is_not_cut);
}
