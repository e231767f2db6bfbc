#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "balancer/upstream/exchange_parts.h"
#include "common/clock.h"

enum {
    TRIES = 16, /* to find body bytes between what frames them, in one call */
};

/* How many bytes came; 0: the server has closed; -1 and errno. */
static ssize_t receive(struct exchange *exchange, char *bytes, size_t size)
{
    ssize_t length;
    do
        length = recv(exchange->connection->fd, bytes, size, 0);
    while (length < 0 && errno == EINTR);
    if (length > 0)
        exchange->progress = clock_monotonic();
    return length;
}

/* Reads one piece of what came, and puts its body bytes to *out, which may lie at or before it. */
static size_t read_piece(struct exchange *exchange, const char *bytes, size_t length, char **out)
{
    const char *body;
    size_t body_length;
    size_t used = response_feed(&exchange->response, bytes, length, &body, &body_length);
    if (body_length > 0 && *out != body)
        memmove(*out, body, body_length);
    *out += body_length;
    return used;
}

/* Leaves of the bytes those of the body; how many. */
static size_t decode(struct exchange *exchange, char *bytes, size_t length)
{
    char *out = bytes;
    size_t at = 0;
    while (at < length && exchange->response.state < RESPONSE_DONE)
        at += read_piece(exchange, bytes + at, length - at, &out);
    exchange->excess |= at < length;
    return (size_t)(out - bytes);
}

enum received exchange_receive(struct exchange *exchange)
{
    char *scratch = exchange->exchanges->scratch;
    ssize_t length = receive(exchange, scratch, sizeof exchange->exchanges->scratch);
    if (length < 0 && errno == EAGAIN)
        return RECEIVED_NOTHING;
    if (length == 0)
        errno = 0;
    if (length > 0 && !exchange->sent)
        errno = EPROTO; /* it answers what was not asked: the answer to something else */
    if (length <= 0 || !exchange->sent)
        return RECEIVED_END;
    exchange->heard = true;
    buffer_append(&exchange->in, scratch, decode(exchange, scratch, (size_t)length));
    return RECEIVED_SOME;
}

static ssize_t read_kept(struct exchange *exchange, char *bytes, size_t size)
{
    size_t length = exchange->in.length - exchange->in_at;
    length = length < size ? length : size;
    memcpy(bytes, exchange->in.data + exchange->in_at, length);
    exchange->in_at += length;
    if (exchange->in_at == exchange->in.length) {
        buffer_clear(&exchange->in);
        exchange->in_at = 0;
    }
    return (ssize_t)length;
}

static ssize_t wait_for_more(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    if (!exchange->waiting)
        exchange->progress = clock_monotonic();
    exchange->waiting = true;
    exchange_watch(connection, connection->watched | EPOLLIN);
    return 0;
}

/* Who waited to send need not any more. */
static ssize_t ended(struct exchange *exchange)
{
    if (exchange->wants_room)
        exchange_attend(exchange);
    return exchange->response.state == RESPONSE_DONE ? EXCHANGE_ENDED : EXCHANGE_BROKE;
}

/* What came of the body is told before what is wrong behind it. */
static ssize_t told(struct exchange *exchange, size_t length, enum exchange_failure failure)
{
    if (exchange->response.state == RESPONSE_BAD && !exchange->broke)
        exchange_break(exchange, failure, exchange->response.error);
    exchange->waiting = false;
    return length > 0 ? (ssize_t)length : ended(exchange);
}

/* From the socket straight into the caller's memory, where what frames the body is taken out. */
static ssize_t read_socket(struct exchange *exchange, char *bytes, size_t size)
{
    for (int i = 0; i < TRIES; i++) {
        ssize_t length = receive(exchange, bytes, size);
        if (length < 0 && errno == EAGAIN)
            break;
        if (length < 0) {
            exchange_break(exchange, EXCHANGE_LOST, strerror(errno));
            return ended(exchange);
        }
        if (length == 0) {
            response_end(&exchange->response);
            return told(exchange, 0, EXCHANGE_LOST);
        }
        size_t body = decode(exchange, bytes, (size_t)length);
        if (body > 0 || exchange->response.state >= RESPONSE_DONE)
            return told(exchange, body, EXCHANGE_BAD);
    }
    return wait_for_more(exchange);
}

ssize_t exchange_read(struct exchange *exchange, char *bytes, size_t size)
{
    if (exchange->in.length > 0)
        return read_kept(exchange, bytes, size);
    if (exchange->broke || exchange->response.state == RESPONSE_DONE)
        return ended(exchange);
    if (!exchange->headed)
        return 0;
    return read_socket(exchange, bytes, size);
}

bool exchange_whole(const struct exchange *exchange, const char **body, size_t *length)
{
    *body = exchange->in.length > 0 ? exchange->in.data + exchange->in_at : "";
    *length = exchange->in.length - exchange->in_at;
    return exchange->response.state == RESPONSE_DONE;
}
