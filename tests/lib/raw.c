#include "tests/lib/raw.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

enum {
    PIECE = 16384,
    SEND_SECONDS = 10,
    EXCHANGE_SECONDS = 20,
};

bool raw_address(const char *url, struct sockaddr_in *address)
{
    unsigned port;
    if (sscanf(url, "http://127.0.0.1:%u", &port) != 1)
        return false;
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return true;
}

int raw_connect(const char *url)
{
    struct sockaddr_in address;
    if (!raw_address(url, &address))
        return -1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

static bool ready(int fd, short events, int64_t deadline)
{
    struct pollfd entry = {.fd = fd, .events = events};
    int64_t left = (deadline - clock_monotonic()) / CLOCK_MILLISECOND;
    return left > 0 && poll(&entry, 1, (int)left) == 1;
}

bool raw_send(int fd, const void *bytes, size_t length)
{
    int64_t deadline = clock_monotonic() + SEND_SECONDS * CLOCK_SECOND;
    size_t sent = 0;
    while (sent < length) {
        ssize_t n =
            send(fd, (const char *)bytes + sent, length - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno != EAGAIN || !ready(fd, POLLOUT, deadline)))
            return false;
        sent += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Length of the body that a whole head announces; answers without one have none. */
static size_t announced(const char *head)
{
    const char *length = strcasestr(head, "\r\nContent-Length:");
    return length != NULL ? strtoul(length + strlen("\r\nContent-Length:"), NULL, 10) : 0;
}

/* True once the bytes are one whole answer. */
static bool whole(struct raw_answer *answer, bool head_only)
{
    const char *text = buffer_text(&answer->bytes);
    const char *end = strstr(text, "\r\n\r\n");
    if (end == NULL || sscanf(text, "HTTP/1.%*c %u", &answer->status) != 1)
        return false;
    answer->head = (size_t)(end - text) + 4;
    return head_only || answer->bytes.length >= answer->head + announced(text);
}

void raw_receive(int fd, struct raw_answer *answer, bool head_only, int seconds)
{
    int64_t deadline = clock_monotonic() + seconds * CLOCK_SECOND;
    buffer_clear(&answer->bytes);
    answer->status = 0;
    answer->closed = false;
    while (!answer->closed && ready(fd, POLLIN, deadline)) {
        ssize_t n = recv(fd, buffer_reserve(&answer->bytes, PIECE), PIECE, 0);
        answer->closed = n <= 0;
        answer->bytes.length += n > 0 ? (size_t)n : 0;
        if (whole(answer, head_only))
            return;
    }
    answer->status = 0;
}

const char *raw_body(struct raw_answer *answer)
{
    return answer->status != 0 ? buffer_text(&answer->bytes) + answer->head : "";
}

void raw_exchange(const char *url, const void *bytes, size_t length, struct raw_answer *answer)
{
    int fd = raw_connect(url);
    answer->status = 0;
    answer->closed = true;
    if (fd < 0)
        return;
    raw_send(fd, bytes, length);
    raw_receive(fd, answer, false, EXCHANGE_SECONDS);
    close(fd);
}
