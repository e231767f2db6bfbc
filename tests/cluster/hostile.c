/* Hostile bytes against every listener: each row is what its name says and nothing more, and the store and
 * the routing log hold exactly the purchases that were answered. */
#include "tests/cluster/hostile.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/store.h"
#include "tests/cluster/hostile_exchange.h"
#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"

enum {
    FACES = 3,
    CAPACITY = 100000,
};

static struct cluster cluster;
static struct hostile_face faces[FACES];
static char authorization[CLUSTER_TOKEN_SIZE + 32];

static void open_faces(void)
{
    cluster_open(&cluster, CAPACITY, 1);
    CU_ASSERT(cluster_look(&cluster));
    snprintf(authorization, sizeof authorization, "Authorization: Bearer %s\r\n", cluster.token);
    faces[0] = (struct hostile_face){"the balancer", cluster.url, "", true, 0};
    faces[1] = (struct hostile_face){"a ticket server", cluster.server[0].url, "", true, 0};
    faces[2] = (struct hostile_face){"the admin listener", cluster.admin, authorization, false, 0};
}

/* --- what reached the store -------------------------------------------------------------------- */

struct found {
    size_t sales;
    size_t smuggled;
};

static void count_sale(void *context, const struct store_sale_row *sale)
{
    struct found *found = context;
    found->sales++;
    found->smuggled += strcmp(sale->key, HOSTILE_KEY) == 0;
}

static void read_store(struct found *found)
{
    char error[STORE_ERROR_SIZE] = "";
    struct store *store = store_open_reader(cluster.store, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    CU_ASSERT_EQUAL(store_each_sale(store, count_sale, found), STORE_FOUND);
    store_close(store);
}

static size_t choices_of_demo(void)
{
    struct buffer text = {0};
    char path[FILES_PATH_SIZE];
    size_t count = 0;
    files_path(path, cluster.logs, "routing.log");
    files_read(path, &text);
    for (const char *at = buffer_text(&text); (at = strstr(at, " event=demo ")) != NULL; at++)
        count++;
    buffer_free(&text);
    return count;
}

/* The same processes as before have decided what they answered, and nothing else. */
static void close_faces(void)
{
    struct found found = {0};
    struct cluster before = cluster;
    CU_ASSERT(cluster_quiet(&cluster));
    CU_ASSERT_EQUAL(cluster.router, before.router);
    CU_ASSERT_EQUAL(cluster.server[0].pid, before.server[0].pid);
    read_store(&found);
    CU_ASSERT_EQUAL(found.smuggled, 0);
    CU_ASSERT_EQUAL(found.sales, faces[0].sold + faces[1].sold);
    CU_ASSERT_EQUAL(choices_of_demo(), faces[0].sold);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

/* --- the rows ---------------------------------------------------------------------------------- */

static void send_rows(struct hostile_face *face, const struct hostile_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CU_ASSERT(hostile_exchange(face, &rows[i], 0));
}

static void rows_are_what_they_say(void)
{
    open_faces();
    for (size_t i = 0; i < FACES; i++) {
        send_rows(&faces[i], hostile_lengths, hostile_lengths_count);
        send_rows(&faces[i], hostile_chunks, hostile_chunks_count);
        send_rows(&faces[i], hostile_lines, hostile_lines_count);
        send_rows(&faces[i], hostile_headers, hostile_headers_count);
    }
    CU_ASSERT(faces[0].sold > 0 && faces[0].sold == faces[1].sold);
    close_faces();
}

/* Wherever the network cuts them. */
static const struct hostile_row split_rows[] = {
    HOSTILE_ROW("a purchase", "RFC 9112 2", HOSTILE_BUY, "201 +"),
    HOSTILE_ROW("a purchase in chunks", "RFC 9112 7.1",
                HOSTILE_POST
                "Transfer-Encoding: chunked\r\n\r\n5\r\nevent\r\n5\r\n=demo\r\n0\r\n\r\n",
                "201"),
    HOSTILE_ROW("a length and chunks", "RFC 9112 6.1",
                HOSTILE_POST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "400!"),
    HOSTILE_ROW("a NUL", "RFC 9110 5.5", HOSTILE_POST "Content-Length: 0\r\nX: a\0b\r\n\r\n",
                "400!"),
    HOSTILE_ROW("a line that ends with LF", "RFC 9112 2.2",
                HOSTILE_POST "Content-Length: 0\r\nX: a\nY: b\r\n\r\n", "400!"),
    HOSTILE_ROW("a folded length", "RFC 9112 5.2",
                HOSTILE_POST "Content-: 10\r\n Length\r\n\r\nevent=demo", "400!"),
};

static void rows_are_the_same_in_pieces(void)
{
    open_faces();
    for (size_t i = 0; i < FACES; i++)
        for (size_t row = 0; row < sizeof split_rows / sizeof *split_rows; row++)
            for (size_t at = 1; at < split_rows[row].length; at++)
                CU_ASSERT(hostile_exchange(&faces[i], &split_rows[row], at));
    close_faces();
}

/* Gone at any byte: what was not whole was not asked. */
static void half_a_request_is_none(void)
{
    static const char whole[] = HOSTILE_BUY;
    open_faces();
    for (size_t i = 0; i < FACES; i++)
        for (size_t length = 0; length + 1 < sizeof whole; length++) {
            int fd = raw_connect(faces[i].url);
            CU_ASSERT(raw_send(fd, whole, length));
            close(fd);
        }
    for (size_t i = 0; i < FACES; i++)
        CU_ASSERT(hostile_exchange(&faces[i], &split_rows[0], 0));
    close_faces();
}

/* --- too much of a good thing ------------------------------------------------------------------ */

/* A request that holds `unit` so many times. */
struct flood {
    const char *name;
    const char *before, *unit, *after;
    size_t times;
    const char *expect;
};

static const struct flood floods[] = {
    {"60 headers", HOSTILE_POST, "X: a\r\n", "Content-Length: 10\r\n\r\nevent=demo", 60, "201 +"},
    {"64 headers", HOSTILE_POST, "X: a\r\n", "Content-Length: 10\r\n\r\nevent=demo", 62, "431!"},
    {"1,000 headers", HOSTILE_POST, "X: a\r\n", "\r\n", 1000, "4xx"},
    {"100,000 headers", HOSTILE_POST, "X: a\r\n", "\r\n", 100000, "cut"},
    {"a header of 5,000 bytes", HOSTILE_POST "X: ", "a", "\r\nContent-Length: 10\r\n\r\nevent=demo",
     5000, "201 +"},
    {"a header of 7,000 bytes", HOSTILE_POST "X: ", "a", "\r\nContent-Length: 10\r\n\r\nevent=demo",
     7000, "431!"},
    {"a header of a megabyte", HOSTILE_POST "X: ", "a", "\r\n\r\n", 1 << 20, "cut"},
    {"a name of a megabyte", HOSTILE_POST, "a", ": x\r\n\r\n", 1 << 20, "cut"},
    {"a megabyte of folded lines", HOSTILE_POST "X: a\r\n", " a\r\n", "\r\n", 1 << 18, "cut"},
    {"50 cookies", HOSTILE_POST "Cookie: ", "a=b; ", "\r\nContent-Length: 10\r\n\r\nevent=demo", 50,
     "201 +"},
    {"64 cookies", HOSTILE_POST "Cookie: ", "a=b; ", "\r\nContent-Length: 10\r\n\r\nevent=demo", 64,
     "431!"},
    {"100,000 cookies", HOSTILE_POST "Cookie: ", "a=b; ", "\r\n\r\n", 100000, "cut"},
    {"20 arguments", "POST /purchases?", "a&",
     " HTTP/1.1\r\nHost: x\r\n" HOSTILE_FORM "Content-Length: 10\r\n\r\nevent=demo", 20, "201 +"},
    {"2,000 arguments", "POST /purchases?", "a&",
     " HTTP/1.1\r\nHost: x\r\n" HOSTILE_FORM "Content-Length: 10\r\n\r\nevent=demo", 2000, "201 +"},
    {"100,000 arguments", "POST /purchases?", "a&", " HTTP/1.1\r\nHost: x\r\n\r\n", 100000, "cut"},
    {"a target of 5,000 bytes", "GET /events/", "a", " HTTP/1.1\r\nHost: x\r\n\r\n", 5000, "404 +"},
    {"a target of 7,000 bytes", "GET /events/", "a", " HTTP/1.1\r\nHost: x\r\n\r\n", 7000, "431!"},
    {"a target of a megabyte", "GET /events/", "a", " HTTP/1.1\r\nHost: x\r\n\r\n", 1 << 20, "cut"},
    {"a method of a megabyte", "", "A", " /events HTTP/1.1\r\nHost: x\r\n\r\n", 1 << 20, "cut"},
    {"a version of a megabyte", "GET /events HTTP/1.", "1", "\r\nHost: x\r\n\r\n", 1 << 20, "cut"},
    {"100,000 empty lines", "", "\r\n", "GET /events HTTP/1.1\r\nHost: x\r\n\r\n", 100000, "cut"},
    {"100,000 unfinished requests", "", "GET ", "\r\n\r\n", 100000, "cut"},
    {"10,000 trailers", HOSTILE_POST "Transfer-Encoding: chunked\r\n\r\n0\r\n", "X: a\r\n", "\r\n",
     10000, "cut"},
    {"10,000 chunks of a byte", HOSTILE_POST "Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n",
     "0\r\n\r\n", 10000, "400"},
    {"20,000 chunks of a byte", HOSTILE_POST "Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n",
     "0\r\n\r\n", 20000, "413!"},
};

static bool flood_fits(struct hostile_face *face, const struct flood *flood)
{
    struct buffer bytes = {0};
    buffer_add(&bytes, flood->before);
    for (size_t i = 0; i < flood->times; i++)
        buffer_add(&bytes, flood->unit);
    buffer_add(&bytes, flood->after);
    const struct hostile_row row = {flood->name, "a bound", bytes.data, bytes.length,
                                    flood->expect};
    bool fine = hostile_exchange(face, &row, 0);
    buffer_free(&bytes);
    return fine;
}

static void floods_find_their_bounds(void)
{
    open_faces();
    for (size_t i = 0; i < FACES; i++)
        for (size_t flood = 0; flood < sizeof floods / sizeof *floods; flood++)
            CU_ASSERT(flood_fits(&faces[i], &floods[flood]));
    close_faces();
}

/* Cookies take room from the answer's headers: what is sold must be answered all the same. (Where they
 * leave libmicrohttpd no room for a refusal either, it closes without a word.) */
static void what_is_sold_is_answered(void)
{
    open_faces();
    for (size_t i = 0; i < 2; i++)
        for (size_t times = 0; times < 260; times++) {
            const struct flood flood = {"cookies", HOSTILE_POST "Cookie: ",
                                        "a;",      "\r\nContent-Length: 10\r\n\r\nevent=demo",
                                        times,     times < 60 ? "201 +" : "cut"};
            CU_ASSERT(flood_fits(&faces[i], &flood));
        }
    close_faces();
}

/* Longer than libmicrohttpd's buffer, where it then turns in circles; nothing is read behind it. */
static void an_endless_extension_is_cut(void)
{
    static const struct flood flood = {"an extension of a megabyte",
                                       HOSTILE_POST "Transfer-Encoding: chunked\r\n\r\n1;",
                                       "a",
                                       "\r\n" HOSTILE_SMUGGLED,
                                       1 << 20,
                                       "cut"};
    open_faces();
    CU_ASSERT(flood_fits(&faces[0], &flood));
    close_faces();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("hostile", "rows are what they say", rows_are_what_they_say);
    suite_add("hostile", "rows are the same in pieces", rows_are_the_same_in_pieces);
    suite_add("hostile", "floods find their bounds", floods_find_their_bounds);
    suite_add("hostile", "what is sold is answered", what_is_sold_is_answered);
    suite_add("hostile", "an endless extension is cut", an_endless_extension_is_cut);
    suite_add("hostile", "half a request is none", half_a_request_is_none);
}
