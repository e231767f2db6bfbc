#include "balancer/admin/api.h"

#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"

static void add_number(struct buffer *out, const char *name, int64_t number)
{
    buffer_printf(out, ",\"%s\":%lld", name, (long long)number);
}

static void add_text(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, ",\"%s\":", name);
    json_append(out, text);
}

static void add_server(struct buffer *out, const struct servers *servers,
                       const struct server *server)
{
    char since[CLOCK_TEXT_SIZE];
    clock_format(server->since, since);
    buffer_add(out, "{\"id\":");
    json_append(out, server->id);
    add_text(out, "pool", servers->pools[server->pool].name);
    add_text(out, "address", server->address);
    add_number(out, "pid", server->pid);
    add_number(out, "weight", server->weight);
    add_text(out, "state", server_state_name(server->state));
    add_text(out, "since", since);
    add_text(out, "why", server->why);
    add_number(out, "told", server->told);
    add_number(out, "pending", server->pending);
    add_number(out, "limit", server->limit);
    add_number(out, "busy", server->busy);
    add_number(out, "failures", server->failures);
    add_number(out, "boot", server->boot);
    add_number(out, "commit", server->commit);
    add_number(out, "sales", server->sales);
    buffer_add_char(out, '}');
}

void admin_servers(struct servers *servers, struct buffer *out)
{
    struct server server;
    buffer_add(out, "{\"router\":");
    json_append(out, servers->router);
    add_number(out, "pid", getpid());
    buffer_add(out, ",\"servers\":[");
    for (size_t i = 0; servers_get(servers, i, &server); i++) {
        if (i > 0)
            buffer_add_char(out, ',');
        add_server(out, servers, &server);
    }
    buffer_add(out, "]}\n");
}

static void answer_json(struct http_request *request, unsigned status, const struct buffer *body)
{
    struct http_reply reply = {.status = status, .body = body->data, .length = body->length};
    http_answer(request, &reply);
}

static void answer_servers(struct admin *admin, struct http_request *request)
{
    struct buffer body = {0};
    if (!token_matches(http_header(request, "Authorization"), admin->token)) {
        http_refuse(request, PROBLEM_UNAUTHORIZED,
                    "Send the admin token: Authorization: Bearer <token>.", NULL);
        return;
    }
    admin_servers(admin->servers, &body);
    answer_json(request, 200, &body);
    buffer_free(&body);
}

static bool any_up(struct servers *servers)
{
    struct server server;
    for (size_t i = 0; servers_get(servers, i, &server); i++)
        if (server.state == SERVER_UP)
            return true;
    return false;
}

static void answer_health(struct admin *admin, struct http_request *request)
{
    struct buffer body = {0};
    if (!any_up(admin->servers)) {
        http_refuse(request, PROBLEM_NO_SERVER, "No ticket server is up.", NULL);
        return;
    }
    buffer_add(&body, "{\"status\":\"up\"}\n");
    answer_json(request, 200, &body);
    buffer_free(&body);
}

void admin_handle(void *context, struct http_request *request)
{
    struct admin *admin = context;
    const char *path = http_path(request);
    const char *method = http_method(request);
    bool servers = strcmp(path, "/servers") == 0;
    if (!servers && strcmp(path, "/healthz") != 0)
        http_refuse(request, PROBLEM_NOT_FOUND, "Try /servers or /healthz.", NULL);
    else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        http_refuse(request, PROBLEM_METHOD_NOT_ALLOWED, "This can only be read.", "GET, HEAD");
    else if (servers)
        answer_servers(admin, request);
    else
        answer_health(admin, request);
}
