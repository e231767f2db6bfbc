#include "tests/lib/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/json.h"
#include "tests/lib/answers.h"

enum {
    PATIENCE = 30000, /* milliseconds */
    NUMBER_MAX = 1 << 30,
};

struct client {
    CURL *curl;
};

static size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    buffer_append(context, bytes, size * count);
    return size * count;
}

struct client *client_open(void)
{
    struct client *client = memory_new(sizeof *client);
    client->curl = curl_easy_init();
    if (client->curl == NULL)
        abort();
    return client;
}

void client_close(struct client *client)
{
    curl_easy_cleanup(client->curl);
    free(client);
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
    char line[600];
    if (value == NULL)
        return list;
    snprintf(line, sizeof line, "%s %s", name, value);
    return curl_slist_append(list, line);
}

static struct curl_slist *headers_of(const struct query *query)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    char bearer[300];
    if (query->token != NULL) {
        snprintf(bearer, sizeof bearer, "Bearer %s", query->token);
        list = add_header(list, "Authorization:", bearer);
    }
    for (size_t i = 0; i < sizeof query->fields / sizeof *query->fields; i++)
        if (query->fields[i] != NULL)
            list = curl_slist_append(list, query->fields[i]);
    list = add_header(list, "Idempotency-Key:", query->key);
    return add_header(list, "Content-Type:", query->type);
}

static void prepare(CURL *curl, const struct query *query, struct response *response)
{
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, query->patience > 0 ? query->patience : PATIENCE);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, (long)query->alone);
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, (long)query->alone);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &response->body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &response->head);
    if (query->body != NULL)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, query->body);
    if (query->method != NULL && strcmp(query->method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else if (query->method != NULL)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, query->method);
}

bool client_ask(struct client *client, const struct query *query, struct response *response)
{
    char url[512];
    snprintf(url, sizeof url, "%s%s", query->url, query->path);
    buffer_clear(&response->head);
    buffer_clear(&response->body);
    response->status = 0;
    struct curl_slist *headers = headers_of(query);
    prepare(client->curl, query, response);
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(client->curl);
    curl_slist_free_all(headers);
    snprintf(response->failure, sizeof response->failure, "%s", curl_easy_strerror(code));
    if (code == CURLE_OK)
        curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &response->status);
    if (code == CURLE_OK)
        answers_keep(query, response);
    return code == CURLE_OK;
}

bool response_header(struct response *response, const char *name, char *value, size_t size)
{
    const char *line = buffer_text(&response->head);
    size_t length = strlen(name);
    value[0] = '\0';
    for (; line != NULL && *line != '\0'; line = strchr(line, '\n'), line += line != NULL)
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            line += length + 1;
            line += strspn(line, " ");
            snprintf(value, size, "%.*s", (int)strcspn(line, "\r\n"), line);
            return true;
        }
    return false;
}

void response_free(struct response *response)
{
    buffer_free(&response->head);
    buffer_free(&response->body);
}

/* Copies a string member; false where it is missing, no string, or too long. */
static bool text_member(const cJSON *object, const char *name, char *text, size_t size)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsString(value) || strlen(value->valuestring) >= size)
        return false;
    memcpy(text, value->valuestring, strlen(value->valuestring) + 1);
    return true;
}

static bool number_member(const cJSON *object, const char *name, int64_t *number)
{
    return json_integer(cJSON_GetObjectItemCaseSensitive(object, name), 0, NUMBER_MAX, number);
}

/* The tickets' numbers follow one another without a gap. */
static bool read_tickets(const cJSON *sale, struct bought *bought)
{
    const cJSON *tickets = cJSON_GetObjectItemCaseSensitive(sale, "tickets"), *ticket;
    int64_t count = 0, number;
    if (!cJSON_IsArray(tickets))
        return false;
    cJSON_ArrayForEach(ticket, tickets)
    {
        if (!number_member(ticket, "number", &number))
            return false;
        if (count == 0)
            bought->first = number;
        if (number != bought->first + count)
            return false;
        count++;
    }
    return count == bought->quantity && count > 0;
}

static bool read_sale(const cJSON *sale, struct bought *bought)
{
    const cJSON *price = cJSON_GetObjectItemCaseSensitive(sale, "price");
    char event[NAME_SIZE], currency[CURRENCY_SIZE], created[CLOCK_TEXT_SIZE];
    struct id id;
    int64_t quantity, amount, time;
    if (!text_member(sale, "id", bought->id, sizeof bought->id) || !id_parse(bought->id, &id) ||
        !text_member(sale, "event", event, sizeof event) ||
        !text_member(sale, "tier", bought->tier, sizeof bought->tier) ||
        !text_member(sale, "server", bought->server, sizeof bought->server) ||
        !text_member(sale, "created_at", created, sizeof created) || !clock_parse(created, &time) ||
        !number_member(sale, "quantity", &quantity) || !number_member(price, "amount", &amount) ||
        !text_member(price, "currency", currency, sizeof currency))
        return false;
    bought->quantity = (int)quantity;
    return read_tickets(sale, bought);
}

static bool read_problem(const cJSON *problem, struct bought *bought)
{
    char type[128], title[128], detail[PROBLEM_DETAIL_SIZE];
    int64_t status;
    if (!number_member(problem, "remaining", &bought->remaining))
        bought->remaining = -1;
    return text_member(problem, "type", type, sizeof type) &&
           text_member(problem, "title", title, sizeof title) &&
           text_member(problem, "detail", detail, sizeof detail) &&
           text_member(problem, "code", bought->code, sizeof bought->code) &&
           number_member(problem, "status", &status) && status == bought->status;
}

bool bought_read(struct response *response, struct bought *bought)
{
    char error[JSON_ERROR_SIZE] = "not the members it should have", type[64];
    *bought = (struct bought){.status = response->status};
    if (response->status == 0) {
        snprintf(bought->code, sizeof bought->code, "no_answer");
        return true;
    }
    response_header(response, "Content-Type", type, sizeof type);
    bool sold = response->status == 201 || response->status == 200;
    cJSON *json = json_parse(response->body.data, response->body.length, error);
    bool read = json != NULL && (sold ? read_sale(json, bought) : read_problem(json, bought)) &&
                strcmp(type, sold ? "application/json" : "application/problem+json") == 0;
    cJSON_Delete(json);
    if (!read)
        printf("  unreadable answer: %ld %s (%s) %s\n", response->status, type, error,
               buffer_text(&response->body));
    return read;
}

bool client_buy(struct client *client, const char *url, const char *form, const char *key,
                struct bought *bought)
{
    struct query query = {.url = url, .path = "/purchases", .body = form, .key = key};
    struct response response = {0};
    client_ask(client, &query, &response);
    bool read = bought_read(&response, bought);
    response_free(&response);
    return read;
}

int64_t client_sold(struct client *client, const char *url)
{
    char error[JSON_ERROR_SIZE];
    struct query query = {.url = url, .path = "/events/demo"};
    struct response response = {0};
    int64_t sum = 0, sold;
    client_ask(client, &query, &response);
    cJSON *json = json_parse(response.body.data, response.body.length, error);
    const cJSON *tiers = cJSON_GetObjectItemCaseSensitive(json, "tiers"), *tier;
    cJSON_ArrayForEach(tier, tiers)
    {
        sum = number_member(tier, "sold", &sold) && sum >= 0 ? sum + sold : -1;
    }
    bool had = response.status == 200 && cJSON_GetArraySize(tiers) > 0;
    cJSON_Delete(json);
    response_free(&response);
    return had ? sum : -1;
}
