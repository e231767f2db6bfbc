#include "common/farewell.h"

#include <assert.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static void remove_heard(struct farewell *farewell)
{
    if (!farewell->heard)
        return;
    farewell->heard = false;
    if (farewell->next != NULL)
        farewell->next->previous = farewell->previous;
    if (farewell->previous != NULL)
        farewell->previous->next = farewell->next;
    else
        farewell->farewells->heard = farewell->next;
}

static void hear(void *context, int fd, uint32_t events)
{
    struct farewell *farewell = context;
    struct farewells *farewells = farewell->farewells;
    (void)fd;
    (void)events;
    farewell->heard = true;
    farewell->left = true;
    farewell->previous = NULL;
    farewell->next = farewells->heard;
    if (farewell->next != NULL)
        farewell->next->previous = farewell;
    farewells->heard = farewell;
    farewells->told(farewell);
}

/* Shutting down the side that has ended changes nothing, but is an event of its own. */
static void pass_on(void *context)
{
    struct farewells *farewells = context;
    struct farewell *next;
    for (struct farewell *farewell = farewells->heard; farewell != NULL; farewell = next) {
        int unread = 0;
        next = farewell->next;
        if (ioctl(farewell->fd, FIONREAD, &unread) == 0 && unread > 0)
            continue;
        shutdown(farewell->fd, SHUT_RD);
        remove_heard(farewell);
    }
}

void farewells_open(struct farewells *farewells, struct loop *loop, farewell_told *told)
{
    *farewells = (struct farewells){.loop = loop, .told = told};
    loop_each_turn(loop, pass_on, farewells);
}

void farewells_close(struct farewells *farewells)
{
    assert(farewells->heard == NULL);
    loop_no_turn(farewells->loop, pass_on, farewells);
}

/* Heard once: to pass it on is an event here, too. */
void farewell_expect(struct farewells *farewells, struct farewell *farewell, int fd)
{
    *farewell = (struct farewell){.farewells = farewells, .fd = fd};
    loop_watch(farewells->loop, fd, EPOLLRDHUP | EPOLLONESHOT, hear, farewell);
}

void farewell_forget(struct farewell *farewell)
{
    remove_heard(farewell);
    loop_unwatch(farewell->farewells->loop, farewell->fd);
}
