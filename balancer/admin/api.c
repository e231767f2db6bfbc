#include <stdio.h>
#include <string.h>

#include "balancer/admin/admin_parts.h"
#include "common/clock.h"
#include "common/id.h"

void admin_answer(struct http_request *request, unsigned status, struct buffer *body,
                  const char *location)
{
    struct http_reply reply = {.status = status};
    char text[ID_TEXT_SIZE];
    struct id id = id_make();
    id_format(&id, text);
    buffer_add_char(body, '\n');
    reply.body = body->data;
    reply.length = body->length;
    http_reply_field(&reply, "Request-Id", text);
    if (location != NULL)
        http_reply_field(&reply, "Location", location);
    http_answer(request, &reply);
    buffer_free(body);
}

void admin_answer_server(struct admin *admin, struct http_request *request, unsigned status,
                         const char *id)
{
    struct buffer body = {0};
    struct server server;
    char location[sizeof "/servers/" + SERVER_SIZE];
    if (servers_find(admin->settings.servers, id, &server) == SERVER_NONE) {
        http_refuse(request, PROBLEM_NO_SUCH_SERVER, problem_detail(PROBLEM_NO_SUCH_SERVER), NULL);
        return;
    }
    snprintf(location, sizeof location, "/servers/%s", id);
    admin_show(&body, admin->settings.servers, &server);
    admin_answer(request, status, &body, status == 201 ? location : NULL);
}

enum method {
    METHOD_GET, /* or HEAD, of which only the head is sent */
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OTHER,
};

static enum method method_of(const struct http_request *request)
{
    static const char *const names[] = {[METHOD_GET] = "GET",
                                        [METHOD_POST] = "POST",
                                        [METHOD_PUT] = "PUT",
                                        [METHOD_PATCH] = "PATCH",
                                        [METHOD_DELETE] = "DELETE"};
    const char *method = http_method(request);
    if (strcmp(method, "HEAD") == 0)
        return METHOD_GET;
    for (int i = 0; i < METHOD_OTHER; i++)
        if (strcmp(method, names[i]) == 0)
            return (enum method)i;
    return METHOD_OTHER;
}

/* --- who may ask --------------------------------------------------------------------------------- */

static void refuse_for(struct http_request *request, int seconds)
{
    struct buffer body = {0};
    struct http_reply reply = {.status = problem_status(PROBLEM_TOO_MANY_ATTEMPTS)};
    char text[16], name[ID_TEXT_SIZE];
    struct id id = id_make();
    id_format(&id, name);
    snprintf(text, sizeof text, "%d", seconds);
    http_reply_field(&reply, "Request-Id", name);
    http_reply_field(&reply, "Retry-After", text);
    problem_append(&body, PROBLEM_TOO_MANY_ATTEMPTS, problem_detail(PROBLEM_TOO_MANY_ATTEMPTS),
                   NULL);
    buffer_add_char(&body, '\n');
    reply.body = body.data;
    reply.length = body.length;
    http_answer(request, &reply);
    buffer_free(&body);
}

static bool authorized(struct admin *admin, struct http_request *request)
{
    if (token_matches(http_header(request, "Authorization"), admin->token))
        return true;
    int seconds = attempts_wrong(&admin->attempts, http_client(request), clock_monotonic());
    if (seconds > 0)
        refuse_for(request, seconds);
    else
        http_refuse(request, PROBLEM_UNAUTHORIZED,
                    "Send the admin token: Authorization: Bearer <token>.", NULL);
    return false;
}

/* Whether what is asked changes nothing, or may be changed by this router; else the request is refused. A
 * connection from before a handover may still be open after it. */
static bool permitted(const struct admin *admin, struct http_request *request)
{
    if (method_of(request) == METHOD_GET || (!admin->replaced && !admin->unread))
        return true;
    http_refuse(
        request, PROBLEM_NOT_KEPT,
        admin->replaced
            ? "Another router of this balancer leads now, so nothing was changed: ask again."
            : "The members file cannot be read, so nothing was changed.",
        NULL);
    return false;
}

/* --- what is asked ------------------------------------------------------------------------------- */

static void show_servers(struct admin *admin, struct http_request *request)
{
    struct buffer body = {0};
    admin_show_all(&body, admin->settings.servers);
    admin_answer(request, 200, &body, NULL);
}

static void show_health(struct admin *admin, struct http_request *request)
{
    struct buffer body = {0};
    struct server server;
    bool up = false;
    for (size_t i = 0; !up && servers_get(admin->settings.servers, i, &server); i++)
        up = server.pool == POOL_TICKETS && server.state == SERVER_UP;
    if (!up) {
        http_refuse(request, PROBLEM_NO_SERVER, "No ticket server is up.", NULL);
        return;
    }
    buffer_add(&body, servers_selling(admin->settings.servers)
                          ? "{\"status\":\"up\",\"selling\":true}"
                          : "{\"status\":\"up\",\"selling\":false}");
    admin_answer(request, 200, &body, NULL);
}

static void show_progress(struct admin *admin, struct http_request *request)
{
    const struct admin_calls *calls = &admin->settings.calls;
    struct buffer body = {0};
    if (calls->progress == NULL) {
        http_refuse(request, PROBLEM_NOT_FOUND, problem_detail(PROBLEM_NOT_FOUND), NULL);
        return;
    }
    calls->progress(calls->context, &body);
    admin_answer(request, 200, &body, NULL);
}

/* --- which is which ------------------------------------------------------------------------------ */

static void refuse_method(struct http_request *request, const char *allow)
{
    http_refuse(request, PROBLEM_METHOD_NOT_ALLOWED, problem_detail(PROBLEM_METHOD_NOT_ALLOWED),
                allow);
}

static void handle_list(struct admin *admin, struct http_request *request, enum method method)
{
    if (method == METHOD_GET)
        show_servers(admin, request);
    else if (method == METHOD_POST)
        admin_add(admin, request);
    else
        refuse_method(request, "GET, HEAD, POST");
}

static void handle_server(struct admin *admin, struct http_request *request, enum method method,
                          const char *id)
{
    if (method == METHOD_GET)
        admin_answer_server(admin, request, 200, id);
    else if (method == METHOD_PUT)
        admin_join(admin, request, id);
    else if (method == METHOD_PATCH)
        admin_change(admin, request, id);
    else if (method == METHOD_DELETE)
        admin_remove(admin, request, id);
    else
        refuse_method(request, "GET, HEAD, PUT, PATCH, DELETE");
}

static void handle_command(struct admin *admin, struct http_request *request, enum method method,
                           enum admin_command command)
{
    bool shown = command == ADMIN_ROLLING_RESTART;
    if (method == METHOD_POST)
        admin_command(admin, request, command);
    else if (method == METHOD_GET && shown)
        show_progress(admin, request);
    else
        refuse_method(request, shown ? "GET, HEAD, POST" : "POST");
}

static void handle_health(struct admin *admin, struct http_request *request)
{
    if (method_of(request) == METHOD_GET)
        show_health(admin, request);
    else
        refuse_method(request, "GET, HEAD");
}

static bool handle_commands(struct admin *admin, struct http_request *request, const char *path)
{
    static const char *const paths[ADMIN_COMMANDS] = {"/reload", "/upgrade", "/rolling-restart"};
    for (int i = 0; i < ADMIN_COMMANDS; i++) {
        if (strcmp(path, paths[i]) != 0)
            continue;
        handle_command(admin, request, method_of(request), (enum admin_command)i);
        return true;
    }
    return false;
}

void admin_handle(void *context, struct http_request *request)
{
    static const char server[] = "/servers/";
    struct admin *admin = context;
    const char *path = http_path(request), *id = path + sizeof server - 1;
    if (strcmp(path, "/healthz") == 0)
        handle_health(admin, request);
    else if (!authorized(admin, request) || !permitted(admin, request))
        return;
    else if (strcmp(path, "/servers") == 0)
        handle_list(admin, request, method_of(request));
    else if (strncmp(path, server, sizeof server - 1) == 0 && server_id_valid(id))
        handle_server(admin, request, method_of(request), id);
    else if (!handle_commands(admin, request, path))
        http_refuse(request, PROBLEM_NOT_FOUND,
                    "Try /servers, /servers/ID, /reload, /upgrade, /rolling-restart or /healthz.",
                    NULL);
}
