/* ADDR:PORT of a listener, and the URL that rush is given: what is taken is an address, and prints as one
 * that is taken again and is the same. */
#include "common/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/wrap.h"
#include "tools/rush/caller.h"

union address {
    struct sockaddr_storage any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* As socket_address would have it of a socket that is bound there. */
static void print(const union address *address, char text[ADDRESS_SIZE])
{
    char host[INET6_ADDRSTRLEN] = "";
    bool six = address->any.ss_family == AF_INET6;
    inet_ntop(address->any.ss_family,
              six ? (const void *)&address->v6.sin6_addr : (const void *)&address->v4.sin_addr,
              host, sizeof host);
    snprintf(text, ADDRESS_SIZE, six ? "[%s]:%u" : "%s:%u", host,
             ntohs(six ? address->v6.sin6_port : address->v4.sin_port));
}

/* Where the text says to listen; false where it says no address. */
static bool listen_at(const char *text, union address *address)
{
    int fd = socket_listen(text);
    must(fd >= 0 || errno == EINVAL || errno == EAFNOSUPPORT, "what is refused is no address");
    if (fd < 0)
        return false;
    close(fd);
    address->any = *wrap_bound();
    return true;
}

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && !text[digits] && strtod(text, NULL) <= 65535;
}

static void check_listen(const char *text)
{
    union address address = {0}, again = {0};
    char printed[ADDRESS_SIZE], reprinted[ADDRESS_SIZE];
    if (!listen_at(text, &address))
        return;
    const char *colon = strrchr(text, ':');
    must(colon != NULL && is_port(colon + 1), "a port of at most 65535 ends it");
    must((address.any.ss_family == AF_INET6) == (text[0] == '['), "IPv6 stands in brackets");
    print(&address, printed);
    must(listen_at(printed, &again), "an address that was taken is taken when it is printed");
    print(&again, reprinted);
    must(strcmp(printed, reprinted) == 0, "and is the same");
}

static void check_url(const char *text)
{
    struct destination destination = {.length = 0};
    if (!destination_find(&destination, text))
        return;
    must(strncmp(text, "http://", 7) == 0, "a URL begins with its scheme");
    must(destination.length == sizeof(struct sockaddr_in) ||
             destination.length == sizeof(struct sockaddr_in6),
         "it has an address");
    must(strlen(destination.host) < sizeof destination.host, "its host fits");
    must(strpbrk(destination.host, "\r\n") == NULL, "its host cannot end a header");
}

void fuzz_socket(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    char *text = input_until(&input, '\0', NULL);
    check_listen(text);
    check_url(text);
    free(text);
}
