#include "ticket_server/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void heed(struct supervisor *supervisor, const char *line)
{
    if (strcmp(line, "stop") == 0)
        supervisor->stop(supervisor->context);
}

/* Lines of another length than ours are none of ours, and cut. */
static void take_byte(struct supervisor *supervisor, char byte)
{
    if (byte == '\n') {
        supervisor->line[supervisor->length] = '\0';
        supervisor->length = 0;
        heed(supervisor, supervisor->line);
    } else if (supervisor->length < SUPERVISOR_LINE_SIZE - 1) {
        supervisor->line[supervisor->length++] = byte;
    }
}

static void on_ready(void *context, int fd, uint32_t events)
{
    struct supervisor *supervisor = context;
    char bytes[SUPERVISOR_LINE_SIZE];
    (void)events;
    ssize_t count = read(fd, bytes, sizeof bytes);
    for (ssize_t i = 0; i < count; i++)
        take_byte(supervisor, bytes[i]);
    if (count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR)))
        return;
    loop_unwatch(supervisor->loop, fd);
    supervisor->watched = false;
    supervisor->gone(supervisor->context);
}

void supervisor_open(struct supervisor *supervisor, struct loop *loop, int fd, loop_call *stop,
                     loop_call *gone, void *context)
{
    *supervisor =
        (struct supervisor){.fd = fd, .loop = loop, .stop = stop, .gone = gone, .context = context};
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    supervisor->watched = true;
    loop_watch(loop, fd, EPOLLIN, on_ready, supervisor);
}

void supervisor_close(struct supervisor *supervisor)
{
    if (supervisor->watched)
        loop_unwatch(supervisor->loop, supervisor->fd);
    close(supervisor->fd);
}

static void say(const struct supervisor *supervisor, const char *line)
{
    ssize_t sent = send(supervisor->fd, line, strlen(line), MSG_NOSIGNAL);
    (void)sent;
}

void supervisor_ready(const struct supervisor *supervisor, const char *address, int64_t boot)
{
    char line[128];
    snprintf(line, sizeof line, "ready %s %" PRId64 "\n", address, boot);
    say(supervisor, line);
}

void supervisor_stalled(const struct supervisor *supervisor, pid_t owner)
{
    char line[SUPERVISOR_LINE_SIZE];
    snprintf(line, sizeof line, "stalled %d\n", (int)owner);
    say(supervisor, line);
}
