#include "tests/streams/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

void wire_open(struct wire *wire, int fd)
{
    const struct timeval patience = {.tv_sec = WIRE_SECONDS};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    wire->fd = fd;
    wire->at = wire->end = 0;
    wire->ended = true;
}

/* --- reading ----------------------------------------------------------------------------------- */

static bool fill(struct wire *wire)
{
    ssize_t got;
    do
        got = recv(wire->fd, wire->bytes, sizeof wire->bytes, 0);
    while (got < 0 && errno == EINTR);
    wire->at = 0;
    wire->end = got > 0 ? (size_t)got : 0;
    return got > 0;
}

/* The next line, without its CRLF; false where none comes, or one that is too long. */
static bool read_line(struct wire *wire, char *line, size_t size)
{
    size_t length = 0;
    for (;;) {
        if (wire->at == wire->end && !fill(wire))
            return false;
        char c = wire->bytes[wire->at++];
        if (c == '\n')
            break;
        if (length + 1 == size)
            return false;
        line[length++] = c;
    }
    length -= length > 0 && line[length - 1] == '\r';
    line[length] = '\0';
    return true;
}

static bool read_lines(struct wire *wire)
{
    size_t length = 0, more;
    do {
        if (!read_line(wire, wire->head + length, sizeof wire->head - length - 2))
            return false;
        more = strlen(wire->head + length);
        length += more;
        memcpy(wire->head + length, "\r\n", 3);
        length += 2;
    } while (more > 0);
    return true;
}

bool wire_field(const struct wire *wire, const char *name, char *value, size_t size)
{
    char lead[64];
    snprintf(lead, sizeof lead, "\r\n%s: ", name);
    const char *at = strcasestr(wire->head, lead);
    value[0] = '\0';
    if (at == NULL)
        return false;
    at += strlen(lead);
    snprintf(value, size, "%.*s", (int)strcspn(at, "\r"), at);
    return true;
}

bool wire_read_head(struct wire *wire)
{
    char value[64];
    if (!read_lines(wire))
        return false;
    wire->chunked = wire_field(wire, "Transfer-Encoding", value, sizeof value);
    wire->left = 0;
    wire->within = false;
    if (!wire->chunked && wire_field(wire, "Content-Length", value, sizeof value))
        wire->left = strtoll(value, NULL, 10);
    wire->ended = !wire->chunked && wire->left == 0;
    return true;
}

/* The size of the next chunk; of the last one also what follows it. False where it does not come. */
static bool begin_chunk(struct wire *wire)
{
    char line[256];
    if (!read_line(wire, line, sizeof line))
        return false;
    wire->left = strtoll(line, NULL, 16);
    wire->ended = wire->left == 0;
    bool more = true;
    while (wire->ended && line[0] != '\0' && more)
        more = read_line(wire, line, sizeof line);
    return more;
}

/* Before the next bytes of a body in chunks: where a chunk has ended, the next one begins. */
static bool next_chunk(struct wire *wire)
{
    char line[2];
    if (!wire->chunked || wire->ended || wire->left > 0)
        return true;
    if (wire->within && !read_line(wire, line, sizeof line))
        return false;
    wire->within = true;
    return begin_chunk(wire);
}

ssize_t wire_read(struct wire *wire, const char **bytes, size_t most)
{
    if (!next_chunk(wire))
        return -1;
    if (wire->ended)
        return 0;
    if (wire->at == wire->end && !fill(wire))
        return -1;
    size_t length = wire->end - wire->at;
    length = (int64_t)length < wire->left ? length : (size_t)wire->left;
    length = length < most ? length : most;
    *bytes = wire->bytes + wire->at;
    wire->at += length;
    wire->left -= (int64_t)length;
    wire->ended = !wire->chunked && wire->left == 0;
    return (ssize_t)length;
}

/* --- writing ----------------------------------------------------------------------------------- */

/* Forgets what has gone of the parts. */
static void skip(struct iovec *parts, size_t count, size_t gone)
{
    for (size_t i = 0; i < count; i++) {
        size_t of_it = gone < parts[i].iov_len ? gone : parts[i].iov_len;
        parts[i].iov_base = (char *)parts[i].iov_base + of_it;
        parts[i].iov_len -= of_it;
        gone -= of_it;
    }
}

static bool send_parts(const struct wire *wire, struct iovec *parts, size_t count)
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        left += parts[i].iov_len;
    while (left > 0) {
        ssize_t sent = sendmsg(wire->fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        skip(parts, count, (size_t)sent);
        left -= (size_t)sent;
    }
    return true;
}

bool wire_send(const struct wire *wire, const void *bytes, size_t length)
{
    struct iovec part = {(void *)(uintptr_t)bytes, length};
    return send_parts(wire, &part, 1);
}

bool wire_send_piece(const struct wire *wire, bool chunked, const void *bytes, size_t length)
{
    char size[20];
    if (!chunked)
        return wire_send(wire, bytes, length);
    struct iovec parts[] = {{size, (size_t)snprintf(size, sizeof size, "%zx\r\n", length)},
                            {(void *)(uintptr_t)bytes, length},
                            {(char[]){"\r\n"}, 2}};
    return send_parts(wire, parts, 3);
}

bool wire_send_end(const struct wire *wire, bool chunked)
{
    return !chunked || wire_send(wire, "0\r\n\r\n", 5);
}
