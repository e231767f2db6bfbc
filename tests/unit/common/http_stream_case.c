#include "tests/unit/common/http_stream_case.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/socket.h"
#include "tests/lib/suite.h"

enum {
    PIECE = 1 << 16,
    CONNECTION_MEMORY = 16 << 10,
};

char http_stream_byte(uint64_t at)
{
    return (char)('!' + (at * 7 + at / 251) % 90);
}

bool http_stream_is_pattern(const char *bytes, uint64_t length)
{
    for (uint64_t i = 0; i < length; i++)
        if (bytes[i] != http_stream_byte(i))
            return false;
    return true;
}

static bool is_path(const struct http_stream_case *test, const char *path)
{
    return strcmp(test->path, path) == 0;
}

static void answer_whole(struct http_stream_case *test)
{
    static const char fields[] = "X-One\0 1\0X-Two\0two";
    bool bodyless = strcmp(http_method(test->request), "HEAD") == 0;
    const struct http_head head = {.status = 200,
                                   .fields = fields,
                                   .fields_length = sizeof fields,
                                   .length = bodyless && test->length > 0 ? test->length : 5};
    http_stream_answer_whole(test->request, &head, "taken");
}

static void answer_from_source(struct http_stream_case *test, bool is_known)
{
    static const char fields[] = "X-One\0 1";
    const struct http_head head = {.status = test->status,
                                   .fields = fields,
                                   .fields_length = sizeof fields,
                                   .length = is_known ? test->length : HTTP_LENGTH_UNKNOWN};
    http_stream_answer(test->request, &head);
}

static size_t take(void *context, const char *bytes, size_t length)
{
    struct http_stream_case *test = context;
    size_t taken = test->takes > 0 && test->takes < length ? test->takes : length;
    test->pieces++;
    if (is_path(test, "/early"))
        answer_whole(test);
    if (is_path(test, "/refuse"))
        http_refuse(test->request, PROBLEM_OVERLOADED, "It is so.", NULL);
    if (test->stalls)
        taken = 0;
    for (size_t i = 0; i < taken; i++)
        test->wrong = test->wrong || bytes[i] != http_stream_byte(test->got + i);
    test->got += taken;
    test->paused = taken < length;
    if (test->hurries)
        http_stream_read(test->request);
    return taken;
}

static void end(void *context)
{
    struct http_stream_case *test = context;
    test->ended++;
    if (is_path(test, "/take"))
        answer_whole(test);
    else if (is_path(test, "/open") || is_path(test, "/openfail"))
        answer_from_source(test, false);
    else if (!is_path(test, "/wait"))
        answer_from_source(test, test->length >= 0);
    else
        test->waits = true;
}

static ssize_t give(void *context, char *bytes, size_t size)
{
    struct http_stream_case *test = context;
    uint64_t left = (uint64_t)test->length - test->sent;
    bool fails = is_path(test, "/fail") || is_path(test, "/openfail");
    test->asked++;
    test->largest = size > test->largest ? size : test->largest;
    if (fails && test->sent >= (uint64_t)test->length / 2)
        return HTTP_SOURCE_FAILED;
    if (is_path(test, "/short") && test->sent >= (uint64_t)test->length / 2)
        return HTTP_SOURCE_END;
    if (left == 0)
        return HTTP_SOURCE_END;
    if (test->stalls || (test->gives > 0 && !test->waits)) {
        test->waits = true;
        if (test->hurries)
            http_stream_write(test->request);
        return HTTP_SOURCE_WAIT;
    }
    test->waits = false;
    size_t given = left < size ? (size_t)left : size;
    given = test->gives > 0 && test->gives < given ? test->gives : given;
    for (size_t i = 0; i < given; i++)
        bytes[i] = http_stream_byte(test->sent + i);
    test->sent += given;
    return (ssize_t)given;
}

static void over(void *context, bool whole)
{
    struct http_stream_case *test = context;
    test->over++;
    test->whole += whole;
    test->request = NULL;
}

static const struct http_stream_calls calls = {take, end, give, over};

static void see_header(void *context, const char *name, size_t name_length, const char *value,
                       size_t value_length)
{
    struct buffer *headers = context;
    buffer_append(headers, name, name_length);
    buffer_add_char(headers, '=');
    buffer_append(headers, value, value_length);
    buffer_add_char(headers, ';');
}

static bool streams(void *context, struct http_request *request)
{
    (void)context;
    return strcmp(http_path(request), "/plain") != 0;
}

static void handle(void *context, struct http_request *request)
{
    struct http_stream_case *test = context;
    if (!streams(context, request)) {
        const struct http_reply reply = {.status = 200, .body = "plain", .length = 5};
        test->plain++;
        http_answer(request, &reply);
        return;
    }
    snprintf(test->path, sizeof test->path, "%s", http_path(request));
    snprintf(test->query, sizeof test->query, "%s", http_query(request));
    snprintf(test->version, sizeof test->version, "%s", http_version(request));
    buffer_clear(&test->headers);
    http_headers(request, see_header, &test->headers);
    test->announced = http_body_length(request);
    test->chunked = http_chunked(request);
    test->request = request;
    test->begun++;
    test->got = test->sent = 0;
    test->waits = test->paused = false;
    http_stream(request, &calls, test);
    if (is_path(test, "/first"))
        answer_whole(test);
}

/* Once per turn: what pauses or waits is called for. */
static void nudge(void *context)
{
    struct http_stream_case *test = context;
    if (test->request == NULL || test->stalls || test->hurries)
        return;
    if (test->paused)
        http_stream_read(test->request);
    if (test->waits)
        http_stream_write(test->request);
}

void http_stream_case_open(struct http_stream_case *test, const struct http_settings *bounds)
{
    char address[ADDRESS_SIZE];
    struct http_settings settings = *bounds;
    *test = (struct http_stream_case){.status = 200};
    settings.listen_fd = socket_listen("127.0.0.1:0");
    CU_ASSERT_FATAL(settings.listen_fd >= 0);
    socket_address(settings.listen_fd, address);
    snprintf(test->url, sizeof test->url, "http://%s", address);
    held_loop_open(&test->held);
    settings.body_max = HTTP_STREAM_BODY_MAX;
    settings.connection_memory = CONNECTION_MEMORY;
    settings.handler = handle;
    settings.streams = streams;
    settings.context = test;
    test->server = http_open(test->held.loop, &settings);
    CU_ASSERT_PTR_NOT_NULL_FATAL(test->server);
    loop_each_turn(test->held.loop, nudge, test);
    held_loop_free(&test->held);
}

void http_stream_case_close(struct http_stream_case *test)
{
    held_loop_hold(&test->held);
    http_close(test->server);
    CU_ASSERT_EQUAL(test->over, test->begun);
    CU_ASSERT_FALSE(test->wrong);
    held_loop_close(&test->held);
    buffer_free(&test->headers);
}

bool http_stream_case_until(struct http_stream_case *test, bool (*condition)(void *context))
{
    held_loop_hold(&test->held);
    bool holds = held_loop_until(&test->held, condition, test, HTTP_STREAM_SECONDS);
    held_loop_free(&test->held);
    return holds;
}

bool http_stream_is_waiting(void *context)
{
    const struct http_stream_case *test = context;
    return test->request != NULL && (test->paused || test->waits);
}

bool http_stream_is_over(void *context)
{
    const struct http_stream_case *test = context;
    return test->begun > 0 && test->over == test->begun && http_unanswered(test->server) == 0 &&
           http_connections(test->server) == 0;
}

bool http_stream_send(int fd, uint64_t from, uint64_t to)
{
    static char piece[PIECE];
    while (from < to) {
        size_t now = to - from < PIECE ? (size_t)(to - from) : PIECE;
        for (size_t i = 0; i < now; i++)
            piece[i] = http_stream_byte(from + i);
        if (!raw_send(fd, piece, now))
            return false;
        from += now;
    }
    return true;
}

bool http_stream_send_chunks(int fd, uint64_t length, size_t chunk)
{
    struct buffer bytes = {0};
    bool taken = true;
    for (uint64_t sent = 0; sent < length && taken;) {
        size_t now = length - sent < chunk ? (size_t)(length - sent) : chunk;
        buffer_clear(&bytes);
        buffer_printf(&bytes, "%zx\r\n", now);
        for (size_t i = 0; i < now; i++)
            buffer_add_char(&bytes, http_stream_byte(sent + i));
        buffer_add(&bytes, "\r\n");
        taken = raw_send(fd, bytes.data, bytes.length);
        sent += now;
    }
    buffer_free(&bytes);
    return taken && raw_send(fd, "0\r\nX-Trailer: 1\r\n\r\n", 19);
}

bool http_stream_receive(int fd, struct buffer *bytes)
{
    int64_t deadline = clock_monotonic() + HTTP_STREAM_SECONDS * CLOCK_SECOND;
    buffer_clear(bytes);
    while (clock_monotonic() < deadline) {
        struct pollfd entry = {.fd = fd, .events = POLLIN};
        if (poll(&entry, 1, 1000) != 1)
            continue;
        ssize_t got = recv(fd, buffer_reserve(bytes, PIECE), PIECE, 0);
        if (got <= 0)
            return got == 0;
        bytes->length += (size_t)got;
    }
    return false;
}

bool http_stream_unchunk(struct buffer *bytes, size_t head)
{
    size_t from = head, to = head;
    for (;;) {
        char *end_of_size;
        unsigned long size = strtoul(buffer_text(bytes) + from, &end_of_size, 16);
        size_t begin = (size_t)(end_of_size - bytes->data) + 2;
        if (end_of_size == bytes->data + from || begin + size + 2 > bytes->length ||
            memcmp(bytes->data + begin + size, "\r\n", 2) != 0)
            return false;
        memmove(bytes->data + to, bytes->data + begin, size);
        to += size;
        from = begin + size + 2;
        if (size == 0)
            break;
    }
    bool is_end = from == bytes->length;
    bytes->length = to;
    return is_end;
}
