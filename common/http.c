#include "common/http.h"

#include <arpa/inet.h>
#include <assert.h>
#include <malloc.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/crowd.h"
#include "common/farewell.h"
#include "common/http_check.h"
#include "common/log.h"

enum {
    DISCARD_MAX = 1 << 20, /* so much of an oversize body is read in order to answer 413 */
    CLIENT_SIZE = INET6_ADDRSTRLEN,
};

/* One client's connection. */
struct http_connection {
    struct patience_record patience;
    struct farewell farewell;
    size_t target_length; /* of the request line that came last, with its query */
    const char *target_problem;
};

struct http_request {
    struct http_server *server;
    struct MHD_Connection *connection;
    struct http_connection *client_connection; /* outlives the request */
    const char *method;
    char *path; /* owned */
    char client[CLIENT_SIZE];
    struct buffer body;
    size_t body_max;
    size_t discarded;
    enum problem turned_away; /* the body has no place */
    bool chunked;
    bool handed;                   /* the handler has it, or had it */
    bool suspended;                /* MHD leaves the connection alone until it is resumed */
    unsigned status;               /* of the answer */
    struct MHD_Response *response; /* owned until queued; NULL: not answered yet */
    struct http_request *next_answered;
};

struct http_server {
    struct http_settings settings;
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct patience patience;
    struct farewells farewells;
    size_t bodies; /* bytes of all requests' */
    size_t unanswered;
    size_t connections; /* when last looked at */
    struct crowd crowd;
    bool quiesced;
    struct http_request *answered; /* suspended ones whose answer is ready */
};

static void client_address(struct http_request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
    strcpy(request->client, "unknown");
    if (address != NULL && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
                  request->client, sizeof request->client);
    else if (address != NULL && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
                  request->client, sizeof request->client);
}

static struct http_connection *connection_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static struct http_request *request_begin(struct http_server *server,
                                          struct MHD_Connection *connection, const char *method,
                                          const char *path)
{
    struct http_request *request = memory_new(sizeof *request);
    request->server = server;
    request->connection = connection;
    request->client_connection = connection_of(connection);
    request->method = method;
    request->body_max = server->settings.body_limit != NULL ? server->settings.body_limit(path)
                                                            : server->settings.body_max;
    request->path = memory_copy(path);
    client_address(request);
    return request;
}

static enum MHD_Result queue(struct http_request *request)
{
    enum MHD_Result result =
        MHD_queue_response(request->connection, request->status, request->response);
    MHD_destroy_response(request->response);
    request->response = NULL;
    return result;
}

static void mark_handed(struct http_request *request)
{
    patience_set(&request->server->patience, &request->client_connection->patience, PATIENCE_WORK);
    request->handed = true;
    request->server->unanswered++;
}

/* Answers before the body was read, after which MHD closes the connection. */
static enum MHD_Result refuse_early(struct http_request *request, enum problem problem,
                                    const char *detail)
{
    mark_handed(request);
    http_refuse(request, problem, detail, NULL);
    MHD_add_response_header(request->response, "Connection", "close");
    return queue(request);
}

/* Headers and what MHD notes of each, and of each cookie (64 bytes), live in the
 * connection's memory, where the answer's headers need room too: without it, a purchase would be sold
 * and never answered. */
static bool headers_fit(const struct http_server *server, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    const unsigned noted = MHD_HEADER_KIND | MHD_COOKIE_KIND;
    int count = MHD_get_connection_values(connection, (enum MHD_ValueKind)noted, NULL, NULL);
    return info != NULL && info->header_size <= server->settings.connection_memory / 8 * 3 &&
           count <= HTTP_HEADERS_MAX;
}

/* `path`: libmicrohttpd's own, not our copy. */
static const char *ambiguity_of(const struct http_request *request, const char *path,
                                const char *version, struct http_body_said *said)
{
    const struct http_connection *client = request->client_connection;
    const struct http_line line = {.method = request->method,
                                   .target = path,
                                   .target_length = client->target_length,
                                   .version = version};
    if (client->target_problem != NULL)
        return client->target_problem;
    return http_check(request->connection, &line, said);
}

static bool has_room(const struct http_request *request, size_t more)
{
    const struct http_server *server = request->server;
    return request->body.length + more <= HTTP_BODY_SMALL ||
           server->bodies + more <= server->settings.bodies_max;
}

static enum MHD_Result begin(struct http_server *server, struct MHD_Connection *connection,
                             const char *path, const char *method, const char *version,
                             void **state)
{
    struct http_request *request = request_begin(server, connection, method, path);
    struct http_body_said said = {0};
    *state = request;
    const char *ambiguity = ambiguity_of(request, path, version, &said);
    if (ambiguity != NULL)
        return refuse_early(request, PROBLEM_MALFORMED, ambiguity);
    if (!headers_fit(server, connection))
        return refuse_early(request, PROBLEM_HEADERS_TOO_LARGE, "the headers are too long");
    if (said.length > request->body_max)
        return refuse_early(request, PROBLEM_TOO_LARGE, "the body is too long");
    if (!has_room(request, said.length))
        return refuse_early(request, PROBLEM_OVERLOADED, "too many long bodies are coming in");
    request->chunked = said.chunked;
    if (said.chunked)
        MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT,
                                  (unsigned)HTTP_CHUNKS_IDLE_SECONDS);
    return MHD_YES;
}

static void turn_away(struct http_request *request, enum problem problem)
{
    request->turned_away = problem;
    request->server->bodies -= request->body.length;
    buffer_free(&request->body);
}

static enum MHD_Result take_body(struct http_request *request, const char *data, size_t *length)
{
    size_t size = *length;
    *length = 0;
    if (request->turned_away == PROBLEM_NONE && request->body.length + size > request->body_max)
        turn_away(request, PROBLEM_TOO_LARGE);
    if (request->turned_away == PROBLEM_NONE && !has_room(request, size))
        turn_away(request, PROBLEM_OVERLOADED);
    if (request->turned_away == PROBLEM_NONE) {
        buffer_append(&request->body, data, size);
        request->server->bodies += size;
        return MHD_YES;
    }
    request->discarded += size;
    return request->discarded <= DISCARD_MAX ? MHD_YES : MHD_NO;
}

/* The body has come whole: the handler's turn, unless it cannot be had. */
static void handle(struct http_request *request)
{
    struct http_server *server = request->server;
    const char *trailers =
        request->chunked ? http_check_trailers(request->connection, request->method) : NULL;
    if (trailers != NULL)
        http_refuse(request, PROBLEM_MALFORMED, trailers, NULL);
    else if (request->turned_away == PROBLEM_TOO_LARGE)
        http_refuse(request, PROBLEM_TOO_LARGE, "the body is too long", NULL);
    else if (request->turned_away != PROBLEM_NONE)
        http_refuse(request, request->turned_away, problem_detail(request->turned_away), NULL);
    else
        server->settings.handler(server->settings.context, request);
}

static enum MHD_Result hand_over(struct http_request *request)
{
    mark_handed(request);
    handle(request);
    if (request->response != NULL)
        return queue(request);
    MHD_suspend_connection(request->connection);
    request->suspended = true;
    return MHD_YES;
}

static enum MHD_Result on_access(void *context, struct MHD_Connection *connection, const char *path,
                                 const char *method, const char *version, const char *data,
                                 size_t *length, void **state)
{
    struct http_request *request = *state;
    if (request == NULL)
        return begin(context, connection, path, method, version, state);
    if (*length > 0)
        return take_body(request, data, length);
    return request->handed ? queue(request) : hand_over(request);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode how)
{
    struct http_server *server = context;
    struct http_request *request = *state;
    (void)connection;
    (void)how;
    if (request == NULL)
        return;
    patience_set(&server->patience, &request->client_connection->patience, PATIENCE_IDLE);
    if (request->response != NULL)
        MHD_destroy_response(request->response);
    server->unanswered -= request->handed;
    server->bodies -= request->body.length;
    buffer_free(&request->body);
    free(request->path);
    free(request);
    *state = NULL;
}

/* Nothing here reads a query, and libmicrohttpd hangs where its arguments are more than it has room for:
 * it is shown an empty one. (The bytes are its own, and not constant; it takes them apart next.) */
static void forget_query(const char *target)
{
    char *query = strchr((char *)(uintptr_t)target, '?');
    if (query != NULL && http_layout_in_place())
        query[1] = '\0';
}

/* A request line has come. It is looked at here because nobody is told later where a NUL stood. */
static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct http_server *server = context;
    struct http_connection *client = connection_of(connection);
    patience_set(&server->patience, &client->patience, PATIENCE_REQUEST);
    if (target == NULL)
        return NULL;
    client->target_length = strlen(target);
    client->target_problem = http_check_target(target);
    forget_query(target);
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
        patience_join(&server->patience, &client->patience, fd);
        farewell_expect(&server->farewells, &client->farewell, fd);
        return;
    }
    patience_leave(&server->patience, &client->patience);
    farewell_forget(&client->farewell);
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

/* Connections are resumed here, all that are answered together, and not inside another connection's
 * callback, where MHD does not allow it. */
static void resume_answered(void *context)
{
    struct http_server *server = context;
    struct http_request *request = server->answered;
    size_t connections = http_connections(server);
    bool left = connections < server->connections;
    server->connections = connections;
    if (crowd_has_left(&server->crowd, connections))
        malloc_trim(0);
    server->answered = NULL;
    /* MHD, deaf at its limit of connections, listens again only in the run after one has left. */
    if (request != NULL || left)
        loop_hurry(server->loop, server->daemon);
    while (request != NULL) {
        struct http_request *next = request->next_answered;
        request->suspended = false;
        MHD_resume_connection(request->connection);
        request = next;
    }
}

/* What libmicrohttpd is strict about in 0.9.75 is looked at here too, and answered with a problem. */
static struct MHD_Daemon *start_daemon(struct http_server *server)
{
    const struct http_settings *settings = &server->settings;
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access, server,
        MHD_OPTION_LISTEN_SOCKET, settings->listen_fd, MHD_OPTION_CONNECTION_LIMIT,
        settings->connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings->connection_memory,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_SECONDS, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
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
    farewells_open(&server->farewells, loop);
    loop_serve(loop, server->daemon);
    loop_each_turn(loop, resume_answered, server);
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
    resume_answered(server);
    loop_unserve(server->loop, server->daemon);
    loop_no_turn(server->loop, resume_answered, server);
    MHD_stop_daemon(server->daemon);
    patience_close(&server->patience);
    farewells_close(&server->farewells);
    free(server);
}

const char *http_method(const struct http_request *request)
{
    return request->method;
}

const char *http_path(const struct http_request *request)
{
    return request->path;
}

const char *http_body(struct http_request *request, size_t *length)
{
    *length = request->body.length;
    return buffer_text(&request->body);
}

const char *http_client(const struct http_request *request)
{
    return request->client;
}

const char *http_header(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

struct occurrences {
    const char *name;
    unsigned count;
};

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    struct occurrences *occurrences = context;
    (void)kind;
    (void)value;
    occurrences->count += strcasecmp(name, occurrences->name) == 0;
    return MHD_YES;
}

unsigned http_header_count(const struct http_request *request, const char *name)
{
    struct occurrences occurrences = {.name = name};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_header, &occurrences);
    return occurrences.count;
}

void http_reply_field(struct http_reply *reply, const char *name, const char *value)
{
    assert(reply->fields < HTTP_FIELDS_MAX && strlen(value) < HTTP_FIELD_SIZE);
    struct http_field *field = &reply->field[reply->fields++];
    field->name = name;
    strcpy(field->value, value);
}

void http_answer(struct http_request *request, const struct http_reply *reply)
{
    assert(request->handed && request->response == NULL);
    struct http_server *server = request->server;
    patience_set(&server->patience, &request->client_connection->patience, PATIENCE_ANSWER);
    /* MHD declares the bytes non-const, but copies them. */
    request->response = MHD_create_response_from_buffer(
        reply->length, (void *)(uintptr_t)reply->body, MHD_RESPMEM_MUST_COPY);
    if (request->response == NULL)
        die(EXIT_TROUBLE, "out of memory");
    request->status = reply->status;
    MHD_add_response_header(request->response, "Content-Type",
                            reply->status < 400 ? "application/json" : "application/problem+json");
    for (size_t i = 0; i < reply->fields; i++)
        MHD_add_response_header(request->response, reply->field[i].name, reply->field[i].value);
    /* Where a chunk began is hidden from us: nothing behind chunks is taken for a request. */
    if (server->quiesced || request->chunked || request->turned_away != PROBLEM_NONE)
        MHD_add_response_header(request->response, "Connection", "close");
    if (!request->suspended)
        return;
    loop_again(server->loop);
    request->next_answered = server->answered;
    server->answered = request;
}
