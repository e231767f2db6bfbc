#include "ticket_server/replies.h"

#include <stdio.h>

#include "common/id.h"

void reply_body(struct http_request *request, struct http_reply *reply, struct buffer *body)
{
    char text[ID_TEXT_SIZE];
    struct id id = id_make();
    id_format(&id, text);
    http_reply_field(reply, "Request-Id", text);
    buffer_add_char(body, '\n');
    reply->body = body->data;
    reply->length = body->length;
    http_answer(request, reply);
    buffer_free(body);
}

void reply_json(struct http_request *request, unsigned status, struct buffer *body,
                const char *name, const char *value)
{
    struct http_reply reply = {.status = status};
    if (name != NULL)
        http_reply_field(&reply, name, value);
    reply_body(request, &reply, body);
}

void reply_problem(struct http_request *request, enum problem problem, const char *detail,
                   const char *members)
{
    struct buffer body = {0};
    struct http_reply reply = {.status = problem_status(problem)};
    if (detail == NULL)
        detail = problem_detail(problem);
    if (members == NULL) {
        http_refuse(request, problem, detail, NULL);
        return;
    }
    problem_append(&body, problem, detail, members);
    reply_body(request, &reply, &body);
}
