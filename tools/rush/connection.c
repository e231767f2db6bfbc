#include "tools/rush/connection.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/buffer.h"

enum {
    PIECE = 4096,
    BODY_MAX = 1 << 20,
};

struct connection {
    struct loop *loop;
    const struct destination *destination; /* not owned */
    connection_done *done;
    void *context;
    int fd;       /* -1: not connected */
    bool awaited; /* a request is out, or on its way */
    bool writing; /* not all of it is written */
    struct buffer out;
    size_t written;
    struct buffer in;
    size_t head; /* length of the answer's head; 0: not yet whole */
    size_t body; /* length of its body, once the head is whole */
};

bool destination_find(struct destination *destination, const char *url)
{
    char host[256], port[6] = "80", rest[2] = "";
    struct addrinfo *found, hints = {.ai_socktype = SOCK_STREAM};
    bool bracket = sscanf(url, "http://[%255[^]]]:%5[0-9]%1s", host, port, rest) >= 1;
    if (!bracket && sscanf(url, "http://%255[^:/]:%5[0-9]%1s", host, port, rest) < 1)
        return false;
    if ((rest[0] != '\0' && rest[0] != '/') || getaddrinfo(host, port, &hints, &found) != 0)
        return false;
    memcpy(&destination->address, found->ai_addr, found->ai_addrlen);
    destination->length = found->ai_addrlen;
    freeaddrinfo(found);
    snprintf(destination->host, sizeof destination->host, bracket ? "[%s]:%s" : "%s:%s", host,
             port);
    return true;
}

struct connection *connection_open(struct loop *loop, const struct destination *destination,
                                   connection_done *done, void *context)
{
    struct connection *connection = memory_new(sizeof *connection);
    connection->loop = loop;
    connection->destination = destination;
    connection->done = done;
    connection->context = context;
    connection->fd = -1;
    return connection;
}

static void disconnect(struct connection *connection)
{
    if (connection->fd < 0)
        return;
    loop_unwatch(connection->loop, connection->fd);
    close(connection->fd);
    connection->fd = -1;
}

void connection_close(struct connection *connection)
{
    disconnect(connection);
    buffer_free(&connection->out);
    buffer_free(&connection->in);
    free(connection);
}

void connection_cut(struct connection *connection, const char *why)
{
    disconnect(connection);
    if (!connection->awaited)
        return;
    connection->awaited = false;
    connection->done(connection->context, 0, why, strlen(why));
}

/* The value of a header in a head that ends with an empty line; NULL where it has none. */
static const char *header_of(const char *head, const char *name)
{
    const char *at = strcasestr(head, name);
    return at != NULL ? at + strlen(name) : NULL;
}

static void answered(struct connection *connection)
{
    char *text = connection->in.data;
    unsigned status = (unsigned)strtoul(text + strlen("HTTP/1.1 "), NULL, 10);
    const char *body = text + connection->head;
    if (header_of(text, "\r\nConnection: close") != NULL)
        disconnect(connection);
    connection->awaited = false;
    connection->done(connection->context, status, body, connection->body);
}

/* False where what comes is no answer that is understood here. */
static bool read_head(struct connection *connection)
{
    struct buffer *in = &connection->in;
    char *end = memmem(in->data, in->length, "\r\n\r\n", 4);
    if (end == NULL)
        return in->length < BODY_MAX;
    if (memcmp(in->data, "HTTP/1.", strlen("HTTP/1.")) != 0)
        return false;
    end[2] = '\0'; /* the head is a text from here on */
    connection->head = (size_t)(end - in->data) + 4;
    const char *length = header_of(in->data, "\r\nContent-Length: ");
    connection->body = length != NULL ? strtoul(length, NULL, 10) : BODY_MAX;
    return connection->body < BODY_MAX;
}

static void receive(struct connection *connection)
{
    struct buffer *in = &connection->in;
    ssize_t n = recv(connection->fd, buffer_reserve(in, PIECE), PIECE, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        connection_cut(connection, n == 0 ? "connection closed" : "connection lost");
        return;
    }
    in->length += (size_t)n;
    if (!connection->awaited || (connection->head == 0 && !read_head(connection)))
        connection_cut(connection, "not understood");
    else if (connection->head > 0 && in->length >= connection->head + connection->body)
        answered(connection);
}

static void ready(void *context, int fd, uint32_t events);

static void watch(struct connection *connection)
{
    uint32_t events = connection->writing ? EPOLLIN | EPOLLOUT : EPOLLIN;
    loop_watch(connection->loop, connection->fd, events, ready, connection);
}

static void transmit(struct connection *connection)
{
    const struct buffer *out = &connection->out;
    ssize_t n = send(connection->fd, out->data + connection->written,
                     out->length - connection->written, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        connection_cut(connection, "no connection");
        return;
    }
    connection->written += n > 0 ? (size_t)n : 0;
    bool writing = connection->written < out->length;
    if (writing != connection->writing) {
        connection->writing = writing;
        watch(connection);
    }
}

static void ready(void *context, int fd, uint32_t events)
{
    struct connection *connection = context;
    (void)fd;
    if (connection->writing && (events & (EPOLLOUT | EPOLLERR)))
        transmit(connection);
    else
        receive(connection);
}

static bool begin_connecting(struct connection *connection)
{
    const struct destination *to = connection->destination;
    int fd = socket(to->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(fd, (const struct sockaddr *)&to->address, to->length) != 0 &&
        errno != EINPROGRESS) {
        close(fd);
        return false;
    }
    connection->fd = fd;
    connection->writing = true;
    watch(connection);
    return true;
}

void connection_send(struct connection *connection, const char *request, size_t length)
{
    connection->awaited = true;
    connection->written = 0;
    connection->head = 0;
    buffer_clear(&connection->in);
    buffer_clear(&connection->out);
    buffer_append(&connection->out, request, length);
    if (connection->fd >= 0)
        transmit(connection);
    else if (!begin_connecting(connection))
        connection_cut(connection, "no connection");
}
