#include "balancer/upstream/response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/dice.h"
#include "tests/lib/suite.h"

enum {
    SPLITS = 50, /* at random, of each answer */
};

#define OK "HTTP/1.1 200 OK\r\n"

/* What was read: the end's state; status, length and whether the connection is fit; the fields; the body. */
struct reading {
    struct response response;
    struct buffer body;
    size_t excess;
};

static void read_piece(struct reading *reading, const char *bytes, size_t length)
{
    const char *body;
    size_t body_length;
    while (length > 0 && reading->response.state < RESPONSE_DONE) {
        size_t used = response_feed(&reading->response, bytes, length, &body, &body_length);
        buffer_append(&reading->body, body, body_length);
        bytes += used;
        length -= used;
    }
    reading->excess += length;
}

/* In pieces of at most `most` bytes, which memory of their own guards; `dice` NULL: of exactly so many. */
static void read_all(struct reading *reading, const char *text, size_t length, size_t most,
                     struct dice *dice)
{
    while (length > 0) {
        size_t piece = dice != NULL ? 1 + dice_roll(dice, (uint32_t)most) : most;
        piece = piece < length ? piece : length;
        char *copy = malloc(piece);
        memcpy(copy, text, piece);
        read_piece(reading, copy, piece);
        free(copy);
        text += piece;
        length -= piece;
    }
}

static void tell(struct reading *reading, bool ended, struct buffer *out)
{
    const struct response *response = &reading->response;
    const char *name, *value;
    size_t at = 0;
    bool whole = ended ? response_end(&reading->response) : response->state == RESPONSE_DONE;
    buffer_clear(out);
    if (response->state == RESPONSE_BAD) {
        buffer_printf(out, "bad: %s", response->error);
        return;
    }
    buffer_printf(out, "%s %u/%u length=%d%s", whole ? "whole" : "part", response->status,
                  response->minor, (int)response->length, response->keep_alive ? " keep" : "");
    while (response_next_field(response, &at, &name, &value))
        buffer_printf(out, " %s:%s", name, value);
    buffer_printf(out, " [%s]", buffer_text(&reading->body));
    if (reading->excess > 0)
        buffer_printf(out, " +%zu", reading->excess);
}

static void expect(const char *text, size_t length, bool head_request, bool ended, const char *due)
{
    struct reading reading = {0};
    struct buffer out = {0};
    struct dice dice = dice_new(length);
    for (int i = 0; i < SPLITS; i++) {
        size_t most = i == 0 ? length : i == 1 ? 1 : 1 + dice_roll(&dice, (uint32_t)length);
        response_begin(&reading.response, head_request);
        buffer_clear(&reading.body);
        reading.excess = 0;
        read_all(&reading, text, length, most, i < 2 ? NULL : &dice);
        tell(&reading, ended, &out);
        if (strcmp(buffer_text(&out), due) == 0)
            continue;
        printf("  of: %.200s\n  read: %s\n  due: %s\n  split: %d\n", text, buffer_text(&out), due,
               i);
        CU_FAIL("an answer is read otherwise");
        break;
    }
    response_discard(&reading.response);
    buffer_free(&reading.body);
    buffer_free(&out);
}

struct row {
    const char *text;
    const char *due;
};

static void expect_rows(const struct row *rows, size_t count, bool head_request, bool ended)
{
    for (size_t i = 0; i < count; i++)
        expect(rows[i].text, strlen(rows[i].text), head_request, ended, rows[i].due);
}

#define EXPECT(rows, head_request, ended)                                                          \
    expect_rows(rows, sizeof(rows) / sizeof *(rows), head_request, ended)

static void the_body_ends_where_it_is_said_to(void)
{
    static const struct row rows[] = {
        {OK "Content-Length: 5\r\nX: y\r\n\r\nhello", "whole 200/1 length=5 keep X:y [hello]"},
        {OK "Content-Length: 0\r\n\r\n", "whole 200/1 length=0 keep []"},
        {OK "Content-Length: 5\r\n\r\nhell", "part 200/1 length=5 keep [hell]"},
        {OK "Content-Length: 2\r\n\r\nhello", "whole 200/1 length=2 keep [he] +3"},
        {OK "content-length:\t005 \r\n\r\nhello", "whole 200/1 length=5 keep [hello]"},
        {OK "\r\nhello", "part 200/1 length=-1 [hello]"},
        {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
         "whole 200/1 length=-1 keep [hello]"},
        {OK
         "transfer-encoding: CHUNKED\r\n\r\n2;a=b\r\nhe\r\n00003 ; c\r\nllo\r\n0\r\nA: b\r\n\r\n",
         "whole 200/1 length=-1 keep [hello]"},
        {OK "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP", "whole 200/1 length=-1 keep [] +4"},
        {OK "Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\nx",
         "part 200/1 length=-1 keep [x]"},
        {"HTTP/1.1 204 No\r\n\r\n", "whole 204/1 length=0 keep []"},
        {"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello", "whole 204/1 length=0 [] +5"},
        {"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "whole 204/1 length=0 [] +5"},
        {"HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n", "whole 304/1 length=5 keep []"},
        {"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "whole 200/1 length=0 keep []"},
        {"HTTP/1.1 599 \xc3\xa4\t!\r\nContent-Length: 0\r\n\r\n", "whole 599/1 length=0 keep []"},
    };
    EXPECT(rows, false, false);
}

static void the_answer_to_head_has_no_body(void)
{
    static const struct row rows[] = {
        {OK "Content-Length: 5\r\n\r\n", "whole 200/1 length=5 keep []"},
        {OK "Transfer-Encoding: chunked\r\n\r\n", "whole 200/1 length=-1 keep []"},
        {OK "\r\n", "whole 200/1 length=-1 keep []"},
        {OK "Content-Length: 2\r\n\r\nhe", "whole 200/1 length=2 keep [] +2"},
        {OK "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
         "bad: it has Content-Length and Transfer-Encoding"},
    };
    EXPECT(rows, true, false);
}

static void the_end_of_the_connection_ends_some(void)
{
    static const struct row rows[] = {
        {OK "\r\nhello", "whole 200/1 length=-1 [hello]"},
        {OK "\r\n", "whole 200/1 length=-1 []"},
        {OK "Content-Length: 5\r\n\r\nhell", "bad: the connection ended within the body"},
        {OK "Content-Length: 5\r\n\r\nhello", "whole 200/1 length=5 keep [hello]"},
        {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
         "bad: the connection ended within the body"},
        {OK "Transfer-Encoding: chunked\r\n\r\n0\r\n", "bad: the connection ended within the body"},
        {OK, "bad: the connection ended within the head"},
        {"HTTP/1.1 100 Go on\r\n\r\n", "bad: the connection ended within the head"},
        {"H", "bad: the connection ended within the head"},
    };
    EXPECT(rows, false, true);
}

#define NOT_HTTP "bad: it is not HTTP/1.0 or HTTP/1.1"
#define STATUS   "bad: the status line is malformed"
#define NAME     "bad: a field's name is malformed"
#define VALUE    "bad: a field's value is malformed"
#define NUMBER   "bad: Content-Length is no number"
#define TWO      "bad: there are two Content-Lengths"
#define ENCODING "bad: Transfer-Encoding is not just \"chunked\""
#define CRLF     "bad: a line ends without CRLF"

static void what_is_ambiguous_is_bad(void)
{
    static const struct row rows[] = {
        {"SSH-2.0-OpenSSH", NOT_HTTP},
        {"\r\n" OK, NOT_HTTP},
        {" " OK, NOT_HTTP},
        {"http/1.1 200 OK\r\n", NOT_HTTP},
        {"HTTP/2.0 200 OK\r\n", NOT_HTTP},
        {"HTTP/1.2 200 OK\r\n", STATUS},
        {"HTTP/1.1  200 OK\r\n", STATUS},
        {"HTTP/1.1 200\r\n", STATUS},
        {"HTTP/1.1 20 OK\r\n", STATUS},
        {"HTTP/1.1 2000 OK\r\n", STATUS},
        {"HTTP/1.1 +20 OK\r\n", STATUS},
        {"HTTP/1.1\t200 OK\r\n", STATUS},
        {"HTTP/1.1 200 O\rK\r\n", STATUS},
        {"HTTP/1.1 200 O\x01K\r\n", STATUS},
        {"HTTP/1.1 099 OK\r\n", "bad: there is no such status"},
        {"HTTP/1.1 600 OK\r\n", "bad: there is no such status"},
        {"HTTP/1.1 200 OK\n", CRLF},
        {OK "A: b\nC: d\r\n\r\n", CRLF},
        {OK "\n", CRLF},
        {OK "A: b\r\n c\r\n\r\n", NAME},
        {OK "A: b\r\n\tc: d\r\n\r\n", NAME},
        {OK "A : b\r\n\r\n", NAME},
        {OK "A\r\n\r\n", NAME},
        {OK ": b\r\n\r\n", NAME},
        {OK "A(): b\r\n\r\n", NAME},
        {OK "\xc3\xa4: b\r\n\r\n", NAME},
        {OK "A: b\rc\r\n\r\n", VALUE},
        {OK "A: b\r\r\n\r\n", VALUE},
        {OK "A: \x7f\r\n\r\n", VALUE},
        {OK "A: b\x0b\r\n\r\n", VALUE},
        {OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", TWO},
        {OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", TWO},
        {OK "Content-Length: 5, 5\r\n\r\n", NUMBER},
        {OK "Content-Length: +5\r\n\r\n", NUMBER},
        {OK "Content-Length: -5\r\n\r\n", NUMBER},
        {OK "Content-Length: 0x5\r\n\r\n", NUMBER},
        {OK "Content-Length: 5 5\r\n\r\n", NUMBER},
        {OK "Content-Length:\r\n\r\n", NUMBER},
        {OK "Content-Length: 1234567890123456789\r\n\r\n", NUMBER},
        {OK "Transfer-Encoding: gzip, chunked\r\n\r\n", ENCODING},
        {OK "Transfer-Encoding: chunked, chunked\r\n\r\n", ENCODING},
        {OK "Transfer-Encoding: identity\r\n\r\n", ENCODING},
        {OK "Transfer-Encoding:\r\n\r\n", ENCODING},
        {OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", ENCODING},
        {OK "Transfer-Encoding: xchunked\r\n\r\n", ENCODING},
        {OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
         "bad: it has Content-Length and Transfer-Encoding"},
        {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
         "bad: Transfer-Encoding in HTTP/1.0"},
        {OK "Connection: a b\r\n\r\n", "bad: Connection is malformed"},
        {OK "Connection: \"close\"\r\n\r\n", "bad: Connection is malformed"},
    };
    EXPECT(rows, false, false);
}

#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
#define SIZE    "bad: a chunk's size is malformed"
#define LONGER  "bad: a chunk is longer than its size"

static void chunks_are_exact(void)
{
    static const struct row rows[] = {
        {CHUNKED "\r\n", SIZE},
        {CHUNKED "x\r\n", SIZE},
        {CHUNKED "0x5\r\n", SIZE},
        {CHUNKED "-1\r\n", SIZE},
        {CHUNKED "+1\r\n", SIZE},
        {CHUNKED " 1\r\n", SIZE},
        {CHUNKED "1 \r\n", SIZE},
        {CHUNKED "1 2\r\n", SIZE},
        {CHUNKED "1;\x01\r\n", SIZE},
        {CHUNKED "1;\r\r\n", SIZE},
        {CHUNKED "0000000000000000\r\n", SIZE},
        {CHUNKED "ffffffffffffffff\r\n", SIZE},
        {CHUNKED "1\nx\r\n", CRLF},
        {CHUNKED "1\r\nxy", LONGER},
        {CHUNKED "1\r\nx\n", LONGER},
        {CHUNKED "1\r\nx\r\r", LONGER},
        {CHUNKED "0\r\nA : b\r\n\r\n", NAME},
        {CHUNKED "0\r\nA: b\n\r\n", CRLF},
        {CHUNKED "0\r\nA: \x01\r\n\r\n", VALUE},
    };
    EXPECT(rows, false, false);
}

static void what_is_of_this_hop_goes(void)
{
    static const struct row rows[] = {
        {OK
         "Keep-Alive: 5\r\nproxy-connection: x\r\nPROXY-AUTHENTICATE: x\r\nTE: x\r\nTrailer: x\r\n"
         "Upgrade: x\r\nProxy-Authentication-Info: x\r\nTest: 1\r\nContent-Length: 0\r\n\r\n",
         "whole 200/1 length=0 keep Test:1 []"},
        {OK "A: 1\r\nB: 2\r\na: 3\r\nConnection: A , ,c,\r\nC: 4\r\nContent-Length: 0\r\n\r\n",
         "whole 200/1 length=0 keep B:2 []"},
        {OK "Connection: content-length\r\nContent-Length: 2\r\n\r\nhe",
         "whole 200/1 length=2 keep [he]"},
        {OK "Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "whole 200/1 length=-1 keep []"},
        {OK "Set-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n",
         "whole 200/1 length=0 keep Set-Cookie:a Set-Cookie:b []"},
        {OK "Empty:\r\nBlank: \t \r\nInner: a \t b \r\nContent-Length: 0\r\n\r\n",
         "whole 200/1 length=0 keep Empty: Blank: Inner:a \t b []"},
    };
    EXPECT(rows, false, false);
}

static void the_connection_is_kept_or_not(void)
{
    static const struct row rows[] = {
        {OK "Connection: close\r\nContent-Length: 0\r\n\r\n", "whole 200/1 length=0 []"},
        {OK "Connection: keep-alive, CLOSE\r\nContent-Length: 0\r\n\r\n",
         "whole 200/1 length=0 []"},
        {OK "Connection: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
         "whole 200/1 length=0 []"},
        {OK "Connection: closed\r\nContent-Length: 0\r\n\r\n", "whole 200/1 length=0 keep []"},
        {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "whole 200/0 length=0 []"},
        {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n",
         "whole 200/0 length=0 keep []"},
        {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", "part 200/0 length=-1 []"},
    };
    EXPECT(rows, false, false);
}

static void interim_answers_are_passed_over(void)
{
    static const struct row rows[] = {
        {"HTTP/1.1 100 Go on\r\nA: b\r\n\r\nHTTP/1.1 103 Hints\r\nConnection: close, B\r\n\r\n" OK
         "B: 1\r\nContent-Length: 1\r\n\r\nx",
         "whole 200/1 length=1 keep B:1 [x]"},
        {"HTTP/1.1 101 Switch\r\n\r\n", "bad: it switches protocols unasked"},
        {"HTTP/1.1 100 Go on\r\nContent-Length: 0\r\n\r\n", "bad: an interim answer has a body"},
        {"HTTP/1.1 100 Go on\r\nTransfer-Encoding: chunked\r\n\r\n",
         "bad: an interim answer has a body"},
    };
    EXPECT(rows, false, false);
}

/* `count` times the text between two others. */
static void expect_many(const char *front, const char *text, size_t count, const char *back,
                        const char *due)
{
    struct buffer all = {0};
    buffer_add(&all, front);
    for (size_t i = 0; i < count; i++)
        buffer_add(&all, text);
    buffer_add(&all, back);
    expect(buffer_text(&all), all.length, false, false, due);
    buffer_free(&all);
}

/* Connection is not shown. */
#define MANY_DUE "whole 200/1 length=0 keep []"

static void all_has_a_bound(void)
{
    const char *end = "Content-Length: 0\r\n\r\n";
    const size_t head = sizeof OK - 1 + strlen("TE: \r\n") + strlen(end);
    expect_many(OK "TE: ", "x", RESPONSE_HEAD_MAX - head, "\r\nContent-Length: 0\r\n\r\n",
                MANY_DUE);
    expect_many(OK "TE: ", "x", RESPONSE_HEAD_MAX - head + 1, "\r\nContent-Length: 0\r\n\r\n",
                "bad: the head is too long");
    expect_many("HTTP/1.1 200 ", "x", RESPONSE_HEAD_MAX, "", "bad: the head is too long");
    expect_many(OK, "TE: x\r\n", RESPONSE_FIELDS_MAX - 1, end, MANY_DUE);
    expect_many(OK, "TE: x\r\n", RESPONSE_FIELDS_MAX, end, "bad: there are too many fields");
    expect_many("", "HTTP/1.1 100 \r\n\r\n", RESPONSE_INTERIM_MAX, OK "Content-Length: 0\r\n\r\n",
                MANY_DUE);
    expect_many("", "HTTP/1.1 100 \r\n\r\n", RESPONSE_INTERIM_MAX + 1, "",
                "bad: there are too many interim answers");
    expect_many(OK "Connection: ", "x,", RESPONSE_OPTIONS_MAX, "\r\nContent-Length: 0\r\n\r\n",
                MANY_DUE);
    expect_many(OK "Connection: ", "x,", RESPONSE_OPTIONS_MAX + 1, "\r\n",
                "bad: Connection names too many fields");
}

static void chunks_have_bounds(void)
{
    const char *due = "whole 200/1 length=-1 keep []";
    expect_many(CHUNKED "0", ";", RESPONSE_EXTENSION_MAX, "\r\n\r\n", due);
    expect_many(CHUNKED "0", ";", RESPONSE_EXTENSION_MAX + 1, "\r\n\r\n", SIZE);
    expect_many(CHUNKED "000000000000000", ";", RESPONSE_EXTENSION_MAX, "\r\n\r\n", due);
    expect_many(CHUNKED "000000000000000", ";", RESPONSE_EXTENSION_MAX + 1, "",
                "part 200/1 length=-1 keep []");
    expect_many(CHUNKED "000000000000000", ";", RESPONSE_EXTENSION_MAX + 3, "",
                "bad: a chunk's size is too long");
    expect_many(CHUNKED "0\r\n", "A: b\r\n", (RESPONSE_TRAILERS_MAX - 2) / 6, "\r\n", due);
    expect_many(CHUNKED "0\r\n", "A: b\r\n", RESPONSE_TRAILERS_MAX / 6 + 1, "\r\n",
                "bad: the trailers are too long");
}

static void a_nul_is_no_text(void)
{
    static const char in_value[] = OK "A: b\0c\r\n\r\n", in_name[] = OK "A\0B: c\r\n\r\n",
                      in_reason[] = "HTTP/1.1 200 O\0K\r\n", in_size[] = CHUNKED "0;\0\r\n";
    expect(in_value, sizeof in_value - 1, false, false, VALUE);
    expect(in_name, sizeof in_name - 1, false, false, NAME);
    expect(in_reason, sizeof in_reason - 1, false, false, STATUS);
    expect(in_size, sizeof in_size - 1, false, false, SIZE);
}

static void a_field_is_found(void)
{
    struct reading reading = {0};
    const char *text = OK "ETag: a\r\nVary: b\r\netag: c\r\n\r\n";
    CU_ASSERT_PTR_NULL(response_field(&reading.response, "ETag"));
    response_begin(&reading.response, false);
    read_piece(&reading, text, strlen(text));
    CU_ASSERT_STRING_EQUAL(response_field(&reading.response, "etag"), "a");
    CU_ASSERT_STRING_EQUAL(response_field(&reading.response, "VARY"), "b");
    CU_ASSERT_PTR_NULL(response_field(&reading.response, "Var"));
    response_discard(&reading.response);
    buffer_free(&reading.body);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("response", "the body ends where it is said to", the_body_ends_where_it_is_said_to);
    suite_add("response", "the answer to HEAD has no body", the_answer_to_head_has_no_body);
    suite_add("response", "the end of the connection ends some",
              the_end_of_the_connection_ends_some);
    suite_add("response", "what is ambiguous is bad", what_is_ambiguous_is_bad);
    suite_add("response", "chunks are exact", chunks_are_exact);
    suite_add("response", "what is of this hop goes", what_is_of_this_hop_goes);
    suite_add("response", "the connection is kept or not", the_connection_is_kept_or_not);
    suite_add("response", "interim answers are passed over", interim_answers_are_passed_over);
    suite_add("response", "all has a bound", all_has_a_bound);
    suite_add("response", "chunks have bounds", chunks_have_bounds);
    suite_add("response", "a NUL is no text", a_nul_is_no_text);
    suite_add("response", "a field is found", a_field_is_found);
}
