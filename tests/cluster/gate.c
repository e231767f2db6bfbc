#include "tests/cluster/gate.h"

#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "tests/lib/suite.h"

void gate_open(struct gate *gate, const struct cluster *cluster, const char *name)
{
    *gate = (struct gate){
        .client = client_open(), .url = cluster->url, .token = cluster->token, .name = name};
}

void gate_close(struct gate *gate)
{
    client_close(gate->client);
    response_free(&gate->response);
}

static long ask(struct gate *gate, const char *method, const char *path, const char *body,
                const char *key)
{
    const struct query query = {.method = method,
                                .url = gate->url,
                                .path = path,
                                .type = body != NULL ? "application/json" : NULL,
                                .body = body,
                                .key = key,
                                .token = gate->token};
    client_ask(gate->client, &query, &gate->response);
    return gate->response.status;
}

long gate_ask(struct gate *gate, const char *method, const char *path, const char *body)
{
    return ask(gate, method, path, body, NULL);
}

bool gate_told(struct gate *gate, const char *text)
{
    return strstr(buffer_text(&gate->response.body), text) != NULL;
}

void gate_make_event(struct gate *gate, const char *event)
{
    char body[256];
    snprintf(body, sizeof body,
             "{\"name\":\"%s\",\"tiers\":[{\"name\":\"standard\",\"price\":2500,"
             "\"currency\":\"EUR\",\"capacity\":2000,\"limit\":1000}]}",
             event);
    CU_ASSERT_EQUAL_FATAL(gate_ask(gate, "POST", "/events", body), 201);
}

void gate_buy(struct gate *gate, int quantity, char path[GATE_PATH_SIZE])
{
    gate_buy_of(gate, "demo", quantity, path);
}

void gate_buy_of(struct gate *gate, const char *event, int quantity, char path[GATE_PATH_SIZE])
{
    char form[NAME_SIZE + 32];
    snprintf(form, sizeof form, "event=%s&quantity=%d", event, quantity);
    const struct query query = {.url = gate->url, .path = "/purchases", .body = form};
    client_ask(gate->client, &query, &gate->response);
    CU_ASSERT_EQUAL_FATAL(gate->response.status, 201);
    CU_ASSERT(response_header(&gate->response, "Location", path, GATE_PATH_SIZE));
}

/* The last answer as JSON; the caller frees it. */
static cJSON *parse(struct gate *gate)
{
    char error[JSON_ERROR_SIZE];
    cJSON *json = json_parse(gate->response.body.data, gate->response.body.length, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    return json;
}

size_t gate_codes(struct gate *gate, const char *path, char (*codes)[TICKET_CODE_SIZE], size_t max)
{
    char below[GATE_PATH_SIZE + sizeof "/tickets"];
    size_t count = 0;
    snprintf(below, sizeof below, "%s/tickets", path);
    CU_ASSERT_EQUAL_FATAL(gate_ask(gate, "GET", below, NULL), 200);
    cJSON *json = parse(gate);
    const cJSON *ticket;
    cJSON_ArrayForEach(ticket, cJSON_GetObjectItemCaseSensitive(json, "tickets"))
    {
        const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(ticket, "code"));
        if (code != NULL && count < max)
            snprintf(codes[count++], TICKET_CODE_SIZE, "%s", code);
    }
    cJSON_Delete(json);
    return count;
}

long gate_check_in(struct gate *gate, const char *code, const char *event, const char *key)
{
    struct buffer body = {0};
    buffer_add(&body, "{\"code\":");
    json_append(&body, code);
    buffer_add(&body, ",\"gate\":");
    json_append(&body, gate->name);
    if (event != NULL)
        buffer_printf(&body, ",\"event\":\"%s\"", event);
    buffer_add_char(&body, '}');
    long status = ask(gate, "POST", "/check-ins", buffer_text(&body), key);
    buffer_free(&body);
    return status;
}

void gate_make_token(struct gate *gate, const char *scope, char token[GATE_TOKEN_SIZE])
{
    char body[128];
    snprintf(body, sizeof body, "{\"name\":\"%s\",\"scopes\":[\"%s\"]}", scope, scope);
    CU_ASSERT_EQUAL_FATAL(gate_ask(gate, "POST", "/tokens", body), 201);
    cJSON *json = parse(gate);
    snprintf(token, GATE_TOKEN_SIZE, "%s",
             cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "token")));
    cJSON_Delete(json);
}
