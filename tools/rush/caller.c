#include "tools/rush/caller.h"

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

struct caller {
    struct loop *loop;
    const struct destination *destination; /* not owned */
    caller_done *done;
    void *context;
    int fd;       /* -1: not connected */
    bool awaited; /* a request is out, or on its way */
    bool writing; /* not all of it is written */
    struct buffer out;
    size_t written;
    struct buffer in;
    unsigned status; /* of the answer, once its head is whole */
    size_t head;     /* length of the answer's head; 0: not yet whole */
    size_t body;     /* length of its body, once the head is whole */
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

struct caller *caller_open(struct loop *loop, const struct destination *destination,
                           caller_done *done, void *context)
{
    struct caller *caller = memory_new(sizeof *caller);
    caller->loop = loop;
    caller->destination = destination;
    caller->done = done;
    caller->context = context;
    caller->fd = -1;
    return caller;
}

static void disconnect(struct caller *caller)
{
    if (caller->fd < 0)
        return;
    loop_unwatch(caller->loop, caller->fd);
    close(caller->fd);
    caller->fd = -1;
}

void caller_close(struct caller *caller)
{
    disconnect(caller);
    buffer_free(&caller->out);
    buffer_free(&caller->in);
    free(caller);
}

void caller_cut(struct caller *caller, const char *why)
{
    disconnect(caller);
    if (!caller->awaited)
        return;
    caller->awaited = false;
    caller->done(caller->context, 0, why, strlen(why));
}

/* The value of a header in a head that ends with an empty line; NULL where it has none. */
static const char *header_of(const char *head, const char *name)
{
    const char *at = strcasestr(head, name);
    return at != NULL ? at + strlen(name) : NULL;
}

static void answered(struct caller *caller)
{
    const char *text = caller->in.data;
    const char *body = text + caller->head;
    if (header_of(text, "\r\nConnection: close") != NULL)
        disconnect(caller);
    caller->awaited = false;
    caller->done(caller->context, caller->status, body, caller->body);
}

/* The number that so many digits at most spell; -1 where there is none. */
static long read_number(const char *text, size_t digits_max)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= digits_max ? strtol(text, NULL, 10) : -1;
}

/* Reads "HTTP/1.1 201 Created". Status 0 would say that there is no answer, so it is none. */
static bool read_status(struct caller *caller, const char *head)
{
    static const char version[] = "HTTP/1.";
    bool http = strncmp(head, version, sizeof version - 1) == 0 && strlen(head) > sizeof version;
    long status = http ? read_number(head + sizeof version + 1, 3) : -1;
    caller->status = (unsigned)status;
    return status >= 200 && status <= 599;
}

/* False where what comes is no answer that is understood here. */
static bool read_head(struct caller *caller)
{
    struct buffer *in = &caller->in;
    char *end = memmem(in->data, in->length, "\r\n\r\n", 4);
    if (end == NULL)
        return in->length < BODY_MAX;
    end[2] = '\0'; /* the head is a text from here on */
    const char *length = header_of(in->data, "\r\nContent-Length: ");
    long body = length != NULL ? read_number(length, 9) : -1;
    caller->head = (size_t)(end - in->data) + 4;
    caller->body = (size_t)body;
    return read_status(caller, in->data) && body >= 0 && body < BODY_MAX;
}

static void receive(struct caller *caller)
{
    struct buffer *in = &caller->in;
    ssize_t n = recv(caller->fd, buffer_reserve(in, PIECE), PIECE, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        caller_cut(caller, n == 0 ? "connection closed" : "connection lost");
        return;
    }
    in->length += (size_t)n;
    if (!caller->awaited || (caller->head == 0 && !read_head(caller)))
        caller_cut(caller, "not understood");
    else if (caller->head > 0 && in->length >= caller->head + caller->body)
        answered(caller);
}

static void ready(void *context, int fd, uint32_t events);

static void watch(struct caller *caller)
{
    uint32_t events = caller->writing ? EPOLLIN | EPOLLOUT : EPOLLIN;
    loop_watch(caller->loop, caller->fd, events, ready, caller);
}

static void transmit(struct caller *caller)
{
    const struct buffer *out = &caller->out;
    ssize_t n =
        send(caller->fd, out->data + caller->written, out->length - caller->written, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        caller_cut(caller, "no connection");
        return;
    }
    caller->written += n > 0 ? (size_t)n : 0;
    bool writing = caller->written < out->length;
    if (writing != caller->writing) {
        caller->writing = writing;
        watch(caller);
    }
}

static void ready(void *context, int fd, uint32_t events)
{
    struct caller *caller = context;
    (void)fd;
    if (caller->writing && (events & (EPOLLOUT | EPOLLERR)))
        transmit(caller);
    else
        receive(caller);
}

static bool begin_connecting(struct caller *caller)
{
    const struct destination *to = caller->destination;
    int fd = socket(to->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(fd, (const struct sockaddr *)&to->address, to->length) != 0 &&
        errno != EINPROGRESS) {
        close(fd);
        return false;
    }
    caller->fd = fd;
    caller->writing = true;
    watch(caller);
    return true;
}

void caller_send(struct caller *caller, const char *request, size_t length)
{
    caller->awaited = true;
    caller->written = 0;
    caller->head = 0;
    buffer_clear(&caller->in);
    buffer_clear(&caller->out);
    buffer_append(&caller->out, request, length);
    if (caller->fd >= 0)
        transmit(caller);
    else if (!begin_connecting(caller))
        caller_cut(caller, "no connection");
}
