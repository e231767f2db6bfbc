/* One key, one purchase: however often, wherever and whenever it is sent. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/audit.h"
#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"

enum {
    AT_ONCE = 8,
    ANSWER_SECONDS = 20,
};

static const char *const form = "event=demo&quantity=2";

static void ask(struct client *client, const char *url, const char *type, const char *body,
                const char *key, struct response *response)
{
    struct query query = {.url = url, .path = "/purchases", .type = type, .body = body, .key = key};
    CU_ASSERT_FATAL(client_ask(client, &query, response));
}

static void same_answer(struct response *first, struct response *again)
{
    char a[300], b[300];
    CU_ASSERT_EQUAL(first->status, 201);
    CU_ASSERT_EQUAL(again->status, 201);
    CU_ASSERT_STRING_EQUAL(buffer_text(&first->body), buffer_text(&again->body));
    CU_ASSERT(response_header(first, "Location", a, sizeof a));
    CU_ASSERT(response_header(again, "Location", b, sizeof b));
    CU_ASSERT_STRING_EQUAL(a, b);
    CU_ASSERT(response_header(first, "Idempotency-Key", a, sizeof a));
    CU_ASSERT(response_header(again, "Idempotency-Key", b, sizeof b));
    CU_ASSERT_STRING_EQUAL(a, b);
    CU_ASSERT(response_header(first, "Request-Id", a, sizeof a));
    CU_ASSERT(response_header(again, "Request-Id", b, sizeof b));
    CU_ASSERT_STRING_NOT_EQUAL(a, b);
}

/* Asks here, then there, with the same key. */
static void in_turn(struct client *client, const char *here, const char *there, const char *key)
{
    struct response first = {0}, again = {0};
    ask(client, here, NULL, form, key, &first);
    ask(client, there, NULL, form, key, &again);
    same_answer(&first, &again);
    response_free(&first);
    response_free(&again);
}

static void in_sequence(void)
{
    struct cluster cluster;
    struct client *client = client_open();
    cluster_open(&cluster, 1000, 3);
    const char *balancer = cluster.url;
    const char *one = cluster.server[0].url, *two = cluster.server[1].url;
    in_turn(client, balancer, balancer, "sequence-balancer-balancer");
    in_turn(client, balancer, one, "sequence-balancer-server");
    in_turn(client, two, balancer, "sequence-server-balancer");
    in_turn(client, one, two, "sequence-server-server");
    CU_ASSERT_EQUAL(client_sold(client, balancer), 8);
    client_close(client);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

/* Connections first, then all requests, then all answers: they are decided at the same time. */
static void at_once(struct client *client, const char *here, const char *there, const char *key)
{
    char request[512];
    int fd[AT_ONCE];
    struct raw_answer first = {0}, answer = {0};
    snprintf(request, sizeof request,
             "POST /purchases HTTP/1.1\r\nHost: x\r\nIdempotency-Key: %s\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
             key, strlen(form), form);
    int64_t before = client_sold(client, here);
    for (int i = 0; i < AT_ONCE; i++)
        fd[i] = raw_connect(i % 2 ? there : here);
    for (int i = 0; i < AT_ONCE; i++)
        CU_ASSERT(raw_send(fd[i], request, strlen(request)));
    for (int i = 0; i < AT_ONCE; i++) {
        raw_receive(fd[i], i == 0 ? &first : &answer, false, ANSWER_SECONDS);
        CU_ASSERT_EQUAL(i == 0 ? first.status : answer.status, 201);
        if (i > 0)
            CU_ASSERT_STRING_EQUAL(raw_body(&first), raw_body(&answer));
        close(fd[i]);
    }
    buffer_free(&first.bytes);
    buffer_free(&answer.bytes);
    CU_ASSERT_EQUAL(client_sold(client, here), before + 2);
}

static void all_at_once(void)
{
    struct cluster cluster;
    struct client *client = client_open();
    cluster_open(&cluster, 1000, 3);
    for (int round = 0; round < load_scaled(20); round++) {
        char key[64];
        snprintf(key, sizeof key, "at-once-balancer-%d", round);
        at_once(client, cluster.url, cluster.url, key);
        snprintf(key, sizeof key, "at-once-two-servers-%d", round);
        at_once(client, cluster.server[0].url, cluster.server[1].url, key);
        snprintf(key, sizeof key, "at-once-balancer-and-server-%d", round);
        at_once(client, cluster.url, cluster.server[2].url, key);
    }
    client_close(client);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

static void expect_reused(struct client *client, const char *url, const char *other,
                          const char *key)
{
    struct bought bought;
    CU_ASSERT(client_buy(client, url, other, key, &bought));
    CU_ASSERT_EQUAL(bought.status, 422);
    CU_ASSERT_STRING_EQUAL(bought.code, "key_reused");
}

/* What is absent is distinct from every value, also from the default; how it was encoded is not. */
static void other_content(void)
{
    const char *const key = "other-content-0001";
    const char *const others[] = {"event=demo&quantity=2", "event=demo&quantity=1",
                                  "event=demo&tier=standard", "event=demo&buyer=Ada"};
    struct cluster cluster;
    struct client *client = client_open();
    struct response first = {0}, again = {0};
    cluster_open(&cluster, 1000, 2);
    ask(client, cluster.url, NULL, "event=demo", key, &first);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        expect_reused(client, cluster.url, others[i], key);
        expect_reused(client, cluster.server[i % 2].url, others[i], key);
    }
    ask(client, cluster.url, "application/json", "{ \"event\": \"demo\" }", key, &again);
    same_answer(&first, &again);
    CU_ASSERT_EQUAL(client_sold(client, cluster.url), 1);
    response_free(&first);
    response_free(&again);
    client_close(client);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("same_key", "in_sequence", in_sequence);
    suite_add("same_key", "all_at_once", all_at_once);
    suite_add("same_key", "other_content", other_content);
}
