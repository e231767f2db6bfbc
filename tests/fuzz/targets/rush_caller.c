/* Bytes as an answer to rush: whatever comes is one answer, or none for a reason; and a sale is a body of
 * the length that was announced. The first byte: how many bytes come at a time. */
#include "tools/rush/caller.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/fuzz/face.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"

struct talk {
    struct loop *loop;
    int listener, fd; /* where answers come from; -1: nobody has connected */
    bool watched;
    struct input input; /* not sent yet */
    struct input all;
    size_t piece;
    size_t answers;
};

static void ready(void *context, int fd, uint32_t events)
{
    struct talk *talk = context;
    size_t left = input_left(&talk->input);
    size_t size = talk->piece > 0 && talk->piece < left ? talk->piece : left;
    ssize_t sent = send(fd, talk->input.at, size, MSG_NOSIGNAL);
    talk->input.at += sent > 0 ? sent : 0;
    if ((input_left(&talk->input) > 0 && sent >= 0) || (sent < 0 && errno == EAGAIN))
        return;
    (void)events;
    loop_unwatch(talk->loop, fd);
    talk->watched = false;
    shutdown(fd, SHUT_WR);
}

static void arrives(void *context, int fd, uint32_t events)
{
    struct talk *talk = context;
    (void)events;
    talk->fd = accept(fd, NULL, NULL);
    must(talk->fd >= 0, "a connection can be accepted");
    loop_unwatch(talk->loop, fd);
    loop_watch(talk->loop, talk->fd, EPOLLOUT, ready, talk);
    talk->watched = true;
}

static void answered(void *context, unsigned status, const char *body, size_t length)
{
    struct talk *talk = context;
    if (status == 0)
        must(length == strlen(body), "no answer has a reason");
    else if (length > 0)
        must(memmem(talk->all.at, input_left(&talk->all), body, length) != NULL,
             "a body is what was sent");
    must(length < 1 << 20, "a body is within bounds");
    must(++talk->answers == 1, "a request is answered once");
    loop_stop(talk->loop);
}

static int open_listener(struct destination *destination)
{
    struct sockaddr_un address = face_address(&destination->length);
    memcpy(&destination->address, &address, sizeof address);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0 &&
             bind(fd, (const struct sockaddr *)(const void *)&address, destination->length) == 0 &&
             listen(fd, 1) == 0,
         "it can listen");
    return fd;
}

void fuzz_rush_caller(const uint8_t *data, size_t size)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: rush\r\n\r\n";
    struct destination destination = {.host = "rush"};
    struct talk talk = {
        .loop = loop_open(), .fd = -1, .input = input_of(data, size), .all = input_of(data, size)};
    talk.piece = input_byte(&talk.input) % 32;
    talk.listener = open_listener(&destination);
    loop_watch(talk.loop, talk.listener, EPOLLIN, arrives, &talk);
    struct caller *caller = caller_open(talk.loop, &destination, answered, &talk);
    caller_send(caller, request, sizeof request - 1);
    loop_run(talk.loop);
    must(talk.answers == 1, "a request is answered");
    caller_close(caller);
    if (talk.watched)
        loop_unwatch(talk.loop, talk.fd);
    if (talk.fd >= 0)
        close(talk.fd);
    close(talk.listener);
    loop_close(talk.loop);
}
