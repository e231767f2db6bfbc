#include <stdio.h>

#include "common/http.h"
#include "common/id.h"

void http_refuse(struct http_request *request, enum problem problem, const char *detail,
                 const char *allow)
{
    struct buffer body = {0};
    struct http_reply reply = {.status = problem_status(problem)};
    char text[ID_TEXT_SIZE];
    struct id id = id_make();
    id_format(&id, text);
    http_reply_field(&reply, "Request-Id", text);
    if (problem_retry_after(problem) > 0) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%d", problem_retry_after(problem));
        http_reply_field(&reply, "Retry-After", seconds);
    }
    if (allow != NULL)
        http_reply_field(&reply, "Allow", allow);
    if (problem == PROBLEM_UNAUTHORIZED)
        http_reply_field(&reply, "WWW-Authenticate", "Bearer");
    problem_append(&body, problem, detail, NULL);
    buffer_add_char(&body, '\n');
    reply.body = body.data;
    reply.length = body.length;
    http_answer(request, &reply);
    buffer_free(&body);
}
