#include "tests/cluster/holder.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    SECONDS_MAX = 30,
    PATH_SIZE = 96,
};

static void take_text(const cJSON *object, const char *name, char *text, size_t size)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    snprintf(text, size, "%s", cJSON_IsString(value) ? value->valuestring : "");
}

static int64_t take_number(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(value) ? (int64_t)value->valuedouble : 0;
}

static int64_t take_time(const cJSON *object, const char *name)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t time = 0;
    take_text(object, name, text, sizeof text);
    CU_ASSERT(text[0] == '\0' || clock_parse(text, &time));
    return time;
}

static void read_held(struct response *response, struct held *held)
{
    char error[JSON_ERROR_SIZE];
    *held = (struct held){.status = response->status};
    if (response->status == 0)
        return;
    cJSON *json = json_parse(response->body.data, response->body.length, error);
    CU_ASSERT_PTR_NOT_NULL(json);
    take_text(json, "id", held->id, sizeof held->id);
    take_text(json, "state", held->state, sizeof held->state);
    take_text(json, "code", held->code, sizeof held->code);
    take_text(json, "reference", held->reference, sizeof held->reference);
    held->owed = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "owed"));
    held->late = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "late"));
    held->quantity = take_number(json, "quantity");
    held->place = take_number(json, "place");
    held->remaining = take_number(json, "remaining");
    held->tickets = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "tickets"));
    held->created_at = take_time(json, "created_at");
    held->expires_at = take_time(json, "expires_at");
    response_header(response, "Location", held->location, sizeof held->location);
    cJSON_Delete(json);
}

static void ask(struct client *client, const struct query *query, struct held *held)
{
    struct response response = {0};
    client_ask(client, query, &response);
    read_held(&response, held);
    response_free(&response);
}

void holder_hold(struct client *client, const char *url, const char *form, const char *key,
                 struct held *held)
{
    struct query query = {.url = url, .path = "/holds", .body = form, .key = key};
    ask(client, &query, held);
}

void holder_confirm(struct client *client, const char *url, const char *id, const char *payment,
                    struct held *held)
{
    char path[PATH_SIZE], body[KEY_SIZE + 16];
    snprintf(path, sizeof path, "/holds/%s/confirm", id);
    snprintf(body, sizeof body, "payment=%s", payment);
    struct query query = {.url = url, .path = path, .body = body};
    ask(client, &query, held);
}

void holder_release(struct client *client, const char *url, const char *id, struct held *held)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/holds/%s", id);
    struct query query = {.method = "DELETE", .url = url, .path = path};
    ask(client, &query, held);
}

void holder_look(struct client *client, const char *url, const char *id, struct held *held)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/holds/%s", id);
    struct query query = {.url = url, .path = path};
    ask(client, &query, held);
}

int64_t holder_count(struct client *client, const char *url, const char *name)
{
    char error[JSON_ERROR_SIZE];
    struct query query = {.url = url, .path = "/events/demo"};
    struct response response = {0};
    client_ask(client, &query, &response);
    cJSON *json = json_parse(response.body.data, response.body.length, error);
    const cJSON *tier = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "tiers"), 0);
    int64_t count = cJSON_HasObjectItem(tier, name) ? take_number(tier, name) : -1;
    cJSON_Delete(json);
    response_free(&response);
    return count;
}

struct hope {
    struct client *client;
    const char *url, *id, *state;
};

static bool reached(void *context)
{
    const struct hope *hope = context;
    struct held held;
    holder_look(hope->client, hope->url, hope->id, &held);
    return strcmp(held.state, hope->state) == 0;
}

bool holder_reaches(struct client *client, const char *url, const char *id, const char *state)
{
    struct hope hope = {client, url, id, state};
    return wait_until(reached, &hope, SECONDS_MAX);
}
