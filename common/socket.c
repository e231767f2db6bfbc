#include "common/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool read_port(const char *text, in_port_t *port)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0' || (digits > 1 && text[0] == '0'))
        return false;
    unsigned long number = strtoul(text, NULL, 10);
    *port = htons((in_port_t)number);
    return number <= UINT16_MAX;
}

socklen_t socket_address_read(const char *text, union socket_address *address)
{
    char host[INET6_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    if (colon == NULL)
        return 0;
    bool six = text[0] == '[' && colon > text && colon[-1] == ']';
    const char *start = six ? text + 1 : text;
    const char *end = six ? colon - 1 : colon;
    if (end - start >= (long)sizeof host)
        return 0;
    snprintf(host, sizeof host, "%.*s", (int)(end - start), start);
    memset(address, 0, sizeof *address);
    address->any.sa_family = six ? AF_INET6 : AF_INET;
    in_port_t *port = six ? &address->v6.sin6_port : &address->v4.sin_port;
    void *number = six ? (void *)&address->v6.sin6_addr : (void *)&address->v4.sin_addr;
    if (inet_pton(address->any.sa_family, host, number) != 1 || !read_port(colon + 1, port))
        return 0;
    return six ? sizeof address->v6 : sizeof address->v4;
}

bool socket_address_parse(const char *text, unsigned *port)
{
    union socket_address address;
    socklen_t length = socket_address_read(text, &address);
    if (length == 0)
        return false;
    *port = ntohs(length == sizeof address.v6 ? address.v6.sin6_port : address.v4.sin_port);
    return true;
}

/* The IPv4 address that it is or holds (RFC 4291, 2.5.5.2), in host order. False where it holds none. */
static bool take_v4(const union socket_address *address, uint32_t *host)
{
    uint32_t number = address->v4.sin_addr.s_addr;
    if (address->any.sa_family == AF_INET6) {
        if (!IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr))
            return false;
        memcpy(&number, address->v6.sin6_addr.s6_addr + 12, sizeof number);
    }
    *host = ntohl(number);
    return true;
}

bool socket_loopback(const char *text)
{
    union socket_address address;
    uint32_t host;
    if (socket_address_read(text, &address) == 0)
        return false;
    if (take_v4(&address, &host))
        return host >> 24 == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr) != 0;
}

bool socket_reachable(const char *text)
{
    union socket_address address;
    uint32_t host;
    unsigned port;
    if (!socket_address_parse(text, &port) || port == 0 || socket_address_read(text, &address) == 0)
        return false;
    if (take_v4(&address, &host))
        return host >> 24 != 0 && !IN_MULTICAST(host) && host != INADDR_BROADCAST;
    return !IN6_IS_ADDR_UNSPECIFIED(&address.v6.sin6_addr) &&
           !IN6_IS_ADDR_MULTICAST(&address.v6.sin6_addr);
}

static bool bind_and_listen(int fd, const union socket_address *address, socklen_t length)
{
    int on = 1;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           bind(fd, &address->any, length) == 0 && listen(fd, SOMAXCONN) == 0;
}

int socket_listen(const char *text)
{
    union socket_address address;
    socklen_t length = socket_address_read(text, &address);
    if (length == 0) {
        errno = EINVAL;
        return -1;
    }
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && !bind_and_listen(fd, &address, length)) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

void socket_address(int fd, char text[ADDRESS_SIZE])
{
    union socket_address address = {0};
    socklen_t length = sizeof address;
    char host[INET6_ADDRSTRLEN] = "?";
    text[0] = '\0';
    if (getsockname(fd, &address.any, &length) != 0)
        return;
    if (address.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &address.v6.sin6_addr, host, sizeof host);
        snprintf(text, ADDRESS_SIZE, "[%s]:%u", host, ntohs(address.v6.sin6_port));
    } else {
        inet_ntop(AF_INET, &address.v4.sin_addr, host, sizeof host);
        snprintf(text, ADDRESS_SIZE, "%s:%u", host, ntohs(address.v4.sin_port));
    }
}
