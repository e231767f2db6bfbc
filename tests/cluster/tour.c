#include "tests/cluster/tour.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "tests/lib/audit.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    TEXT_SIZE = 4096,
    AWAIT_SECONDS = 30,
};

void tour_open(struct tour *tour, int64_t capacity)
{
    memset(tour, 0, sizeof *tour);
    tour->client = client_open();
    cluster_open(&tour->cluster, capacity, 2);
    snprintf(tour->values['A'], TOUR_VALUE_SIZE, "%s", tour->cluster.token);
}

void tour_open_store(struct tour *tour, const char *url, int64_t capacity)
{
    memset(tour, 0, sizeof *tour);
    tour->client = client_open();
    cluster_open_store(&tour->cluster, url, capacity, 2);
    snprintf(tour->values['A'], TOUR_VALUE_SIZE, "%s", tour->cluster.token);
}

void tour_close(struct tour *tour)
{
    client_close(tour->client);
    audit_clean(&tour->cluster, NULL);
    cluster_close(&tour->cluster);
}

static void fill_in(const struct tour *tour, const char *text, char out[TEXT_SIZE])
{
    size_t length = 0;
    for (const char *at = text; *at != '\0' && length < TEXT_SIZE - TOUR_VALUE_SIZE; at++) {
        if (*at != '$') {
            out[length++] = *at;
            continue;
        }
        const char *value = tour->values[(unsigned char)*++at % TOUR_NAMES];
        CU_ASSERT_NOT_EQUAL_FATAL(value[0], '\0');
        length += (size_t)snprintf(out + length, TEXT_SIZE - length, "%s", value);
    }
    out[length] = '\0';
}

/* The member at "a.0.b"; NULL where there is none. */
static const cJSON *find_member(const cJSON *json, const char *path)
{
    char name[32];
    while (json != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)length, path);
        json = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, atoi(name))
                                   : cJSON_GetObjectItemCaseSensitive(json, name);
        path += length + (path[length] == '.');
    }
    return json;
}

static void keep(struct tour *tour, const struct step *step, const cJSON *json)
{
    const char *text = cJSON_GetStringValue(find_member(json, step->member));
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    snprintf(tour->values[(unsigned char)step->keep], TOUR_VALUE_SIZE, "%s", text);
}

static void ask(struct tour *tour, const struct step *step, struct response *response)
{
    char path[TEXT_SIZE], body[TEXT_SIZE];
    struct query query = {
        .url = tour->cluster.url, .path = path, .method = step->method, .key = step->key};
    fill_in(tour, step->path, path);
    if (step->token != 0)
        query.token = tour->values[(unsigned char)step->token];
    if (step->body != NULL) {
        fill_in(tour, step->body, body);
        query.body = body;
        query.type = "application/json";
    }
    CU_ASSERT(client_ask(tour->client, &query, response));
}

struct asking {
    struct tour *tour;
    const struct step *step;
    struct response *response;
};

/* On a busy machine a server may want to be asked again in a moment. */
static bool is_heard(void *context)
{
    const struct asking *asking = context;
    ask(asking->tour, asking->step, asking->response);
    return asking->response->status != 429 || asking->step->status == 429;
}

static bool is_as_expected(const struct step *step, const struct response *response,
                           const cJSON *json)
{
    const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "code"));
    return response->status == step->status &&
           (step->code == NULL || (code != NULL && strcmp(code, step->code) == 0));
}

/* True where the answer is the one expected; a value that it tells is kept then. */
static bool try_step(struct tour *tour, const struct step *step, bool loud)
{
    char error[JSON_ERROR_SIZE];
    struct response response = {0};
    CU_ASSERT(wait_until(is_heard, &(struct asking){tour, step, &response}, AWAIT_SECONDS));
    cJSON *json = json_parse(response.body.data, response.body.length, error);
    bool good = is_as_expected(step, &response, json);
    if (good && step->keep != 0)
        keep(tour, step, json);
    if (!good && loud)
        printf("  %s %s %s: %ld %s, expected %ld %s\n", step->method, step->path,
               step->body != NULL ? step->body : "", response.status, buffer_text(&response.body),
               step->status, step->code != NULL ? step->code : "");
    cJSON_Delete(json);
    response_free(&response);
    return good;
}

void tour_step(struct tour *tour, const struct step *step)
{
    CU_ASSERT(try_step(tour, step, true));
}

void tour_steps(struct tour *tour, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++)
        tour_step(tour, &steps[i]);
}

struct awaiting {
    struct tour *tour;
    const struct step *step;
};

static bool has_come(void *context)
{
    const struct awaiting *awaiting = context;
    return try_step(awaiting->tour, awaiting->step, false);
}

void tour_await(struct tour *tour, const struct step *step)
{
    CU_ASSERT(wait_until(has_come, &(struct awaiting){tour, step}, AWAIT_SECONDS));
}
