#include "tests/fuzz/face.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

enum {
    CONNECTION_MEMORY = 8192,
    READ_SIZE = 4096,
};

/* A client that says what it has to say. */
struct client {
    struct face *face;
    int fd;
    const uint8_t *at, *end;
    bool ended;
    struct http_server *server;
};

struct sockaddr_un face_address(socklen_t *length)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int used = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "box-office-fuzz-%d",
                        (int)getpid());
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)used);
    return address;
}

static int open_socket(bool listens)
{
    socklen_t length;
    struct sockaddr_un address = face_address(&length);
    const struct sockaddr *any = (const struct sockaddr *)(const void *)&address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    must(fd >= 0, "a socket can be had");
    if (listens)
        must(bind(fd, any, length) == 0 && listen(fd, 8) == 0, "it can listen");
    else
        must(connect(fd, any, length) == 0, "it can connect");
    return fd;
}

static void receive(struct client *client)
{
    struct buffer *answers = &client->face->answers;
    ssize_t got = recv(client->fd, buffer_reserve(answers, READ_SIZE), READ_SIZE, 0);
    if (got > 0)
        answers->length += (size_t)got;
    else if (got == 0 || errno != EAGAIN)
        client->ended = true;
}

static void ready(void *context, int fd, uint32_t events);

static void transmit(struct client *client)
{
    size_t left = (size_t)(client->end - client->at), piece = client->face->piece;
    size_t size = piece > 0 && piece < left ? piece : left;
    ssize_t sent = send(client->fd, client->at, size, MSG_NOSIGNAL);
    client->at += sent > 0 ? sent : 0;
    bool cut = sent < 0 && errno != EAGAIN; /* the server takes no more */
    if (client->at < client->end && !cut)
        return;
    shutdown(client->fd, SHUT_WR);
    loop_watch(client->face->loop, client->fd, EPOLLIN, ready, client);
}

static void ready(void *context, int fd, uint32_t events)
{
    struct client *client = context;
    if (events & EPOLLIN)
        receive(client);
    else if (events & EPOLLOUT)
        transmit(client);
    else
        client->ended = true;
    if (client->ended)
        loop_unwatch(client->face->loop, fd);
}

static void turn(void *context)
{
    struct client *client = context;
    if (client->face->turn != NULL)
        client->face->turn(client->face->context);
    if (client->ended && http_unanswered(client->server) == 0)
        loop_stop(client->face->loop);
}

void face_talk(struct face *face, const uint8_t *bytes, size_t length)
{
    struct client client = {.face = face, .at = bytes, .end = bytes + length};
    struct http_settings settings = {.listen_fd = open_socket(true),
                                     .connections_max = 8,
                                     .body_max = FACE_BODY_MAX,
                                     .connection_memory = CONNECTION_MEMORY,
                                     .handler = face->handler,
                                     .context = face->context};
    bool own = face->loop == NULL;
    if (own)
        face->loop = loop_open();
    loop_each_turn(face->loop, turn, &client);
    client.server = http_open(face->loop, &settings);
    must(client.server != NULL, "the server can be started");
    client.fd = open_socket(false);
    loop_watch(face->loop, client.fd, EPOLLIN | EPOLLOUT, ready, &client);
    loop_run(face->loop);
    http_close(client.server);
    loop_no_turn(face->loop, turn, &client);
    close(client.fd);
    if (own)
        loop_close(face->loop);
}

/* --- answers ----------------------------------------------------------------------------------- */

static bool begins(const char *at, const char *end, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(end - at) >= length && memcmp(at, text, length) == 0;
}

/* The value of the one Content-Length; -1 where there is not exactly one. */
static long length_of(const char *head, const char *end)
{
    static const char name[] = "\r\nContent-Length: ";
    const char *found = memmem(head, (size_t)(end - head), name, sizeof name - 1);
    if (found == NULL)
        return -1;
    const char *value = found + sizeof name - 1;
    if (memmem(value, (size_t)(end - value), name, sizeof name - 1) != NULL)
        return -1;
    return strtol(value, NULL, 10); /* the head's end stops it */
}

/* An answer of libmicrohttpd's own is the last; 0.9.75 writes the head of some of them twice. */
bool face_answer(const char **at, const char *end, struct face_answer *answer)
{
    static const char ours[] = "\r\nContent-Type: application/";
    if (!begins(*at, end, "HTTP/1.1 ") && !begins(*at, end, "HTTP/1.0 "))
        return false;
    const char *stop = memmem(*at, (size_t)(end - *at), "\r\n\r\n", 4);
    if (stop == NULL)
        return false;
    answer->status = (unsigned)strtoul(*at + strlen("HTTP/1.1 "), NULL, 10);
    answer->ours = memmem(*at, (size_t)(stop - *at), ours, sizeof ours - 1) != NULL;
    answer->body = stop + 4;
    long length = answer->status < 200 ? 0 : length_of(*at, stop + 2);
    if (answer->status < 100 || answer->status > 599 || length < 0 || length > end - answer->body)
        return false;
    answer->length = (size_t)length;
    bool last = !answer->ours && answer->status >= 400;
    *at = last ? end : answer->body + length;
    return true;
}

size_t face_check(struct buffer *answers)
{
    size_t count = 0;
    struct face_answer answer;
    const char *at = buffer_text(answers), *end = at + answers->length;
    for (; at < end; count++)
        must(face_answer(&at, end, &answer), "an answer is well formed");
    return count;
}
