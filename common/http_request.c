#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/http_check.h"
#include "common/http_parts.h"

struct http_connection *http_client_of(const struct http_request *request)
{
    return (struct http_connection *)(void *)((char *)(uintptr_t)request -
                                              offsetof(struct http_connection, request));
}

static struct http_request *request_begin(struct http_server *server,
                                          struct MHD_Connection *connection, const char *method,
                                          const char *path, const char *version)
{
    struct http_request *request = &http_connection_of(connection)->request;
    *request = (struct http_request){
        .server = server,
        .connection = connection,
        .method = method,
        .path = path,
        .version = version,
        .body = request->body,
        .answer = request->answer,
        .body_max = server->settings.body_limit != NULL ? server->settings.body_limit(path)
                                                        : server->settings.body_max,
    };
    return request;
}

static void request_end(struct http_request *request)
{
    struct http_server *server = request->server;
    struct http_connection *client = http_client_of(request);
    server->unanswered -= request->handed;
    server->bodies -= request->body.length;
    buffer_rest(&request->body, HTTP_BUFFER_KEPT);
    http_answer_rest(request);
    if (client->query.length > 0)
        buffer_rest(&client->query, HTTP_BUFFER_KEPT);
}

static void mark_handed(struct http_request *request)
{
    patience_set(&request->server->patience, &http_client_of(request)->patience, PATIENCE_WORK);
    request->handed = true;
    request->server->unanswered++;
}

/* Answers before the body was read, after which MHD closes the connection. */
static enum MHD_Result refuse_early(struct http_request *request, enum problem problem,
                                    const char *detail)
{
    mark_handed(request);
    http_refuse(request, problem, detail, NULL);
    request->last = true;
    return http_send(request);
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

static const char *ambiguity_of(const struct http_request *request, struct http_body_said *said)
{
    const struct http_connection *client = http_client_of(request);
    const struct http_line line = {.method = request->method,
                                   .target = request->path,
                                   .target_length = client->target_length,
                                   .version = request->version};
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
    struct http_request *request = request_begin(server, connection, method, path, version);
    struct http_body_said said = {0};
    *state = request;
    const char *ambiguity = ambiguity_of(request, &said);
    if (ambiguity != NULL)
        return refuse_early(request, PROBLEM_MALFORMED, ambiguity);
    if (!headers_fit(server, connection))
        return refuse_early(request, PROBLEM_HEADERS_TOO_LARGE, "the headers are too long");
    request->chunked = said.chunked;
    request->length = said.length;
    if (server->settings.streams != NULL &&
        server->settings.streams(server->settings.context, request))
        return http_stream_begin(request);
    if (said.length > request->body_max)
        return refuse_early(request, PROBLEM_TOO_LARGE, "the body is too long");
    if (!has_room(request, said.length))
        return refuse_early(request, PROBLEM_OVERLOADED, "too many long bodies are coming in");
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
    request->server->traffic += size;
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
    return request->discarded <= HTTP_DISCARD_MAX ? MHD_YES : MHD_NO;
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

/* A connection that has been resumed is taken for readable by libmicrohttpd 0.9.75, and is read before its
 * answer is asked for: in vain, at the price of joining the epoll set and leaving it again. Those that
 * have a time limit of their own are asked first, in each of its runs, and read after their answer has
 * left, when a busy client's next request has often come. So a suspended connection's limit differs, by a
 * second. (One that sends chunks has its own already.) */
static void limit_idleness(struct http_request *request, unsigned seconds)
{
    if (!request->chunked)
        MHD_set_connection_option(request->connection, MHD_CONNECTION_OPTION_TIMEOUT, seconds);
}

static enum MHD_Result hand_over(struct http_request *request)
{
    mark_handed(request);
    handle(request);
    if (request->answered)
        return http_send(request);
    limit_idleness(request, HTTP_IDLE_SECONDS + 1);
    MHD_suspend_connection(request->connection);
    request->suspended = true;
    return MHD_YES;
}

static enum MHD_Result resume(struct http_request *request)
{
    limit_idleness(request, HTTP_IDLE_SECONDS);
    return http_send(request);
}

enum MHD_Result http_on_access(void *context, struct MHD_Connection *connection, const char *path,
                               const char *method, const char *version, const char *data,
                               size_t *length, void **state)
{
    struct http_request *request = *state;
    if (request == NULL)
        return begin(context, connection, path, method, version, state);
    if (request->streamed)
        return http_stream_access(request, data, length);
    if (*length > 0)
        return take_body(request, data, length);
    return request->handed ? resume(request) : hand_over(request);
}

void http_on_completed(void *context, struct MHD_Connection *connection, void **state,
                       enum MHD_RequestTerminationCode how)
{
    struct http_server *server = context;
    struct http_request *request = *state;
    (void)connection;
    if (request == NULL)
        return;
    patience_set(&server->patience, &http_client_of(request)->patience, PATIENCE_IDLE);
    request_end(request);
    *state = NULL;
    if (request->streamed)
        http_stream_end(request, how == MHD_REQUEST_TERMINATED_COMPLETED_OK);
}

const char *http_method(const struct http_request *request)
{
    return request->method;
}

const char *http_path(const struct http_request *request)
{
    return request->path;
}

void http_set_note(struct http_request *request, const void *note)
{
    request->note = note;
}

const void *http_note(const struct http_request *request)
{
    return request->note;
}

const char *http_query(const struct http_request *request)
{
    const struct buffer *query = &http_client_of(request)->query;
    return query->length > 0 ? query->data : "";
}

const char *http_version(const struct http_request *request)
{
    return request->version;
}

bool http_chunked(const struct http_request *request)
{
    return request->chunked;
}

int64_t http_body_length(const struct http_request *request)
{
    return request->chunked ? HTTP_LENGTH_UNKNOWN : (int64_t)request->length;
}

const char *http_body(struct http_request *request, size_t *length)
{
    *length = request->body.length;
    return buffer_text(&request->body);
}

uint64_t http_traffic(const struct http_request *request)
{
    return request->server->traffic;
}

const char *http_client(const struct http_request *request)
{
    return http_client_of(request)->client;
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

struct visit {
    http_each *each;
    void *context;
};

static enum MHD_Result visit_header(void *context, enum MHD_ValueKind kind, const char *name,
                                    size_t name_length, const char *value, size_t value_length)
{
    const struct visit *visit = context;
    (void)kind;
    visit->each(visit->context, name, name_length, value, value_length);
    return MHD_YES;
}

void http_headers(const struct http_request *request, http_each *each, void *context)
{
    struct visit visit = {.each = each, .context = context};
    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, visit_header, &visit);
}
