/* Raw bytes at our HTTP server: every request that reaches a handler is one that a strict reader finds in
 * the same bytes, in the same order; and all answers are well formed. The first byte: how many bytes come
 * at a time. */
#include "common/http.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/face.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/strict.h"

struct hearing {
    struct strict strict; /* of the same bytes */
    bool clear;           /* it is asked */
    size_t handled;
};

static bool same(struct strict_request *strict, struct http_request *request)
{
    size_t length, path = strcspn(strict->target, "?");
    const char *body = http_body(request, &length);
    return strcmp(strict->method, http_method(request)) == 0 &&
           strlen(http_path(request)) == path &&
           memcmp(strict->target, http_path(request), path) == 0 && strict->body.length == length &&
           memcmp(buffer_text(&strict->body), body, length) == 0;
}

/* The strict reader goes on until it finds the request: those before were refused. */
static void find(struct hearing *hearing, struct http_request *request)
{
    struct strict_request strict;
    bool found = false;
    while (!found && strict_next(&hearing->strict, &strict)) {
        found = same(&strict, request);
        strict_free(&strict);
    }
    must(found, "a request that is handled is one that a strict reader finds");
}

static void handle(void *context, struct http_request *request)
{
    struct hearing *hearing = context;
    size_t length;
    const char *body = http_body(request, &length);
    must(length <= FACE_BODY_MAX, "a body is within bounds");
    must(body[length] == '\0', "and is a text");
    if (hearing->clear)
        find(hearing, request);
    hearing->handled++;
    struct http_reply reply = {.status = 200, .body = body, .length = length};
    http_answer(request, &reply);
}

/* A line of one colon with an end of LF alone before it or behind it: as long as CRLF CRLF. */
static bool looks_like_the_end(const uint8_t *data, size_t size, size_t at)
{
    uint8_t behind = at + 1 < size ? data[at + 1] : '\n';
    bool alone = data[at] == ':' && at > 0 && data[at - 1] == '\n';
    bool after_crlf = at > 1 && data[at - 2] == '\r';
    return alone && (behind == '\n' || (behind == '\r' && !after_crlf));
}

/* libmicrohttpd writes NULs over line ends and colons before anybody can look. What then looks like the end
 * of a head, and is taken for it, is not compared; nor a NUL that stands at a line's end. */
static bool is_clear(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t before = i > 0 ? data[i - 1] : '\n', behind = i + 1 < size ? data[i + 1] : '\n';
        if (data[i] == '\0' && (strchr("\r\n", before) || strchr("\r\n", behind)))
            return false;
        if (looks_like_the_end(data, size, i))
            return false;
    }
    return true;
}

void fuzz_http(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    size_t piece = input_byte(&input) % 64;
    struct hearing hearing = {
        .clear = is_clear(input.at, input_left(&input)),

        .strict = {.at = (const char *)input.at, .end = (const char *)input.end}};
    struct face face = {.handler = handle, .context = &hearing, .piece = piece};
    face_talk(&face, input.at, input_left(&input));
    if (memmem(input.at, input_left(&input), "HEAD", 4) == NULL)
        must(face_check(&face.answers) >= hearing.handled, "every request is answered");
    buffer_free(&face.answers);
}
