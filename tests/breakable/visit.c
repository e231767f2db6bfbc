#include "tests/breakable/visit.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"

enum {
    PIECE = 16384,
    NONE = -1,
};

/* Its thread's, but for the list, and for the descriptors: they come and go under the lock, under which
 * others may shut them down. */
struct visit {
    struct breakable *breakable;
    struct visit *next;
    int fd;     /* the client's */
    int behind; /* to the server; NONE: not connected */
    struct buffer request, answer;
};

/* --- messages ---------------------------------------------------------------------------------- */

/* The length of the whole message that the bytes begin with; 0: not to be told yet. */
static size_t message_length(struct buffer *bytes)
{
    const char *text = buffer_text(bytes), *end = strstr(text, "\r\n\r\n");
    if (end == NULL)
        return 0;
    const char *field = strcasestr(text, "\r\nContent-Length:");
    size_t head = (size_t)(end - text) + 4, body = 0;
    if (field != NULL && field < end)
        body = strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
    return body < VISIT_MESSAGE_MAX ? head + body : SIZE_MAX;
}

static bool is_whole(struct buffer *bytes)
{
    size_t length = message_length(bytes);
    return length > 0 && length <= bytes->length;
}

/* Receives until a whole message has come; false where the connection ends before. */
static bool receive(int fd, struct buffer *bytes)
{
    while (!is_whole(bytes)) {
        if (bytes->length > VISIT_MESSAGE_MAX)
            return false;
        ssize_t n = recv(fd, buffer_reserve(bytes, PIECE), PIECE, 0);
        if (n <= 0 && !(n < 0 && errno == EINTR))
            return false;
        bytes->length += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool send_all(int fd, const char *bytes, size_t length)
{
    for (size_t sent = 0; sent < length;) {
        ssize_t n = send(fd, bytes + sent, length - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return false;
        sent += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* --- manners ----------------------------------------------------------------------------------- */

static struct manner manner_now(struct visit *visit)
{
    static const char flights[] = "POST /flights ";
    lock_take(&visit->breakable->lock);
    struct manner manner = visit->breakable->manner;
    lock_drop(&visit->breakable->lock);
    bool is_flight = visit->request.length >= sizeof flights - 1 &&
                     memcmp(visit->request.data, flights, sizeof flights - 1) == 0;
    if (manner.flights && !is_flight)
        manner.kind = MANNER_PASS;
    return manner;
}

/* Until the client has left: its request is never answered, whatever the manner is by then. */
static bool never(const struct visit *visit)
{
    char rest[PIECE];
    while (recv(visit->fd, rest, sizeof rest, 0) > 0)
        continue;
    return false;
}

static bool answer_garbage(struct visit *visit)
{
    static const char noise[] = "\x16\x03\x01\xff\xfe no HTTP\n\n";
    static const char nonsense[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                   "Content-Length: 26\r\n\r\n"
                                   "{\"server\":[[[\x01\xff\"outcomes\":";
    lock_take(&visit->breakable->lock);
    bool is_http = visit->breakable->garbage++ % 2 == 0;
    lock_drop(&visit->breakable->lock);
    if (is_http)
        return send_all(visit->fd, nonsense, sizeof nonsense - 1);
    send_all(visit->fd, noise, sizeof noise - 1);
    return false;
}

static bool answer_error(const struct visit *visit)
{
    static const char error[] = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
    return send_all(visit->fd, error, sizeof error - 1);
}

static bool answer_half(const struct visit *visit)
{
    send_all(visit->fd, visit->answer.data, visit->answer.length / 2);
    return false;
}

/* Waits, unless the manner changes meanwhile: then it was slow for long enough. */
static void delay(const struct visit *visit, int64_t milliseconds)
{
    struct breakable *breakable = visit->breakable;
    int64_t until = clock_monotonic() + milliseconds * CLOCK_MILLISECOND;
    lock_take(&breakable->lock);
    while (breakable->manner.kind == MANNER_SLOW && clock_monotonic() < until)
        lock_wait_until(&breakable->lock, until);
    lock_drop(&breakable->lock);
}

/* --- exchanges --------------------------------------------------------------------------------- */

static bool connect_behind(struct visit *visit)
{
    const struct sockaddr_in *to = &visit->breakable->to;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    lock_take(&visit->breakable->lock);
    visit->behind = fd;
    lock_drop(&visit->breakable->lock);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return connect(fd, (const struct sockaddr *)to, sizeof *to) == 0;
}

static bool ask_behind(struct visit *visit)
{
    buffer_clear(&visit->answer);
    if (visit->behind == NONE && !connect_behind(visit))
        return false;
    return send_all(visit->behind, visit->request.data, visit->request.length) &&
           receive(visit->behind, &visit->answer);
}

/* True where the connection goes on. */
static bool answer(struct visit *visit)
{
    struct manner manner = manner_now(visit);
    switch (manner.kind) {
    case MANNER_NEVER:
        return never(visit);
    case MANNER_GARBAGE:
        return answer_garbage(visit);
    case MANNER_ERROR:
        return answer_error(visit);
    case MANNER_HALF:
        return answer_half(visit);
    case MANNER_SLOW:
        delay(visit, manner.delay);
        break;
    default:
        break;
    }
    return send_all(visit->fd, visit->answer.data, visit->answer.length);
}

/* One request; true where the connection goes on. */
static bool exchange(struct visit *visit)
{
    if (!receive(visit->fd, &visit->request))
        return false;
    enum manner_kind kind = manner_now(visit).kind;
    bool asks = kind == MANNER_PASS || kind == MANNER_SLOW || kind == MANNER_HALF;
    if (asks && !ask_behind(visit))
        return false;
    bool goes_on = asks || kind != MANNER_NEVER ? answer(visit) : never(visit);
    buffer_clear(&visit->request);
    return goes_on;
}

/* Waits for a request. False where the client leaves, or the server behind does, which its client is to see. */
static bool request_comes(const struct visit *visit)
{
    struct pollfd entries[] = {{.fd = visit->fd, .events = POLLIN},
                               {.fd = visit->behind, .events = POLLIN}};
    while (poll(entries, 2, -1) < 0)
        if (errno != EINTR)
            return false;
    return entries[1].revents == 0;
}

/* --- connections ------------------------------------------------------------------------------- */

static void unlist(struct visit *visit)
{
    struct breakable *breakable = visit->breakable;
    lock_take(&breakable->lock);
    struct visit **at = &breakable->visits;
    while (*at != visit)
        at = &(*at)->next;
    *at = visit->next;
    breakable->count--;
    close(visit->fd);
    if (visit->behind != NONE)
        close(visit->behind);
    lock_drop(&breakable->lock);
}

static void *visit_run(void *argument)
{
    struct visit *visit = argument;
    while (request_comes(visit) && exchange(visit))
        continue;
    unlist(visit);
    buffer_free(&visit->request);
    buffer_free(&visit->answer);
    free(visit);
    return NULL;
}

/* Closing it then sends a reset. */
static void set_reset(int fd)
{
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
}

void visit_begin(struct breakable *breakable, int fd)
{
    struct visit *visit = memory_new(sizeof *visit);
    pthread_t thread;
    *visit = (struct visit){.breakable = breakable, .fd = fd, .behind = NONE};
    lock_take(&breakable->lock);
    bool taken = breakable->manner.kind != MANNER_RESET && breakable->count < VISITS_MAX;
    if (taken) {
        visit->next = breakable->visits;
        breakable->visits = visit;
        breakable->count++;
    }
    lock_drop(&breakable->lock);
    if (!taken) {
        set_reset(fd);
        close(fd);
        free(visit);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    thread_start(&thread, "visit", visit_run, visit);
    pthread_detach(thread);
}

/* The visit's thread wakes by it, whomever it waits for, and closes the descriptors. */
static void strike(const struct visit *visit, bool reset)
{
    if (reset)
        set_reset(visit->fd);
    shutdown(visit->fd, reset ? SHUT_RD : SHUT_RDWR);
    if (visit->behind != NONE)
        shutdown(visit->behind, SHUT_RDWR);
}

void breakable_behave(struct breakable *breakable, const struct manner *manner)
{
    bool reset = manner->kind == MANNER_RESET;
    lock_take(&breakable->lock);
    breakable->manner = *manner;
    if (reset || manner->kind == MANNER_CLOSED)
        for (const struct visit *visit = breakable->visits; visit != NULL; visit = visit->next)
            strike(visit, reset);
    lock_announce(&breakable->lock);
    lock_drop(&breakable->lock);
}
