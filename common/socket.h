/* Listening sockets and their addresses, as text "ADDR:PORT" or "[ADDR]:PORT". */
#ifndef BOX_OFFICE_SOCKET_H
#define BOX_OFFICE_SOCKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

enum {
    ADDRESS_SIZE = 56, /* "[ipv6]:port" and its NUL */
};

union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Reads such a text, strictly: a numeric address, and a port of 0 to 65535 without leading zeros. The length of
 * the address; 0 where it is none. */
socklen_t socket_address_read(const char *text, union socket_address *address);

/* A listening socket (SO_REUSEADDR, close-on-exec, non-blocking) on a numeric address; port 0 picks
 * a free one. -1 and errno where it cannot be had (EINVAL: not an address). */
int socket_listen(const char *text);

/* Whether socket_address_read accepts the text; then *port is its port. */
bool socket_address_parse(const char *text, unsigned *port);

/* Whether such an address is one of this machine's loopback (127.0.0.0/8, ::1, also mapped into IPv6). */
bool socket_loopback(const char *text);

/* Whether one can connect to it: its port is not 0, and it stands for one host (not 0.0.0.0 or ::, which
 * mean "any" to a listener, nor multicast or broadcast). */
bool socket_reachable(const char *text);

/* The address a socket is bound to. */
void socket_address(int fd, char text[ADDRESS_SIZE]);

#endif
