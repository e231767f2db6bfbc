#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "balancer/upstream/exchange_parts.h"
#include "common/clock.h"

enum {
    ROOM_WORTH_TELLING = EXCHANGE_BUFFER / 2,
};

static void build_head(struct buffer *out, const struct exchange_request *request)
{
    buffer_add(out, request->method);
    buffer_add_char(out, ' ');
    buffer_add(out, request->target);
    buffer_add(out, " HTTP/1.1\r\n");
    if (request->needs_host) {
        buffer_add(out, "Host: ");
        buffer_add(out, request->address);
        buffer_add(out, "\r\n");
    }
    buffer_append(out, request->fields, request->fields_length);
    if (request->has_body && request->body_length == EXCHANGE_CHUNKED) {
        buffer_add(out, "Transfer-Encoding: chunked\r\n");
    } else if (request->has_body) {
        buffer_add(out, "Content-Length: ");
        buffer_add_number(out, request->body_length);
        buffer_add(out, "\r\n");
    }
    buffer_add(out, "\r\n");
}

void exchange_build(struct exchange *exchange, const struct exchange_request *request)
{
    build_head(&exchange->out, request);
    exchange->head_length = exchange->out.length;
    exchange->body_left = request->has_body ? request->body_length : 0;
    exchange->corked = request->has_body;
    exchange->complete = !request->has_body;
    exchange->repeatable = request->repeatable;
}

bool exchange_may_repeat(const struct exchange *exchange)
{
    return !exchange->heard && exchange->head_length > 0 && exchange->connection != NULL &&
           exchange->connection->reused &&
           (!exchange->sent || (exchange->repeatable && !exchange->body_sent));
}

bool exchange_drops(const struct exchange *exchange)
{
    return (exchange->deaf && !exchange_may_repeat(exchange)) ||
           exchange->response.state == RESPONSE_DONE;
}

size_t exchange_unsent(const struct exchange *exchange)
{
    return exchange->corked || exchange->deaf ? 0 : exchange->out.length - exchange->out_at;
}

static size_t room(const struct exchange *exchange)
{
    size_t begin =
        exchange->out_at > exchange->head_length ? exchange->out_at : exchange->head_length;
    size_t body = exchange->out.length - begin;
    return body < EXCHANGE_BUFFER ? EXCHANGE_BUFFER - body : 0;
}

bool exchange_has_room(const struct exchange *exchange)
{
    return exchange_drops(exchange) || room(exchange) >= ROOM_WORTH_TELLING;
}

/* Forgets what has been sent and cannot be sent again. */
static void compact(struct exchange *exchange)
{
    struct buffer *out = &exchange->out;
    size_t gone = exchange->deaf ? out->length : exchange->out_at;
    if (gone == 0 || exchange_may_repeat(exchange))
        return;
    if (gone < out->length)
        memmove(out->data, out->data + gone, out->length - gone);
    out->length -= gone;
    exchange->head_length = exchange->head_length > gone ? exchange->head_length - gone : 0;
    exchange->out_at = 0;
}

/* The loop looks for room in the socket only where something waits for it. */
static void settle(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    if (exchange_unsent(exchange) == 0)
        compact(exchange);
    uint32_t room_event = exchange_unsent(exchange) > 0 ? EPOLLOUT : 0;
    exchange_watch(connection, (connection->watched & (uint32_t)EPOLLIN) | room_event);
}

/* How much the socket took. Who no longer listens may have answered before: the socket is still read. */
static size_t put(struct exchange *exchange, struct iovec *parts, size_t count)
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    ssize_t sent;
    do
        sent = sendmsg(exchange->connection->fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno != EAGAIN)
        exchange->deaf = true;
    if (sent <= 0)
        return 0;
    exchange->sent = true;
    exchange->progress = clock_monotonic();
    return (size_t)sent;
}

static bool may_send(const struct exchange *exchange)
{
    const struct connection *connection = exchange->connection;
    return connection != NULL && !connection->connecting && !exchange->corked && !exchange->deaf;
}

void exchange_flush(struct exchange *exchange)
{
    if (!may_send(exchange))
        return;
    size_t unsent = exchange_unsent(exchange);
    struct iovec part = {exchange->out.data + exchange->out_at, unsent};
    if (unsent > 0)
        exchange->out_at += put(exchange, &part, 1);
    exchange->body_sent |= exchange->out_at > exchange->head_length;
    settle(exchange);
}

/* Sends what waits, and from the caller's memory what follows; what the socket does not take waits. */
static void send_behind(struct exchange *exchange, struct iovec *parts, size_t count)
{
    struct buffer *out = &exchange->out;
    size_t taken = 0, unsent = out->length - exchange->out_at;
    parts[0] = (struct iovec){out->data + exchange->out_at, unsent};
    if (may_send(exchange) && (exchange->connection->watched & EPOLLOUT) == 0)
        taken = put(exchange, parts, count);
    exchange->body_sent |= exchange->out_at + taken > exchange->head_length;
    exchange->out_at += taken < unsent ? taken : unsent;
    taken -= taken < unsent ? taken : unsent;
    compact(exchange);
    for (size_t i = 1; i < count; i++) {
        size_t skipped = taken < parts[i].iov_len ? taken : parts[i].iov_len;
        buffer_append(out, (const char *)parts[i].iov_base + skipped, parts[i].iov_len - skipped);
        taken -= skipped;
    }
    if (may_send(exchange))
        settle(exchange);
}

/* As much of it as there is room for; how much. */
static size_t take(struct exchange *exchange, const char *bytes, size_t length)
{
    char size[20];
    size_t most = room(exchange);
    length = length < most ? length : most;
    if (length == 0)
        return 0;
    if (exchange_unsent(exchange) == 0)
        exchange->progress = clock_monotonic();
    exchange->corked = false;
    struct iovec parts[3] = {{0}, {(char *)(uintptr_t)bytes, length}, {(char[]){"\r\n"}, 2}};
    bool chunked = exchange->body_left == EXCHANGE_CHUNKED;
    if (chunked)
        buffer_append(&exchange->out, size, (size_t)snprintf(size, sizeof size, "%zx\r\n", length));
    send_behind(exchange, parts, chunked ? 3 : 2);
    return length;
}

size_t exchange_write(struct exchange *exchange, const char *bytes, size_t length)
{
    bool known = exchange->body_left != EXCHANGE_CHUNKED;
    size_t taken = 0, more = 1;
    assert(!exchange->complete && (!known || length <= (uint64_t)exchange->body_left));
    for (; taken < length && more > 0 && !exchange_drops(exchange); taken += more)
        more = take(exchange, bytes + taken, length - taken);
    if (taken < length && exchange_drops(exchange)) {
        exchange->deaf =
            true; /* the request stays incomplete, also where the socket would take it */
        taken = length;
    }
    exchange->wants_room = taken < length;
    if (known)
        exchange->body_left -= (int64_t)taken;
    return taken;
}

/* Nobody has read since the head came, so nobody knows yet that the answer has broken off. */
static void look_for_end(struct exchange *exchange)
{
    struct response *response = &exchange->response;
    char byte;
    if (!exchange->headed || exchange->broke || response->state == RESPONSE_DONE)
        return;
    ssize_t length = recv(exchange->connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (length > 0 || (length < 0 && errno == EAGAIN))
        return;
    if (length < 0)
        exchange_break(exchange, EXCHANGE_LOST, strerror(errno));
    else if (!response_end(response))
        exchange_break(exchange, EXCHANGE_LOST, response->error);
}

void exchange_write_end(struct exchange *exchange)
{
    assert(!exchange->complete);
    exchange->complete = true;
    exchange->corked = false;
    exchange->wants_room = false;
    exchange->progress = clock_monotonic();
    if (exchange->body_left == EXCHANGE_CHUNKED) {
        exchange->body_left = 0;
        buffer_add(&exchange->out, "0\r\n\r\n");
    }
    exchange_flush(exchange);
    look_for_end(exchange);
}
