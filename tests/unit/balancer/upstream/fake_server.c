#include "tests/unit/balancer/upstream/fake_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/answer.h"
#include "tests/lib/suite.h"

enum {
    PIECE = 65536,
};

static const char nonsense[] = "{\"server\":\"server-1\",\"outcomes\":[]}";

static void hang_up(struct fake_connection *connection)
{
    loop_unwatch(connection->server->loop, connection->fd);
    close(connection->fd);
    connection->fd = -1;
    connection->held = false;
    buffer_clear(&connection->in);
}

static bool sells(const struct item *item)
{
    return item->verb == VERB_PURCHASE || item->verb == VERB_CONFIRM;
}

/* What is held or given up: no ticket is sold. */
static void not_sold(const struct item *item, struct sale *sale)
{
    sale->state = item->verb == VERB_HOLD ? ORDER_HELD : ORDER_RELEASED;
    sale->first_number = 0;
    sale->expires_at = 2;
}

/* *number is that of the next ticket. */
static struct outcome outcome_of(const struct fake_server *fake, const struct item *item,
                                 int64_t *number)
{
    struct outcome outcome = {.problem = fake->problem, .replayed = fake->replays};
    if (fake->problem != PROBLEM_NONE)
        return outcome;
    outcome.sale = (struct sale){.id = item->request,
                                 .tier = "standard",
                                 .currency = "EUR",
                                 .quantity = purchase_quantity(&item->purchase),
                                 .first_number = *number,
                                 .amount = 2500,
                                 .created_at = 1};
    if (fake->manner != FAKE_SELLS_HOLDS && !sells(item))
        not_sold(item, &outcome.sale);
    else
        *number += outcome.sale.quantity;
    strcpy(outcome.sale.event, verb_names_order(item->verb) ? "demo" : item->purchase.event);
    strcpy(outcome.sale.server, fake->id);
    return outcome;
}

static void sell(struct fake_server *fake)
{
    fake->commit++;
    for (size_t i = 0; i < fake->count; i++)
        if (fake->problem == PROBLEM_NONE && !fake->replays && sells(&fake->items[i]))
            fake->sold += purchase_quantity(&fake->items[i].purchase);
}

static void write_answer(struct fake_server *fake, struct buffer *out)
{
    int64_t number = fake->sold + 1;
    size_t count = fake->count;
    sell(fake);
    struct figures figures = {.boot = fake->boot, .commit = fake->commit, .sold = fake->sold};
    strcpy(figures.server, fake->manner == FAKE_TAKES_NAME ? "server-9" : fake->id);
    count += fake->manner == FAKE_ADDS;
    count -= fake->manner == FAKE_LEAVES_OUT;
    answer_begin(out, &figures);
    for (size_t i = 0; i < count; i++) {
        const struct item *item = &fake->items[fake->count > 0 ? i % fake->count : 0];
        struct outcome outcome = outcome_of(fake, item, &number);
        answer_add(out, &outcome, item);
    }
    answer_end(out);
}

static void write_health(const struct fake_server *fake, struct buffer *out)
{
    buffer_printf(out,
                  "{\"server\":\"%s\",\"store\":\"0193b0aa-0000-7abc-8def-0123456789ab\","
                  "\"boot\":%d,\"commit\":%d,\"sold\":%d,\"flights\":%d}",
                  fake->manner == FAKE_TAKES_NAME ? "server-9" : fake->id, (int)fake->boot,
                  (int)fake->commit, (int)fake->sold, FLIGHT_VERSION);
}

/* Everything but flights and health: an answer that says who gave it. */
static void write_read(const struct fake_server *fake, struct buffer *out)
{
    buffer_printf(out, "{\"read\":\"%s\"}", fake->id);
}

static unsigned status_of(const struct fake_server *fake)
{
    return fake->status != 0               ? fake->status
           : fake->manner == FAKE_SAYS_500 ? 500
           : fake->manner == FAKE_SAYS_503 ? 503
           : fake->manner == FAKE_IN_DOUBT ? 503
           : fake->manner == FAKE_SAYS_400 ? 400
                                           : 200;
}

static void write_body(struct fake_server *fake, struct buffer *body)
{
    const char *line = buffer_text(&fake->request_line);
    if (fake->manner == FAKE_SAYS_NONSENSE)
        buffer_add(body, nonsense);
    else if (fake->manner == FAKE_IN_DOUBT)
        buffer_add(body, "{\"code\":\"outcome_unknown\"}");
    else if (fake->manner == FAKE_SAYS_400)
        buffer_add(body, "{\"code\":\"flight_version\"}");
    else if (fake->manner == FAKE_SAYS_503 && strncmp(line, "POST /flights ", 14) == 0)
        buffer_add(body, "{\"code\":\"store_unavailable\"}");
    else if (strncmp(line, "POST /flights ", 14) == 0)
        write_answer(fake, body);
    else if (strncmp(line, "GET /healthz ", 13) == 0)
        write_health(fake, body);
    else
        write_read(fake, body);
}

static void answer(struct fake_connection *connection)
{
    struct fake_server *fake = connection->server;
    struct buffer body = {0}, out = {0};
    write_body(fake, &body);
    if (fake->manner == FAKE_NO_HTTP)
        buffer_add(&out, "220 mail.example ESMTP\r\n\r\n");
    else
        buffer_printf(&out, "HTTP/1.1 %u Whatever\r\nContent-Length: %zu\r\n\r\n", status_of(fake),
                      body.length);
    buffer_append(&out, body.data, body.length);
    if (fake->manner == FAKE_TEARS)
        out.length -= 3;
    connection->held = false;
    if (fake->manner != FAKE_CLOSES) /* answers are small beside a socket's buffer */
        CU_ASSERT_EQUAL(send(connection->fd, out.data, out.length, MSG_NOSIGNAL),
                        (ssize_t)out.length);
    if (fake->manner == FAKE_TEARS || fake->manner == FAKE_CLOSES)
        hang_up(connection);
    buffer_free(&body);
    buffer_free(&out);
}

/* The length of a whole request's head, and of its body; 0 while it is not whole. */
static size_t whole(struct buffer *in, size_t *body)
{
    static const char name[] = "\r\nContent-Length: ";
    const char *text = buffer_text(in);
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strcasestr(text, name);
    if (end == NULL)
        return 0;
    *body = length != NULL && length < end ? strtoul(length + sizeof name - 1, NULL, 10) : 0;
    size_t head = (size_t)(end - text) + 4;
    return head + *body <= in->length ? head : 0;
}

static void take_flight(struct fake_server *fake, const char *body, size_t length)
{
    char router[ID_TEXT_SIZE], error[JSON_ERROR_SIZE];
    int count = flight_parse(body, length, fake->items, FLIGHT_ITEMS_MAX, router, error);
    CU_ASSERT(count >= 0); /* 0: a trial */
    fake->count = count > 0 ? (size_t)count : 0;
}

static void take_request(struct fake_connection *connection)
{
    struct fake_server *fake = connection->server;
    size_t body, head = whole(&connection->in, &body);
    if (head == 0)
        return;
    const char *text = buffer_text(&connection->in);
    fake->requests++;
    buffer_clear(&fake->request_line);
    buffer_append(&fake->request_line, text, strcspn(text, "\r"));
    buffer_clear(&fake->body);
    buffer_append(&fake->body, text + head, body);
    if (strncmp(text, "POST /flights ", 14) == 0)
        take_flight(fake, text + head, body);
    buffer_clear(&connection->in);
    connection->held = fake->manner == FAKE_HOLDS;
    if (!connection->held)
        answer(connection);
}

static void on_bytes(void *context, int fd, uint32_t events)
{
    struct fake_connection *connection = context;
    (void)events;
    ssize_t length = recv(fd, buffer_reserve(&connection->in, PIECE), PIECE, MSG_DONTWAIT);
    if (length <= 0) {
        hang_up(connection);
        return;
    }
    connection->in.length += (size_t)length;
    take_request(connection);
}

static void on_client(void *context, int fd, uint32_t events)
{
    struct fake_server *fake = context;
    (void)events;
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    size_t i = 0;
    while (i < FAKE_CONNECTIONS_MAX && fake->connections[i].fd >= 0)
        i++;
    if (client < 0 || i == FAKE_CONNECTIONS_MAX) {
        CU_FAIL("too many connections");
        return;
    }
    fake->connections[i].server = fake;
    fake->connections[i].fd = client;
    loop_watch(fake->loop, client, EPOLLIN, on_bytes, &fake->connections[i]);
}

void fake_server_open(struct fake_server *fake, struct loop *loop, const char *id)
{
    fake->loop = loop;
    strcpy(fake->id, id);
    fake->boot = 1;
    fake->listener = socket_listen("127.0.0.1:0");
    CU_ASSERT_FATAL(fake->listener >= 0);
    socket_address(fake->listener, fake->address);
    for (size_t i = 0; i < FAKE_CONNECTIONS_MAX; i++)
        fake->connections[i].fd = -1;
    loop_watch(loop, fake->listener, EPOLLIN, on_client, fake);
}

void fake_server_die(struct fake_server *fake)
{
    if (fake->listener < 0)
        return;
    loop_unwatch(fake->loop, fake->listener);
    close(fake->listener);
    fake->listener = -1;
    for (size_t i = 0; i < FAKE_CONNECTIONS_MAX; i++)
        if (fake->connections[i].fd >= 0)
            hang_up(&fake->connections[i]);
}

void fake_server_release(struct fake_server *fake)
{
    for (size_t i = 0; i < FAKE_CONNECTIONS_MAX; i++)
        if (fake->connections[i].fd >= 0 && fake->connections[i].held)
            answer(&fake->connections[i]);
}

void fake_server_close(struct fake_server *fake)
{
    fake_server_die(fake);
    for (size_t i = 0; i < FAKE_CONNECTIONS_MAX; i++)
        buffer_free(&fake->connections[i].in);
    buffer_free(&fake->request_line);
    buffer_free(&fake->body);
}
