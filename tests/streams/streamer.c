#include "tests/streams/streamer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "tests/lib/raw.h"
#include "tests/streams/wire.h"

static int connect_to(const struct stream *stream)
{
    struct sockaddr_in address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (stream->receive_buffer > 0) /* before it connects, so that the window is no larger either */
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &stream->receive_buffer, sizeof(int));
    if (raw_address(stream->url, &address) &&
        connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

/* True where it has left here. */
static bool moves(struct stream *stream, const struct wire *wire, size_t length)
{
    const struct linger at_once = {.l_onoff = 1};
    int64_t before = atomic_fetch_add(&stream->moved, (long long)length);
    int64_t now = before + (int64_t)length;
    if (stream->pause != NULL && before < stream->pause_at && now >= stream->pause_at) {
        stream->pause_at = stream->pause_every > 0 ? now + stream->pause_every : stream->pause_at;
        stream->pause(stream);
    }
    if (stream->leave_at == 0 || now < stream->leave_at)
        return false;
    setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    stream->left = clock_monotonic();
    return true;
}

static size_t piece_of(const struct stream *stream)
{
    return stream->piece > 0 ? stream->piece : CONTENT_PIECE;
}

static bool send_pieces(struct stream *stream, const struct wire *wire, const char *bytes,
                        size_t length)
{
    for (size_t at = 0, more; at < length; at += more) {
        more = length - at < piece_of(stream) ? length - at : piece_of(stream);
        if (!wire_send_piece(wire, stream->chunked, bytes + at, more) || moves(stream, wire, more))
            return false;
    }
    return true;
}

static bool send_body(struct stream *stream, const struct wire *wire)
{
    struct content *content = memory_new(sizeof *content);
    size_t length;
    bool sent = true;
    content_begin(content, stream->number, stream->bytes);
    while (sent && (length = content_next(content)) > 0)
        sent = send_pieces(stream, wire, content->bytes, length);
    content_end(content, stream->digest);
    free(content);
    return sent && wire_send_end(wire, stream->chunked);
}

static bool read_status(struct stream *stream, struct wire *wire)
{
    return wire_read_head(wire) && sscanf(wire->head, "HTTP/1.1 %u ", &stream->status) == 1;
}

static void read_answer(struct stream *stream, struct wire *wire)
{
    const char *bytes;
    size_t length = 0;
    ssize_t got = 0;
    if (!read_status(stream, wire))
        return;
    while (length + 1 < sizeof stream->answer &&
           (got = wire_read(wire, &bytes, sizeof stream->answer - 1 - length)) > 0) {
        memcpy(stream->answer + length, bytes, (size_t)got);
        length += (size_t)got;
    }
    stream->answer[length] = '\0';
    stream->whole = got == 0;
}

static void read_body(struct stream *stream, struct wire *wire)
{
    gnutls_hash_hd_t hash = digest_begin();
    const char *bytes;
    ssize_t got = -1;
    bool left = false;
    if (read_status(stream, wire))
        while (!left && (got = wire_read(wire, &bytes, piece_of(stream))) > 0) {
            gnutls_hash(hash, bytes, (size_t)got);
            left = moves(stream, wire, (size_t)got);
        }
    stream->whole = got == 0;
    digest_end(hash, stream->digest);
}

/* Sends the request's head, over a connection of its own. False where that cannot be. */
static bool ask(struct stream *stream, struct wire *wire, const char *method, const char *path,
                const char *framing)
{
    char head[400];
    int fd = connect_to(stream);
    if (fd < 0)
        return false;
    wire_open(wire, fd);
    atomic_store(&stream->fd, fd);
    int length = snprintf(
        head, sizeof head,
        "%s %s?n=%llu&bytes=%lld&chunked=%d&trouble=%d&at=%lld HTTP/1.1\r\nHost: x\r\n%s\r\n",
        method, path, (unsigned long long)stream->number, (long long)stream->bytes,
        stream->chunked && strcmp(method, "GET") == 0, (int)stream->trouble, (long long)stream->at,
        framing);
    return wire_send(wire, head, (size_t)length);
}

static struct wire *begin(struct stream *stream)
{
    struct wire *wire = memory_new(sizeof *wire);
    wire->fd = -1;
    stream->took = clock_monotonic();
    return wire;
}

static void end(struct stream *stream, struct wire *wire)
{
    atomic_store(&stream->fd, 0);
    if (wire->fd >= 0)
        close(wire->fd);
    free(wire);
    stream->took = clock_monotonic() - stream->took;
}

void stream_up(struct stream *stream)
{
    struct wire *wire = begin(stream);
    char framing[64];
    if (stream->chunked)
        snprintf(framing, sizeof framing, "Transfer-Encoding: chunked\r\n");
    else
        snprintf(framing, sizeof framing, "Content-Length: %lld\r\n", (long long)stream->bytes);
    if (ask(stream, wire, "PUT", "/up", framing)) {
        bool sent = send_body(stream, wire);
        if (stream->left == 0) /* who could not send all may have been answered already */
            read_answer(stream, wire);
        stream->whole = stream->whole && sent;
    }
    end(stream, wire);
}

static void read_from(struct stream *stream, const char *path)
{
    struct wire *wire = begin(stream);
    if (ask(stream, wire, "GET", path, ""))
        read_body(stream, wire);
    end(stream, wire);
}

void stream_down(struct stream *stream)
{
    read_from(stream, "/down");
}

void stream_trickle(struct stream *stream)
{
    read_from(stream, "/trickle");
}

void stream_leave(struct stream *stream)
{
    stream->left = clock_monotonic();
    int fd = atomic_load(&stream->fd);
    if (fd > 0)
        shutdown(fd, SHUT_RDWR);
}

bool stream_is_equal(const struct stream *stream, const struct upstream *upstream)
{
    const struct upstream_note *note = &upstream->note[stream->number];
    return stream->whole && stream->status == 200 && atomic_load(&stream->moved) == stream->bytes &&
           atomic_load(&note->received) + atomic_load(&note->sent) == stream->bytes &&
           strcmp(stream->digest, note->digest) == 0 &&
           (stream->answer[0] == '\0' ||
            strncmp(stream->answer, note->digest, DIGEST_TEXT_SIZE - 1) == 0);
}

void stream_show(const struct stream *stream, const struct upstream *upstream)
{
    const struct upstream_note *note = &upstream->note[stream->number];
    printf("  stream %llu%s: status %u, %s, %lld of %lld bytes here, after %lld ms; there asked %u "
           "times, %lld received and %lld sent, %s\n  here  %s\n  there %s %s\n",
           (unsigned long long)stream->number, stream->chunked ? " in chunks" : "", stream->status,
           stream->whole ? "whole" : "broken", (long long)atomic_load(&stream->moved),
           (long long)stream->bytes, (long long)(stream->took / CLOCK_MILLISECOND),
           atomic_load(&note->times), (long long)atomic_load(&note->received),
           (long long)atomic_load(&note->sent), atomic_load(&note->whole) ? "whole" : "broken",
           stream->digest, note->digest, stream->answer);
}
