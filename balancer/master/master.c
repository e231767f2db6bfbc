#include "balancer/master.h"

#include <assert.h>
#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "balancer/admin/token.h"
#include "balancer/channel.h"
#include "balancer/child.h"
#include "balancer/config_file.h"
#include "balancer/descriptors.h"
#include "balancer/message.h"
#include "common/buffer.h"
#include "common/clock.h"
#include "common/log.h"

enum {
    SERVERS_MAX = 64,
    PATH_SIZE = 4096,
};

static const int64_t port_patience = 6 * CLOCK_SECOND;  /* for a port in use */
static const int64_t stop_patience = 30 * CLOCK_SECOND; /* then children are killed */
static const int64_t greet_patience = 5 * CLOCK_SECOND; /* for the last servers to come up */

struct master {
    const struct settings *settings;
    struct loop *loop;
    int public_fd, admin_fd, signal_fd;
    int config_fd;                 /* the configuration's text, for the router; -1: built in */
    char self[PATH_SIZE];          /* the program itself */
    char ticket_server[PATH_SIZE]; /* beside it */
    struct child router;
    struct child servers[SERVERS_MAX];
    size_t server_count;
    size_t started; /* servers that were started at least once */
    size_t up;      /* as the router says */
    bool greeted;
    bool stopping;
    int status; /* of exit */
    struct loop_timer greet_timer, stop_timer;
};

static void start_router(struct master *master);
static void start_server(struct master *master, struct child *server);

/* --- stopping ---------------------------------------------------------------------------------- */

static void stop_servers(struct master *master)
{
    for (size_t i = 0; i < master->server_count; i++)
        if (master->servers[i].pid != 0)
            channel_send(master->servers[i].channel, "stop");
}

static bool children_left(const struct master *master)
{
    bool left = master->router.pid != 0;
    for (size_t i = 0; i < master->server_count; i++)
        left = left || master->servers[i].pid != 0;
    return left;
}

/* The router first, so that nobody sends purchases to servers that leave. */
static void stop(struct master *master, int status)
{
    if (master->stopping)
        return;
    master->stopping = true;
    master->status = status;
    loop_timer_set(master->loop, &master->stop_timer, clock_monotonic() + stop_patience);
    if (master->router.pid != 0)
        channel_send(master->router.channel, "stop");
    else
        stop_servers(master);
    if (!children_left(master))
        loop_stop(master->loop);
}

static void stop_takes_too_long(void *context)
{
    struct master *master = context;
    log_line("some processes did not stop within %d s and are killed",
             (int)(stop_patience / CLOCK_SECOND));
    master->status = EXIT_TROUBLE;
    if (master->router.pid != 0)
        kill(master->router.pid, SIGKILL);
    for (size_t i = 0; i < master->server_count; i++)
        if (master->servers[i].pid != 0)
            kill(master->servers[i].pid, SIGKILL);
}

/* --- what children say --------------------------------------------------------------------------- */

static void greet(void *context)
{
    struct master *master = context;
    const struct settings *settings = master->settings;
    char public_address[ADDRESS_SIZE], admin_address[ADDRESS_SIZE];
    if (master->greeted || master->stopping)
        return;
    master->greeted = true;
    socket_address(master->public_fd, public_address);
    socket_address(master->admin_fd, admin_address);
    printf("public http://%s\nadmin http://%s\n\n", public_address, admin_address);
    printf("  buy a ticket    curl -d event=demo -d quantity=1 http://%s/purchases\n",
           public_address);
    printf("  see the servers curl -H \"Authorization: Bearer $(cat %s)\" http://%s/servers\n",
           settings->token_file, admin_address);
    printf("  read the log    less %s/routing.log\n\n", settings->log_dir);
    fflush(stdout);
}

/* Says where buyers go once all servers are up, or once one is and the others take their time. */
static void hear_router(struct master *master, const struct message *message)
{
    if (message->kind == MESSAGE_UP)
        master->up = message->up;
    if (master->up == master->server_count)
        greet(master);
    else if (master->up > 0 && !master->greeted)
        loop_timer_set(master->loop, &master->greet_timer, clock_monotonic() + greet_patience);
}

static void tell_router(struct master *master, const struct child *server)
{
    if (master->router.pid != 0 && server->ready)
        channel_send(master->router.channel, "server %s %s %d", server->name, server->address,
                     (int)server->pid);
}

/* One after the other, so that the first tries the store for all, and the router's list is in order. */
static void start_next(struct master *master)
{
    if (master->started < master->server_count && !master->stopping)
        start_server(master, &master->servers[master->started++]);
}

/* Whether a signal or a debugger has stopped the process (proc(5): state T or t). */
static bool is_stopped(pid_t pid)
{
    char path[64], stat[256];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    size_t length = fread(stat, 1, sizeof stat - 1, file);
    fclose(file);
    stat[length] = '\0';
    const char *name_end = strrchr(stat, ')'); /* the name may hold anything */
    return name_end != NULL &&
           (strncmp(name_end, ") T", 3) == 0 || strncmp(name_end, ") t", 3) == 0);
}

/* A process that holds the store's lock and is stopped holds up everyone: where it is ours it is killed,
 * and the lock passes on. One that waits for its disk is left alone: killing it would only make its
 * sales unknown, and the next one would wait for the same disk. */
static void kill_stalled(struct master *master, pid_t pid)
{
    for (size_t i = 0; i < master->server_count; i++) {
        if (master->servers[i].pid != pid || master->servers[i].doomed || !is_stopped(pid))
            continue;
        log_line("%s (process %d) has held the store's lock for too long and is killed",
                 master->servers[i].name, (int)pid);
        kill(pid, SIGKILL);
        master->servers[i].doomed = true; /* each of the others will complain */
    }
}

static void hear_server(struct master *master, struct child *server, const struct message *message)
{
    if (message->kind == MESSAGE_READY) {
        memcpy(server->address, message->address, sizeof server->address);
        server->ready = server->was_ready = true;
        server->ready_at = clock_monotonic();
        tell_router(master, server);
        start_next(master);
    } else if (message->kind == MESSAGE_STALLED) {
        kill_stalled(master, message->pid);
    }
}

static struct child *child_of_channel(struct master *master, int fd)
{
    if (master->router.channel == fd)
        return &master->router;
    for (size_t i = 0; i < master->server_count; i++)
        if (master->servers[i].channel == fd)
            return &master->servers[i];
    return NULL;
}

static void close_channel(struct master *master, struct child *child)
{
    if (child->channel < 0)
        return;
    loop_unwatch(master->loop, child->channel);
    close(child->channel);
    child->channel = -1;
}

static void hear(void *context, int fd, uint32_t events)
{
    struct master *master = context;
    struct child *child = child_of_channel(master, fd);
    struct message message;
    enum channel_result result;
    (void)events;
    assert(child != NULL); /* a channel that is closed is not watched */
    while ((result = message_receive(fd, &message)) == CHANNEL_MESSAGE) {
        if (child == &master->router)
            hear_router(master, &message);
        else
            hear_server(master, child, &message);
    }
    if (result == CHANNEL_ENDED)
        close_channel(master, child); /* SIGCHLD tells the rest */
}

/* --- starting and ending ---------------------------------------------------------------------- */

static void router_rings(void *context)
{
    struct master *master = context;
    if (!master->stopping)
        start_router(master);
}

static void start_router(struct master *master)
{
    char prefix[48];
    snprintf(prefix, sizeof prefix, "%d,%d,%d,", master->public_fd, master->admin_fd,
             master->config_fd);
    if (!child_start(&master->router, prefix)) {
        loop_timer_set(master->loop, &master->router.restart,
                       clock_monotonic() + child_pause(&master->router));
        return;
    }
    master->up = 0;
    master->router.ready = true;
    master->router.ready_at = clock_monotonic();
    loop_watch(master->loop, master->router.channel, EPOLLIN, hear, master);
    for (size_t i = 0; i < master->server_count; i++)
        tell_router(master, &master->servers[i]);
}

/* A restart timer's context is the master; which server is due shows in its timer. */
static void servers_ring(void *context)
{
    struct master *master = context;
    for (size_t i = 0; i < master->started; i++) {
        struct child *server = &master->servers[i];
        if (server->pid == 0 && server->restart.at == 0 && !master->stopping)
            start_server(master, server);
    }
}

static void start_server(struct master *master, struct child *server)
{
    if (!child_start(server, "")) {
        loop_timer_set(master->loop, &server->restart, clock_monotonic() + child_pause(server));
        return;
    }
    loop_watch(master->loop, server->channel, EPOLLIN, hear, master);
}

static struct child *child_of_process(struct master *master, pid_t pid)
{
    if (master->router.pid == pid)
        return &master->router;
    for (size_t i = 0; i < master->server_count; i++)
        if (master->servers[i].pid == pid)
            return &master->servers[i];
    return NULL;
}

/* A child that fails before anybody was of use has said why; starting it again would not help. */
static bool is_hopeless(const struct master *master, int status)
{
    bool first = !master->greeted && master->up == 0;
    for (size_t i = 0; i < master->server_count; i++)
        first = first && !master->servers[i].was_ready;
    return first && WIFEXITED(status) && WEXITSTATUS(status) != 0;
}

static void plan_restart(struct master *master, struct child *child, pid_t pid, const char *ending)
{
    int64_t pause = child_pause(child);
    log_line("%s (process %d) %s; it is started again in %d ms", child->name, (int)pid, ending,
             (int)(pause / CLOCK_MILLISECOND));
    if (child != &master->router && master->router.pid != 0)
        channel_send(master->router.channel, "gone %s process %d %s", child->name, (int)pid,
                     ending);
    loop_timer_set(master->loop, &child->restart, clock_monotonic() + pause);
}

static void child_ended(struct master *master, struct child *child, int status)
{
    char ending[80];
    pid_t pid = child->pid;
    bool failed = WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
    child_ending(status, ending, sizeof ending);
    close_channel(master, child);
    child->pid = 0;
    if (!master->stopping && is_hopeless(master, status))
        stop(master, EXIT_TROUBLE);
    else if (!master->stopping)
        plan_restart(master, child, pid, ending);
    else if (child == &master->router)
        stop_servers(master);
    child->ready = false;
    if (!master->stopping)
        return;
    if (failed)
        master->status = EXIT_TROUBLE;
    if (!children_left(master))
        loop_stop(master->loop);
}

static void reap(struct master *master)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct child *child = child_of_process(master, pid);
        if (child != NULL)
            child_ended(master, child, status);
    }
}

static void signals_come(void *context, int fd, uint32_t events)
{
    struct master *master = context;
    struct signalfd_siginfo signal;
    (void)events;
    while (read(fd, &signal, sizeof signal) == sizeof signal) {
        if (signal.ssi_signo == SIGCHLD)
            reap(master);
        else
            stop(master, EXIT_FINE);
    }
}

/* --- beginning --------------------------------------------------------------------------------- */

static int listen_or_die(const char *option, const char *address)
{
    int64_t give_up = clock_monotonic() + port_patience;
    int fd = socket_listen(address);
    while (fd < 0 && errno == EADDRINUSE && clock_monotonic() < give_up) {
        const struct timespec pause = {.tv_nsec = 50000000};
        nanosleep(&pause, NULL);
        fd = socket_listen(address);
    }
    if (fd >= 0)
        return fd;
    if (errno == EINVAL)
        die(EXIT_USAGE, "--%s takes a numeric address and a port, e.g. 127.0.0.1:8080, not '%s'",
            option, address);
    if (errno == EADDRINUSE)
        die(EXIT_TROUBLE, "%s is in use; stop who uses it, or choose another with --%s", address,
            option);
    die(EXIT_TROUBLE, "cannot listen on %s (%s); choose another with --%s", address,
        strerror(errno), option);
}

static void find_programs(struct master *master)
{
    char path[PATH_SIZE];
    /* master is zeroed: what readlink leaves out ends the text */
    if (readlink("/proc/self/exe", master->self, sizeof master->self - 1) < 0)
        die(EXIT_TROUBLE, "/proc is needed, to find the programs");
    snprintf(path, sizeof path, "%s", master->self);
    snprintf(master->ticket_server, sizeof master->ticket_server, "%.4000s/ticket_server",
             dirname(path));
    if (access(master->ticket_server, X_OK) != 0)
        die(EXIT_TROUBLE, "%s is missing; build it with `make`", master->ticket_server);
}

static void name_router(struct master *master, int argc, char **argv)
{
    struct child *router = &master->router;
    int count = 0;
    snprintf(router->name, sizeof router->name, "router");
    router->arguments[count++] = master->self;
    for (int i = 1; i < argc && count < CHILD_ARGUMENTS_MAX - 3; i++)
        router->arguments[count++] = argv[i];
    router->arguments[count++] = "--router";
    router->arguments[count] = router->channel_option;
    router->inherited[0] = master->public_fd;
    router->inherited[1] = master->admin_fd;
    router->inherited[2] = master->config_fd;
    router->channel = -1;
    router->restart = (struct loop_timer){.ring = router_rings, .context = master};
}

static void name_server(struct master *master, struct child *server, size_t number)
{
    const struct settings *settings = master->settings;
    snprintf(server->name, sizeof server->name, "server-%zu", number);
    char *arguments[] = {master->ticket_server,
                         "--id",
                         server->name,
                         "--listen",
                         "127.0.0.1:0",
                         "--store",
                         (char *)settings->store,
                         "--log-dir",
                         (char *)settings->log_dir,
                         "--supervisor",
                         server->channel_option};
    memcpy(server->arguments, arguments, sizeof arguments);
    for (size_t i = 0; i < CHILD_INHERITED_MAX; i++)
        server->inherited[i] = -1;
    server->channel = -1;
    server->restart = (struct loop_timer){.ring = servers_ring, .context = master};
}

static int watch_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* What the router would find out too, but one line says it better than two processes' lines. */
static void check_places(const struct settings *settings)
{
    char token[TOKEN_SIZE];
    struct stat about;
    if (stat(settings->log_dir, &about) != 0 || !S_ISDIR(about.st_mode))
        die(EXIT_TROUBLE,
            "the log directory %s does not exist; make it, or name another with "
            "--log-dir",
            settings->log_dir);
    if (access(settings->log_dir, W_OK | X_OK) != 0)
        die(EXIT_TROUBLE, "the log directory %s cannot be written to; name another with --log-dir",
            settings->log_dir);
    if (!token_make(settings->token_file) || !token_read(settings->token_file, token))
        exit(EXIT_TROUBLE);
}

static int seal_config(const struct settings *settings)
{
    if (settings->config_file == NULL)
        return -1;
    int fd = config_file_seal(&settings->config_text);
    if (fd < 0)
        die(EXIT_TROUBLE, "there is no memory for a copy of %s (%s)", settings->config_file,
            strerror(errno));
    return fd;
}

static void begin(struct master *master, int argc, char **argv)
{
    const struct settings *settings = master->settings;
    find_programs(master);
    descriptors_raise(settings);
    master->public_fd = listen_or_die("listen", settings->listen);
    master->admin_fd = listen_or_die("admin", settings->admin);
    check_places(settings);
    master->config_fd = seal_config(settings);
    master->loop = loop_open();
    master->signal_fd = watch_signals();
    loop_watch(master->loop, master->signal_fd, EPOLLIN, signals_come, master);
    master->greet_timer = (struct loop_timer){.ring = greet, .context = master};
    master->stop_timer = (struct loop_timer){.ring = stop_takes_too_long, .context = master};
    master->server_count = (size_t)settings->servers;
    name_router(master, argc, argv);
    for (size_t i = 0; i < master->server_count; i++)
        name_server(master, &master->servers[i], i + 1);
}

int master_run(const struct settings *settings, int argc, char **argv)
{
    static struct master master; /* large, and there is one */
    master.settings = settings;
    begin(&master, argc, argv);
    start_router(&master);
    start_next(&master);
    loop_run(master.loop);
    loop_close(master.loop);
    return master.status;
}
