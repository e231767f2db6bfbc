/* How a request in pieces ends before it is whole: its client leaves, is too slow, or is cut. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/unit/common/http_stream_case.h"

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST(path) "POST " path " HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n"

enum {
    GONE_SECONDS = 8,
    LONG_ENOUGH = 3, /* limits, for whatever would be cut to be cut */
    CUT_SECONDS = 20,
    LENGTH = 300,
    ENDLESS = 1 << 30, /* more than kernels hold */
    A_FEW = 200000,    /* bytes that a kernel holds for a client */
};

static const int64_t limit = CLOCK_SECOND;

static struct http_stream_case test;

/* With limits so short that they matter, or not. */
static void open_case(int64_t patience, bool stalls, int64_t length)
{
    const struct http_settings bounds = {.connections_max = 64,
                                         .patience = {.request = patience, .answer = patience}};
    http_stream_case_open(&test, &bounds);
    held_loop_hold(&test.held);
    test.stalls = stalls;
    test.length = length;
    held_loop_free(&test.held);
}

static int ask(const char *request)
{
    int fd = raw_connect(test.url);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT(raw_send(fd, request, strlen(request)));
    return fd;
}

static bool has_begun(void *context)
{
    (void)context;
    return test.request != NULL;
}

static bool has_pieces(void *context)
{
    (void)context;
    return test.got >= LENGTH;
}

static bool is_sending(void *context)
{
    (void)context;
    return test.sent > 0;
}

/* How a client may be found: what it asks for, how much it sends, and when it leaves. */
struct leaving {
    const char *request;
    uint64_t sends;
    bool stalls;
    bool (*when)(void *context);
};

static const struct leaving leavings[] = {
    {POST("/take"), 0, false, has_begun},
    {POST("/take"), LENGTH, false, has_pieces},
    {POST("/take"), LENGTH, true, http_stream_is_waiting},
    {"POST /take HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n", LENGTH, true,
     http_stream_is_waiting},
    {GET("/wait"), 0, true, http_stream_is_waiting},
    {GET("/known"), 0, true, http_stream_is_waiting},
    {GET("/open"), 0, true, http_stream_is_waiting},
    {GET("/known"), 0, false, is_sending},
    {GET("/open"), 0, false, is_sending},
};

enum manner {
    CLOSES,
    RESETS,
    CLOSES_ITS_SIDE,
    MANNERS,
};

static void leave(int fd, enum manner manner)
{
    const struct linger at_once = {.l_onoff = 1};
    if (manner == RESETS)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    if (manner == CLOSES_ITS_SIDE)
        shutdown(fd, SHUT_WR);
    else
        close(fd);
}

static void expect_gone(const struct leaving *row, enum manner manner)
{
    bool reads_on = manner == CLOSES_ITS_SIDE && row->when == is_sending;
    if (reads_on) /* and is served as long as there is something to serve */
        return;
    open_case(0, row->stalls, ENDLESS);
    int fd = ask(row->request);
    CU_ASSERT(http_stream_send(fd, 0, row->sends));
    CU_ASSERT(http_stream_case_until(&test, row->when));
    held_loop_hold(&test.held);
    unsigned calls = test.pieces + test.asked;
    held_loop_free(&test.held);
    int64_t begun = clock_monotonic();
    leave(fd, manner);
    CU_ASSERT(http_stream_case_until(&test, http_stream_is_over));
    CU_ASSERT(clock_monotonic() - begun < GONE_SECONDS * CLOCK_SECOND);
    if (manner == CLOSES_ITS_SIDE)
        close(fd);
    http_stream_case_close(&test);
    CU_ASSERT(!row->stalls || test.pieces + test.asked == calls);
    CU_ASSERT_EQUAL(test.over, 1);
    CU_ASSERT_EQUAL(test.whole, 0);
}

static void who_leaves_ends_it(void)
{
    for (size_t i = 0; i < sizeof leavings / sizeof *leavings; i++)
        for (enum manner manner = CLOSES; manner < MANNERS; manner++)
            expect_gone(&leavings[i], manner);
}

/* The end comes together with the request: what is there is served, but nobody is waited for. */
static void who_has_left_is_not_waited_for(void)
{
    for (int stalls = 0; stalls < 2; stalls++) {
        struct buffer bytes = {0};
        open_case(0, stalls == 1, LENGTH);
        held_loop_hold(&test.held);
        int fd = ask(GET("/known"));
        shutdown(fd, SHUT_WR);
        held_loop_free(&test.held);
        CU_ASSERT(http_stream_receive(fd, &bytes));
        close(fd);
        buffer_free(&bytes);
        http_stream_case_close(&test);
        CU_ASSERT_EQUAL(test.whole, stalls == 0);
        CU_ASSERT_EQUAL(test.sent, stalls == 0 ? LENGTH : 0);
    }
}

static void cut(const struct leaving *row)
{
    struct buffer bytes = {0};
    open_case(0, row->stalls, ENDLESS);
    int fd = ask(row->request);
    CU_ASSERT(http_stream_send(fd, 0, row->sends));
    CU_ASSERT(http_stream_case_until(&test, row->when));
    held_loop_hold(&test.held);
    unsigned calls = test.pieces + test.asked;
    if (test.request != NULL)
        http_stream_cut(test.request);
    held_loop_free(&test.held);
    int64_t begun = clock_monotonic();
    CU_ASSERT(http_stream_case_until(&test, http_stream_is_over));
    CU_ASSERT(clock_monotonic() - begun < GONE_SECONDS * CLOCK_SECOND);
    http_stream_receive(fd, &bytes);
    CU_ASSERT(row->when == is_sending || row->stalls || bytes.length == 0);
    close(fd);
    buffer_free(&bytes);
    http_stream_case_close(&test);
    CU_ASSERT_EQUAL(test.pieces + test.asked, calls);
    CU_ASSERT_EQUAL(test.over, 1);
    CU_ASSERT_EQUAL(test.whole, 0);
}

static void whoever_is_cut_is_gone(void)
{
    for (size_t i = 0; i < sizeof leavings / sizeof *leavings; i++)
        cut(&leavings[i]);
}

static void closing_ends_what_is_open(void)
{
    for (size_t i = 0; i < sizeof leavings / sizeof *leavings; i++) {
        open_case(0, leavings[i].stalls, ENDLESS);
        int fd = ask(leavings[i].request);
        CU_ASSERT(http_stream_send(fd, 0, leavings[i].sends));
        CU_ASSERT(http_stream_case_until(&test, leavings[i].when));
        http_stream_case_close(&test);
        CU_ASSERT_EQUAL(test.over, 1);
        CU_ASSERT_EQUAL(test.whole, 0);
        close(fd);
    }
}

/* libmicrohttpd answers that by itself. */
static void broken_chunks_end_it(void)
{
    struct raw_answer answer = {0};
    open_case(0, false, 0);
    int fd = ask("POST /take HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "1\r\n!\r\nnonsense\r\n");
    raw_receive(fd, &answer, false, HTTP_STREAM_SECONDS);
    CU_ASSERT_EQUAL(answer.status, 400);
    close(fd);
    CU_ASSERT(http_stream_case_until(&test, http_stream_is_over));
    buffer_free(&answer.bytes);
    http_stream_case_close(&test);
    CU_ASSERT_EQUAL(test.ended, 0);
    CU_ASSERT_EQUAL(test.whole, 0);
}

/* A client that does a little whenever it is looked at. */
struct slow {
    int fd;
    size_t sends;
    uint64_t sent, got;
    int64_t begun;
};

static bool is_cut(void *context)
{
    struct slow *slow = context;
    char byte;
    http_stream_send(slow->fd, slow->sent, slow->sent + slow->sends);
    slow->sent += slow->sends;
    ssize_t got = recv(slow->fd, &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
}

static bool has_lasted(void *context)
{
    const struct slow *slow = context;
    return clock_monotonic() - slow->begun > LONG_ENOUGH * limit;
}

static bool is_cut_or_has_lasted(void *context)
{
    return is_cut(context) || has_lasted(context);
}

static void a_body_that_dribbles_is_cut(void)
{
    open_case(limit, false, 0);
    struct slow slow = {.fd = ask(POST("/take")), .sends = 1, .begun = clock_monotonic()};
    CU_ASSERT(wait_until(is_cut, &slow, CUT_SECONDS));
    CU_ASSERT(clock_monotonic() - slow.begun >= limit);
    close(slow.fd);
    http_stream_case_close(&test);
    CU_ASSERT_EQUAL(test.whole, 0);
}

static void go_on(void)
{
    CU_ASSERT(http_stream_case_until(&test, http_stream_is_waiting));
    held_loop_hold(&test.held);
    test.stalls = false;
    held_loop_free(&test.held);
}

/* Our side has made it wait before: that is over. */
static void who_is_slow_after_a_wait_is_cut(void)
{
    open_case(limit / 2, true, ENDLESS);
    struct slow slow = {.fd = ask(POST("/take")), .sends = 1};
    CU_ASSERT_FALSE(is_cut(&slow));
    go_on();
    CU_ASSERT(wait_until(is_cut, &slow, CUT_SECONDS));
    close(slow.fd);
    http_stream_case_close(&test);
    open_case(limit / 2, true, ENDLESS);
    slow.fd = ask(GET("/known"));
    go_on();
    CU_ASSERT(http_stream_case_until(&test, http_stream_is_over));
    close(slow.fd);
    http_stream_case_close(&test);
}

/* It takes longer than a request may that is collected. */
static void a_body_that_moves_is_not_cut(void)
{
    struct raw_answer answer = {0};
    open_case(limit, false, 0);
    struct slow slow = {.fd = ask(POST("/take")), .sends = 4096, .begun = clock_monotonic()};
    CU_ASSERT(wait_until(is_cut_or_has_lasted, &slow, CUT_SECONDS));
    CU_ASSERT(clock_monotonic() - slow.begun > LONG_ENOUGH * limit);
    CU_ASSERT(slow.sent < 10000000);
    CU_ASSERT(http_stream_send(slow.fd, slow.sent, 10000000));
    raw_receive(slow.fd, &answer, false, HTTP_STREAM_SECONDS);
    CU_ASSERT_EQUAL(answer.status, 200);
    close(slow.fd);
    buffer_free(&answer.bytes);
    http_stream_case_close(&test);
}

/* Streams before it do not excuse a request that is collected. */
static void what_is_collected_has_its_total_time(void)
{
    struct raw_answer answer = {0};
    open_case(limit, false, 0);
    struct slow slow = {.fd = ask(GET("/take")), .sends = 4096};
    raw_receive(slow.fd, &answer, false, HTTP_STREAM_SECONDS);
    CU_ASSERT_EQUAL(answer.status, 200);
    CU_ASSERT(raw_send(slow.fd, POST("/plain"), strlen(POST("/plain"))));
    slow.begun = clock_monotonic();
    CU_ASSERT(wait_until(is_cut_or_has_lasted, &slow, CUT_SECONDS));
    CU_ASSERT_FALSE(has_lasted(&slow));
    close(slow.fd);
    buffer_free(&answer.bytes);
    http_stream_case_close(&test);
    CU_ASSERT_EQUAL(test.plain, 0);
}

/* Our side is the slow one. */
static void who_waits_for_us_is_not_cut(void)
{
    static const char *const requests[] = {POST("/take"), GET("/wait"), GET("/known"),
                                           GET("/open")};
    int fds[4];
    for (size_t i = 0; i < 4; i++) {
        open_case(limit / 4, true, LENGTH);
        fds[i] = ask(requests[i]);
        CU_ASSERT(http_stream_send(fds[i], 0, i == 0 ? LENGTH : 0));
        CU_ASSERT(http_stream_case_until(&test, http_stream_is_waiting));
        struct slow slow = {.begun = clock_monotonic() - LONG_ENOUGH * limit * 3 / 4};
        CU_ASSERT(wait_until(has_lasted, &slow, CUT_SECONDS));
        held_loop_hold(&test.held);
        CU_ASSERT_EQUAL(test.over, 0);
        held_loop_free(&test.held);
        close(fds[i]);
        CU_ASSERT(http_stream_case_until(&test, http_stream_is_over));
        http_stream_case_close(&test);
    }
}

/* A connection with so little room that nearly all of an answer stays with the server's kernel. */
static int ask_with_little_room(const char *request)
{
    struct sockaddr_in address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_FATAL(raw_address(test.url, &address));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){1}, sizeof(int));
    CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT(raw_send(fd, request, strlen(request)));
    return fd;
}

static void who_does_not_read(int64_t length)
{
    open_case(limit, false, length);
    struct slow slow = {.fd = ask_with_little_room(GET("/known")), .begun = clock_monotonic()};
    CU_ASSERT(http_stream_case_until(&test, http_stream_is_over));
    CU_ASSERT(clock_monotonic() - slow.begun >= limit);
    close(slow.fd);
    http_stream_case_close(&test);
}

static void who_does_not_read_is_cut(void)
{
    who_does_not_read(ENDLESS);
    who_does_not_read(A_FEW); /* which only the kernel has by then */
}

/* Half of it in the time that is looked at. */
static bool has_read_for_long(void *context)
{
    struct slow *slow = context;
    char bytes[4096];
    int64_t lasted = clock_monotonic() - slow->begun;
    uint64_t due = (uint64_t)(lasted * (A_FEW / 2) / (LONG_ENOUGH * limit));
    size_t size = due - slow->got < sizeof bytes ? (size_t)(due - slow->got) : sizeof bytes;
    ssize_t got = size > 0 ? recv(slow->fd, bytes, size, MSG_DONTWAIT) : 0;
    slow->got += got > 0 ? (size_t)got : 0;
    return has_lasted(context);
}

static void who_reads_slowly(int64_t length)
{
    struct buffer rest = {0};
    open_case(limit, false, length);
    struct slow slow = {.fd = ask_with_little_room(GET("/known")), .begun = clock_monotonic()};
    CU_ASSERT(wait_until(has_read_for_long, &slow, CUT_SECONDS));
    CU_ASSERT(slow.got > A_FEW / 4 && slow.got < A_FEW);
    held_loop_hold(&test.held);
    CU_ASSERT_EQUAL(http_connections(test.server), 1);
    held_loop_free(&test.held);
    if (length == A_FEW) {
        shutdown(slow.fd, SHUT_WR);
        CU_ASSERT(http_stream_receive(slow.fd, &rest));
        CU_ASSERT(slow.got + rest.length > A_FEW);
    }
    close(slow.fd);
    buffer_free(&rest);
    http_stream_case_close(&test);
}

static void who_reads_slowly_is_not_cut(void)
{
    who_reads_slowly(ENDLESS);
    who_reads_slowly(A_FEW);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("http stream", "who leaves ends it", who_leaves_ends_it);
    suite_add("http stream", "who has left is not waited for", who_has_left_is_not_waited_for);
    suite_add("http stream", "whoever is cut is gone", whoever_is_cut_is_gone);
    suite_add("http stream", "closing ends what is open", closing_ends_what_is_open);
    suite_add("http stream", "broken chunks end it", broken_chunks_end_it);
    suite_add("http stream", "what is collected has its total time",
              what_is_collected_has_its_total_time);
    suite_add("http stream", "a body that dribbles is cut", a_body_that_dribbles_is_cut);
    suite_add("http stream", "who is slow after a wait is cut", who_is_slow_after_a_wait_is_cut);
    suite_add("http stream", "a body that moves is not cut", a_body_that_moves_is_not_cut);
    suite_add("http stream", "who waits for us is not cut", who_waits_for_us_is_not_cut);
    suite_add("http stream", "who does not read is cut", who_does_not_read_is_cut);
    suite_add("http stream", "who reads slowly is not cut", who_reads_slowly_is_not_cut);
}
