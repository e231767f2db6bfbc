#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/http_parts.h"
#include "common/id.h"
#include "common/log.h"

void http_add_fields(struct MHD_Response *response, const char *name, const char *end)
{
    while (name < end) {
        const char *value = name + strlen(name) + 1;
        MHD_add_response_header(response, name, value);
        name = value + strlen(value) + 1;
    }
}

void http_answer_reserve(struct http_request *request, size_t length)
{
    struct http_server *server = request->server;
    struct buffer *answer = &request->answer;
    if (length > answer->capacity && length <= HTTP_SPARE_SIZE && server->spare_count > 0) {
        buffer_free(answer);
        *answer = server->spares[--server->spare_count];
    }
    buffer_reserve(answer, length);
}

void http_answer_rest(struct http_request *request)
{
    struct http_server *server = request->server;
    struct buffer *answer = &request->answer;
    buffer_clear(answer);
    if (answer->capacity > HTTP_BUFFER_KEPT && answer->capacity <= HTTP_SPARE_SIZE &&
        server->spare_count < HTTP_SPARES_MAX) {
        server->spares[server->spare_count++] = *answer;
        *answer = (struct buffer){0};
    }
    buffer_rest(answer, HTTP_BUFFER_KEPT);
}

/* Whether the answer's own fields say what its body is. */
static bool has_content_type(const char *name, const char *end)
{
    while (name < end) {
        if (strcmp(name, "Content-Type") == 0)
            return true;
        name += strlen(name) + 1;
        name += strlen(name) + 1;
    }
    return false;
}

/* The bytes are shared, and stay here until the request has ended. */
static struct MHD_Response *collected_response(struct http_request *request)
{
    const char *answer = buffer_text(&request->answer); /* an address also where it is empty */
    const char *body = answer + request->answer_body;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(request->answer.length - request->answer_body,
                                        (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        die(EXIT_TROUBLE, "out of memory");
    if (!has_content_type(answer, body))
        MHD_add_response_header(response, "Content-Type",
                                request->status < 400 ? "application/json"
                                                      : "application/problem+json");
    http_add_fields(response, answer, body);
    return response;
}

/* libmicrohttpd's response is made when libmicrohttpd asks for it. */
enum MHD_Result http_send(struct http_request *request)
{
    struct MHD_Response *response =
        request->headed ? http_stream_response(request) : collected_response(request);
    /* Where a chunk began is hidden from us: nothing behind chunks is taken for a request. */
    if (request->last || request->server->quiesced || request->chunked ||
        request->turned_away != PROBLEM_NONE)
        MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result result = MHD_queue_response(request->connection, request->status, response);
    MHD_destroy_response(response);
    return result;
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
    assert(request->handed && !request->answered);
    struct buffer *answer = &request->answer;
    if (!request->streamed) /* whose body may still be coming */
        patience_set(&request->server->patience, &http_client_of(request)->patience,
                     PATIENCE_ANSWER);
    request->answered = true;
    request->status = reply->status;
    for (size_t i = 0; i < reply->fields; i++) {
        const struct http_field *field = &reply->field[i];
        buffer_append(answer, field->name, strlen(field->name) + 1);
        buffer_append(answer, field->value, strlen(field->value) + 1);
    }
    request->answer_body = answer->length;
    request->server->traffic += reply->length;
    buffer_append(answer, reply->body, reply->length);
    http_wake(request);
}

/* `reply` has its status, and what headers only such a problem has. */
static void refuse(struct http_request *request, enum problem problem, const char *detail,
                   const char *id, struct http_reply *reply)
{
    struct buffer body = {0};
    http_reply_field(reply, "Request-Id", id);
    if (problem_retry_after(problem) > 0) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%d", problem_retry_after(problem));
        http_reply_field(reply, "Retry-After", seconds);
    }
    problem_append(&body, problem, detail, NULL);
    buffer_add_char(&body, '\n');
    reply->body = body.data;
    reply->length = body.length;
    http_answer(request, reply);
    buffer_free(&body);
}

void http_refuse(struct http_request *request, enum problem problem, const char *detail,
                 const char *allow)
{
    char text[ID_TEXT_SIZE];
    struct id id = id_make();
    id_format(&id, text);
    http_refuse_as(request, problem, detail, allow, text);
}

void http_refuse_as(struct http_request *request, enum problem problem, const char *detail,
                    const char *allow, const char *id)
{
    struct http_reply reply = {.status = problem_status(problem)};
    if (allow != NULL)
        http_reply_field(&reply, "Allow", allow);
    if (problem == PROBLEM_UNAUTHORIZED)
        http_reply_field(&reply, "WWW-Authenticate", "Bearer");
    refuse(request, problem, detail, id, &reply);
}

void http_refuse_token(struct http_request *request, enum problem problem, const char *challenge)
{
    char text[ID_TEXT_SIZE];
    struct id id = id_make();
    struct http_reply reply = {.status = problem_status(problem)};
    id_format(&id, text);
    http_reply_field(&reply, "WWW-Authenticate", challenge);
    refuse(request, problem, problem_detail(problem), text, &reply);
}
