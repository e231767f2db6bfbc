#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "balancer/upstream/exchange_parts.h"
#include "common/clock.h"
#include "common/socket.h"

static int connect_to(const union socket_address *address, socklen_t length)
{
    int on = 1;
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int reason = fd < LOOP_WATCHES_MAX ? 0 : EMFILE;
    if (reason == 0 && connect(fd, &address->any, length) != 0 && errno != EINPROGRESS)
        reason = errno;
    if (reason == 0)
        return fd;
    close(fd);
    errno = reason;
    return -1;
}

struct connection *exchange_connect(struct exchanges *exchanges, const char *address)
{
    union socket_address parsed;
    socklen_t length = socket_address_read(address, &parsed);
    errno = EINVAL;
    int fd = length > 0 && strlen(address) < ADDRESS_SIZE ? connect_to(&parsed, length) : -1;
    if (fd < 0)
        return NULL;
    struct connection *connection = memory_new(sizeof *connection);
    connection->exchanges = exchanges;
    connection->fd = fd;
    connection->connecting = true;
    connection->since = clock_monotonic();
    memcpy(connection->address, address, strlen(address) + 1);
    exchange_watch(connection, EPOLLOUT);
    return connection;
}

void exchange_watch(struct connection *connection, uint32_t events)
{
    struct loop *loop = connection->exchanges->loop;
    if (connection->watched == events)
        return;
    if (events == 0)
        loop_unwatch(loop, connection->fd);
    else
        loop_watch(loop, connection->fd, events, exchange_ready, connection);
    connection->watched = events;
}

/* FNV-1a. Addresses come from the configuration: nobody chooses them so that they meet. */
static struct connection **bucket_of(struct exchanges *exchanges, const char *address)
{
    uint32_t hash = 2166136261u;
    for (; *address != '\0'; address++)
        hash = (hash ^ (uint8_t)*address) * 16777619u;
    return &exchanges->kept[hash % CONNECTION_BUCKETS];
}

static void unlink_kept(struct connection *connection)
{
    struct exchanges *exchanges = connection->exchanges;
    *connection->back = connection->next;
    if (connection->next != NULL)
        connection->next->back = connection->back;
    if (connection->older != NULL)
        connection->older->younger = connection->younger;
    else
        exchanges->oldest = connection->younger;
    if (connection->younger != NULL)
        connection->younger->older = connection->older;
    else
        exchanges->youngest = connection->older;
    exchanges->kept_count--;
}

struct connection *exchange_take_kept(struct exchanges *exchanges, const char *address)
{
    struct connection *connection = *bucket_of(exchanges, address);
    while (connection != NULL && strcmp(connection->address, address) != 0)
        connection = connection->next;
    if (connection == NULL)
        return NULL;
    unlink_kept(connection);
    connection->reused = true;
    return connection;
}

void exchange_keep(struct connection *connection)
{
    struct exchanges *exchanges = connection->exchanges;
    if (exchanges->kept_count == EXCHANGE_KEPT_MAX)
        exchange_disconnect(exchanges->oldest);
    exchange_watch(connection, EPOLLIN);
    connection->exchange = NULL;
    connection->since = clock_monotonic();
    connection->back = bucket_of(exchanges, connection->address);
    connection->next = *connection->back;
    if (connection->next != NULL)
        connection->next->back = &connection->next;
    *connection->back = connection;
    connection->older = exchanges->youngest;
    connection->younger = NULL;
    if (connection->older != NULL)
        connection->older->younger = connection;
    else
        exchanges->oldest = connection;
    exchanges->youngest = connection;
    exchanges->kept_count++;
}

void exchange_disconnect(struct connection *connection)
{
    if (connection->exchange == NULL)
        unlink_kept(connection);
    exchange_watch(connection, 0);
    close(connection->fd);
    free(connection);
}

void exchanges_expire(struct exchanges *exchanges, int64_t now)
{
    const int64_t limit = EXCHANGE_KEPT_SECONDS * CLOCK_SECOND;
    struct connection *next;
    for (struct connection *at = exchanges->oldest; at != NULL && now - at->since >= limit;
         at = next) {
        next = at->younger;
        exchange_disconnect(at);
    }
}
