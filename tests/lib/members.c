#include "tests/lib/members.h"

#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "tests/lib/client.h"
#include "tests/lib/suite.h"

static long ask(const struct cluster *cluster, const struct query *wanted,
                struct response *response)
{
    struct query query = *wanted;
    struct client *client = client_open();
    query.url = cluster->admin;
    query.token = cluster->token;
    client_ask(client, &query, response);
    client_close(client);
    return response->status;
}

long member_add(const struct cluster *cluster, const char *id, const char *url)
{
    char body[256];
    struct response response = {0};
    snprintf(body, sizeof body, "{\"id\":\"%s\",\"pool\":\"tickets\",\"url\":\"%s\"}", id, url);
    const struct query query = {
        .method = "POST", .path = "/servers", .type = "application/json", .body = body};
    long status = ask(cluster, &query, &response);
    if (status != 201)
        printf("  POST /servers %s: %ld %s\n", body, status, buffer_text(&response.body));
    response_free(&response);
    return status;
}

long member_remove(const struct cluster *cluster, const char *id, const char *drain)
{
    char path[96];
    struct response response = {0};
    snprintf(path, sizeof path, "/servers/%s?drain=%s", id, drain);
    const struct query query = {.method = "DELETE", .path = path};
    long status = ask(cluster, &query, &response);
    response_free(&response);
    return status;
}

int64_t member_number(const struct cluster *cluster, const char *id, const char *name)
{
    const struct query query = {.path = "/servers"};
    char error[JSON_ERROR_SIZE];
    struct response response = {0};
    int64_t number = -1;
    ask(cluster, &query, &response);
    cJSON *json = json_parse(response.body.data, response.body.length, error), *entry;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(json, "servers"))
    {
        const char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "id"));
        if (found != NULL && strcmp(found, id) == 0)
            json_integer(cJSON_GetObjectItemCaseSensitive(entry, name), 0, INT64_C(1) << 52,
                         &number);
    }
    cJSON_Delete(json);
    response_free(&response);
    return number;
}

void member_show_all(const struct cluster *cluster)
{
    const struct query query = {.path = "/servers"};
    struct response response = {0};
    ask(cluster, &query, &response);
    printf("  GET /servers: %ld %s\n", response.status, buffer_text(&response.body));
    response_free(&response);
}

void member_join(struct cluster *cluster, const char *id, const char *url)
{
    CU_ASSERT_EQUAL_FATAL(member_add(cluster, id, url), 201);
    CU_ASSERT_FATAL(cluster_reaches(cluster, id, "up"));
}
