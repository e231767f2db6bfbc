#include "tests/unit/common/http_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/socket.h"
#include "tests/lib/suite.h"

enum {
    CONNECTION_MEMORY = 8192,
};

static void answer(struct http_request *request)
{
    struct http_reply reply = {.status = 200};
    struct buffer body = {0};
    size_t length;
    http_body(request, &length);
    buffer_printf(&body, "%s %s %s %zu", http_method(request), http_path(request),
                  http_client(request), length);
    reply.body = body.data;
    reply.length = body.length;
    http_answer(request, &reply);
    buffer_free(&body);
}

static void answer_typed(struct http_request *request)
{
    struct http_reply reply = {.status = 200, .body = "<p>", .length = 3};
    http_reply_field(&reply, "X-First", "Content-Type");
    http_reply_field(&reply, "Content-Type", "text/html; charset=utf-8");
    http_answer(request, &reply);
}

void http_case_answer(struct http_case *test)
{
    for (size_t i = 0; i < test->kept_count; i++)
        answer(test->kept[i]);
    test->kept_count = 0;
}

static void ring(void *context)
{
    http_case_answer(context);
}

static void keep(struct http_case *test, struct http_request *request)
{
    if (test->kept_count == HTTP_CASE_KEPT_MAX) {
        CU_FAIL("too many are kept");
        answer(request);
        return;
    }
    test->kept[test->kept_count++] = request;
    if (test->answers_by_timer)
        loop_timer_set(test->held.loop, &test->timer, clock_monotonic() + 20 * CLOCK_MILLISECOND);
}

static void answer_long(struct http_request *request, size_t length)
{
    struct http_reply reply = {.status = 200, .length = length};
    char *body = memory_new(length);
    reply.body = body;
    http_answer(request, &reply);
    free(body);
}

static void handle(void *context, struct http_request *request)
{
    struct http_case *test = context;
    size_t length;
    const char *body = http_body(request, &length);
    test->handled++;
    buffer_clear(&test->seen);
    buffer_append(&test->seen, body, length);
    if (strcmp(http_path(request), "/hold") == 0)
        keep(test, request);
    else if (strcmp(http_path(request), "/problem") == 0)
        http_refuse(request, test->problem, "It is so.", test->allow);
    else if (strcmp(http_path(request), "/long") == 0)
        answer_long(request, test->long_length > 0 ? test->long_length : HTTP_CASE_LONG);
    else if (strcmp(http_path(request), "/typed") == 0)
        answer_typed(request);
    else
        answer(request);
}

void http_case_open_with(struct http_case *test, const struct http_settings *bounds)
{
    char address[ADDRESS_SIZE];
    struct http_settings settings = *bounds;
    *test = (struct http_case){.problem = PROBLEM_BAD_GATEWAY};
    settings.listen_fd = socket_listen("127.0.0.1:0");
    CU_ASSERT_FATAL(settings.listen_fd >= 0);
    socket_address(settings.listen_fd, address);
    snprintf(test->url, sizeof test->url, "http://%s", address);
    held_loop_open(&test->held);
    test->timer.ring = ring;
    test->timer.context = test;
    settings.body_max = HTTP_CASE_BODY_MAX;
    settings.connection_memory = CONNECTION_MEMORY;
    settings.handler = handle;
    settings.context = test;
    test->server = http_open(test->held.loop, &settings);
    CU_ASSERT_PTR_NOT_NULL_FATAL(test->server);
    held_loop_free(&test->held);
}

void http_case_open(struct http_case *test, unsigned connections)
{
    const struct http_settings bounds = {.connections_max = connections};
    http_case_open_with(test, &bounds);
}

void http_case_close(struct http_case *test)
{
    held_loop_hold(&test->held);
    http_case_answer(test);
    http_close(test->server);
    held_loop_close(&test->held);
    buffer_free(&test->seen);
}

/* What is waited for, with the loop held. */
struct kept {
    const struct http_case *test;
    size_t count;
};

static bool are_kept(void *context)
{
    const struct kept *kept = context;
    return kept->test->kept_count >= kept->count;
}

void http_case_until_kept(struct http_case *test, size_t count)
{
    struct kept kept = {test, count};
    held_loop_hold(&test->held);
    CU_ASSERT(held_loop_until(&test->held, are_kept, &kept, HTTP_CASE_SECONDS));
    held_loop_free(&test->held);
}

unsigned http_case_ask(struct http_case *test, const char *request, struct raw_answer *answer_to)
{
    int fd = raw_connect(test->url);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT(raw_send(fd, request, strlen(request)));
    raw_receive(fd, answer_to, strncmp(request, "HEAD ", 5) == 0, HTTP_CASE_SECONDS);
    close(fd);
    return answer_to->status;
}
