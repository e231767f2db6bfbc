#include "ticket_server/csv_stream.h"

#include <stdlib.h>
#include <string.h>

#include "common/id.h"

static const char ending[] = ".csv";

struct stream {
    struct http_request *request;
    struct csv_source *source;
    struct buffer page; /* as much of the file as was asked for last */
    size_t given;       /* of it */
};

static size_t open_streams;

bool csv_stream_wanted(void *context, struct http_request *request)
{
    (void)context;
    const char *path = http_path(request), *method = http_method(request);
    size_t length = strlen(path), ends = sizeof ending - 1;
    return (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) && length > ends &&
           strcmp(path + length - ends, ending) == 0;
}

/* Appends the next page. */
static enum problem read_page(struct stream *stream)
{
    struct csv csv = {.out = &stream->page};
    return stream->source->page(stream->source, &csv);
}

static size_t drop_body(void *context, const char *bytes, size_t length)
{
    (void)context;
    (void)bytes;
    return length;
}

static void drop_body_end(void *context)
{
    (void)context;
}

static ssize_t give(void *context, char *bytes, size_t size)
{
    struct stream *stream = context;
    if (stream->given == stream->page.length) {
        buffer_clear(&stream->page);
        stream->given = 0;
        if (read_page(stream) != PROBLEM_NONE)
            return HTTP_SOURCE_FAILED;
    }
    size_t left = stream->page.length - stream->given, given = left < size ? left : size;
    if (given == 0)
        return HTTP_SOURCE_END;
    memcpy(bytes, stream->page.data + stream->given, given);
    stream->given += given;
    return (ssize_t)given;
}

static void stream_free(struct stream *stream)
{
    stream->source->close(stream->source);
    buffer_free(&stream->page);
    free(stream);
    open_streams--;
}

static void over(void *context, bool whole)
{
    (void)whole;
    stream_free(context);
}

static void add_field(struct buffer *fields, const char *name, const char *value)
{
    buffer_append(fields, name, strlen(name) + 1);
    buffer_append(fields, value, strlen(value) + 1);
}

static void answer(struct stream *stream, const char *file_name)
{
    static const struct http_stream_calls calls = {drop_body, drop_body_end, give, over};
    struct buffer fields = {0}, place = {0};
    char text[ID_TEXT_SIZE];
    struct id id = id_make();
    id_format(&id, text);
    buffer_printf(&place, "attachment; filename=\"%s\"", file_name);
    add_field(&fields, "Content-Type", "text/csv; charset=utf-8; header=present");
    add_field(&fields, "Content-Disposition", buffer_text(&place));
    add_field(&fields, "Cache-Control", "no-store");
    add_field(&fields, "Request-Id", text);
    const struct http_head head = {.status = 200,
                                   .fields = fields.data,
                                   .fields_length = fields.length,
                                   .length = HTTP_LENGTH_UNKNOWN};
    http_stream(stream->request, &calls, stream);
    http_stream_answer(stream->request, &head);
    buffer_free(&fields);
    buffer_free(&place);
}

void csv_stream_answer(struct http_request *request, const char *file_name, const char *header,
                       struct csv_source *source)
{
    struct stream *stream = memory_new(sizeof *stream);
    stream->request = request;
    stream->source = source;
    buffer_add(&stream->page, header);
    enum problem problem =
        ++open_streams > CSV_STREAMS_MAX ? PROBLEM_OVERLOADED : read_page(stream);
    if (problem == PROBLEM_NONE) {
        answer(stream, file_name);
        return;
    }
    http_refuse(request, problem, problem_detail(problem), NULL);
    stream_free(stream);
}
