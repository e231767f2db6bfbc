#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "balancer/master/handover.h"
#include "balancer/master/parts.h"
#include "balancer/master/upgrade.h"
#include "common/clock.h"
#include "common/log.h"

/* --- starting ------------------------------------------------------------------------------------ */

static void restart_rings(void *context)
{
    struct router_process *router = context;
    if (!router->master->stopping && router->child.pid == 0)
        router_start_current(router);
}

/* It may have ended just now, and be waited for next. */
static void limit_rings(void *context)
{
    struct router_process *router = context;
    pid_t pid = router->child.pid;
    if (pid == 0)
        return;
    if (router->role == ROUTER_DRAINING)
        log_line("the router before (process %d) %s and is killed", (int)pid,
                 router->leads ? "does not answer" : "does not come to an end");
    router->child.doomed = true;
    kill(pid, SIGKILL);
}

void routers_prepare(struct master *master)
{
    for (size_t i = 0; i < ROUTERS_MAX; i++) {
        struct router_process *router = &master->routers[i];
        *router = (struct router_process){.master = master, .config_fd = -1};
        snprintf(router->child.name, sizeof router->child.name, "router");
        router->child.channel = -1;
        router->child.restart = (struct loop_timer){.ring = restart_rings, .context = router};
        router->limit = (struct loop_timer){.ring = limit_rings, .context = router};
    }
}

struct router_process *routers_in(struct master *master, enum router_role role)
{
    for (size_t i = 0; i < ROUTERS_MAX; i++)
        if (master->routers[i].role == role)
            return &master->routers[i];
    return NULL;
}

static void fill_arguments(struct router_process *router)
{
    const struct master *master = router->master;
    struct child *child = &router->child;
    int count = 0;
    child->arguments[count++] = (char *)master->self;
    for (int i = 1; i < master->argc && count < CHILD_ARGUMENTS_MAX - 3; i++)
        child->arguments[count++] = master->argv[i];
    child->arguments[count++] = "--router";
    child->arguments[count++] = child->channel_option;
    child->arguments[count] = NULL;
    child->inherited[0] = master->public_fd;
    child->inherited[1] = master->admin_fd;
    child->inherited[2] = router->config_fd;
}

static void tell_ready(struct router_process *router, const struct slot *slot)
{
    const struct child *server = &slot->child;
    router_tell(router, "server %s %s %d %" PRId64, server->name, server->address, (int)server->pid,
                slot->restarts);
}

static void tell_servers(struct router_process *router)
{
    for (size_t i = 0; i < OWN_SERVERS_MAX; i++)
        if (router->master->slots[i].child.ready)
            tell_ready(router, &router->master->slots[i]);
}

static bool start(struct router_process *router)
{
    const struct master *master = router->master;
    char prefix[48];
    fill_arguments(router);
    snprintf(prefix, sizeof prefix, "%d,%d,%d,", master->public_fd, master->admin_fd,
             router->config_fd);
    router->up = 0;
    router->serving = router->leads = router->deaf = false;
    if (!child_start(&router->child, prefix))
        return false;
    router->child.ready = true;
    router->child.ready_at = clock_monotonic();
    master_watch(router->master, &router->child);
    return true;
}

void router_start_current(struct router_process *router)
{
    if (!start(router)) {
        loop_timer_set(router->master->loop, &router->child.restart,
                       clock_monotonic() + child_pause(&router->child));
        return;
    }
    routers_lead(router->master);
    tell_servers(router);
}

bool router_start_next(struct router_process *router)
{
    bool started = start(router);
    if (started)
        tell_servers(router);
    return started;
}

void router_free(struct router_process *router)
{
    loop_timer_set(router->master->loop, &router->limit, 0);
    loop_timer_set(router->master->loop, &router->child.restart, 0);
    if (router->config_fd >= 0)
        close(router->config_fd);
    router->config_fd = -1;
    router->role = ROUTER_NONE;
    router->leads = false;
    router->child.pause = 0;
    router->child.failures = 0;
}

/* --- what they say, and are told ---------------------------------------------------------------- */

static bool is_asked_for_a_handover(const struct message *message)
{
    return message->kind == MESSAGE_RELOAD || message->kind == MESSAGE_UPGRADE;
}

static void lead_asks(struct router_process *router, const struct message *message)
{
    if (message->kind == MESSAGE_RELOAD)
        handover_reload(router->master, true);
    else if (message->kind == MESSAGE_UPGRADE)
        upgrade_begin(router->master, true);
    else
        slots_obey(router->master, message);
}

/* What only the leading router may say. Another that says it does not know yet that it no longer leads. */
static void router_asks(struct router_process *router, const struct message *message)
{
    if (router->leads && router->role == ROUTER_CURRENT)
        lead_asks(router, message);
    else if (is_asked_for_a_handover(message))
        router_tell(router, "refused another router leads");
}

void router_heard(struct router_process *router, const struct message *message)
{
    switch (message->kind) {
    case MESSAGE_UP:
        router->up = message->up;
        master_greet(router->master);
        break;
    case MESSAGE_SERVING:
        if (router->child.doomed) /* too late */
            break;
        router->serving = true;
        if (router->role == ROUTER_NEXT)
            handover_serving(router);
        master_greet(router->master);
        break;
    case MESSAGE_QUIET:
        if (router->role == ROUTER_DRAINING)
            handover_quiet(router);
        break;
    case MESSAGE_START:
    case MESSAGE_RETIRE:
    case MESSAGE_RENEW:
    case MESSAGE_RELOAD:
    case MESSAGE_UPGRADE:
        router_asks(router, message);
        break;
    default:
        log_line("the router (process %d) says what it has no business to", (int)router->child.pid);
    }
}

void router_tell(struct router_process *router, const char *format, ...)
{
    char text[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (channel_send(router->child.channel, "%s", text) || router->deaf)
        return;
    router->deaf = true;
    master_watch_room(router->master, &router->child);
}

/* What it knows already changes nothing there. */
static void tell_slot(struct router_process *router, const struct slot *slot)
{
    const struct child *server = &slot->child;
    if (server->ready)
        tell_ready(router, slot);
    else if (server->pid == 0 && !slot->wanted)
        router_tell(router, "retired %s", server->name);
    else
        router_tell(router, "gone %s %" PRId64 " ended a while ago", server->name, slot->restarts);
}

void router_tell_again(struct router_process *router)
{
    const struct master *master = router->master;
    router->deaf = false;
    master_watch(router->master, &router->child);
    if (router->leads)
        router_tell(router, "lead");
    for (size_t i = 0; i < OWN_SERVERS_MAX; i++)
        tell_slot(router, &master->slots[i]);
    if (router->role == ROUTER_DRAINING)
        router_tell(router, "drain");
    if (master->stopping)
        router_tell(router, "stop");
}

void routers_tell(struct master *master, const char *format, ...)
{
    char text[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < ROUTERS_MAX; i++)
        if (master->routers[i].child.pid != 0)
            router_tell(&master->routers[i], "%s", text);
}

void routers_lead(struct master *master)
{
    struct router_process *current = routers_in(master, ROUTER_CURRENT);
    for (size_t i = 0; i < ROUTERS_MAX; i++)
        if (master->routers[i].leads)
            return;
    if (current == NULL || current->child.pid == 0 || master->stopping)
        return;
    current->leads = true;
    router_tell(current, "lead");
}

/* --- ending -------------------------------------------------------------------------------------- */

static void plan_restart(struct router_process *router, pid_t pid, const char *ending)
{
    int64_t pause = child_pause(&router->child);
    log_line("%s (process %d) %s; it is started again in %d ms", router->child.name, (int)pid,
             ending, (int)(pause / CLOCK_MILLISECOND));
    loop_timer_set(router->master->loop, &router->child.restart, clock_monotonic() + pause);
}

static void current_ended(struct router_process *router, pid_t pid, int status, const char *ending)
{
    if (master_is_hopeless(router->master, status))
        master_stop(router->master, EXIT_TROUBLE);
    else
        plan_restart(router, pid, ending);
}

void router_ended(struct router_process *router, int status)
{
    char ending[80];
    pid_t pid = router->child.pid;
    enum router_role role = router->role;
    child_ending(status, ending, sizeof ending);
    router->child.pid = 0;
    router->leads = router->serving = false;
    if (role == ROUTER_CURRENT && !router->master->stopping)
        current_ended(router, pid, status, ending);
    else if (role == ROUTER_NEXT && !router->master->stopping)
        handover_failed(router, ending);
    else if (role == ROUTER_DRAINING && status != 0 && !router->child.doomed)
        log_line("the router before (process %d) %s while it drained", (int)pid, ending);
    if (role != ROUTER_CURRENT)
        router_free(router);
    router->child.ready = false;
    routers_lead(router->master);
}

void routers_stop(struct master *master)
{
    routers_tell(master, "stop");
}

bool routers_left(const struct master *master)
{
    for (size_t i = 0; i < ROUTERS_MAX; i++)
        if (master->routers[i].child.pid != 0)
            return true;
    return false;
}
