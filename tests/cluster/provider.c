#include "tests/cluster/provider.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    OPTIONS_MAX = 12,
    START_SECONDS = 30,
    SETTLE_SECONDS = 120,
    STOP_SECONDS = 30,
};

static bool has_started(void *context)
{
    static const char label[] = "payments ";
    struct provider *provider = context;
    struct buffer text = {0};
    files_read(provider->process.out, &text);
    const char *line = strstr(buffer_text(&text), label);
    if (line != NULL && strchr(line, '\n') != NULL)
        snprintf(provider->url, sizeof provider->url, "%.*s",
                 (int)strcspn(line + sizeof label - 1, "\n"), line + sizeof label - 1);
    buffer_free(&text);
    return provider->url[0] != '\0' || process_wait(&provider->process, 0) != PROCESS_RUNNING;
}

void provider_open(struct provider *provider, const struct cluster *cluster,
                   const char *const *options)
{
    const char *argv[5 + OPTIONS_MAX + 1] = {"payments", "--listen", "127.0.0.1:0", "--shop",
                                             cluster->url};
    for (size_t i = 0; i < OPTIONS_MAX && options[i] != NULL; i++)
        argv[5 + i] = options[i];
    *provider = (struct provider){.client = client_open()};
    process_start(&provider->process, cluster->dir, argv);
    bool started = wait_until(has_started, provider, START_SECONDS) && provider->url[0] != '\0';
    if (!started)
        process_show(&provider->process);
    CU_ASSERT_FATAL(started);
}

void provider_close(struct provider *provider)
{
    process_signal(provider->process.pid, SIGTERM);
    bool fine = process_wait(&provider->process, STOP_SECONDS) == 0;
    CU_ASSERT(fine);
    if (!fine)
        process_show(&provider->process);
    client_close(provider->client);
}

bool provider_text(struct response *response, const char *name, char *text, size_t size)
{
    char error[JSON_ERROR_SIZE];
    cJSON *json = json_parse(response->body.data, response->body.length, error);
    const char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
    snprintf(text, size, "%s", found != NULL ? found : "");
    cJSON_Delete(json);
    return text[0] != '\0';
}

void provider_pay(struct provider *provider, const char *hold, int64_t amount,
                  struct payment *payment)
{
    char body[160];
    struct response response = {0};
    struct query query = {
        .url = provider->url, .path = "/payments", .type = "application/json", .body = body};
    snprintf(body, sizeof body, "{\"hold\":\"%s\",\"amount\":%lld,\"currency\":\"EUR\"}", hold,
             (long long)amount);
    CU_ASSERT(provider_ask_decided(provider->client, &query, &response, SETTLE_SECONDS));
    CU_ASSERT_EQUAL(response.status, 202);
    snprintf(payment->hold, sizeof payment->hold, "%s", hold);
    CU_ASSERT(provider_text(&response, "reference", payment->reference, sizeof payment->reference));
    response_free(&response);
}

static int64_t number_of(const cJSON *json, const char *name, const char *member)
{
    int64_t number = -1;
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, name);
    if (member != NULL)
        value = cJSON_GetObjectItemCaseSensitive(value, member);
    json_integer(value, 0, INT64_C(1) << 52, &number);
    return number;
}

/* The sums of all payments; the caller deletes them. */
static cJSON *read_sums(struct provider *provider)
{
    char error[JSON_ERROR_SIZE];
    struct response response = {0};
    struct query query = {.url = provider->url, .path = "/payments"};
    client_ask(provider->client, &query, &response);
    cJSON *json = json_parse(response.body.data, response.body.length, error);
    response_free(&response);
    return json;
}

static bool nothing_under_way(void *context)
{
    cJSON *sums = read_sums(context);
    bool over = number_of(sums, "under_way", NULL) == 0;
    cJSON_Delete(sums);
    return over;
}

static void look_at(struct provider *provider, struct payment *payment)
{
    char path[KEY_SIZE + 16];
    struct response response = {0};
    struct query query = {.url = provider->url, .path = path};
    snprintf(path, sizeof path, "/payments/%s", payment->reference);
    CU_ASSERT(client_ask(provider->client, &query, &response));
    CU_ASSERT(provider_text(&response, "state", payment->state, sizeof payment->state));
    response_free(&response);
}

void provider_settle(struct provider *provider, struct payment *payments, size_t count)
{
    CU_ASSERT_FATAL(wait_until(nothing_under_way, provider, SETTLE_SECONDS));
    for (size_t i = 0; i < count; i++)
        look_at(provider, &payments[i]);
    cJSON *sums = read_sums(provider);
    CU_ASSERT_EQUAL(number_of(sums, "contradictions", NULL), 0);
    CU_ASSERT_EQUAL(number_of(sums, "unsettled", "count"), 0);
    CU_ASSERT_EQUAL(number_of(sums, "taken", "count"), 0);
    CU_ASSERT_EQUAL(number_of(sums, "charged", NULL),
                    number_of(sums, "paid", "amount") + number_of(sums, "refunded", "amount"));
    cJSON_Delete(sums);
}

/* --- asking until it is decided ---------------------------------------------------------------- */

struct asking {
    struct client *client;
    const struct query *query;
    struct response *response;
};

static bool is_decided(void *context)
{
    const struct asking *asking = context;
    return client_ask(asking->client, asking->query, asking->response) &&
           asking->response->status != 503;
}

bool provider_ask_decided(struct client *client, const struct query *query,
                          struct response *response, int seconds)
{
    return wait_until(is_decided, &(struct asking){client, query, response}, seconds);
}
