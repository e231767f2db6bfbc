/* Reads through the balancer: forwarded to any server, and each shows what was answered before it. */
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "tests/lib/audit.h"
#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/suite.h"

static long get(struct client *client, const char *url, const char *method, const char *path,
                struct response *response)
{
    struct query query = {.url = url, .path = path, .method = method};
    client_ask(client, &query, response);
    return response->status;
}

static int64_t number_of(const cJSON *object, const char *name)
{
    int64_t number = -1;
    json_integer(cJSON_GetObjectItemCaseSensitive(object, name), 0, 1000000, &number);
    return number;
}

static void expect_counts(struct client *client, const char *url, const char *path, int64_t sold)
{
    char error[JSON_ERROR_SIZE];
    struct response response = {0};
    CU_ASSERT_EQUAL(get(client, url, NULL, path, &response), 200);
    cJSON *json = json_parse(response.body.data, response.body.length, error);
    const cJSON *events = cJSON_GetObjectItemCaseSensitive(json, "events");
    const cJSON *event = events != NULL ? cJSON_GetArrayItem(events, 0) : json;
    const cJSON *tier = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(event, "tiers"), 0);
    CU_ASSERT_EQUAL(number_of(tier, "capacity"), 1000);
    CU_ASSERT_EQUAL(number_of(tier, "sold"), sold);
    CU_ASSERT_EQUAL(number_of(tier, "held"), 0);
    CU_ASSERT_EQUAL(number_of(tier, "remaining"), 1000 - sold);
    cJSON_Delete(json);
    response_free(&response);
}

/* The sale can be read at once where its Location says, word for word, from whichever server. */
static void read_your_sale(struct client *client, const char *url, const char *form)
{
    char location[200];
    struct query query = {.url = url, .path = "/purchases", .body = form};
    struct response sale = {0}, read = {0};
    CU_ASSERT_FATAL(client_ask(client, &query, &sale));
    CU_ASSERT_EQUAL_FATAL(sale.status, 201);
    CU_ASSERT(response_header(&sale, "Location", location, sizeof location));
    CU_ASSERT_EQUAL(get(client, url, NULL, location, &read), 200);
    CU_ASSERT_STRING_EQUAL(buffer_text(&read.body), buffer_text(&sale.body));
    response_free(&sale);
    response_free(&read);
}

static void show_what_was_answered(void)
{
    struct cluster cluster;
    struct client *client = client_open();
    cluster_open(&cluster, 1000, 3);
    int64_t sold = 0;
    for (int i = 0; i < load_scaled(200); i++) {
        int quantity = i % 3 + 1;
        char form[64];
        snprintf(form, sizeof form, "event=demo&quantity=%d&buyer=Buyer+%d", quantity, i);
        read_your_sale(client, cluster.url, form);
        sold += quantity;
        expect_counts(client, cluster.url, "/events/demo", sold);
    }
    expect_counts(client, cluster.url, "/events", sold);
    for (size_t i = 0; i < cluster.count; i++)
        expect_counts(client, cluster.server[i].url, "/events", sold);
    client_close(client);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

static void expect_problem(struct client *client, const char *url, const char *path,
                           const char *code)
{
    struct response response = {0};
    struct bought bought;
    CU_ASSERT_EQUAL(get(client, url, NULL, path, &response), 404);
    CU_ASSERT(bought_read(&response, &bought));
    CU_ASSERT_STRING_EQUAL(bought.code, code);
    if (strcmp(bought.code, code) != 0)
        printf("  %s: %s\n", path, bought.code);
    response_free(&response);
}

static void not_found(void)
{
    struct cluster cluster;
    struct client *client = client_open();
    cluster_open(&cluster, 1000, 2);
    const char *const urls[] = {cluster.url, cluster.server[0].url};
    for (size_t i = 0; i < 2; i++) {
        expect_problem(client, urls[i], "/", "not_found");
        expect_problem(client, urls[i], "/event", "not_found");
        expect_problem(client, urls[i], "/events/nope", "no_such_event");
        expect_problem(client, urls[i],
                       "/events/demo/purchases/01930000-0000-7000-8000-000000000000",
                       "no_such_purchase");
        expect_problem(client, urls[i], "/events/demo/purchases/1", "no_such_purchase");
    }
    client_close(client);
    cluster_close(&cluster);
}

/* HEAD is GET without the body: same status, same length. */
static void head(void)
{
    const char *const paths[] = {"/events", "/events/demo", "/events/nope", "/nope"};
    struct cluster cluster;
    struct client *client = client_open();
    cluster_open(&cluster, 1000, 2);
    const char *const urls[] = {cluster.url, cluster.server[0].url};
    for (size_t i = 0; i < 8; i++) {
        struct response full = {0}, bare = {0};
        char length[16], told[16];
        get(client, urls[i % 2], NULL, paths[i / 2], &full);
        CU_ASSERT_EQUAL(get(client, urls[i % 2], "HEAD", paths[i / 2], &bare), full.status);
        CU_ASSERT(response_header(&bare, "Content-Length", told, sizeof told));
        snprintf(length, sizeof length, "%zu", full.body.length);
        CU_ASSERT_STRING_EQUAL(told, length);
        CU_ASSERT_EQUAL(bare.body.length, 0);
        response_free(&full);
        response_free(&bare);
    }
    client_close(client);
    cluster_close(&cluster);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("reads", "show_what_was_answered", show_what_was_answered);
    suite_add("reads", "not_found", not_found);
    suite_add("reads", "head", head);
}
