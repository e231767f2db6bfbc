#include "common/http.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/http_check.h"
#include "common/http_parts.h"
#include "common/log.h"

static void client_address(struct MHD_Connection *connection, char client[HTTP_CLIENT_SIZE])
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
    strcpy(client, "unknown");
    if (address != NULL && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, client,
                  HTTP_CLIENT_SIZE);
    else if (address != NULL && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
                  client, HTTP_CLIENT_SIZE);
}

struct http_connection *http_connection_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* libmicrohttpd hangs where a query's arguments are more than it has room for: it is shown an empty one,
 * and a copy is kept, no longer than a request line may be. (The bytes are its own, and not constant; it
 * takes them apart next.) */
static void take_query(struct http_connection *client, const char *target)
{
    char *query = strchr((char *)(uintptr_t)target, '?');
    if (query == NULL)
        return;
    buffer_append(&client->query, query, strlen(query) + 1);
    if (http_layout_in_place())
        query[1] = '\0';
}

/* A request line has come. It is looked at here because nobody is told later where a NUL stood. */
static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct http_server *server = context;
    struct http_connection *client = http_connection_of(connection);
    patience_set(&server->patience, &client->patience, PATIENCE_REQUEST);
    client->patience.request_streams = false;
    if (target == NULL)
        return NULL;
    client->target_length = strlen(target);
    client->target_problem = http_check_target(target);
    take_query(client, target);
    return NULL; /* the request's state: none yet */
}

static void on_connection(void *context, struct MHD_Connection *connection, void **state,
                          enum MHD_ConnectionNotificationCode how)
{
    struct http_server *server = context;
    struct http_connection *client = *state;
    if (how == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        *state = client = memory_new(sizeof *client);
        client_address(connection, client->client);
        patience_join(&server->patience, &client->patience, fd);
        farewell_expect(&server->farewells, &client->farewell, fd);
        return;
    }
    patience_leave(&server->patience, &client->patience);
    farewell_forget(&client->farewell);
    buffer_free(&client->query);
    buffer_free(&client->request.body);
    buffer_free(&client->request.answer);
    free(client);
    *state = NULL;
}

/* Paths are compared as they came: nothing we serve needs an escape. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static void on_farewell(struct farewell *farewell)
{
    struct http_connection *client =
        (struct http_connection *)(void *)((char *)farewell -
                                           offsetof(struct http_connection, farewell));
    if (client->request.stream != NULL)
        http_stream_left(&client->request);
}

void http_wake(struct http_request *request)
{
    struct http_server *server = request->server;
    if (!request->suspended || request->waking)
        return;
    loop_again(server->loop);
    request->waking = true;
    request->next_waking = server->waking;
    server->waking = request;
}

/* Connections are resumed here, all that have something to do together, and not inside another
 * connection's callback, where MHD does not allow it. */
static void resume_woken(void *context)
{
    struct http_server *server = context;
    struct http_request *request = server->waking;
    size_t connections = http_connections(server);
    bool left = connections < server->connections;
    server->connections = connections;
    if (crowd_has_left(&server->crowd, connections))
        malloc_trim(0);
    server->waking = NULL;
    /* MHD, deaf at its limit of connections, listens again only in the run after one has left. */
    if (request != NULL || left)
        loop_hurry(server->loop, server->daemon);
    while (request != NULL) {
        struct http_request *next = request->next_waking;
        request->suspended = false;
        request->waking = false;
        MHD_resume_connection(request->connection);
        request = next;
    }
}

/* What libmicrohttpd is strict about in 0.9.75 is looked at here too, and answered with a problem. */
static struct MHD_Daemon *start_daemon(struct http_server *server)
{
    const struct http_settings *settings = &server->settings;
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, http_on_access, server,
        MHD_OPTION_LISTEN_SOCKET, settings->listen_fd, MHD_OPTION_CONNECTION_LIMIT,
        settings->connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings->connection_memory,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_SECONDS, MHD_OPTION_NOTIFY_COMPLETED,
        http_on_completed, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes,
        NULL, MHD_OPTION_STRICT_FOR_CLIENT, http_layout_in_place() ? 0 : 1, MHD_OPTION_END);
}

static void set_defaults(struct http_settings *settings)
{
    if (settings->bodies_max == 0)
        settings->bodies_max = HTTP_BODIES_MAX;
    if (settings->patience.request == 0)
        settings->patience.request = HTTP_REQUEST_SECONDS * CLOCK_SECOND;
    if (settings->patience.answer == 0)
        settings->patience.answer = HTTP_ANSWER_SECONDS * CLOCK_SECOND;
}

struct http_server *http_open(struct loop *loop, const struct http_settings *settings)
{
    struct http_server *server = memory_new(sizeof *server);
    server->settings = *settings;
    set_defaults(&server->settings);
    server->loop = loop;
    server->daemon = start_daemon(server);
    if (server->daemon == NULL) {
        log_line("the HTTP server cannot be started");
        close(settings->listen_fd);
        free(server);
        return NULL;
    }
    patience_open(&server->patience, loop, &server->settings.patience);
    farewells_open(&server->farewells, loop, on_farewell);
    loop_serve(loop, server->daemon);
    loop_each_turn(loop, resume_woken, server);
    return server;
}

void http_quiesce(struct http_server *server)
{
    if (server->quiesced)
        return;
    server->quiesced = true;
    MHD_socket listener = MHD_quiesce_daemon(server->daemon);
    if (listener != MHD_INVALID_SOCKET)
        close(listener);
}

size_t http_unanswered(const struct http_server *server)
{
    return server->unanswered;
}

size_t http_connections(const struct http_server *server)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info != NULL ? info->num_connections : 0;
}

void http_close(struct http_server *server)
{
    http_streams_wake(server);
    resume_woken(server);
    loop_unserve(server->loop, server->daemon);
    loop_no_turn(server->loop, resume_woken, server);
    MHD_stop_daemon(server->daemon);
    patience_close(&server->patience);
    farewells_close(&server->farewells);
    while (server->spare_count > 0)
        buffer_free(&server->spares[--server->spare_count]);
    free(server);
}
