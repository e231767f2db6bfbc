#include "tests/failover/cutter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/thread.h"
#include "tests/lib/suite.h"

enum {
    LINKS_MAX = 128, /* connections at once; further ones are turned away */
    CHUNK = 64 * 1024,
    MESSAGE_MAX = 64 << 20, /* a longer one is none */
    STATEMENT_SIZE = 64,
    LOOK_MILLISECONDS = 50, /* at whether it is to end */
    SSL_REQUEST = 80877103,
    GSS_REQUEST = 80877104,
};

/* No answer to a COMMIT within this: it is cut as it is. */
static const int64_t answer_patience = 2 * CLOCK_SECOND;

/* A connection: of a ticket server's, and ours to the server. */
struct link {
    int client, server; /* -1: free */
    bool started;       /* behind the startup message, messages have a type */
    struct buffer read; /* from the client: less than a whole message */
    struct buffer to_server, to_client;
    char commit[STATEMENT_SIZE]; /* the prepared statement that commits; "" none yet */
    bool known;                  /* there is one: its name may be empty */
    bool held;                   /* its COMMIT has gone out, and its answer is for nobody */
    int64_t held_at;
    struct buffer answer; /* while it is held */
};

struct cutter {
    int listener, port, to;
    pthread_t thread;
    atomic_bool ending;
    atomic_int every;
    atomic_int counts[CUTS];
    /* The thread's own. */
    struct link links[LINKS_MAX];
    int commits; /* since the last cut */
    enum cut next;
};

/* --- connections ------------------------------------------------------------------------------- */

static void link_close(struct link *link)
{
    close(link->client);
    close(link->server);
    buffer_free(&link->read);
    buffer_free(&link->to_server);
    buffer_free(&link->to_client);
    buffer_free(&link->answer);
    *link = (struct link){.client = -1, .server = -1};
}

static void cut(struct cutter *cutter, struct link *link, enum cut how)
{
    link_close(link);
    atomic_fetch_add(&cutter->counts[how], 1);
}

static int dial(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static struct link *free_link(struct cutter *cutter)
{
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (cutter->links[i].client < 0)
            return &cutter->links[i];
    return NULL;
}

static void welcome(struct cutter *cutter)
{
    int client = accept4(cutter->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct link *link = free_link(cutter);
    int server = client >= 0 && link != NULL ? dial(cutter->to) : -1;
    if (server < 0) {
        close(client);
        return;
    }
    fcntl(server, F_SETFL, O_NONBLOCK);
    link->client = client;
    link->server = server;
}

/* --- messages of the client -------------------------------------------------------------------- */

static uint32_t number_at(const char *bytes)
{
    uint32_t number;
    memcpy(&number, bytes, sizeof number);
    return ntohl(number);
}

/* Length of the message that `read` begins with; 0: it is not whole yet; -1: it is none. */
static int64_t message_length(const struct link *link)
{
    size_t head = link->started ? 5 : 4;
    if (link->read.length < head)
        return 0;
    int64_t length = (int64_t)number_at(link->read.data + head - 4) + (link->started ? 1 : 0);
    if (length < (int64_t)head || length > MESSAGE_MAX)
        return -1;
    return (int64_t)link->read.length < length ? 0 : length;
}

/* The text behind the one at `text`, before `end`; "" where there is none. */
static const char *text_behind(const char *text, const char *end)
{
    const char *behind = text + strnlen(text, (size_t)(end - text)) + 1;
    return behind < end ? behind : "";
}

/* Whether this message commits. Remembers what was prepared for that. */
static bool commits(struct link *link, const char *message, size_t length)
{
    const char *body = message + 5, *end = message + length;
    if (message[0] == 'Q')
        return strncmp(body, "COMMIT", (size_t)(end - body)) == 0;
    const char *second = text_behind(body, end);
    if (message[0] == 'P' && strcmp(second, "COMMIT") == 0) {
        strncpy(link->commit, body, sizeof link->commit - 1);
        link->known = true;
    } else if (message[0] == 'P' && link->known && strcmp(body, link->commit) == 0) {
        link->known = false; /* another statement by that name: the one without, mostly */
    }
    return message[0] == 'B' && link->known && strcmp(second, link->commit) == 0;
}

/* False where the connection is gone now. */
static bool commit_comes(struct cutter *cutter, struct link *link)
{
    int every = atomic_load(&cutter->every);
    if (every == 0 || ++cutter->commits < every)
        return true;
    enum cut how = cutter->next;
    cutter->commits = 0;
    cutter->next = (enum cut)((how + 1) % CUTS);
    if (how == CUT_BEFORE) {
        cut(cutter, link, how);
        return false;
    }
    link->held = true;
    link->held_at = how == CUT_BEHIND ? clock_monotonic() : 0;
    return true;
}

/* Takes one message from `read`; false where there is none (any more). */
static bool take_message(struct cutter *cutter, struct link *link)
{
    int64_t length = message_length(link);
    if (length < 0)
        link_close(link);
    if (length <= 0)
        return false;
    if (link->started) {
        if (!link->held && commits(link, link->read.data, (size_t)length) &&
            !commit_comes(cutter, link))
            return false;
    } else {
        uint32_t code = number_at(link->read.data + 4);
        link->started = code != SSL_REQUEST && code != GSS_REQUEST;
    }
    buffer_append(&link->to_server, link->read.data, (size_t)length);
    link->read.length -= (size_t)length;
    memmove(link->read.data, link->read.data + length, link->read.length);
    return true;
}

/* --- moving bytes ------------------------------------------------------------------------------ */

/* False where the other side has gone. */
static bool receive(int fd, struct buffer *in)
{
    ssize_t length = recv(fd, buffer_reserve(in, CHUNK), CHUNK, 0);
    if (length > 0)
        in->length += (size_t)length;
    return length > 0 || (length < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool send_on(int fd, struct buffer *out)
{
    ssize_t length = send(fd, out->data, out->length, MSG_NOSIGNAL);
    if (length > 0) {
        out->length -= (size_t)length;
        memmove(out->data, out->data + length, out->length);
    }
    return length > 0 || errno == EAGAIN || errno == EINTR;
}

static void from_client(struct cutter *cutter, struct link *link)
{
    if (!receive(link->client, &link->read)) {
        link_close(link);
        return;
    }
    while (link->client >= 0 && take_message(cutter, link))
        continue;
}

/* The server has told that it committed: CommandComplete with that tag. */
static bool is_answered(const struct buffer *answer)
{
    static const char committed[] = "C\0\0\0\013COMMIT";
    return answer->length > 0 &&
           memmem(answer->data, answer->length, committed, sizeof committed) != NULL;
}

static void from_server(struct cutter *cutter, struct link *link)
{
    if (!receive(link->server, link->held ? &link->answer : &link->to_client)) {
        link_close(link);
        return;
    }
    if (link->held && link->held_at != 0 && is_answered(&link->answer))
        cut(cutter, link, CUT_BEHIND);
}

static void write_out(struct cutter *cutter, struct link *link)
{
    bool fine = true;
    if (link->to_server.length > 0)
        fine = send_on(link->server, &link->to_server);
    if (fine && link->to_client.length > 0)
        fine = send_on(link->client, &link->to_client);
    bool late =
        link->held && link->held_at != 0 && clock_monotonic() - link->held_at > answer_patience;
    if (!fine || late)
        link_close(link);
    else if (link->held && link->held_at == 0 && link->to_server.length == 0)
        cut(cutter, link, CUT_MEANWHILE);
}

/* Nobody reads on one side while the other one does not take what was read. */
static void wishes(const struct link *link, struct pollfd *client, struct pollfd *server)
{
    *client = (struct pollfd){.fd = link->client};
    *server = (struct pollfd){.fd = link->server};
    client->events = (short)((link->to_server.length == 0 ? POLLIN : 0) |
                             (link->to_client.length > 0 ? POLLOUT : 0));
    server->events = (short)((link->to_client.length == 0 ? POLLIN : 0) |
                             (link->to_server.length > 0 ? POLLOUT : 0));
}

static void *run(void *argument)
{
    struct cutter *cutter = argument;
    static const short readable = POLLIN | POLLHUP | POLLERR;
    struct pollfd polled[1 + 2 * LINKS_MAX];
    while (!atomic_load(&cutter->ending)) {
        polled[0] = (struct pollfd){.fd = cutter->listener, .events = POLLIN};
        for (size_t i = 0; i < LINKS_MAX; i++)
            wishes(&cutter->links[i], &polled[1 + 2 * i], &polled[2 + 2 * i]);
        if (poll(polled, 1 + 2 * LINKS_MAX, LOOK_MILLISECONDS) < 0)
            continue;
        for (size_t i = 0; i < LINKS_MAX; i++) {
            struct link *link = &cutter->links[i];
            if (link->client >= 0 && (polled[1 + 2 * i].revents & readable) != 0)
                from_client(cutter, link);
            if (link->client >= 0 && (polled[2 + 2 * i].revents & readable) != 0)
                from_server(cutter, link);
            if (link->client >= 0)
                write_out(cutter, link);
        }
        if ((polled[0].revents & POLLIN) != 0)
            welcome(cutter);
    }
    return NULL;
}

/* --- from outside ------------------------------------------------------------------------------ */

struct cutter *cutter_open(int to)
{
    struct cutter *cutter = memory_new(sizeof *cutter);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    cutter->to = to;
    for (size_t i = 0; i < LINKS_MAX; i++)
        cutter->links[i] = (struct link){.client = -1, .server = -1};
    cutter->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(bind(cutter->listener, (const struct sockaddr *)&address, size) == 0 &&
                    listen(cutter->listener, LINKS_MAX) == 0 &&
                    getsockname(cutter->listener, (struct sockaddr *)&address, &size) == 0);
    cutter->port = ntohs(address.sin_port);
    thread_start(&cutter->thread, "cutter", run, cutter);
    return cutter;
}

int cutter_port(const struct cutter *cutter)
{
    return cutter->port;
}

void cutter_cut_every(struct cutter *cutter, int n)
{
    atomic_store(&cutter->every, n);
}

int cutter_count(const struct cutter *cutter, enum cut cut_how)
{
    return atomic_load(&cutter->counts[cut_how]);
}

void cutter_close(struct cutter *cutter)
{
    atomic_store(&cutter->ending, true);
    thread_join(cutter->thread);
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (cutter->links[i].client >= 0)
            link_close(&cutter->links[i]);
    close(cutter->listener);
    free(cutter);
}
