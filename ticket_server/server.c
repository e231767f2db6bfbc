#include "ticket_server/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/secret_file.h"
#include "common/socket.h"
#include "ticket_server/accept.h"
#include "ticket_server/csv_stream.h"
#include "ticket_server/membership.h"
#include "ticket_server/supervisor.h"
#include "ticket_server/tidy.h"

enum {
    CONNECTIONS_MAX = 4096,
    DESCRIPTORS_SPARE = 64,        /* for the store, the logs and what the libraries open */
    CONNECTION_MEMORY = 16 * 1024, /* MHD clears all of it for every request: no more than needed */
    LEAVE_SECONDS = 10, /* longest time to finish what was begun, once nothing new is taken */
    PART_SECONDS = MEMBERSHIP_LEAVE_SECONDS + 2, /* before: for balancers to let go, and say so */
};

/* How a server leaves: by draining; an orphan serves those connected for a while first, and one that has joined
 * balancers until they send nothing more. */
enum phase {
    PHASE_SERVING,
    PHASE_ORPHANED, /* the master is gone: serve until nobody is connected */
    PHASE_PARTING,  /* balancers have been asked to let go: serve until they have */
    PHASE_DRAINING, /* finish what was begun, begin nothing */
};

/* All fields: the loop's thread; the supervisor's lines may be written by the seller's. */
struct server {
    enum phase phase;
    struct loop *loop;
    struct http_server *http;
    struct seller *seller;
    struct acceptor *acceptor;
    struct tidy *tidy;
    struct supervisor supervisor;
    bool supervised;
    struct membership *membership; /* NULL: it has joined nobody by itself */
    struct loop_timer leave;       /* the end of the present phase's time */
    int signals;                   /* a signalfd; -1: supervised */
};

/* --- opening ----------------------------------------------------------------------------------- */

static int open_listener(const char *address)
{
    int fd = socket_listen(address);
    if (fd >= 0)
        return fd;
    if (errno == EINVAL)
        die(EXIT_USAGE, "--listen takes ADDR:PORT with a numeric address, not '%s'", address);
    if (errno == EADDRINUSE)
        die(EXIT_TROUBLE, "%s is in use: stop what listens there, or choose another --listen",
            address);
    die(EXIT_TROUBLE, "cannot listen on %s: %s", address, strerror(errno));
}

static struct decision_log *open_log(const struct server_settings *settings)
{
    char error[LOG_ERROR_SIZE];
    struct decision_log *log = decision_log_open(settings->log_dir, settings->id, error);
    if (!log)
        die(EXIT_TROUBLE, "%s", error);
    return log;
}

static struct catalog *open_catalog(const struct server_settings *settings)
{
    char error[STORE_ERROR_SIZE];
    struct catalog *catalog = catalog_open(settings->store, error);
    if (!catalog)
        die(EXIT_TROUBLE, "%s", error);
    return catalog;
}

/* As many connections as wanted, or as the limit of descriptors allows. */
static unsigned connections_max(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return CONNECTIONS_MAX;
    rlim_t wanted = CONNECTIONS_MAX + DESCRIPTORS_SPARE;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    rlim_t room = limit.rlim_cur / 2;
    if (limit.rlim_cur - room > DESCRIPTORS_SPARE)
        room = limit.rlim_cur - DESCRIPTORS_SPARE;
    return room < CONNECTIONS_MAX ? (unsigned)room : CONNECTIONS_MAX;
}

static void open_http(struct server *server, int listener)
{
    const struct http_settings settings = {.listen_fd = listener,
                                           .connections_max = connections_max(),
                                           .body_limit = accept_body_limit,
                                           .connection_memory = CONNECTION_MEMORY,
                                           .handler = accept_request,
                                           .streams = csv_stream_wanted,
                                           .context = server->acceptor};
    server->http = http_open(server->loop, &settings);
    if (!server->http)
        die(EXIT_TROUBLE, "cannot serve HTTP");
}

/* --- leaving ----------------------------------------------------------------------------------- */

static void set_leave(struct server *server, int64_t seconds)
{
    loop_timer_set(server->loop, &server->leave, clock_monotonic() + seconds * CLOCK_SECOND);
}

static void drain(void *context)
{
    struct server *server = context;
    if (server->phase == PHASE_DRAINING)
        return;
    server->phase = PHASE_DRAINING;
    tidy_rest(server->tidy);
    http_quiesce(server->http);
    set_leave(server, LEAVE_SECONDS);
}

static void orphan(void *context)
{
    struct server *server = context;
    if (server->phase != PHASE_SERVING)
        return;
    server->phase = PHASE_ORPHANED;
    log_line("the master is gone: leaving once nobody is connected");
    set_leave(server, LEAVE_SECONDS);
}

/* What has not been decided by now is left unanswered; the keys decide when it is asked again. */
static void leave_pending(const struct server *server)
{
    struct seller_status status;
    seller_status(server->seller, &status);
    if (status.pending == 0)
        return;
    log_line("leaving %zu purchases unanswered after %d s: the store does not answer",
             status.pending, LEAVE_SECONDS);
    _exit(EXIT_TROUBLE);
}

static void on_leave_timer(void *context)
{
    struct server *server = context;
    if (server->phase == PHASE_ORPHANED || server->phase == PHASE_PARTING) {
        drain(server);
        return;
    }
    leave_pending(server);
    loop_stop(server->loop);
}

/* Balancers let go of this server first, so that nothing they have sent is turned away. Told again, it does not
 * wait for them. */
static void part(struct server *server)
{
    if (server->membership == NULL || server->phase != PHASE_SERVING) {
        drain(server);
        return;
    }
    server->phase = PHASE_PARTING;
    set_leave(server, PART_SECONDS);
    membership_leave(server->membership);
}

static void on_signal(void *context, int fd, uint32_t events)
{
    struct signalfd_siginfo info;
    (void)events;
    if (read(fd, &info, sizeof info) == sizeof info)
        part(context);
}

/* Once per turn: hands out the answers, and leaves when nothing keeps it. */
static void on_turn(void *context)
{
    struct server *server = context;
    seller_collect(server->seller);
    if (server->phase == PHASE_PARTING && membership_left(server->membership))
        drain(server);
    if ((server->phase == PHASE_ORPHANED && http_connections(server->http) == 0) ||
        (server->phase == PHASE_DRAINING && http_unanswered(server->http) == 0))
        loop_stop(server->loop);
}

/* --- the whole --------------------------------------------------------------------------------- */

/* The master's child ignores the terminal's signals, which reach the whole group: it is told on the
 * pipe. Alone, it takes them in the loop. */
static int open_signals(bool supervised)
{
    signal(SIGPIPE, SIG_IGN);
    if (supervised) {
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
        return -1;
    }
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        die(EXIT_TROUBLE, "no signalfd: %s", strerror(errno));
    return fd;
}

/* On the seller's thread; on the loop's, before that one is started. */
static void on_stall(void *context, pid_t owner)
{
    const struct server *server = context;
    log_line("process %d holds the store's writer lock", (int)owner);
    if (server->supervised)
        supervisor_stalled(&server->supervisor, owner);
}

static struct store *open_store(struct server *server, const struct server_settings *settings)
{
    char error[STORE_ERROR_SIZE];
    struct store *store =
        store_open_seller_telling(settings->store, settings->id, on_stall, server, error);
    if (!store)
        die(EXIT_TROUBLE, "%s", error);
    return store;
}

static void say_ready(struct server *server, const char *address)
{
    struct seller_status status;
    seller_status(server->seller, &status);
    log_line("sells on %s (boot %lld)", address, (long long)status.figures.boot);
    if (server->supervised)
        supervisor_ready(&server->supervisor, address, status.figures.boot);
}

/* Where balancers are told to reach this server. */
static const char *reached_at(const struct server_settings *settings, const char *listening)
{
    const char *address = settings->advertise != NULL ? settings->advertise : listening;
    if (!socket_reachable(address))
        die(EXIT_USAGE,
            "%s is no address that balancers can connect to; name one with --advertise ADDR:PORT",
            address);
    return address;
}

/* Before the store is opened, which fences another process of this id: it must not, only to be refused then. */
static void join(struct server *server, const struct server_settings *settings,
                 const char *listening)
{
    static const struct secret_file file = {.what = "admin token", .option = "--token-file"};
    char token[SECRET_TEXT_SIZE];
    if (settings->join == NULL)
        return;
    const char *address = reached_at(settings, listening);
    if (!secret_file_read(&file, settings->token_file, token))
        exit(EXIT_TROUBLE);
    const struct membership_settings membership = {.balancers = settings->join,
                                                   .token = token,
                                                   .id = settings->id,
                                                   .address = address,
                                                   .loop = server->loop};
    server->membership = membership_open(&membership);
    membership_await(server->membership);
}

static void server_open(struct server *server, const struct server_settings *settings)
{
    server->supervised = settings->supervisor >= 0;
    server->signals = open_signals(server->supervised);
    server->leave = (struct loop_timer){.ring = on_leave_timer, .context = server};
    int listener = open_listener(settings->listen);
    char address[ADDRESS_SIZE];
    socket_address(listener, address);
    server->loop = loop_open();
    if (server->supervised) /* before the store, which may have to tell who holds it up */
        supervisor_open(&server->supervisor, server->loop, settings->supervisor, drain, orphan,
                        server);
    else
        loop_watch(server->loop, server->signals, EPOLLIN, on_signal, server);
    struct decision_log *log = open_log(settings);
    struct catalog *catalog = open_catalog(settings);
    join(server, settings, address);
    const struct seller_settings selling = {.log = log,
                                            .store = open_store(server, settings),
                                            .loop = server->loop,
                                            .stalled = on_stall,
                                            .context = server};
    server->acceptor = memory_new(sizeof *server->acceptor);
    server->acceptor->catalog = catalog;
    server->acceptor->keys.catalog = catalog;
    server->acceptor->guard.token_file = settings->token_file;
    health_begin(&server->acceptor->health);
    server->seller = server->acceptor->seller = seller_open(&selling);
    loop_each_turn(server->loop, on_turn, server); /* before the server's own turn, which resumes */
    open_http(server, listener);
    server->tidy =
        tidy_open(&(struct tidy_settings){server->loop, server->acceptor->catalog, server->seller});
    say_ready(server, address);
}

static void server_close(struct server *server)
{
    if (server->membership != NULL)
        membership_close(server->membership);
    seller_close(server->seller);
    tidy_close(server->tidy);
    http_close(server->http);
    keys_close(&server->acceptor->keys);
    catalog_close(server->acceptor->catalog);
    free(server->acceptor);
    if (server->supervised)
        supervisor_close(&server->supervisor);
    else
        close(server->signals);
    loop_close(server->loop);
}

void server_run(const struct server_settings *settings)
{
    struct server server = {0};
    server_open(&server, settings);
    loop_run(server.loop);
    server_close(&server);
    log_line("has drained and leaves");
}
