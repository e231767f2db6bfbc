#include "balancer/upstream/exchange.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "balancer/upstream/exchange_parts.h"
#include "common/clock.h"

static void look(void *context);
static void tell(void *context);

struct exchanges *exchanges_open(struct loop *loop)
{
    struct exchanges *exchanges = memory_new(sizeof *exchanges);
    exchanges->loop = loop;
    exchanges->look = (struct loop_timer){.ring = look, .context = exchanges};
    exchanges->soon = (struct loop_timer){.ring = tell, .context = exchanges};
    return exchanges;
}

static void trim_spares(struct exchanges *exchanges, size_t most)
{
    for (; exchanges->spare_count > most; exchanges->spare_count--) {
        struct exchange *spare = exchanges->spares;
        exchanges->spares = spare->next;
        buffer_free(&spare->out);
        buffer_free(&spare->in);
        response_discard(&spare->response);
        free(spare);
    }
}

void exchanges_close(struct exchanges *exchanges)
{
    assert(exchanges->open == NULL && exchanges->attention == NULL);
    while (exchanges->oldest != NULL)
        exchange_disconnect(exchanges->oldest);
    trim_spares(exchanges, 0);
    loop_timer_forget(exchanges->loop, &exchanges->look);
    loop_timer_forget(exchanges->loop, &exchanges->soon);
    free(exchanges);
}

size_t exchanges_kept(const struct exchanges *exchanges)
{
    return exchanges->kept_count;
}

static void link_into(struct exchange **list, struct exchange *exchange)
{
    exchange->next = *list;
    exchange->back = list;
    if (exchange->next != NULL)
        exchange->next->back = &exchange->next;
    *list = exchange;
}

static void unlink_from_list(struct exchange *exchange)
{
    *exchange->back = exchange->next;
    if (exchange->next != NULL)
        exchange->next->back = exchange->back;
}

/* A spare one keeps its buffers' memory, and nothing else. */
static struct exchange *exchange_new(struct exchanges *exchanges)
{
    struct exchange *exchange = exchanges->spares;
    if (exchange == NULL)
        return memory_new(sizeof *exchange);
    exchanges->spares = exchange->next;
    exchanges->spare_count--;
    *exchange =
        (struct exchange){.out = exchange->out, .in = exchange->in, .response = exchange->response};
    return exchange;
}

static void release(struct exchange *exchange)
{
    struct exchanges *exchanges = exchange->exchanges;
    unlink_from_list(exchange);
    if (exchanges->called == exchange)
        exchanges->called = NULL;
    buffer_rest(&exchange->out, EXCHANGE_MEMORY_KEPT);
    buffer_rest(&exchange->in, EXCHANGE_MEMORY_KEPT);
    response_rest(&exchange->response);
    exchange->next = exchanges->spares;
    exchanges->spares = exchange;
    exchanges->spare_count++;
}

void exchange_attend(struct exchange *exchange)
{
    struct exchanges *exchanges = exchange->exchanges;
    unlink_from_list(exchange);
    link_into(&exchanges->attention, exchange);
    loop_timer_set(exchanges->loop, &exchanges->soon, clock_monotonic());
}

static void fail_later(struct exchange *exchange, enum exchange_failure failure, const char *why)
{
    exchange->failing = true;
    exchange->failure = failure;
    exchange->deaf = true;
    snprintf(exchange->why, sizeof exchange->why, "%s", why);
    exchange_attend(exchange);
}

void exchange_break(struct exchange *exchange, enum exchange_failure failure, const char *why)
{
    exchange->broke = true;
    exchange->failure = failure;
    exchange->deaf = true;
    snprintf(exchange->why, sizeof exchange->why, "%s", why);
    exchange_watch(exchange->connection, 0);
    if (exchange->waiting || exchange->wants_room)
        exchange_attend(exchange);
}

const char *exchange_error(const struct exchange *exchange)
{
    return exchange->why;
}

enum exchange_failure exchange_failure(const struct exchange *exchange)
{
    return exchange->failure;
}

/* What no server is to blame for. */
static enum exchange_failure failure_of(int reason)
{
    bool ours = reason == EMFILE || reason == ENFILE || reason == ENOBUFS || reason == ENOMEM ||
                reason == EADDRNOTAVAIL || reason == EAGAIN;
    return ours ? EXCHANGE_OURS : EXCHANGE_CONNECT;
}

static void give_connection(struct exchange *exchange, struct connection *connection)
{
    exchange->connection = connection;
    if (connection != NULL)
        connection->exchange = exchange;
}

struct exchange *exchange_start(struct exchanges *exchanges, const struct exchange_request *request)
{
    struct exchange *exchange = exchange_new(exchanges);
    exchange->exchanges = exchanges;
    exchange->calls = request->calls;
    exchange->context = request->context;
    exchange->timeout = request->timeout;
    exchange->progress = clock_monotonic();
    link_into(&exchanges->open, exchange);
    response_begin(&exchange->response, strcmp(request->method, "HEAD") == 0);
    exchange_build(exchange, request);
    struct connection *connection = exchange_take_kept(exchanges, request->address);
    if (connection == NULL)
        connection = exchange_connect(exchanges, request->address);
    give_connection(exchange, connection);
    if (connection == NULL)
        fail_later(exchange, failure_of(errno), strerror(errno));
    exchange_flush(exchange);
    if (exchanges->look.at == 0)
        loop_timer_set(exchanges->loop, &exchanges->look,
                       exchange->progress + EXCHANGE_LOOK_MILLISECONDS * CLOCK_MILLISECOND);
    return exchange;
}

/* The server may take the next request for one on this connection, and its answer is told from this one. */
static bool may_be_kept(const struct exchange *exchange)
{
    bool request_whole = exchange->complete && exchange->body_left == 0 && !exchange->deaf &&
                         exchange_unsent(exchange) == 0;
    return request_whole && exchange->response.state == RESPONSE_DONE &&
           exchange->response.keep_alive && !exchange->excess;
}

/* Whoever is abandoned learns it at once: behind bytes that he does not read, an orderly end would wait in the
 * kernel for as long as he likes. */
static void abandon(struct connection *connection)
{
    const struct linger at_once = {.l_onoff = 1};
    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    exchange_disconnect(connection);
}

void exchange_close(struct exchange *exchange)
{
    if (exchange->connection != NULL && may_be_kept(exchange))
        exchange_keep(exchange->connection);
    else if (exchange->connection != NULL && exchange->response.state != RESPONSE_DONE)
        abandon(exchange->connection);
    else if (exchange->connection != NULL)
        exchange_disconnect(exchange->connection);
    release(exchange);
}

static void fail(struct exchange *exchange, enum exchange_failure failure, const char *why)
{
    char copy[EXCHANGE_WHY_SIZE];
    struct exchange_calls calls = exchange->calls;
    void *context = exchange->context;
    bool sent = exchange->sent;
    snprintf(copy, sizeof copy, "%s", why);
    if (exchange->connection != NULL)
        abandon(exchange->connection);
    release(exchange);
    calls.failed(context, failure, sent, copy);
}

/* A kept connection was dead: the same again, on a fresh one. */
static void repeat(struct exchange *exchange)
{
    struct connection *dead = exchange->connection;
    struct connection *fresh = exchange_connect(exchange->exchanges, dead->address);
    int reason = errno;
    exchange_disconnect(dead);
    give_connection(exchange, fresh);
    exchange->out_at = 0;
    exchange->deaf = false;
    if (fresh == NULL)
        fail(exchange, failure_of(reason), strerror(reason));
}

static void lose(struct exchange *exchange, int reason)
{
    if (exchange_may_repeat(exchange))
        repeat(exchange);
    else if (reason != 0)
        fail(exchange, EXCHANGE_LOST, strerror(reason));
    else
        fail(exchange, EXCHANGE_LOST,
             exchange->heard ? "the server closed the connection within the answer's head"
                             : "the server closed the connection without an answer");
}

static void receive_head(struct exchange *exchange)
{
    enum received received = exchange_receive(exchange);
    if (received == RECEIVED_END)
        lose(exchange, errno);
    else if (exchange->response.state == RESPONSE_BAD)
        fail(exchange, EXCHANGE_BAD, exchange->response.error);
    else if (exchange->response.state != RESPONSE_HEAD) {
        exchange->headed = true;
        exchange->calls.head(exchange->context, &exchange->response);
    }
}

/* Where nobody reads, the loop shall not look: it would tell the same in every turn. */
static void tell_readable(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    if (!exchange->waiting) {
        exchange_watch(connection, connection->watched & (uint32_t)EPOLLOUT);
        return;
    }
    exchange->waiting = false;
    exchange->calls.readable(exchange->context);
}

/* Unless the callback before has closed it. */
static void tell_room(struct exchanges *exchanges)
{
    struct exchange *exchange = exchanges->called;
    if (exchange != NULL && exchange->wants_room && exchange_has_room(exchange)) {
        exchange->wants_room = false;
        exchange->calls.room(exchange->context);
    }
    exchanges->called = NULL;
}

/* False where it failed: it is gone then. */
static bool connected(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        fail(exchange, EXCHANGE_CONNECT, strerror(error));
        return false;
    }
    connection->connecting = false;
    exchange->progress = clock_monotonic();
    exchange_watch(connection, EPOLLIN);
    exchange_flush(exchange);
    return true;
}

void exchange_ready(void *context, int fd, uint32_t events)
{
    struct connection *connection = context;
    struct exchanges *exchanges = connection->exchanges;
    struct exchange *exchange = connection->exchange;
    (void)fd;
    if (exchange == NULL) { /* closed, or it says what nobody asked for */
        exchange_disconnect(connection);
        return;
    }
    if (exchange->failing) /* and is told so within this turn */
        return;
    exchanges->called = exchange;
    if (connection->connecting) {
        if (!connected(exchange))
            return;
    } else if (events & EPOLLOUT) {
        exchange_flush(exchange);
    }
    if (exchanges->called != NULL && (events & ~(uint32_t)EPOLLOUT) != 0) {
        if (exchange->headed)
            tell_readable(exchange);
        else
            receive_head(exchange);
    }
    tell_room(exchanges);
}

/* Whether the next move is the server's: one that waits for its client may take its time. */
static bool awaits_server(const struct exchange *exchange)
{
    if (exchange_unsent(exchange) > 0)
        return true;
    bool asked = exchange->complete || exchange_drops(exchange);
    return exchange->waiting || (asked && !exchange->headed);
}

static void look_at(struct exchange *exchange, int64_t now)
{
    const struct connection *connection = exchange->connection;
    if (connection->connecting) {
        if (now - connection->since >= EXCHANGE_CONNECT_SECONDS * CLOCK_SECOND)
            fail_later(exchange, EXCHANGE_CONNECT, "the connection could not be made in time");
    } else if (awaits_server(exchange) && now - exchange->progress >= exchange->timeout) {
        if (exchange->headed)
            exchange_break(exchange, EXCHANGE_LATE, "the server fell silent within its answer");
        else
            fail_later(exchange, EXCHANGE_LATE, "the server did not answer in time");
    }
}

/* Calls nobody back, so that the list stays as it is but for the one that is looked at. */
static void look(void *context)
{
    struct exchanges *exchanges = context;
    struct exchange *next;
    int64_t now = clock_monotonic();
    exchanges_expire(exchanges, now);
    trim_spares(exchanges, EXCHANGE_SPARES_MAX);
    for (struct exchange *exchange = exchanges->open; exchange != NULL; exchange = next) {
        next = exchange->next;
        if (!exchange->broke)
            look_at(exchange, now);
    }
    if (exchanges->open != NULL || exchanges->attention != NULL || exchanges->kept_count > 0)
        loop_timer_set(exchanges->loop, &exchanges->look,
                       now + EXCHANGE_LOOK_MILLISECONDS * CLOCK_MILLISECOND);
}

static void tell_one(struct exchange *exchange)
{
    struct exchanges *exchanges = exchange->exchanges;
    exchanges->called = exchange;
    if (exchange->failing) {
        fail(exchange, exchange->failure, exchange->why);
        return;
    }
    if (exchange->waiting && exchange->broke) {
        exchange->waiting = false;
        exchange->calls.readable(exchange->context);
    }
    tell_room(exchanges);
}

/* Those who come to attention meanwhile have their turn later: who starts anew whenever it fails keeps nobody
 * waiting. */
static void tell(void *context)
{
    struct exchanges *exchanges = context;
    struct exchange *batch = exchanges->attention;
    exchanges->attention = NULL;
    if (batch != NULL)
        batch->back = &batch;
    while (batch != NULL) {
        struct exchange *exchange = batch;
        unlink_from_list(exchange);
        link_into(&exchanges->open, exchange);
        tell_one(exchange);
    }
}
