#include "balancer/client/forwarded.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"

/* Each line "Name: value" is a field. */
static bool give(struct forwarded *fields, const char *lines)
{
    forwarded_begin(fields);
    while (*lines != '\0') {
        size_t length = strcspn(lines, "\n"), name = strcspn(lines, ":");
        size_t skip = name + (lines[name + 1] == ' ' ? 2 : 1);
        if (!forwarded_field(fields, lines, name, lines + skip, length - skip))
            return false;
        lines += length + 1;
    }
    return true;
}

static const struct forwarding plain = {
    .peer = "192.0.2.7",
    .proto = "http",
    .request_id = "the-id",
    .via = "box-office",
};

static struct forwarding by_proxy(void)
{
    struct forwarding hop = plain;
    hop.peer = "10.0.0.1";
    hop.peer_trusted = true;
    return hop;
}

/* What is made of the lines, CR left out. */
static const char *make(const char *lines, const struct forwarding *hop, struct buffer *out)
{
    struct forwarded fields;
    struct buffer block = {0};
    buffer_clear(out);
    CU_ASSERT(give(&fields, lines));
    CU_ASSERT(forwarded_end(&fields, hop, &block));
    for (size_t i = 0; i < block.length; i++)
        if (block.data[i] != '\r')
            buffer_add_char(out, block.data[i]);
        else
            CU_ASSERT(i + 1 < block.length && block.data[i + 1] == '\n');
    buffer_free(&block);
    return buffer_text(out);
}

static void check(const char *lines, const struct forwarding *hop, const char *due)
{
    struct buffer out = {0};
    const char *made = make(lines, hop, &out);
    if (strcmp(made, due) != 0) {
        printf("  %s\n  became:\n%s\n  instead of:\n%s\n", lines, made, due);
        CU_FAIL("another block");
    }
    buffer_free(&out);
}

#define HOST "Host: example.org\n"
#define SAID                                                                                       \
    "Forwarded: for=192.0.2.7;host=\"example.org\";proto=http\n"                                   \
    "X-Forwarded-For: 192.0.2.7\n"                                                                 \
    "X-Forwarded-Proto: http\n"                                                                    \
    "X-Forwarded-Host: example.org\n"                                                              \
    "Via: 1.1 box-office\n"                                                                        \
    "Request-Id: the-id\n"

struct row {
    const char *came, *left; /* of the fields behind Host; without what is said of the hop */
};

static const struct row rows[] = {
    {"", ""},
    {"Accept: */*\nX-a: 1\nx-A: 2\n", "Accept: */*\nX-a: 1\nx-A: 2\n"}, /* order, case, twice */
    {"X-Empty:\nX-Bytes: \xc3\xa9\t\"'\n", "X-Empty: \nX-Bytes: \xc3\xa9\t\"'\n"},
    /* for the next hop only */
    {"Connection: close\n", ""},
    {"connection: keep-alive, X-One ,,x-two\nX-One: 1\nX-Two: 2\nX-Three: 3\n", "X-Three: 3\n"},
    {"X-One: 1\nConnection: a\nConnection: x-one\n", ""}, /* named afterwards; in two fields */
    {"Keep-Alive: 5\nProxy-Connection: a\nProxy-Authorization: a\nProxy-Authenticate: a\n", ""},
    {"TE: trailers\nTrailer: a\nTransfer-Encoding: chunked\nContent-Length: 5\n", ""},
    {"Upgrade: h2c\nHTTP2-Settings: a\nExpect: 100-continue\nProxy: evil\n", ""},
    {"TE-A: 1\nUpgrade-Insecure-Requests: 1\n", "TE-A: 1\nUpgrade-Insecure-Requests: 1\n"},
    {"X_One: 1\nContent_Length: 5\nX-Forwarded_For: 1\n_: 1\n", ""},
    /* what may be named is not for all */
    {"Connection: host, authorization, cookie, cache-control\nAuthorization: a\nCookie: b\n"
     "Cache-Control: c\n",
     "Authorization: a\nCookie: b\nCache-Control: c\n"},
    {"Connection: range, idempotency-key, content-type, content-encoding\nRange: a\n"
     "Idempotency-Key: b\nContent-Type: c\nContent-Encoding: d\n",
     "Range: a\nIdempotency-Key: b\nContent-Type: c\nContent-Encoding: d\n"},
    {"Connection: via, forwarded, x-forwarded-for, x-forwarded-proto, x-forwarded-host, "
     "request-id\n",
     ""},
    /* what only a trusted proxy may say */
    {"Forwarded: for=192.0.2.9\nX-Forwarded-For: 192.0.2.9\nX-Forwarded-Proto: https\n"
     "X-Forwarded-Host: evil\nX-Forwarded-Port: 443\nx-forwarded-anything: a\n",
     ""},
    {"Request-Id: another\n", ""},
    /* our cookie */
    {"Cookie: a=1;b=2; c=\"3\" \n", "Cookie: a=1;b=2; c=\"3\" \n"},
    {"Cookie: box_office_session_files=x\n", ""},
    {"Cookie: box_office_session_files=x;\n", ""},
    {"Cookie: a=1; box_office_session_files=x; ;\n", "Cookie: a=1\n"},
    {"Cookie: a=1; box_office_session_files=x; b=2\n", "Cookie: a=1; b=2\n"},
    {"cookie: box_office_session_files=x; a=1;b=2\n", "cookie: a=1;b=2\n"},
    {"Cookie: a=1;b=2; box_office_session_files=x\n", "Cookie: a=1;b=2\n"},
    {"Cookie: box_office_session_files=x; a=1; box_office_session_files = "
     "y;box_office_session_files\n",
     "Cookie: a=1;box_office_session_files\n"},
    {"Cookie: a=1\nCookie: box_office_session_files=x\nCookie: b=2\n",
     "Cookie: a=1\nCookie: b=2\n"},
};

static void fields_pass_or_not(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer lines = {0}, due = {0};
        buffer_printf(&lines, HOST "%s", rows[i].came);
        buffer_printf(&due, HOST "%s" SAID, rows[i].left);
        check(buffer_text(&lines), &plain, buffer_text(&due));
        buffer_free(&lines);
        buffer_free(&due);
    }
}

static void a_hop_says_what_it_sees(void)
{
    struct forwarding hop = plain;
    hop.peer = "2001:db8::7";
    hop.proto = "https";
    hop.http10 = true;
    check("", &hop,
          "Forwarded: for=\"[2001:db8::7]\";proto=https\nX-Forwarded-For: 2001:db8::7\n"
          "X-Forwarded-Proto: https\nVia: 1.0 box-office\nRequest-Id: the-id\n");
    hop.peer = "a pipe\r\n";
    check("Host: \n", &hop,
          "Host: \nForwarded: for=unknown;proto=https\nX-Forwarded-For: unknown\n"
          "X-Forwarded-Proto: https\nVia: 1.0 box-office\nRequest-Id: the-id\n");
    check("Host: a\";for=b\n", &plain,
          "Host: a\";for=b\nForwarded: for=192.0.2.7;proto=http\nX-Forwarded-For: 192.0.2.7\n"
          "X-Forwarded-Proto: http\nVia: 1.1 box-office\nRequest-Id: the-id\n");
}

static void vias_are_one_list(void)
{
    check("Via: 1.0 a\nVia:\nVia: 1.1 b (c), 1.1 d\n", &plain,
          "Forwarded: for=192.0.2.7;proto=http\nX-Forwarded-For: 192.0.2.7\n"
          "X-Forwarded-Proto: http\nVia: 1.0 a, 1.1 b (c), 1.1 d, 1.1 box-office\n"
          "Request-Id: the-id\n");
}

static void a_trusted_proxys_word_is_carried_on(void)
{
    struct forwarding hop = by_proxy();
    check(HOST "Forwarded: for=\"[2001:db8::1]:80\";by=\"a,b\"\nForwarded: for=1.2.3.4\n"
               "X-Forwarded-For: 192.0.2.9\nX-Forwarded-For: 192.0.2.8, 192.0.2.7\n"
               "X-Forwarded-Proto: https\nX-Forwarded-Host: shop.example:8443\n"
               "X-Forwarded-Port: 8443\nConnection: x-forwarded-port\n",
          &hop,
          HOST "X-Forwarded-Port: 8443\n"
               "Forwarded: for=\"[2001:db8::1]:80\";by=\"a,b\", for=1.2.3.4, "
               "for=10.0.0.1;host=\"example.org\";proto=http\n"
               "X-Forwarded-For: 192.0.2.9, 192.0.2.8, 192.0.2.7, 10.0.0.1\n"
               "X-Forwarded-Proto: https\nX-Forwarded-Host: shop.example:8443\n"
               "Via: 1.1 box-office\nRequest-Id: the-id\n");
}

/* A quote left open would make what we say part of it; the first that was said counts. */
static void a_garbled_word_is_not(void)
{
    struct forwarding hop = by_proxy();
    check(HOST "Forwarded: for=1.2.3.4\nForwarded: for=\"5.6.7.8\nForwarded: for=9.9.9.9\n"
               "X-Forwarded-Proto: https, http\nX-Forwarded-Host: a\"b\n",
          &hop,
          HOST "Forwarded: for=9.9.9.9, for=10.0.0.1;host=\"example.org\";proto=http\n"
               "X-Forwarded-For: 10.0.0.1\nX-Forwarded-Proto: https\n"
               "X-Forwarded-Host: example.org\nVia: 1.1 box-office\nRequest-Id: the-id\n");
    check("Forwarded: for=\"a\\\"\n", &hop,
          "Forwarded: for=10.0.0.1;proto=http\nX-Forwarded-For: 10.0.0.1\n"
          "X-Forwarded-Proto: http\nVia: 1.1 box-office\nRequest-Id: the-id\n");
}

/* Elements of ten bytes, of which the last ones stay. */
static void a_long_list_loses_what_is_oldest(void)
{
    struct forwarding hop = by_proxy();
    struct buffer lines = {0}, out = {0};
    buffer_add(&lines, "Forwarded: x=\",\"");
    for (int i = 0; i < 2000; i++)
        buffer_printf(&lines, ",x=\",%04d\"", i);
    buffer_add_char(&lines, '\n');
    const char *made = make(buffer_text(&lines), &hop, &out);
    const char *list = strchr(made, ' ') + 1;
    size_t length = strcspn(list, "\n");
    CU_ASSERT(length <= FORWARDED_LIST_MAX && length > FORWARDED_LIST_MAX - 10);
    CU_ASSERT_EQUAL(strncmp(list, "x=\",", 4), 0); /* begins with a whole one */
    CU_ASSERT_PTR_NOT_NULL(strstr(list, ",x=\",1999\", for=10.0.0.1;proto=http\n"));
    buffer_clear(&lines);
    buffer_add(&lines, "X-Forwarded-For: ");
    for (int i = 0; i < 9000; i++)
        buffer_add_char(&lines, 'x'); /* one that does not fit at all */
    buffer_add_char(&lines, '\n');
    CU_ASSERT_PTR_NOT_NULL(
        strstr(make(buffer_text(&lines), &hop, &out), "\nX-Forwarded-For: 10.0.0.1\n"));
    buffer_free(&lines);
    buffer_free(&out);
}

static bool refuses(const char *name, size_t name_length, const char *value, size_t length)
{
    struct forwarded fields;
    struct buffer out = {0};
    forwarded_begin(&fields);
    CU_ASSERT(forwarded_field(&fields, "Host", 4, "a", 1));
    bool good = forwarded_field(&fields, name, name_length, value, length);
    CU_ASSERT_EQUAL(forwarded_field(&fields, "Accept", 6, "", 0), good);
    CU_ASSERT_EQUAL(forwarded_end(&fields, &plain, &out), good);
    CU_ASSERT_EQUAL(out.length > 0, good);
    buffer_free(&out);
    return !good;
}

static void what_would_be_two_fields_is_refused(void)
{
    CU_ASSERT_FALSE(refuses("X-A", 3, "b c", 3));
    CU_ASSERT(refuses("X-A", 3, "b\r\nX-B: c", 9));
    CU_ASSERT(refuses("X-A", 3, "b\nc", 3));
    CU_ASSERT(refuses("X-A", 3, "b\rc", 3));
    CU_ASSERT(refuses("X-A", 3, "b\0c", 3));
    CU_ASSERT(refuses("X-A", 3, "b\x7f", 2));
    CU_ASSERT(refuses("X-A: b\r\nX-B", 11, "c", 1));
    CU_ASSERT(refuses("X A", 3, "b", 1));
    CU_ASSERT(refuses("X-A ", 4, "b", 1));
    CU_ASSERT(refuses("X-\0", 3, "b", 1));
    CU_ASSERT(refuses("X-\xc3\xa9", 4, "b", 1));
    CU_ASSERT(refuses("", 0, "b", 1));
    CU_ASSERT(refuses("host", 4, "b", 1));
}

static void fields_are_bounded(void)
{
    static char text[FORWARDED_BYTES_MAX];
    struct forwarded fields;
    memset(text, ',', sizeof text);
    forwarded_begin(&fields);
    CU_ASSERT(forwarded_field(&fields, "X-A", 3, text, sizeof text - 3));
    CU_ASSERT_FALSE(forwarded_field(&fields, "X", 1, "", 0));
    CU_ASSERT(refuses("X-A", 3, text, sizeof text - 7)); /* Host has five bytes, X-A three */
    CU_ASSERT_FALSE(refuses("Connection", 10, text, FORWARDED_OPTIONS_MAX - 1));
    CU_ASSERT(refuses("Connection", 10, text, FORWARDED_OPTIONS_MAX));
    forwarded_begin(&fields);
    for (int i = 0; i < FORWARDED_FIELDS_MAX; i++)
        CU_ASSERT(forwarded_field(&fields, "X-A", 3, "", 0));
    CU_ASSERT_FALSE(forwarded_field(&fields, "X-A", 3, "", 0));
}

static bool loops(const char *lines)
{
    struct forwarded fields;
    CU_ASSERT(give(&fields, lines));
    return forwarded_loops(&fields, "box-office");
}

#define FIVE_TIMES                                                                                 \
    "1.1 box-office, 1.0  Box-Office (x), 1.1 box-office,,1.1 box-office ,1.1 box-office"

static void a_loop_is_seen(void)
{
    CU_ASSERT_FALSE(loops(""));
    CU_ASSERT_FALSE(loops("Via: " FIVE_TIMES "\nVia: " FIVE_TIMES "\n"));
    CU_ASSERT(loops("Via: " FIVE_TIMES "\nVia: " FIVE_TIMES "\nvia: 1.1 box-office\n"));
    CU_ASSERT_FALSE(loops("Via: " FIVE_TIMES "," FIVE_TIMES ",1.1 box-office2,1.1 a box-office,"
                          "box-office\nX-Via: 1.1 box-office\n"));
}

struct id {
    const char *text;
    bool valid;
};

#define TEXT_32 "0123456789abcdefABCDEF.-_~:/+@xy"

static const struct id ids[] = {
    {NULL, false},
    {"", false},
    {"a", true},
    {"0193b0aa-0000-7000-8000-000000000000", true},
    {TEXT_32 TEXT_32 TEXT_32 TEXT_32, true},
    {TEXT_32 TEXT_32 TEXT_32 TEXT_32 "x", false},
    {"a b", false},
    {"a=b", false},
    {"a\"b", false},
    {"a\\b", false},
    {"a\nb", false},
    {"a,b", false},
    {"a;b", false},
    {"\xc3\xa9", false},
};

static void a_request_id_is_kept_or_not(void)
{
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (request_id_valid(ids[i].text) != ids[i].valid) {
            printf("  %s\n", ids[i].text != NULL ? ids[i].text : "(none)");
            CU_FAIL("another view of what may be kept");
        }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("forwarded", "fields pass or not", fields_pass_or_not);
    suite_add("forwarded", "a hop says what it sees", a_hop_says_what_it_sees);
    suite_add("forwarded", "Vias are one list", vias_are_one_list);
    suite_add("forwarded", "a trusted proxy's word is carried on",
              a_trusted_proxys_word_is_carried_on);
    suite_add("forwarded", "a garbled word is not", a_garbled_word_is_not);
    suite_add("forwarded", "a long list loses what is oldest", a_long_list_loses_what_is_oldest);
    suite_add("forwarded", "what would be two fields is refused",
              what_would_be_two_fields_is_refused);
    suite_add("forwarded", "fields are bounded", fields_are_bounded);
    suite_add("forwarded", "a loop is seen", a_loop_is_seen);
    suite_add("forwarded", "a Request-Id is kept or not", a_request_id_is_kept_or_not);
}
