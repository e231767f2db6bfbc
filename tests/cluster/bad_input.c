/* Bad input is refused with a clear error, at the balancer and at a ticket server alike; nothing of it
 * reaches the store, and nobody dies of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/cluster/bad_rows.h"
#include "tests/lib/audit.h"
#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"

enum {
    ANSWER_SECONDS = 20,
    BODY_MAX = 16 * 1024,
};

static const char json_type[] = "Content-Type: application/json\r\n";
static const char form_type[] = "Content-Type: application/x-www-form-urlencoded\r\n";

/* Reads what came: ours is problem+json with that code, and says the status once more. */
static void expect_problem(struct raw_answer *answer, unsigned status, const char *code,
                           const char *what)
{
    struct response response = {.status = answer->status};
    struct bought bought = {0};
    size_t head = answer->status != 0 ? answer->head : 0;
    buffer_append(&response.head, buffer_text(&answer->bytes), head);
    buffer_append(&response.body, raw_body(answer), strlen(raw_body(answer)));
    bool read = answer->status == status && bought_read(&response, &bought);
    bool fine = read && strcmp(bought.code, code) == 0;
    CU_ASSERT(fine);
    if (!fine)
        printf("  %s: %u %s, expected %u %s\n", what, answer->status, bought.code, status, code);
    response_free(&response);
}

static void write_request(struct buffer *out, const struct bad_request *row, size_t length)
{
    buffer_clear(out);
    buffer_printf(out, "%s %s HTTP/1.1\r\nHost: x\r\n%s", row->method, row->path,
                  row->headers != NULL ? row->headers : form_type);
    if (row->body != NULL)
        buffer_printf(out, "Content-Length: %zu\r\n", length);
    buffer_add(out, "\r\n");
    buffer_append(out, row->body, length);
}

/* Sends it on a connection of its own, and expects the row's answer. */
static void refused(const char *url, const struct bad_request *row, size_t length)
{
    struct buffer request = {0};
    struct raw_answer answer = {0};
    write_request(&request, row, length);
    raw_exchange(url, request.data, request.length, &answer);
    expect_problem(&answer, row->status, row->code, row->body != NULL ? row->body : row->path);
    if (row->status == 405)
        CU_ASSERT_PTR_NOT_NULL(strcasestr(answer.bytes.data, "\r\nAllow: "));
    buffer_free(&request);
    buffer_free(&answer.bytes);
}

static void bodies_refused(const char *url, const char *type, const struct bad_body *rows,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct bad_request row = {"POST",       "/purchases",   type,
                                  rows[i].body, rows[i].status, rows[i].code};
        refused(url, &row, rows[i].length > 0 ? rows[i].length : strlen(rows[i].body));
    }
}

static void requests_refused(const char *url)
{
    for (size_t i = 0; i < bad_requests_count; i++) {
        const char *body = bad_requests[i].body;
        refused(url, &bad_requests[i], body != NULL ? strlen(body) : 0);
    }
}

/* What follows a request with two readings must not be read at all: it could be the second half of
 * somebody else's purchase. */
static void bytes_refused(const char *url, const struct bad_bytes *row)
{
    static const char next[] = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";
    struct raw_answer answer = {0}, second = {0};
    int fd = raw_connect(url);
    raw_send(fd, row->bytes, row->length > 0 ? row->length : strlen(row->bytes));
    raw_send(fd, next, sizeof next - 1);
    raw_receive(fd, &answer, false, ANSWER_SECONDS);
    bool refusal = answer.status >= 400 && answer.status < 500;
    bool fine = row->status != 0 ? answer.status == row->status : refusal || answer.status == 0;
    size_t more = answer.status != 0 ? answer.bytes.length - answer.head : 0;
    if (!answer.closed)
        raw_receive(fd, &second, false, ANSWER_SECONDS);
    fine = fine && (answer.closed || second.closed) && second.status == 0;
    CU_ASSERT(fine);
    if (!fine)
        printf("  %s: %u with %zu bytes, then %u, closed %d\n", row->what, answer.status, more,
               second.status, answer.closed || second.closed);
    close(fd);
    buffer_free(&answer.bytes);
    buffer_free(&second.bytes);
}

static void fill(char *text, size_t length, const char *begin, const char *end)
{
    memset(text, 'a', length);
    memcpy(text, begin, strlen(begin));
    memcpy(text + length - strlen(end), end, strlen(end) + 1);
}

/* A body just too long, told by its length or not told at all; and headers and targets too long. */
static void oversize_refused(const char *url)
{
    static char body[BODY_MAX + 2], headers[BODY_MAX + 2], path[200000];
    fill(body, BODY_MAX + 1, "event=demo&buyer=", "a");
    refused(url, &(struct bad_request){"POST", "/purchases", form_type, body, 413, "too_large"},
            BODY_MAX + 1);
    fill(body, BODY_MAX, "event=demo&buyer=", "a");
    refused(url, &(struct bad_request){"POST", "/purchases", form_type, body, 422, "invalid"},
            BODY_MAX);
    fill(headers, 300, "Content-Type: application/json\r\nIdempotency-Key: ", "\r\n");
    refused(url, &(struct bad_request){"POST", "/purchases", headers, "{}", 400, "malformed"}, 2);
    fill(path, sizeof path - 1, "GET /events/", " HTTP/1.1\r\nHost: x\r\n\r\n");
    bytes_refused(url, &(struct bad_bytes){"a long target", path, 0, 0});
    fill(path, sizeof path - 1, "GET /events HTTP/1.1\r\nHost: x\r\nX-Long: ", "\r\n\r\n");
    bytes_refused(url, &(struct bad_bytes){"a long header", path, 0, 0});
}

static void chunked_refused(const char *url)
{
    struct buffer request = {0};
    struct raw_answer answer = {0};
    static char chunk[BODY_MAX + 1];
    fill(chunk, BODY_MAX, "event=demo&buyer=", "a");
    buffer_printf(&request,
                  "POST /purchases HTTP/1.1\r\nHost: x\r\n%sTransfer-Encoding: chunked\r\n\r\n",
                  form_type);
    for (int i = 0; i < 8; i++)
        buffer_printf(&request, "%x\r\n%s\r\n", BODY_MAX, chunk);
    buffer_add(&request, "0\r\n\r\n");
    raw_exchange(url, request.data, request.length, &answer);
    expect_problem(&answer, 413, "too_large", "chunks that are too long together");
    buffer_free(&request);
    buffer_free(&answer.bytes);
}

/* Half a request, then gone: nobody waits for the rest for ever. */
static void half_requests(const char *url)
{
    static const char whole[] = "POST /purchases HTTP/1.1\r\nHost: x\r\nContent-Type: "
                                "application/x-www-form-urlencoded\r\nContent-Length: "
                                "10\r\n\r\nevent=demo";
    for (size_t length = 0; length + 1 < sizeof whole; length += 7) {
        int fd = raw_connect(url);
        CU_ASSERT(raw_send(fd, whole, length));
        close(fd);
    }
}

static void all_refused(const char *url)
{
    bodies_refused(url, json_type, bad_json, bad_json_count);
    bodies_refused(url, form_type, bad_forms, bad_forms_count);
    requests_refused(url);
    for (size_t i = 0; i < bad_framing_count; i++)
        bytes_refused(url, &bad_framing[i]);
    for (size_t i = 0; i < bad_bytes_count; i++)
        bytes_refused(url, &bad_bytes[i]);
    oversize_refused(url);
    chunked_refused(url);
    half_requests(url);
}

/* The same processes as before sell one ticket each. */
static void expect_unharmed(struct cluster *cluster)
{
    struct cluster before = *cluster;
    struct client *client = client_open();
    struct bought bought;
    CU_ASSERT(cluster_quiet(cluster));
    CU_ASSERT_EQUAL(cluster->router, before.router);
    CU_ASSERT_EQUAL(cluster->server[0].pid, before.server[0].pid);
    CU_ASSERT_EQUAL(cluster->server[1].pid, before.server[1].pid);
    CU_ASSERT_EQUAL(client_sold(client, cluster->url), 0);
    CU_ASSERT(client_buy(client, cluster->url, "event=demo", NULL, &bought));
    CU_ASSERT_EQUAL(bought.status, 201);
    CU_ASSERT(client_buy(client, cluster->server[0].url, "event=demo", NULL, &bought));
    CU_ASSERT_EQUAL(bought.status, 201);
    CU_ASSERT_EQUAL(client_sold(client, cluster->url), 2);
    client_close(client);
}

static void is_refused(void)
{
    struct cluster cluster;
    cluster_open(&cluster, 100, 2);
    all_refused(cluster.url);
    all_refused(cluster.server[0].url);
    expect_unharmed(&cluster);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

#define FLIGHT_OF(version) "{\"router\":\"r\"," version "\"items\":"

static const struct {
    const char *body, *code;
} bad_flights[] = {
    {"", "malformed"},
    {"{}", "malformed"},
    {"[]", "malformed"},
    {FLIGHT_OF("") "[]}", "malformed"},
    {FLIGHT_OF("\"version\":2,") "{}}", "malformed"},
    {FLIGHT_OF("\"version\":2,") "[{}]}", "malformed"},
    {FLIGHT_OF("\"version\":2,") "[{\"request\":\"x\",\"key\":\"k\",\"attempt\":1}]}", "malformed"},
    {FLIGHT_OF("\"version\":2,") "[1,2,3]}", "malformed"},
    {FLIGHT_OF("\"version\":2,") "[]}trailing", "malformed"},
    {FLIGHT_OF("\"version\":1,") "[]}", "flight_version"},
};

/* A flight with nobody on board is answered: with what the server tells of itself. */
static void expect_trial(struct cluster *cluster)
{
    static const char trial[] = FLIGHT_OF("\"version\":2,") "[]}";
    struct client *client = client_open();
    struct response response = {0};
    struct query query = {.url = cluster->server[0].url,
                          .path = "/flights",
                          .type = "application/json",
                          .body = trial};
    CU_ASSERT(client_ask(client, &query, &response));
    CU_ASSERT_EQUAL(response.status, 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&response.body), "\"sold\":0,\"outcomes\":[]}"));
    response_free(&response);
    client_close(client);
}

/* The way of the balancer's own requests: closed to the public, and strict at a ticket server. */
static void flights(void)
{
    struct cluster cluster;
    cluster_open(&cluster, 100, 2);
    for (size_t i = 0; i < sizeof bad_flights / sizeof *bad_flights; i++) {
        size_t length = strlen(bad_flights[i].body);
        struct bad_request row = {"POST", "/flights",         json_type, bad_flights[i].body,
                                  400,    bad_flights[i].code};
        refused(cluster.server[0].url, &row, length);
        row.status = 404;
        row.code = "not_found";
        refused(cluster.url, &row, length);
    }
    expect_trial(&cluster);
    expect_unharmed(&cluster);
    cluster_close(&cluster);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("bad_input", "is_refused", is_refused);
    suite_add("bad_input", "flights", flights);
}
