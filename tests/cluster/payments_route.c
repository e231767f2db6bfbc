/* Confirming is kept to the payment provider: the sample configuration demands its token for that, and for nothing
 * else. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/cluster/provider.h"
#include "tests/cluster/tokens.h"
#include "tests/lib/audit.h"
#include "tests/lib/suite.h"

static const char sample[] = "balancer/config.payments.json";

enum {
    TEXT_SIZE = 4096,
};

/* The text, with the tests' own in the place of what an organiser fills in. */
static void replace(char text[TEXT_SIZE], const char *from, const char *to)
{
    char *at = strstr(text, from), rest[TEXT_SIZE];
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    snprintf(rest, sizeof rest, "%s", at + strlen(from));
    snprintf(at, (size_t)(text + TEXT_SIZE - at), "%s%s", to, rest);
}

static void read_sample(char text[TEXT_SIZE], const char *directory)
{
    char key[FILES_PATH_SIZE], further[FILES_PATH_SIZE + 128];
    struct buffer file = {0};
    files_read(sample, &file);
    snprintf(text, TEXT_SIZE, "%s", buffer_text(&file));
    tokens_configure(directory, further, sizeof further);
    files_path(key, directory, "jwt.key");
    replace(text, "db/payments.key", key);
    replace(text, "https://payments.example", "tests");
    replace(text, ",\n    \"audience\": \"box-office\"", "");
    buffer_free(&file);
}

static void hold(struct client *client, struct cluster *cluster, char id[ID_TEXT_SIZE])
{
    struct response response = {0};
    struct query query = {.url = cluster->url, .path = "/holds", .body = "event=demo"};
    CU_ASSERT(client_ask(client, &query, &response));
    CU_ASSERT_EQUAL(response.status, 201);
    CU_ASSERT(provider_text(&response, "id", id, ID_TEXT_SIZE));
    response_free(&response);
}

/* What this is answered, at the hold's path and what follows it. */
static long ask(struct client *client, struct cluster *cluster, const struct query *how,
                const char *id)
{
    char path[96];
    struct response response = {0};
    struct query query = *how;
    snprintf(path, sizeof path, "/holds/%s%s", id, how->path);
    query.url = cluster->url;
    query.path = path;
    CU_ASSERT(client_ask(client, &query, &response));
    long status = response.status;
    response_free(&response);
    return status;
}

static void let_through(struct client *client, struct cluster *cluster)
{
    char id[ID_TEXT_SIZE], other[ID_TEXT_SIZE], good[TOKEN_FIELD_SIZE], forged[TOKEN_FIELD_SIZE];
    const struct query look = {.path = ""}, release = {.path = "", .method = "DELETE"};
    struct query confirm = {.path = "/confirm", .body = "payment=pay-1"};
    tokens_field(good, "provider", 60, NULL);
    tokens_field(forged, "provider", 60, "another secret, which is as long as it");
    hold(client, cluster, id);
    hold(client, cluster, other);
    CU_ASSERT_EQUAL(ask(client, cluster, &look, id), 200);
    CU_ASSERT_EQUAL(ask(client, cluster, &confirm, id), 401);
    confirm.fields[0] = forged;
    CU_ASSERT_EQUAL(ask(client, cluster, &confirm, id), 401);
    confirm.fields[0] = good;
    CU_ASSERT_EQUAL(ask(client, cluster, &confirm, id), 201);
    CU_ASSERT_EQUAL(ask(client, cluster, &release, other), 200);
}

static long ask_provider(struct provider *provider, const char *hold, const char *further)
{
    char body[160];
    struct response response = {0};
    struct query query = {
        .url = provider->url, .path = "/payments", .type = "application/json", .body = body};
    snprintf(body, sizeof body, "{\"hold\":\"%s\"%s}", hold, further);
    CU_ASSERT(client_ask(provider->client, &query, &response));
    long status = response.status;
    response_free(&response);
    return status;
}

/* The price is the shop's to say. */
static void refuse_other_prices(struct provider *provider, const char *hold)
{
    static const char nobody[] = "01930000-0000-7000-8000-000000000001";
    CU_ASSERT_EQUAL(ask_provider(provider, hold, ",\"amount\":1"), 422);
    CU_ASSERT_EQUAL(ask_provider(provider, hold, ",\"amount\":2500,\"currency\":\"JPY\""), 422);
    CU_ASSERT_EQUAL(ask_provider(provider, hold, ",\"price\":2500"), 422);
    CU_ASSERT_EQUAL(ask_provider(provider, nobody, ""), 404);
    CU_ASSERT_EQUAL(ask_provider(provider, hold, ""), 202);
    CU_ASSERT_EQUAL(ask_provider(provider, hold, ",\"amount\":2500"), 202);
}

/* The provider has its token in a file. */
static void pay_with_token(struct client *client, struct cluster *cluster)
{
    char id[ID_TEXT_SIZE], field[TOKEN_FIELD_SIZE], path[FILES_PATH_SIZE];
    const char *token = field + strlen("Authorization: Bearer ");
    struct provider provider;
    struct payment payment;
    tokens_field(field, "provider", 60, NULL);
    files_path(path, cluster->dir, "provider.token");
    files_write(path, token, strlen(token));
    provider_open(&provider, cluster, (const char *const[]){"--token-file", path, NULL});
    hold(client, cluster, id);
    provider_pay(&provider, id, 2500, &payment);
    provider_settle(&provider, &payment, 1);
    CU_ASSERT_STRING_EQUAL(payment.state, "paid");
    refuse_other_prices(&provider, id);
    provider_settle(&provider, NULL, 0);
    provider_close(&provider);
}

static void only_the_provider_confirms(void)
{
    struct cluster cluster;
    char text[TEXT_SIZE], directory[FILES_PATH_SIZE];
    const char *const none[] = {NULL};
    struct client *client = client_open();
    process_sweep();
    files_directory(directory);
    read_sample(text, directory);
    cluster_open_config(&cluster, 10, 2, text, none);
    let_through(client, &cluster);
    pay_with_token(client, &cluster);
    client_close(client);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
    files_discard(directory);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("payments_route", "only_the_provider_confirms", only_the_provider_confirms);
}
