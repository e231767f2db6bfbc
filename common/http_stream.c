#include <assert.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/http_parts.h"
#include "common/log.h"

enum {
    HEADER_NOTE = 96,  /* bytes, what MHD notes of each of a request's headers, and more */
    HEAD_ADDED = 2048, /* what an answer's head has beside its fields, and what separates them */
    UNSENT_MAX = 4 * HTTP_STREAM_BLOCK, /* bytes of an answer that wait in the kernel to be sent */
};

/* Why its connection is suspended, or was until it was resumed. */
enum wait {
    WAIT_NONE,
    WAIT_ROOM,   /* the handler did not take all of a piece */
    WAIT_ANSWER, /* the body has come whole */
    WAIT_SOURCE, /* the source has nothing */
};

struct http_stream {
    struct http_request *request;
    struct http_stream *next, *previous; /* of the server's */
    const struct http_stream_calls *calls;
    void *context;
    enum wait wait;
    bool again; /* http_stream_read or _write was called since body or source was asked */
    bool ended; /* the body has come whole */
    bool cut;
    int64_t length;  /* of the answer */
    bool has_source; /* the answer's body comes from there */
};

static void stage(struct http_request *request, enum patience_stage stage)
{
    patience_set(&request->server->patience, &http_client_of(request)->patience, stage);
}

static bool client_has_left(const struct http_request *request)
{
    return http_client_of(request)->farewell.left;
}

/* Connections with a limit of their own are asked first in each of MHD's runs, before more is read into
 * their buffers, and are walked over in each: so only those that have been suspended have one, and chunks
 * as they come (see HTTP_CHUNKS_IDLE_SECONDS: the kernel's count would not show that MHD turns in circles).
 */
static void limit_idleness(struct http_request *request, unsigned seconds)
{
    MHD_set_connection_option(request->connection, MHD_CONNECTION_OPTION_TIMEOUT, seconds);
}

/* Inside of the connection's own callback, where alone MHD allows it. Our side is what is waited for, so
 * that the client is not to blame. False where nobody is left to wait with. */
static bool wait_for(struct http_stream *stream, enum wait what)
{
    struct http_request *request = stream->request;
    if (client_has_left(request))
        return false;
    stream->wait = what;
    stage(request, PATIENCE_WORK);
    limit_idleness(request, HTTP_IDLE_SECONDS + 1);
    MHD_suspend_connection(request->connection);
    request->suspended = true;
    if (stream->again)
        http_wake(request);
    return true;
}

/* Whether MHD, which calls for the request again, shall go on with it. */
static bool may_go_on(struct http_stream *stream)
{
    struct http_request *request = stream->request;
    enum wait waited = stream->wait;
    bool needs_more = waited == WAIT_SOURCE || (waited != WAIT_NONE && !request->answered);
    if (stream->cut || (needs_more && client_has_left(request)))
        return false;
    if (waited == WAIT_NONE)
        return true;
    bool is_chunks = waited == WAIT_ROOM && request->chunked;
    stream->wait = WAIT_NONE;
    limit_idleness(request, is_chunks ? HTTP_REQUEST_SECONDS : HTTP_IDLE_SECONDS);
    stage(request, waited == WAIT_ROOM ? PATIENCE_REQUEST : PATIENCE_ANSWER);
    return true;
}

/* Answered before its body has come: MHD would send nothing before that, and reads on. */
static enum MHD_Result discard(struct http_request *request, size_t more)
{
    request->discarded += more;
    return request->discarded <= HTTP_DISCARD_MAX ? MHD_YES : MHD_NO;
}

static enum MHD_Result take_piece(struct http_stream *stream, const char *bytes, size_t *length)
{
    struct http_request *request = stream->request;
    size_t size = *length;
    *length = 0;
    if (request->answered)
        return discard(request, size);
    stream->again = false;
    size_t taken = stream->calls->body(stream->context, bytes, size);
    assert(taken <= size);
    if (stream->cut)
        return MHD_NO;
    if (request->answered)
        return discard(request, size - taken);
    *length = size - taken;
    return taken == size || wait_for(stream, WAIT_ROOM) ? MHD_YES : MHD_NO;
}

static enum MHD_Result send_answer(struct http_request *request)
{
    stage(request, PATIENCE_ANSWER);
    return http_send(request);
}

static enum MHD_Result end_body(struct http_stream *stream)
{
    struct http_request *request = stream->request;
    bool ends = !stream->ended && !request->answered;
    stream->ended = true;
    stream->again = false;
    if (request->chunked)
        limit_idleness(request, HTTP_IDLE_SECONDS);
    if (ends)
        stream->calls->body_end(stream->context);
    if (stream->cut)
        return MHD_NO;
    if (request->answered)
        return send_answer(request);
    return wait_for(stream, WAIT_ANSWER) ? MHD_YES : MHD_NO;
}

enum MHD_Result http_stream_access(struct http_request *request, const char *data, size_t *length)
{
    struct http_stream *stream = request->stream;
    if (stream == NULL) /* answered in the handler, and without a body */
        return send_answer(request);
    if (!may_go_on(stream))
        return MHD_NO;
    return *length > 0 ? take_piece(stream, data, length) : end_body(stream);
}

/* An answer that is queued before MHD has looked for a body closes the connection: so it waits for MHD's
 * next call where no body is to come. */
enum MHD_Result http_stream_begin(struct http_request *request)
{
    struct http_server *server = request->server;
    request->streamed = true;
    request->handed = true;
    server->unanswered++;
    patience_stream(&http_client_of(request)->patience);
    if (request->chunked)
        limit_idleness(request, HTTP_REQUEST_SECONDS);
    server->settings.handler(server->settings.context, request);
    assert(request->stream != NULL || request->answered);
    if (request->stream != NULL && request->stream->cut)
        return MHD_NO;
    if (!request->answered || (request->length == 0 && !request->chunked))
        return MHD_YES;
    request->last = true;
    return send_answer(request);
}

static void unlink_stream(struct http_server *server, struct http_stream *stream)
{
    if (stream->next != NULL)
        stream->next->previous = stream->previous;
    if (stream->previous != NULL)
        stream->previous->next = stream->next;
    else
        server->streams = stream->next;
}

void http_stream_end(struct http_request *request, bool whole)
{
    struct http_stream *stream = request->stream;
    if (stream == NULL)
        return;
    const struct http_stream_calls *calls = stream->calls;
    void *context = stream->context;
    request->stream = NULL;
    unlink_stream(request->server, stream);
    free(stream);
    calls->over(context, whole);
}

void http_stream_left(struct http_request *request)
{
    http_wake(request);
}

void http_streams_wake(struct http_server *server)
{
    for (struct http_stream *stream = server->streams; stream != NULL; stream = stream->next)
        http_wake(stream->request);
}

void http_stream(struct http_request *request, const struct http_stream_calls *calls, void *context)
{
    struct http_server *server = request->server;
    assert(request->streamed && request->stream == NULL && !request->answered);
    struct http_stream *stream = memory_new(sizeof *stream);
    stream->request = request;
    stream->calls = calls;
    stream->context = context;
    stream->next = server->streams;
    if (stream->next != NULL)
        stream->next->previous = stream;
    server->streams = stream;
    request->stream = stream;
}

void http_stream_read(struct http_request *request)
{
    struct http_stream *stream = request->stream;
    stream->again = stream->again || !stream->ended;
    if (stream->wait == WAIT_ROOM)
        http_wake(request);
}

void http_stream_write(struct http_request *request)
{
    struct http_stream *stream = request->stream;
    stream->again = stream->again || stream->has_source;
    if (stream->wait == WAIT_SOURCE)
        http_wake(request);
}

/* A suspended connection hears nothing: it is MHD's turn to ask. */
void http_stream_cut(struct http_request *request)
{
    request->stream->cut = true;
    if (request->suspended)
        http_wake(request);
    else
        shutdown(http_client_of(request)->farewell.fd, SHUT_RDWR);
}

static bool is_bodyless(const struct http_request *request, unsigned status)
{
    return status == 204 || status == 304 || strcmp(request->method, "HEAD") == 0;
}

/* With room for so many bytes behind it. */
size_t http_head_room(const struct http_request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    int count = MHD_get_connection_values(
        request->connection, (enum MHD_ValueKind)(MHD_HEADER_KIND | MHD_COOKIE_KIND), NULL, NULL);
    size_t taken = info->header_size + (size_t)count * HEADER_NOTE + HEAD_ADDED;
    size_t memory = request->server->settings.connection_memory;
    return taken < memory ? memory - taken : 0;
}

static void keep_head(struct http_request *request, const struct http_head *head, size_t room)
{
    assert(request->stream != NULL && !request->answered);
    assert(head->status >= 200 && head->status <= 999);
    request->answered = true;
    request->headed = true;
    request->status = head->status;
    request->stream->length = head->length;
    http_answer_reserve(request, head->fields_length + room);
    buffer_append(&request->answer, head->fields, head->fields_length);
    request->answer_body = request->answer.length;
}

void http_stream_answer(struct http_request *request, const struct http_head *head)
{
    keep_head(request, head, 0);
    request->stream->has_source = true;
    http_wake(request);
}

void http_stream_answer_whole(struct http_request *request, const struct http_head *head,
                              const char *body)
{
    size_t length = is_bodyless(request, head->status) ? 0 : (size_t)head->length;
    assert(length == 0 || head->length > 0);
    keep_head(request, head, length);
    buffer_append(&request->answer, body, length);
    http_wake(request);
}

/* Whether only the end of the connection tells the client that this was all (RFC 9112 section 6.3). */
static bool is_open_ended(const struct http_stream *stream)
{
    return stream->length < 0 && strcmp(stream->request->version, MHD_HTTP_VERSION_1_0) == 0;
}

/* What is missing behind an open end shows in a reset. */
static ssize_t fail(const struct http_stream *stream)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (is_open_ended(stream))
        (void)connect(http_client_of(stream->request)->farewell.fd, &nobody, sizeof nobody);
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* MHD_ContentReaderCallback */
static ssize_t ask_source(void *context, uint64_t at, char *bytes, size_t size)
{
    struct http_stream *stream = context;
    (void)at;
    if (!may_go_on(stream))
        return fail(stream);
    stream->again = false;
    ssize_t got = stream->calls->source(stream->context, bytes, size);
    assert(got <= (ssize_t)size);
    if (stream->cut || got == HTTP_SOURCE_FAILED)
        return fail(stream);
    if (got > 0)
        return got;
    if (got == HTTP_SOURCE_WAIT)
        return wait_for(stream, WAIT_SOURCE) ? 0 : fail(stream);
    return stream->length < 0 ? MHD_CONTENT_READER_END_OF_STREAM : fail(stream);
}

/* No more than is needed: MHD clears the block for every response, and does without one for chunks. */
static size_t block_size(const struct http_stream *stream)
{
    if (stream->length < 0)
        return is_open_ended(stream) ? HTTP_STREAM_BLOCK : 1;
    return stream->length < HTTP_STREAM_BLOCK ? (size_t)stream->length + 1 : HTTP_STREAM_BLOCK;
}

/* MHD 0.9.75 ends the chunks of an answer that has none, too: in a HEAD's, the client would take that for
 * the next answer. Unknown and not in chunks is what an HTTP/1.0 server says; then it closes. */
static struct MHD_Response *bodyless_response(struct http_request *request)
{
    int64_t length = request->status == 204 ? 0 : request->stream->length;
    struct MHD_Response *response = MHD_create_response_from_callback(
        length < 0 ? MHD_SIZE_UNKNOWN : (uint64_t)length, 1, ask_source, request->stream, NULL);
    if (response != NULL && length < 0)
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return response;
}

/* The kernel would take megabytes for a client that once was fast, and ask for more only when a third of
 * them is gone: longer than MHD's time limit for one that has become slow. */
static void bound_send_buffer(const struct http_request *request)
{
    setsockopt(http_client_of(request)->farewell.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT,
               &(int){UNSENT_MAX}, sizeof(int));
}

static struct MHD_Response *bodied_response(struct http_request *request)
{
    struct http_stream *stream = request->stream;
    int64_t length = stream->length;
    const char *answer = buffer_text(&request->answer);
    if (!stream->has_source)
        return MHD_create_response_from_buffer((size_t)length,
                                               (void *)(uintptr_t)(answer + request->answer_body),
                                               MHD_RESPMEM_PERSISTENT);
    if (length < 0 || length > HTTP_STREAM_BLOCK)
        bound_send_buffer(request);
    return MHD_create_response_from_callback(length < 0 ? MHD_SIZE_UNKNOWN : (uint64_t)length,
                                             block_size(stream), ask_source, stream, NULL);
}

struct MHD_Response *http_stream_response(struct http_request *request)
{
    struct MHD_Response *response = is_bodyless(request, request->status)
                                        ? bodyless_response(request)
                                        : bodied_response(request);
    if (response == NULL)
        die(EXIT_TROUBLE, "out of memory");
    const char *fields = buffer_text(&request->answer);
    http_add_fields(response, fields, fields + request->answer_body);
    return response;
}
