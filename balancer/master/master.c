#include "balancer/master/master.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "balancer/descriptors.h"
#include "balancer/master/handover.h"
#include "balancer/master/parts.h"
#include "balancer/master/upgrade.h"
#include "common/clock.h"
#include "common/log.h"

static const int64_t stop_patience = 30 * CLOCK_SECOND; /* then children are killed */
static const int64_t greet_patience = 5 * CLOCK_SECOND; /* for the last servers to come up */

/* --- stopping ---------------------------------------------------------------------------------- */

static bool children_left(const struct master *master)
{
    return master->trial.child.pid != 0 || routers_left(master) || slots_left(master);
}

/* The routers first, so that nobody sends purchases to servers that leave. */
static void go_on_stopping(struct master *master)
{
    if (!routers_left(master))
        slots_stop(master);
    if (!children_left(master))
        loop_stop(master->loop);
}

void master_stop(struct master *master, int status)
{
    if (master->stopping)
        return;
    master->stopping = true;
    master->status = status;
    loop_timer_set(master->loop, &master->stop_timer, clock_monotonic() + stop_patience);
    if (master->trial.child.pid != 0)
        kill(master->trial.child.pid, SIGKILL);
    routers_stop(master);
    go_on_stopping(master);
}

static void kill_child(const struct child *child)
{
    if (child->pid != 0)
        kill(child->pid, SIGKILL);
}

static void stop_takes_too_long(void *context)
{
    struct master *master = context;
    log_line("some processes did not stop within %d s and are killed",
             (int)(stop_patience / CLOCK_SECOND));
    master->status = EXIT_TROUBLE;
    for (size_t i = 0; i < ROUTERS_MAX; i++)
        kill_child(&master->routers[i].child);
    for (size_t i = 0; i < OWN_SERVERS_MAX; i++)
        kill_child(&master->slots[i].child);
}

/* --- greeting ---------------------------------------------------------------------------------- */

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
void master_greet(struct master *master)
{
    const struct router_process *current = routers_in(master, ROUTER_CURRENT);
    if (current == NULL || !current->serving)
        return;
    if ((int64_t)current->up >= master->settings->servers_min)
        greet(master);
    else if (current->up > 0 && !master->greeted && master->greet_timer.at == 0)
        loop_timer_set(master->loop, &master->greet_timer, clock_monotonic() + greet_patience);
}

bool master_is_hopeless(const struct master *master, int status)
{
    bool first = !master->greeted;
    for (size_t i = 0; i < ROUTERS_MAX; i++)
        first = first && master->routers[i].up == 0;
    for (size_t i = 0; i < OWN_SERVERS_MAX; i++)
        first = first && !master->slots[i].child.was_ready;
    return first && WIFEXITED(status) && WEXITSTATUS(status) != 0;
}

/* --- the children ------------------------------------------------------------------------------- */

static void close_channel(struct master *master, struct child *child)
{
    if (child->channel < 0)
        return;
    loop_unwatch(master->loop, child->channel);
    close(child->channel);
    child->channel = -1;
}

/* Who in the master a child belongs to: one of these is not NULL. */
struct owner {
    struct router_process *router;
    struct slot *slot;
    struct child *child;
};

typedef bool child_test(const struct child *child, int number);

static bool has_channel(const struct child *child, int fd)
{
    return child->channel == fd;
}

static bool has_pid(const struct child *child, int pid)
{
    return child->pid == pid;
}

static struct owner find(struct master *master, child_test *test, int number)
{
    for (size_t i = 0; i < ROUTERS_MAX; i++)
        if (test(&master->routers[i].child, number))
            return (struct owner){.router = &master->routers[i],
                                  .child = &master->routers[i].child};
    for (size_t i = 0; i < OWN_SERVERS_MAX; i++)
        if (test(&master->slots[i].child, number))
            return (struct owner){.slot = &master->slots[i], .child = &master->slots[i].child};
    bool tried = test(&master->trial.child, number);
    return (struct owner){.child = tried ? &master->trial.child : NULL};
}

static void heard(struct master *master, const struct owner *owner, const struct message *message)
{
    if (owner->router != NULL)
        router_heard(owner->router, message);
    else if (owner->slot != NULL)
        slot_heard(owner->slot, message);
    else
        master->trial.fit = master->trial.fit || message->kind == MESSAGE_FIT;
}

static void hear(void *context, int fd, uint32_t events)
{
    struct master *master = context;
    struct owner owner = find(master, has_channel, fd);
    struct message message;
    enum channel_result result;
    assert(owner.child != NULL); /* a channel that is closed is not watched */
    if ((events & EPOLLOUT) != 0 && owner.router != NULL)
        router_tell_again(owner.router);
    while ((result = message_receive(fd, &message)) == CHANNEL_MESSAGE)
        heard(master, &owner, &message);
    if (result == CHANNEL_ENDED)
        close_channel(master, owner.child); /* SIGCHLD tells the rest */
}

void master_watch(struct master *master, struct child *child)
{
    loop_watch(master->loop, child->channel, EPOLLIN, hear, master);
}

void master_watch_room(struct master *master, struct child *child)
{
    loop_watch(master->loop, child->channel, EPOLLIN | EPOLLOUT, hear, master);
}

/* Its last words count, but for a router's: what it wanted is the next one's to want. */
static void ended(struct master *master, const struct owner *owner, int status)
{
    bool failed = status != 0 && owner->child != &master->trial.child;
    if (owner->child->channel >= 0 && owner->router == NULL)
        hear(master, owner->child->channel, EPOLLIN);
    close_channel(master, owner->child);
    if (owner->router != NULL)
        router_ended(owner->router, status);
    else if (owner->slot != NULL)
        slot_ended(owner->slot, status);
    else
        upgrade_ended(master, status);
    if (!master->stopping)
        return;
    if (failed)
        master->status = EXIT_TROUBLE;
    go_on_stopping(master);
}

void master_reap(struct master *master)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct owner owner = find(master, has_pid, pid);
        if (owner.child != NULL)
            ended(master, &owner, status);
    }
}

/* --- signals ------------------------------------------------------------------------------------ */

/* The kernel sends SIGHUP where the terminal that we were started from is gone. */
static void heed(struct master *master, const struct signalfd_siginfo *signal)
{
    if (signal->ssi_signo == SIGCHLD)
        master_reap(master);
    else if (signal->ssi_signo == SIGHUP && signal->ssi_code != SI_KERNEL)
        handover_reload(master, false);
    else if (signal->ssi_signo == SIGUSR2)
        upgrade_begin(master, false);
    else
        master_stop(master, EXIT_FINE);
}

static void signals_come(void *context, int fd, uint32_t events)
{
    struct master *master = context;
    struct signalfd_siginfo signal;
    (void)events;
    while (read(fd, &signal, sizeof signal) == sizeof signal)
        heed(master, &signal);
}

static int watch_signals(void)
{
    static const int heeded[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGUSR2};
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t i = 0; i < sizeof heeded / sizeof *heeded; i++)
        sigaddset(&signals, heeded[i]);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* --- beginning --------------------------------------------------------------------------------- */

static void open_loop(struct master *master)
{
    master->loop = loop_open();
    master->signal_fd = watch_signals();
    loop_watch(master->loop, master->signal_fd, EPOLLIN, signals_come, master);
    master->greet_timer = (struct loop_timer){.ring = greet, .context = master};
    master->stop_timer = (struct loop_timer){.ring = stop_takes_too_long, .context = master};
}

static void begin(struct master *master)
{
    const struct settings *settings = master->settings;
    begin_programs(master);
    descriptors_raise(settings);
    begin_listening(master);
    begin_places(master);
    open_loop(master);
    routers_prepare(master);
    slots_prepare(master);
    upgrade_prepare(master);
    struct router_process *first = &master->routers[0];
    first->role = ROUTER_CURRENT;
    first->config_fd = begin_config(settings);
    router_start_current(first);
    slots_start_next(master);
}

/* In a program that takes over, the option that says so, our own, is the last one. */
int master_run(const struct settings *settings, int argc, char **argv)
{
    static struct master master; /* large, and there is one */
    master.settings = settings;
    master.argv = argv;
    master.argc = settings->takeover != NULL ? argc - 2 : argc;
    if (settings->takeover == NULL) {
        begin(&master);
    } else {
        open_loop(&master);
        upgrade_take_over(&master);
    }
    loop_run(master.loop);
    loop_close(master.loop);
    return master.status;
}
