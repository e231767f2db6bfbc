#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/suite.h"
#include "tests/unit/common/http_case.h"

#define HOST "Host: a\r\n"
#define END  "\r\n"

/* A request's bytes, and what must become of it: 200, or 400 with a fragment of the sentence; 0 where
 * libmicrohttpd refuses by itself: then the handler must not see it. */
struct row {
    const char *bytes;
    unsigned status;
    const char *says;
};

static const struct row rows[] = {
    {"GET / HTTP/1.1\r\n" HOST END, 200, ""},
    {"GET / HTTP/1.0\r\n" END, 200, ""},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n" END "ab", 200, " 2"},
    {"POST / HTTP/1.1\r\n" HOST "content-length: 0\r\n" END, 200, " 0"},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END "3\r\nabc\r\n0\r\n" END, 200,
     " 3"},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n" END "0\r\n" END, 200, " 0"},
    {"GET / HTTP/1.1\r\n" HOST "X-Tab: a\tb\r\n" END, 200, ""},
    {"GET / HTTP/1.1\r\n" HOST "X-Empty:\r\n" END, 200, ""},

    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 5\r\n" END "abcde", 400,
     "Content-Length is given more than once"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 2\r\n" END "ab", 400,
     "Content-Length is given more than once"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 2, 2\r\n" END "ab", 0, ""},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: +2\r\n" END "ab", 0, ""},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: -2\r\n" END "ab", 0, ""},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 0x2\r\n" END "ab", 0, ""},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n" END "ab", 0, ""},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 0000000000000002\r\n" END "ab", 400,
     "Content-Length is not a number"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n" END
     "0\r\n" END,
     400, "exclude each other"},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n" END
     "0\r\n" END,
     400, "exclude each other"},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END
     "0\r\n" END,
     400, "Transfer-Encoding is given more than once"},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n" END "0\r\n" END, 400,
     "the only Transfer-Encoding"},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n" END, 400,
     "the only Transfer-Encoding"},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n" END, 400, "the only Transfer-Encoding"},
    {"POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n" END "0\r\n" END, 400,
     "needs HTTP/1.1"},

    {"GET / HTTP/1.1\r\n" HOST HOST END, 400, "Host is given more than once"},
    {"GET / HTTP/1.0\r\n" HOST "Host: b\r\n" END, 400, "Host is given more than once"},
    {"GET / HTTP/1.1\r\n" END, 400, "Host is missing"},
    {"GET / HTTP/1.2\r\n" END, 400, "Host is missing"},
    {"GET /a b HTTP/1.1\r\n" HOST END, 400, "the request target holds characters"},
    {"GET http://a/ HTTP/1.1\r\n" HOST END, 400, "must be a path"},
    {"OPTIONS * HTTP/1.1\r\n" HOST END, 400, "must be a path"},
    {"GET /\x01 HTTP/1.1\r\n" HOST END, 400, "the request target holds characters"},
    {"GET /\x7f HTTP/1.1\r\n" HOST END, 400, "the request target holds characters"},

    {"GET / HTTP/1.1\r\n" HOST "Content-Length : 0\r\n" END, 400, "name holds characters"},
    {"GET / HTTP/1.1\r\n" HOST "X Y: 1\r\n" END, 400, "name holds characters"},
    {"GET / HTTP/1.1\r\n" HOST "X(Y: 1\r\n" END, 400, "name holds characters"},
    {"GET / HTTP/1.1\r\n" HOST "X\x80Y: 1\r\n" END, 400, "name holds characters"},
    {"GET / HTTP/1.1\r\n" HOST "X: a\x01z\r\n" END, 400, "value holds control"},
    {"GET / HTTP/1.1\r\n" HOST "X: a\x7fz\r\n" END, 400, "value holds control"},
    {"complete garbage\r\n" END, 0, ""},

    /* What libmicrohttpd passes over. */
    {"GET  / HTTP/1.1\r\n" HOST END, 400, "one space between"},
    {"GET / HTTP/1.1\n" HOST END, 400, "one space between"},
    {"GET /#a HTTP/1.1\r\n" HOST END, 400, "the request target holds characters"},
    {"GET /?a#b HTTP/1.1\r\n" HOST END, 400, "the request target holds characters"},
    {"GET /?a=\x01 HTTP/1.1\r\n" HOST END, 400, "the request target holds characters"},
    {"GET /\xc3\xa4 HTTP/1.1\r\n" HOST END, 400, "the request target holds characters"},
    {"GET /?a=b+c&d&&=e&f= HTTP/1.1\r\n" HOST END, 200, ""},
    {"GET /? HTTP/1.1\r\n" HOST END, 200, ""},
    {"G@T / HTTP/1.1\r\n" HOST END, 400, "the method holds characters"},
    {"GET / HTTP/1.1\r\n" HOST "X: a\nY: b\r\n" END, 400, "not made of lines"},
    {"GET / HTTP/1.1\r\nHost: a\nY: b\r\n" END, 400, "not made of lines"},
    {"GET / HTTP/1.1\r\n" HOST "X: a\r\n\nGET /b", 400, "not made of lines"},
    {"GET / HTTP/1.1\r\n" HOST "X: a\n\r\n", 400, "not made of lines"},
    {"GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n" END, 400, "not made of lines"},
    {"GET / HTTP/1.1\r\n" HOST "Content-: 2\r\n Length\r\n" END "ab", 400, "not made of lines"},
    {"GET / HTTP/1.1\r\n" HOST " X: a\r\n" END, 400, "not made of lines"},
    {"GET / HTTP/1.1\r\n X: a\r\n" HOST END, 400, "name holds characters"},
    {"GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n" END, 400, "value holds control"},
    {"GET / HTTP/1.1\r\n" HOST ": a\r\n" END, 400, "not made of lines"},

    {"POST / HTTP/1.1\r\n" HOST "Content_Length: 2\r\n" END "ab", 400,
     "Content-Length is not a number"},
    {"POST / HTTP/1.1\r\n" HOST "content_length: 2\r\nContent-Length: 2\r\n" END "ab", 400,
     "Content-Length is given more than once"},
    {"POST / HTTP/1.1\r\n" HOST "Transfer_Encoding: chunked\r\n" END "0\r\n" END, 400,
     "the only Transfer-Encoding"},
    {"GET / HTTP/1.1\r\nHost: a b\r\n" END, 400, "Host is not"},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n" END, 400, "Host is not"},
    {"GET / HTTP/1.1\r\nHost: a@b\r\n" END, 400, "Host is not"},
    {"GET / HTTP/1.1\r\nHost: a,b\r\n" END, 400, "Host is not"},
    {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n" END, 200, ""},
    {"GET / HTTP/1.1\r\nHost:\r\n" END, 200, ""},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END "0\r\nX: a\r\n" END, 400,
     "after the last chunk"},
};

#define BYTES(text, status, says)                                                                  \
    {                                                                                              \
        {text, status, says}, sizeof(text) - 1                                                     \
    }

/* Those that hold a NUL. */
static const struct {
    struct row row;
    size_t length;
} nul_rows[] = {
    BYTES("GET /a\0b HTTP/1.1\r\n" HOST END, 400, "one space between"),
    BYTES("GET /a\0 HTTP/1.1\r\n" HOST END, 400, "one space between"),
    BYTES("GET /?a\0 HTTP/1.1\r\n" HOST END, 400, "one space between"),
    BYTES("G\0T / HTTP/1.1\r\n" HOST END, 400, "one space between"),
    BYTES("GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n" END, 400, "not made of lines"),
    BYTES("GET / HTTP/1.1\r\n" HOST "X: a\0\r\n" END, 400, "not made of lines"),
    BYTES("GET / HTTP/1.1\r\n" HOST "X: a\0\0Content-Length: 2\r\n" END, 400, "not made of lines"),
    BYTES("GET / HTTP/1.1\r\n" HOST "X: a\0\0Content-Length: 2\r\nY: b\r\n" END, 400,
          "not made of lines"),
    BYTES("GET / HTTP/1.1\r\n" HOST "\0GET /b HTTP/1.1\r\n" HOST END, 400, "not made of lines"),
    BYTES("GET / HTTP/1.1\r\n" HOST "X\0: a\r\n" END, 0, ""),
    BYTES("GET / HTTP/1.0\r\n\0a\r\n", 400, "not made of lines"),
};

static bool as_expected(const struct row *row, struct raw_answer *answer, unsigned handled)
{
    if (row->status == 0)
        return handled == 0 && (answer->status == 0 || answer->status >= 400);
    if (answer->status != row->status || strstr(raw_body(answer), row->says) == NULL)
        return false;
    return row->status == 200 ? handled == 1 : handled == 0;
}

static void expect(struct http_case *test, const struct row *row, size_t length)
{
    struct raw_answer answer = {0};
    unsigned before = test->handled;
    raw_exchange(test->url, row->bytes, length, &answer);
    held_loop_hold(&test->held);
    bool good = as_expected(row, &answer, test->handled - before);
    held_loop_free(&test->held);
    CU_ASSERT(good);
    if (!good)
        printf("  %s  led to %u %s\n", row->bytes, answer.status, raw_body(&answer));
    buffer_free(&answer.bytes);
}

static void what_has_two_readings_is_refused(void)
{
    struct http_case test;
    http_case_open(&test, 64);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(&test, &rows[i], strlen(rows[i].bytes));
    for (size_t i = 0; i < sizeof nul_rows / sizeof *nul_rows; i++)
        expect(&test, &nul_rows[i].row, nul_rows[i].length);
    http_case_close(&test);
}

/* What follows an ambiguous request on its connection is never read as a request. */
static void the_connection_of_an_ambiguous_request_ends(void)
{
    static const char bytes[] =
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\nContent-Length: 31\r\n" END
        "GET /smuggled HTTP/1.1\r\n" HOST END;
    struct http_case test;
    struct raw_answer answer = {0};
    http_case_open(&test, 64);
    int fd = raw_connect(test.url);
    raw_send(fd, bytes, sizeof bytes - 1);
    raw_receive(fd, &answer, false, HTTP_CASE_SECONDS);
    CU_ASSERT_EQUAL(answer.status, 400);
    CU_ASSERT_PTR_NOT_NULL(strcasestr(buffer_text(&answer.bytes), "\r\nConnection: close\r\n"));
    raw_receive(fd, &answer, false, HTTP_CASE_SECONDS);
    CU_ASSERT_EQUAL(answer.status, 0);
    CU_ASSERT(answer.closed);
    close(fd);
    buffer_free(&answer.bytes);
    http_case_close(&test);
    CU_ASSERT_EQUAL(test.handled, 0);
}

/* What follows a chunked request neither: where its chunks began, libmicrohttpd does not tell. */
static void the_connection_of_a_chunked_request_ends(void)
{
    static const char bytes[] = "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END
                                "1;\na\r\n0\r\n" END "GET /smuggled HTTP/1.1\r\n" HOST END;
    struct http_case test;
    struct raw_answer answer = {0};
    http_case_open(&test, 64);
    int fd = raw_connect(test.url);
    raw_send(fd, bytes, sizeof bytes - 1);
    raw_receive(fd, &answer, false, HTTP_CASE_SECONDS);
    CU_ASSERT_EQUAL(answer.status, 200);
    CU_ASSERT_PTR_NOT_NULL(strcasestr(buffer_text(&answer.bytes), "\r\nConnection: close\r\n"));
    raw_receive(fd, &answer, false, HTTP_CASE_SECONDS);
    CU_ASSERT_EQUAL(answer.status, 0);
    CU_ASSERT(answer.closed);
    close(fd);
    buffer_free(&answer.bytes);
    http_case_close(&test);
    CU_ASSERT_EQUAL(test.handled, 1);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("http check", "what has two readings is refused", what_has_two_readings_is_refused);
    suite_add("http check", "the connection of an ambiguous request ends",
              the_connection_of_an_ambiguous_request_ends);
    suite_add("http check", "the connection of a chunked request ends",
              the_connection_of_a_chunked_request_ends);
}
