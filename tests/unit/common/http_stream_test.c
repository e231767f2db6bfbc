/* Requests and answers in pieces, as clients see them that stay. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/suite.h"
#include "tests/unit/common/http_stream_case.h"

#define GET(path)    "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define LAST(path)   "GET " path " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
#define CHUNKS(path) "POST " path " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

enum {
    LARGE = 10 << 20,
    SMALL = 300,
};

static struct http_stream_case test;
static struct raw_answer answer;

static void open_case(void)
{
    const struct http_settings bounds = {.connections_max = 64};
    answer = (struct raw_answer){0};
    http_stream_case_open(&test, &bounds);
}

/* For what is fixed with the loop held. */
static void open_with(size_t takes, size_t gives, int64_t length)
{
    open_case();
    held_loop_hold(&test.held);
    test.takes = takes;
    test.gives = gives;
    test.length = length;
    held_loop_free(&test.held);
}

static void close_case(void)
{
    http_stream_case_close(&test);
    buffer_free(&answer.bytes);
}

static bool head_has(const char *line)
{
    return strcasestr(buffer_text(&answer.bytes), line) != NULL;
}

static int ask(const char *request)
{
    int fd = raw_connect(test.url);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT(raw_send(fd, request, strlen(request)));
    return fd;
}

/* A head that announces so much. */
static int ask_with(const char *path, uint64_t length)
{
    char head[128];
    snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %llu\r\n\r\n", path,
             (unsigned long long)length);
    return ask(head);
}

/* What the server has seen by then may be looked at. */
static unsigned receive(int fd)
{
    raw_receive(fd, &answer, false, HTTP_STREAM_SECONDS);
    held_loop_hold(&test.held);
    held_loop_free(&test.held);
    return answer.status;
}

static bool has_begun(void *context)
{
    const struct http_stream_case *seen = context;
    return seen->begun > 0;
}

/* The next request on the connection is answered, too. */
static void expect_alive(int fd)
{
    CU_ASSERT(raw_send(fd, GET("/plain"), strlen(GET("/plain"))));
    CU_ASSERT_EQUAL(receive(fd), 200);
    CU_ASSERT_STRING_EQUAL(raw_body(&answer), "plain");
}

static void a_head_is_seen_as_it_came(void)
{
    open_case();
    int fd = ask("POST /take?a=b&c=%20? HTTP/1.1\r\nHost: a\r\nx-b:  two\r\nX-B: one\r\n"
                 "Content-Length: 0\r\n\r\n");
    CU_ASSERT_EQUAL(receive(fd), 200);
    CU_ASSERT_STRING_EQUAL(test.path, "/take");
    CU_ASSERT_STRING_EQUAL(test.query, "?a=b&c=%20?");
    CU_ASSERT_STRING_EQUAL(test.version, "HTTP/1.1");
    CU_ASSERT_STRING_EQUAL(buffer_text(&test.headers), "Host=a;x-b=two;X-B=one;Content-Length=0;");
    CU_ASSERT_EQUAL(test.announced, 0);
    CU_ASSERT(raw_send(fd, GET("/take"), strlen(GET("/take"))));
    CU_ASSERT_EQUAL(receive(fd), 200);
    CU_ASSERT_STRING_EQUAL(test.query, "");
    CU_ASSERT(head_has("\r\nX-One:  1\r\nX-Two: two\r\n"));
    CU_ASSERT(head_has("\r\nDate: "));
    CU_ASSERT_FALSE(head_has("\r\nContent-Type: "));
    close(fd);
    close_case();
}

static void upload(size_t takes, uint64_t length)
{
    open_with(takes, 0, 0);
    int fd = ask_with("/take", length);
    CU_ASSERT(http_stream_send(fd, 0, length));
    CU_ASSERT_EQUAL(receive(fd), 200);
    CU_ASSERT_STRING_EQUAL(raw_body(&answer), "taken");
    CU_ASSERT_EQUAL(test.got, length);
    CU_ASSERT_EQUAL(test.announced, (int64_t)length);
    CU_ASSERT_EQUAL(test.ended, 1);
    CU_ASSERT(takes == 0 || test.pieces >= length / takes);
    expect_alive(fd);
    close(fd);
    close_case();
    CU_ASSERT_EQUAL(test.whole, 1);
}

static void a_body_comes_as_fast_as_it_is_taken(void)
{
    upload(1, SMALL);
    upload(1000, 1 << 20);
    upload(0, LARGE);
}

static void upload_chunks(size_t takes, uint64_t length, size_t chunk)
{
    open_with(takes, 0, 0);
    int fd = ask(CHUNKS("/take"));
    CU_ASSERT(http_stream_send_chunks(fd, length, chunk));
    CU_ASSERT_EQUAL(receive(fd), 200);
    CU_ASSERT(head_has("\r\nConnection: close\r\n"));
    CU_ASSERT_EQUAL(test.got, length);
    CU_ASSERT_EQUAL(test.announced, HTTP_LENGTH_UNKNOWN);
    CU_ASSERT(test.chunked);
    close(fd);
    CU_ASSERT(http_stream_case_until(&test, http_stream_is_over));
    close_case();
    CU_ASSERT_EQUAL(test.whole, 1);
}

/* With a trailer each, which is dropped. */
static void so_do_chunks(void)
{
    upload_chunks(1, SMALL, 7);
    upload_chunks(900, 1 << 20, 1000);
    upload_chunks(0, LARGE, 50000);
    upload_chunks(0, 0, 1);
}

static void a_client_may_wait_for_100_continue(void)
{
    open_with(10, 0, 0);
    int fd = ask("POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 300\r\n"
                 "Expect: 100-continue\r\n\r\n");
    CU_ASSERT_EQUAL(receive(fd), 100);
    CU_ASSERT(http_stream_send(fd, 0, SMALL));
    CU_ASSERT_EQUAL(receive(fd), 200);
    CU_ASSERT_EQUAL(test.got, SMALL);
    expect_alive(fd);
    close(fd);
    close_case();
}

static void download(size_t gives, int64_t length)
{
    open_with(0, gives, length);
    int fd = ask(GET("/known"));
    CU_ASSERT_EQUAL(receive(fd), 200);
    CU_ASSERT_FALSE(head_has("\r\nTransfer-Encoding: "));
    CU_ASSERT_EQUAL(answer.bytes.length - answer.head, (size_t)length);
    CU_ASSERT(http_stream_is_pattern(raw_body(&answer), (uint64_t)length));
    expect_alive(fd);
    CU_ASSERT(test.largest <= HTTP_STREAM_BLOCK);
    close(fd);
    close_case();
    CU_ASSERT_EQUAL(test.whole, 1);
}

static void an_answer_leaves_as_fast_as_its_source_gives(void)
{
    download(0, 0);
    download(1, SMALL);
    download(7000, 1 << 20);
    download(0, LARGE);
}

static void download_chunks(size_t gives, int64_t length)
{
    open_with(0, gives, length);
    int fd = ask(LAST("/open"));
    CU_ASSERT(http_stream_receive(fd, &answer.bytes));
    size_t head = (size_t)(strstr(buffer_text(&answer.bytes), "\r\n\r\n") - answer.bytes.data) + 4;
    CU_ASSERT(head_has("\r\nTransfer-Encoding: chunked\r\n"));
    CU_ASSERT_FALSE(head_has("\r\nContent-Length: "));
    CU_ASSERT(http_stream_unchunk(&answer.bytes, head));
    CU_ASSERT_EQUAL(answer.bytes.length - head, (size_t)length);
    CU_ASSERT(http_stream_is_pattern(answer.bytes.data + head, (uint64_t)length));
    close(fd);
    close_case();
    CU_ASSERT_EQUAL(test.whole, 1);
}

static void so_does_one_of_unknown_length(void)
{
    download_chunks(0, 0);
    download_chunks(1, SMALL);
    download_chunks(7000, 1 << 20);
    download_chunks(0, LARGE);
    CU_ASSERT(test.largest > 8000); /* chunks of a useful size */
}

static void the_end_of_the_connection_ends_it_for_http_1_0(void)
{
    open_with(0, 7000, 1 << 20);
    int fd = ask("GET /open HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CU_ASSERT(http_stream_receive(fd, &answer.bytes));
    const char *body = strstr(buffer_text(&answer.bytes), "\r\n\r\n") + 4;
    CU_ASSERT_FALSE(head_has("\r\nTransfer-Encoding: "));
    CU_ASSERT(head_has("\r\nConnection: close\r\n"));
    CU_ASSERT_EQUAL(answer.bytes.data + answer.bytes.length - body, 1 << 20);
    CU_ASSERT(http_stream_is_pattern(body, 1 << 20));
    close(fd);
    close_case();
    CU_ASSERT_EQUAL(test.whole, 1);
}

struct bodyless {
    const char *request;
    unsigned status;
    int64_t length;
    const char *field; /* that is there */
    bool closes;
};

static const struct bodyless bodyless[] = {
    {"HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n", 200, 12345678901,
     "\r\nContent-Length: 12345678901\r\n", false},
    {"HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n", 404, 0, "\r\nContent-Length: 0\r\n", false},
    {"HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n", 200, -1, "\r\nConnection: close\r\n", true},
    {"HEAD /take HTTP/1.1\r\nHost: a\r\n\r\n", 200, 0, "\r\nContent-Length: 5\r\n", false},
    {"HEAD /take HTTP/1.1\r\nHost: a\r\n\r\n", 200, INT64_C(1) << 46,
     "\r\nContent-Length: 70368744177664\r\n", false},
    {GET("/head"), 204, -1, "\r\nX-One:  1\r\n", false},
    {GET("/head"), 204, 10, "\r\nX-One:  1\r\n", false},
    {GET("/head"), 304, 10, "\r\nContent-Length: 10\r\n", false},
    {GET("/head"), 304, -1, "\r\nConnection: close\r\n", true},
};

static void what_has_no_body_is_not_asked_for_one(void)
{
    for (size_t i = 0; i < sizeof bodyless / sizeof *bodyless; i++) {
        const struct bodyless *row = &bodyless[i];
        open_with(0, 0, row->length);
        held_loop_hold(&test.held);
        test.status = row->status;
        held_loop_free(&test.held);
        int fd = ask(row->request);
        raw_receive(fd, &answer, true, HTTP_STREAM_SECONDS);
        CU_ASSERT_EQUAL(answer.status, row->status);
        CU_ASSERT(head_has(row->field));
        CU_ASSERT_FALSE(head_has("\r\nTransfer-Encoding: "));
        CU_ASSERT_EQUAL(head_has("\r\nContent-Length: "), row->length >= 0 && row->status != 204);
        CU_ASSERT_EQUAL(answer.bytes.length, answer.head);
        if (row->closes) {
            CU_ASSERT(http_stream_receive(fd, &answer.bytes));
            CU_ASSERT_EQUAL(answer.bytes.length, 0);
        } else {
            expect_alive(fd);
        }
        close(fd);
        close_case();
        CU_ASSERT_EQUAL(test.largest, 0);
        CU_ASSERT_EQUAL(test.whole, 1);
    }
}

/* What is still to come is dropped, and the connection goes on. */
static void an_answer_may_come_before_the_body(void)
{
    static const char *const paths[] = {"/early", "/refuse"};
    for (size_t i = 0; i < 2; i++) {
        open_with(100, 0, 0);
        int fd = ask_with(paths[i], HTTP_DISCARD_MAX);
        CU_ASSERT(http_stream_send(fd, 0, HTTP_DISCARD_MAX));
        CU_ASSERT_EQUAL(receive(fd), i == 0 ? 200 : 503);
        CU_ASSERT_EQUAL(head_has("\r\nRetry-After: "), i == 1);
        CU_ASSERT_EQUAL(test.pieces, 1);
        CU_ASSERT_EQUAL(test.ended, 0);
        expect_alive(fd);
        close(fd);
        close_case();
        CU_ASSERT_EQUAL(test.whole, 1);
    }
}

static void a_body_that_nobody_wants_is_not_read_for_ever(void)
{
    static const char *const paths[] = {"/early", "/refuse"};
    for (size_t i = 0; i < 2; i++) {
        open_case();
        int fd = ask_with(paths[i], 1ull << 40);
        CU_ASSERT_FALSE(http_stream_send(fd, 0, 64 << 20));
        CU_ASSERT_NOT_EQUAL(receive(fd), 200);
        CU_ASSERT(answer.closed);
        CU_ASSERT_EQUAL(test.pieces, 1);
        close(fd);
        close_case();
        CU_ASSERT_EQUAL(test.whole, 0);
    }
}

/* While the body is paused, too. */
static void a_paused_body_can_be_refused(void)
{
    open_case();
    held_loop_hold(&test.held);
    test.stalls = true;
    held_loop_free(&test.held);
    int fd = ask_with("/take", SMALL);
    CU_ASSERT(http_stream_send(fd, 0, SMALL));
    CU_ASSERT(http_stream_case_until(&test, http_stream_is_waiting));
    held_loop_hold(&test.held);
    http_refuse(test.request, PROBLEM_BAD_GATEWAY, "It is so.", NULL);
    held_loop_free(&test.held);
    CU_ASSERT_EQUAL(receive(fd), 502);
    CU_ASSERT_EQUAL(test.pieces, 1);
    expect_alive(fd);
    close(fd);
    close_case();
    CU_ASSERT_EQUAL(test.whole, 1);
}

static void an_answer_in_the_handler_is_the_last_before_a_body(void)
{
    open_case();
    int fd = ask_with("/first", SMALL);
    CU_ASSERT_EQUAL(receive(fd), 200);
    CU_ASSERT(head_has("\r\nConnection: close\r\n"));
    close(fd);
    fd = ask(GET("/first"));
    CU_ASSERT_EQUAL(receive(fd), 200);
    expect_alive(fd);
    close(fd);
    close_case();
    CU_ASSERT_EQUAL(test.pieces, 0);
    CU_ASSERT_EQUAL(test.whole, 2);
}

/* No client may take the half for the whole. */
static void a_source_that_fails_cuts(void)
{
    open_with(0, 1000, SMALL * 100);
    int fd = ask(GET("/fail"));
    CU_ASSERT_EQUAL(receive(fd), 0);
    CU_ASSERT(answer.closed);
    CU_ASSERT(answer.bytes.length > SMALL * 50);
    close(fd);
    fd = ask(GET("/short"));
    CU_ASSERT_EQUAL(receive(fd), 0);
    CU_ASSERT(answer.closed);
    close(fd);
    fd = ask(GET("/openfail"));
    CU_ASSERT(http_stream_receive(fd, &answer.bytes));
    size_t head = (size_t)(strstr(buffer_text(&answer.bytes), "\r\n\r\n") - answer.bytes.data) + 4;
    CU_ASSERT(answer.bytes.length > SMALL * 50);
    CU_ASSERT_FALSE(http_stream_unchunk(&answer.bytes, head));
    close(fd);
    fd = ask("GET /openfail HTTP/1.0\r\n\r\n");
    CU_ASSERT_FALSE(http_stream_receive(fd, &answer.bytes));
    close(fd);
    close_case();
    CU_ASSERT_EQUAL(test.over, 4);
    CU_ASSERT_EQUAL(test.whole, 0);
}

/* A side that is ready again before it has said that it is not. */
static void a_call_from_inside_is_not_lost(void)
{
    open_with(100, 100, SMALL);
    held_loop_hold(&test.held);
    test.hurries = true;
    held_loop_free(&test.held);
    int fd = ask_with("/known", SMALL);
    CU_ASSERT(http_stream_send(fd, 0, SMALL));
    CU_ASSERT_EQUAL(receive(fd), 200);
    CU_ASSERT_EQUAL(test.got, SMALL);
    CU_ASSERT(http_stream_is_pattern(raw_body(&answer), SMALL));
    expect_alive(fd);
    close(fd);
    close_case();
    CU_ASSERT_EQUAL(test.whole, 1);
}

static void the_next_request_waits_behind_it(void)
{
    open_with(0, 50, SMALL);
    int fd = ask(GET("/known") GET("/plain") LAST("/known"));
    CU_ASSERT(http_stream_receive(fd, &answer.bytes));
    const char *first = strstr(buffer_text(&answer.bytes), "\r\n\r\n") + 4;
    CU_ASSERT(http_stream_is_pattern(first, SMALL));
    const char *second = strstr(first + SMALL, "\r\n\r\n") + 4;
    CU_ASSERT_EQUAL(strncmp(second, "plainHTTP/1.1 200", 17), 0);
    const char *third = strstr(second, "\r\n\r\n") + 4;
    CU_ASSERT_EQUAL(strlen(third), SMALL);
    CU_ASSERT(http_stream_is_pattern(third, SMALL));
    close(fd);
    close_case();
    CU_ASSERT_EQUAL(test.whole, 2);
    CU_ASSERT_EQUAL(test.plain, 1);
}

/* Bounds of bodies that are collected do not hold for them, and hold for the others. */
static void only_what_is_streamed_has_no_bound(void)
{
    open_case();
    int fd = ask_with("/plain", HTTP_STREAM_BODY_MAX + 1);
    CU_ASSERT_EQUAL(receive(fd), 413);
    close(fd);
    fd = ask_with("/early", HTTP_STREAM_BODY_MAX + 1);
    CU_ASSERT(http_stream_case_until(&test, has_begun));
    close(fd);
    close_case();
}

static void quiescing_ends_keep_alive(void)
{
    open_with(0, 0, SMALL);
    held_loop_hold(&test.held);
    test.stalls = true;
    held_loop_free(&test.held);
    int fd = ask(GET("/wait"));
    CU_ASSERT(http_stream_case_until(&test, http_stream_is_waiting));
    held_loop_hold(&test.held);
    CU_ASSERT_EQUAL(http_unanswered(test.server), 1);
    http_quiesce(test.server);
    http_refuse(test.request, PROBLEM_BAD_GATEWAY, "It is so.", NULL);
    held_loop_free(&test.held);
    CU_ASSERT_EQUAL(receive(fd), 502);
    CU_ASSERT(head_has("\r\nConnection: close\r\n"));
    CU_ASSERT(http_stream_case_until(&test, http_stream_is_over));
    close(fd);
    close_case();
}

static __attribute__((constructor)) void suite(void)
{
    static const struct {
        const char *name;
        void (*body)(void);
    } tests[] = {
        {"a head is seen as it came", a_head_is_seen_as_it_came},
        {"a body comes as fast as it is taken", a_body_comes_as_fast_as_it_is_taken},
        {"so do chunks", so_do_chunks},
        {"a client may wait for 100 Continue", a_client_may_wait_for_100_continue},
        {"an answer leaves as fast as its source gives",
         an_answer_leaves_as_fast_as_its_source_gives},
        {"so does one of unknown length", so_does_one_of_unknown_length},
        {"the end of the connection ends it for HTTP/1.0",
         the_end_of_the_connection_ends_it_for_http_1_0},
        {"what has no body is not asked for one", what_has_no_body_is_not_asked_for_one},
        {"an answer may come before the body", an_answer_may_come_before_the_body},
        {"a body that nobody wants is not read for ever",
         a_body_that_nobody_wants_is_not_read_for_ever},
        {"a paused body can be refused", a_paused_body_can_be_refused},
        {"an answer in the handler is the last before a body",
         an_answer_in_the_handler_is_the_last_before_a_body},
        {"a source that fails cuts", a_source_that_fails_cuts},
        {"a call from inside is not lost", a_call_from_inside_is_not_lost},
        {"the next request waits behind it", the_next_request_waits_behind_it},
        {"only what is streamed has no bound", only_what_is_streamed_has_no_bound},
        {"quiescing ends keep-alive", quiescing_ends_keep_alive},
    };
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        suite_add("http stream", tests[i].name, tests[i].body);
}
