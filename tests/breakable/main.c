/* A server that can be broken, and repaired: it stands between the balancer and a real ticket server, and
 * behaves as it is told (tests/breakable/manner.h), one line per connection to its control socket:
 *
 *     breakable --listen 127.0.0.1:9001 --to 127.0.0.1:9002 --control ./control &
 *     echo error-flights | nc -U ./control
 *
 * It answers "ok" once it behaves so. Its address stays the same, also while nobody listens there. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"
#include "common/options.h"
#include "common/socket.h"
#include "tests/breakable/visit.h"

enum {
    CONTROL_QUEUE = 16,
    CONTROL_SECONDS = 1, /* for which whoever gives orders is waited for */
};

/* The main thread's. */
struct front {
    struct breakable breakable;
    char address[ADDRESS_SIZE]; /* as it was bound */
    int listener;               /* -1: closed */
    int control;
};

static void listen_at(struct front *front, const char *address)
{
    front->listener = socket_listen(address);
    if (front->listener < 0)
        die(EXIT_TROUBLE, "cannot listen on %s: %s", address, strerror(errno));
    socket_address(front->listener, front->address);
}

static void open_control(struct front *front, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    front->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (front->control < 0 || strlen(path) >= sizeof address.sun_path)
        die(EXIT_TROUBLE, "no control socket %s", path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    unlink(path);
    if (bind(front->control, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(front->control, CONTROL_QUEUE) != 0)
        die(EXIT_TROUBLE, "cannot listen on %s: %s", path, strerror(errno));
}

/* Whoever connects to a closed one is refused from the moment on at which "ok" is said, and served likewise. */
static void behave(struct front *front, const struct manner *manner)
{
    bool closed = manner->kind == MANNER_CLOSED;
    if (closed && front->listener >= 0) {
        close(front->listener);
        front->listener = -1;
    }
    breakable_behave(&front->breakable, manner);
    if (!closed && front->listener < 0)
        listen_at(front, front->address);
}

static void obey(struct front *front)
{
    char order[MANNER_TEXT_SIZE];
    struct manner manner;
    int fd = accept4(front->control, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = CONTROL_SECONDS},
               sizeof(struct timeval));
    ssize_t length = recv(fd, order, sizeof order - 1, 0);
    order[length > 0 ? length : 0] = '\0';
    order[strcspn(order, "\n")] = '\0';
    bool understood = manner_parse(order, &manner);
    if (understood)
        behave(front, &manner);
    send(fd, understood ? "ok\n" : "?\n", understood ? 3 : 2, MSG_NOSIGNAL);
    close(fd);
}

static void take_visitors(struct front *front)
{
    int fd = accept4(front->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        visit_begin(&front->breakable, fd);
}

static void serve(struct front *front)
{
    for (;;) {
        struct pollfd entries[] = {{.fd = front->control, .events = POLLIN},
                                   {.fd = front->listener, .events = POLLIN}};
        if (poll(entries, 2, -1) < 0)
            continue;
        if (entries[0].revents != 0)
            obey(front);
        else if (entries[1].revents != 0)
            take_visitors(front);
    }
}

static void set_target(struct sockaddr_in *target, const char *text)
{
    char host[ADDRESS_SIZE];
    unsigned port = 0;
    snprintf(host, sizeof host, "%.*s", (int)strcspn(text, ":"), text);
    *target = (struct sockaddr_in){.sin_family = AF_INET};
    if (!socket_address_parse(text, &port) || inet_pton(AF_INET, host, &target->sin_addr) != 1)
        die(EXIT_USAGE, "--to takes a numeric ADDR:PORT, not '%s'", text);
    target->sin_port = htons((in_port_t)port);
}

int main(int argc, char **argv)
{
    static struct front front;
    const char *listen, *to, *control;
    const struct option_entry table[] = {
        {"listen", "ADDR:PORT", OPTION_TEXT, "127.0.0.1:0", 0, 0, "where it listens", &listen},
        {"to", "ADDR:PORT", OPTION_TEXT, "127.0.0.1:8090", 0, 0, "the server behind it", &to},
        {"control", "PATH", OPTION_TEXT, "breakable.control", 0, 0,
         "the socket at which it takes orders", &control},
    };
    log_name("breakable");
    options_read(table, sizeof table / sizeof *table,
                 "breakable [--listen ADDR:PORT] [--to ADDR:PORT] [--control PATH]",
                 "Passes requests on to a server, or breaks.", argc, argv);
    signal(SIGPIPE, SIG_IGN);
    lock_init(&front.breakable.lock);
    set_target(&front.breakable.to, to);
    open_control(&front, control);
    listen_at(&front, listen);
    printf("public http://%s\n", front.address);
    fflush(stdout);
    serve(&front);
}
