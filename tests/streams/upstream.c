#include "tests/streams/upstream.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/streams/wire.h"

enum {
    BACKLOG = 4096,
    SEND_BUFFER = 256 << 10, /* so that who is stopped shows it soon */
    HEAD_SIZE = 256,
};

static const int64_t look_interval = 10 * CLOCK_MILLISECOND; /* of who is stopped */

/* One connection, and its thread. */
struct upstream_visit {
    struct upstream *upstream;
    struct upstream_visit *next;
    pthread_t thread;
    int fd; /* -1: closed */
    struct wire *wire;
};

/* One request of a connection. */
struct asked {
    struct upstream *upstream;
    struct wire *wire;
    struct upstream_note *note;
    uint64_t number;
    int64_t bytes, at;
    enum upstream_trouble trouble;
    bool chunked;
};

static int64_t parameter(const char *head, const char *name)
{
    char lead[32];
    const char *query = strchr(head, '?');
    snprintf(lead, sizeof lead, "%s=", name);
    const char *at = query != NULL ? strstr(query, lead) : NULL;
    return at != NULL && at < strchr(head, '\r') ? strtoll(at + strlen(lead), NULL, 10) : 0;
}

/* Whoever is stopped looks now and then whether its client is there still. */
static bool client_has_left(const struct asked *asked)
{
    struct pollfd entry = {.fd = asked->wire->fd, .events = POLLRDHUP};
    return poll(&entry, 1, 0) == 1;
}

/* False where its client has left. */
static bool stop(const struct asked *asked)
{
    struct upstream *upstream = asked->upstream;
    bool left = false;
    lock_take(&upstream->lock);
    while (!upstream->released && !upstream->closing && !left) {
        lock_wait_until(&upstream->lock, clock_monotonic() + look_interval);
        left = client_has_left(asked);
    }
    lock_drop(&upstream->lock);
    return !left;
}

/* False where the request ends here. */
static bool goes_on(const struct asked *asked, enum upstream_trouble trouble, int64_t at)
{
    if (asked->trouble != trouble || at < asked->at)
        return true;
    return trouble >= TROUBLE_DEAF && stop(asked);
}

static bool read_body(struct asked *asked, gnutls_hash_hd_t hash)
{
    struct upstream_note *note = asked->note;
    const char *bytes;
    ssize_t got;
    while ((got = wire_read(asked->wire, &bytes, WIRE_PIECE)) > 0) {
        gnutls_hash(hash, bytes, (size_t)got);
        int64_t received = atomic_fetch_add(&note->received, got) + got;
        if (!goes_on(asked, TROUBLE_WITHIN_BODY, received) ||
            !goes_on(asked, TROUBLE_DEAF, received))
            return false;
    }
    return got == 0;
}

static bool send_head(const struct asked *asked, const char *type, int64_t length)
{
    char head[HEAD_SIZE], framing[64];
    if (asked->chunked)
        snprintf(framing, sizeof framing, "Transfer-Encoding: chunked");
    else
        snprintf(framing, sizeof framing, "Content-Length: %lld", (long long)length);
    int size = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%s\r\n\r\n",
                        type, framing);
    if (asked->trouble == TROUBLE_WITHIN_HEAD)
        size /= 2;
    return wire_send(asked->wire, head, (size_t)size) && asked->trouble != TROUBLE_WITHIN_HEAD;
}

static bool send_piece(struct asked *asked, const char *bytes, size_t length)
{
    int64_t sent = atomic_load(&asked->note->sent);
    if (!goes_on(asked, TROUBLE_WITHIN_ANSWER, sent) || !goes_on(asked, TROUBLE_SILENT, sent) ||
        !wire_send_piece(asked->wire, asked->chunked, bytes, length))
        return false;
    atomic_fetch_add(&asked->note->sent, (long long)length);
    return true;
}

static bool may_answer(const struct asked *asked)
{
    return goes_on(asked, TROUBLE_BEFORE_ANSWER, asked->at) &&
           goes_on(asked, TROUBLE_MUTE, asked->at);
}

/* A request may come twice. */
static void note_digest(struct asked *asked, const char digest[DIGEST_TEXT_SIZE])
{
    lock_take(&asked->upstream->lock);
    memcpy(asked->note->digest, digest, DIGEST_TEXT_SIZE);
    lock_drop(&asked->upstream->lock);
}

static bool answer_up(struct asked *asked)
{
    char digest[DIGEST_TEXT_SIZE], body[DIGEST_TEXT_SIZE + 24];
    gnutls_hash_hd_t hash = digest_begin();
    bool whole = read_body(asked, hash);
    digest_end(hash, digest);
    if (!whole || !may_answer(asked))
        return false;
    note_digest(asked, digest);
    int length = snprintf(body, sizeof body, "%s %lld\n", digest,
                          (long long)atomic_load(&asked->note->received));
    return send_head(asked, "text/plain", length) && wire_send(asked->wire, body, (size_t)length);
}

static bool answer_down(struct asked *asked)
{
    struct content *content = memory_new(sizeof *content);
    char digest[DIGEST_TEXT_SIZE];
    size_t length;
    content_begin(content, asked->number, asked->bytes);
    bool sent = send_head(asked, "application/octet-stream", asked->bytes);
    while (sent && (length = content_next(content)) > 0)
        sent = send_piece(asked, content->bytes, length);
    content_end(content, digest);
    free(content);
    if (sent)
        note_digest(asked, digest);
    return sent && wire_send_end(asked->wire, asked->chunked);
}

/* Nothing could be waited for instead: who is slow is what is tested. */
static void pause_for(struct upstream *upstream, int64_t length)
{
    int64_t until = clock_monotonic() + length;
    lock_take(&upstream->lock);
    while (!upstream->closing && clock_monotonic() < until)
        lock_wait_until(&upstream->lock, until);
    lock_drop(&upstream->lock);
}

static bool answer_trickle(struct asked *asked)
{
    static const char line[] = "data: one more\n\n";
    asked->chunked = true;
    bool sent = send_head(asked, "text/event-stream", 0);
    for (int64_t i = 0; sent && i < asked->bytes; i++) {
        if (i > 0)
            pause_for(asked->upstream, CLOCK_SECOND);
        sent = send_piece(asked, line, sizeof line - 1);
    }
    return sent && wire_send_end(asked->wire, asked->chunked);
}

static bool answer(struct asked *asked)
{
    const char *path = strchr(asked->wire->head, ' ');
    if (asked->trouble == TROUBLE_BEFORE_BODY || path == NULL)
        return false;
    if (strncmp(path, " /up", 4) == 0)
        return answer_up(asked);
    if (!may_answer(asked))
        return false;
    return strncmp(path, " /trickle", 9) == 0 ? answer_trickle(asked) : answer_down(asked);
}

static bool serve_one(struct upstream_visit *visit)
{
    const char *head = visit->wire->head;
    struct asked asked = {
        .upstream = visit->upstream,
        .wire = visit->wire,
        .number = (uint64_t)parameter(head, "n") % UPSTREAM_REQUESTS_MAX,
        .bytes = parameter(head, "bytes"),
        .at = parameter(head, "at"),
        .trouble = (enum upstream_trouble)parameter(head, "trouble"),
        .chunked = parameter(head, "chunked") != 0,
    };
    asked.note = &visit->upstream->note[asked.number];
    if (asked.number == 0 && visit->upstream->late_checks)
        pause_for(visit->upstream, CLOCK_SECOND / 2);
    atomic_fetch_add(&asked.note->times, 1);
    bool whole = answer(&asked);
    atomic_store(&asked.note->whole, whole);
    atomic_store(&asked.note->over, clock_monotonic());
    return whole;
}

static void *serve(void *context)
{
    struct upstream_visit *visit = context;
    struct upstream *upstream = visit->upstream;
    visit->wire = memory_new(sizeof *visit->wire);
    wire_open(visit->wire, visit->fd);
    while (wire_read_head(visit->wire) && serve_one(visit))
        ;
    lock_take(&upstream->lock);
    close(visit->fd);
    visit->fd = -1;
    upstream->connections--;
    lock_announce(&upstream->lock);
    lock_drop(&upstream->lock);
    free(visit->wire);
    return NULL;
}

static void let_in(struct upstream *upstream, int fd)
{
    struct upstream_visit *visit = memory_new(sizeof *visit);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){SEND_BUFFER}, sizeof(int));
    *visit = (struct upstream_visit){.upstream = upstream, .fd = fd};
    lock_take(&upstream->lock);
    visit->next = upstream->visits;
    upstream->visits = visit;
    upstream->connections++;
    thread_start(&visit->thread, "upstream", serve, visit);
    lock_drop(&upstream->lock);
}

static void await_opening(struct upstream *upstream)
{
    lock_take(&upstream->lock);
    upstream->holds = upstream->shut;
    lock_announce(&upstream->lock);
    while (upstream->shut && !upstream->closing)
        lock_wait(&upstream->lock);
    lock_drop(&upstream->lock);
}

static void *accept_all(void *context)
{
    struct upstream *upstream = context;
    int fd;
    while ((fd = accept4(upstream->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        await_opening(upstream);
        let_in(upstream, fd);
    }
    return NULL;
}

static int knock(const struct upstream *upstream)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    getsockname(upstream->listener, (struct sockaddr *)&address, &size);
    (void)connect(fd, (struct sockaddr *)&address, size);
    return fd;
}

/* The first is accepted, and waits; the others fill the queue. */
void upstream_shut(struct upstream *upstream)
{
    lock_take(&upstream->lock);
    upstream->shut = true;
    upstream->queued[0] = knock(upstream);
    while (!upstream->holds)
        lock_wait(&upstream->lock);
    lock_drop(&upstream->lock);
    listen(upstream->listener, 0);
    for (size_t i = 1; i < UPSTREAM_QUEUE; i++)
        upstream->queued[i] = knock(upstream);
}

void upstream_open(struct upstream *upstream)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memset(upstream, 0, sizeof *upstream);
    lock_init(&upstream->lock);
    upstream->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(upstream->listener, (struct sockaddr *)&address, size), 0);
    CU_ASSERT_EQUAL_FATAL(listen(upstream->listener, BACKLOG), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(upstream->listener, (struct sockaddr *)&address, &size), 0);
    snprintf(upstream->address, sizeof upstream->address, "127.0.0.1:%u", ntohs(address.sin_port));
    thread_start(&upstream->acceptor, "acceptor", accept_all, upstream);
}

void upstream_release(struct upstream *upstream)
{
    lock_take(&upstream->lock);
    upstream->released = true;
    lock_announce(&upstream->lock);
    lock_drop(&upstream->lock);
}

void upstream_cut(struct upstream *upstream)
{
    lock_take(&upstream->lock);
    for (struct upstream_visit *visit = upstream->visits; visit != NULL; visit = visit->next)
        if (visit->fd >= 0)
            shutdown(visit->fd, SHUT_RDWR);
    lock_drop(&upstream->lock);
}

int upstream_connections(struct upstream *upstream)
{
    lock_take(&upstream->lock);
    int connections = upstream->connections;
    lock_drop(&upstream->lock);
    return connections;
}

void upstream_close(struct upstream *upstream)
{
    lock_take(&upstream->lock);
    upstream->closing = true;
    lock_announce(&upstream->lock);
    lock_drop(&upstream->lock);
    for (size_t i = 0; upstream->shut && i < UPSTREAM_QUEUE; i++)
        close(upstream->queued[i]);
    shutdown(upstream->listener, SHUT_RDWR);
    thread_join(upstream->acceptor);
    close(upstream->listener);
    upstream_cut(upstream);
    while (upstream->visits != NULL) {
        struct upstream_visit *visit = upstream->visits;
        upstream->visits = visit->next;
        thread_join(visit->thread);
        free(visit);
    }
    lock_free(&upstream->lock);
}
