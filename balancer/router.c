#include "balancer/router.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "balancer/admin/admin.h"
#include "balancer/channel.h"
#include "balancer/config_file.h"
#include "balancer/fleet.h"
#include "balancer/message.h"
#include "balancer/pool/departures.h"
#include "balancer/pool/servers.h"
#include "balancer/routing/routing_log.h"
#include "balancer/upstream/probe.h"
#include "balancer/worker.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/loop.h"

enum {
    WORKERS_MAX = 16,
};

static const int64_t doors_closed = CLOCK_SECOND; /* at most, after the start */

struct router {
    const struct settings *settings;
    int public_fd, admin_fd, config_fd, master_fd;
    struct config config; /* does not change once the workers run */
    struct servers servers;
    struct gate gate;
    struct routing_log *log;

    /* the main thread only */
    struct loop *loop;
    struct departures departures;
    struct fleet fleet;
    struct admin *admin;
    enum admin_command asked; /* of the master, last: a reload or an upgrade, one at a time */
    bool has_led;             /* it was told to, once */
    struct worker *workers[WORKERS_MAX];
    size_t worker_count;
    struct probe *probe;
    struct loop_timer doors;
    size_t told_up;         /* servers up, as the master was last told */
    enum worker_end ending; /* 0: it works */
};

/* On the probe's thread: the main thread should look. */
static void servers_changed(void *context)
{
    struct router *router = context;
    loop_wake(router->loop);
}

/* The master repeats itself where a message may have been lost. */
static bool is_known(struct router *router, const struct message *message)
{
    struct server server;
    return servers_find(&router->servers, message->id, &server) != SERVER_NONE &&
           server.pid == message->pid && strcmp(server.address, message->address) == 0;
}

static void server_joins(struct router *router, const struct message *message)
{
    if (is_known(router, message))
        return;
    if (!servers_joined(&router->servers, message->id, message->address, message->pid))
        log_line("there is no room for %s", message->id);
    servers_restarts(&router->servers, message->id, message->restarts);
    admin_server_joined(router->admin, message->id);
    probe_now(router->probe);
}

/* The router before, if there was one, serves the admin API no more. */
static void lead(struct router *router)
{
    if (router->has_led || router->ending != 0)
        return;
    router->has_led = true;
    if (!admin_lead(router->admin, router->admin_fd, ROUTER_ADMIN_CONNECTIONS))
        _exit(EXIT_TROUBLE);
    fleet_lead(&router->fleet);
}

/* New clients of the admin API are another router's from now on; those that were accepted are answered. */
static void lead_no_more(struct router *router)
{
    fleet_lead_no_more(&router->fleet);
    admin_quiesce(router->admin);
    if (!router->has_led)
        close(router->admin_fd);
    channel_send(router->master_fd, "quiet");
}

/* The workers finish what they have begun; look() sees when all is over. */
static void end(struct router *router, enum worker_end how)
{
    if (router->ending == WORKER_STOPS)
        return;
    if (router->ending == 0)
        lead_no_more(router);
    router->ending = how;
    for (size_t i = 0; i < router->worker_count; i++)
        worker_end(router->workers[i], how);
}

static void heed(struct router *router, const char *text)
{
    struct message message;
    message_read(text, &message);
    switch (message.kind) {
    case MESSAGE_SERVER:
        server_joins(router, &message);
        break;
    case MESSAGE_GONE:
        servers_restarts(&router->servers, message.id, message.restarts);
        servers_gone(&router->servers, message.id, message.why);
        break;
    case MESSAGE_RETIRED:
        fleet_retired(&router->fleet, message.id);
        break;
    case MESSAGE_LEAD:
        lead(router);
        break;
    case MESSAGE_DRAIN:
        routing_log_settle(router->log);
        end(router, WORKER_DRAINS);
        break;
    case MESSAGE_STOP:
        end(router, WORKER_STOPS);
        break;
    case MESSAGE_REFUSED:
        admin_done(router->admin, router->asked, message.reason);
        break;
    default:
        log_line("the master's message is not understood: %s", text);
    }
}

static void hear_master(void *context, int fd, uint32_t events)
{
    struct router *router = context;
    char text[MESSAGE_SIZE];
    enum channel_result result;
    (void)events;
    while ((result = channel_receive(fd, text)) == CHANNEL_MESSAGE)
        heed(router, text);
    if (result == CHANNEL_ENDED) {
        loop_unwatch(router->loop, fd);
        end(router, WORKER_STOPS);
    }
}

static bool read_descriptors(struct router *router)
{
    return sscanf(router->settings->router, "%d,%d,%d,%d", &router->public_fd, &router->admin_fd,
                  &router->config_fd, &router->master_fd) == 4 &&
           fcntl(router->public_fd, F_SETFD, FD_CLOEXEC) == 0 &&
           fcntl(router->admin_fd, F_SETFD, FD_CLOEXEC) == 0 &&
           fcntl(router->master_fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* Of the text that the master has read: its file may be another by now. */
static void read_config(struct router *router)
{
    const struct settings *settings = router->settings;
    char error[CONFIG_ERROR_SIZE];
    struct buffer text = {0};
    if (settings->config_file != NULL && !config_file_take(router->config_fd, &text))
        die(EXIT_TROUBLE, "the master's copy of %s cannot be read (%s)", settings->config_file,
            strerror(errno));
    if (!settings_config(settings, &text, &router->config, error))
        die(EXIT_TROUBLE, "%s", error);
    buffer_free(&text);
}

/* Servers have come by the admin API. */
static void check_servers(void *context)
{
    struct router *router = context;
    if (router->probe != NULL)
        probe_now(router->probe);
}

/* The master answers, or another router takes over. */
static bool command(void *context, enum admin_command command, char why[ADMIN_WHY_SIZE])
{
    struct router *router = context;
    if (router->ending != 0) {
        snprintf(why, ADMIN_WHY_SIZE, "Another router has taken over, or the balancer stops.");
        return false;
    }
    if (command == ADMIN_ROLLING_RESTART)
        return fleet_renew(&router->fleet, why);
    router->asked = command;
    channel_send(router->master_fd, command == ADMIN_RELOAD ? "reload" : "upgrade");
    return true;
}

static void progress(void *context, struct buffer *out)
{
    const struct router *router = context;
    fleet_progress(&router->fleet, out);
}

static int64_t count_waiting(void *context)
{
    const struct router *router = context;
    size_t waiting = 0;
    for (size_t i = 0; i < router->worker_count; i++)
        waiting += worker_waiting(router->workers[i]);
    return (int64_t)waiting;
}

static bool is_drained(void *context, const char *id)
{
    const struct router *router = context;
    return admin_drained(router->admin, id);
}

static void open_fleet(struct router *router)
{
    const struct settings *settings = router->settings;
    const struct fleet_settings fleet = {
        .loop = router->loop,
        .servers = &router->servers,
        .departures = &router->departures,
        .master_fd = router->master_fd,
        .min = settings->servers_min,
        .max = settings->servers_max,
        .quiet = settings->scale_quiet * CLOCK_SECOND,
        .waiting = count_waiting,
        .drained = is_drained,
        .context = router,
    };
    fleet_open(&router->fleet, &fleet);
}

static bool open_admin(struct router *router)
{
    const struct settings *settings = router->settings;
    const struct admin_settings admin = {
        .loop = router->loop,
        .servers = &router->servers,
        .departures = &router->departures,
        .token_file = settings->token_file,
        .members_file = settings->members_file,
        .config_file = settings->config_file,
        .allow_remote = settings->allow_remote,
        .calls = {.changed = check_servers,
                  .command = command,
                  .progress = progress,
                  .context = router},
    };
    departures_open(&router->departures, &router->servers, router->loop);
    open_fleet(router);
    router->admin = admin_open(&admin);
    return router->admin != NULL;
}

/* Each worker has a descriptor of its own for the one listening socket: a daemon closes what it was
 * given. */
static bool start_workers(struct router *router)
{
    size_t count = (size_t)router->settings->workers;
    size_t waiting = (size_t)router->config.pools[CONFIG_TICKETS].rules.waiting;
    struct worker_settings settings = {
        .gate = &router->gate,
        .log = router->log,
        .owner = router->loop,
        .connections_max = (unsigned)((size_t)router->settings->connections / count),
        .waiting_max = (waiting + count - 1) / count,
        .workers = count,
    };
    for (size_t i = 0; i < count; i++) {
        settings.listen_fd = fcntl(router->public_fd, F_DUPFD_CLOEXEC, 0);
        settings.number = (unsigned)i + 1;
        router->workers[i] = worker_start(&settings);
        if (router->workers[i] == NULL)
            return false;
        router->worker_count++;
    }
    close(router->public_fd);
    return true;
}

/* Clients are let in once a ticket server is up and each foreign one has been checked, so that those who came
 * while the router was started again, and wait in the listen queue, are not turned away; but no later than
 * after a second. */
static void open_doors(void *context)
{
    struct router *router = context;
    if (router->worker_count > 0 || router->ending != 0)
        return;
    if (!start_workers(router))
        _exit(EXIT_TROUBLE);
    channel_send(router->master_fd, "serving");
}

/* Everybody who was let in has been answered, or has had the time that there is for it. */
static bool is_over(const struct router *router)
{
    bool over = router->ending != 0;
    for (size_t i = 0; i < router->worker_count; i++)
        over = over && worker_ended(router->workers[i]);
    return over && (router->ending == WORKER_STOPS || admin_idle(router->admin));
}

/* Whatever ended the main thread's wait, servers may have changed: the purchases that wait for one look
 * again, and the master learns how many are up. */
static void look(void *context)
{
    struct router *router = context;
    struct server server;
    size_t up = 0, unchecked = 0;
    for (size_t i = 0; i < router->worker_count; i++)
        worker_wake(router->workers[i]);
    for (size_t i = 0; servers_get(&router->servers, i, &server); i++) {
        up += server.pool == POOL_TICKETS && server.state == SERVER_UP;
        unchecked +=
            server.pool != POOL_TICKETS && server.check.at == 0 && server.state == SERVER_JOINING;
    }
    if (up > 0 && unchecked == 0)
        open_doors(router);
    if (is_over(router))
        loop_stop(router->loop);
    if (up == router->told_up)
        return;
    router->told_up = up;
    channel_send(router->master_fd, "up %zu", up);
}

static bool start(struct router *router)
{
    char error[LOG_ERROR_SIZE];
    if (!read_descriptors(router))
        die(EXIT_USAGE, "--router is for the balancer's own use");
    read_config(router);
    servers_init(&router->servers);
    router->servers.has_own = router->settings->servers_max > 0;
    router->loop = loop_open();
    if (!gate_open(&router->gate, &router->config, &router->servers,
                   router->settings->session_file) ||
        !open_admin(router))
        return false;
    router->log = routing_log_open(&router->servers, router->settings->log_dir,
                                   router->settings->log_size, error);
    if (router->log == NULL)
        die(EXIT_TROUBLE, "%s", error);
    routing_log_flush(router->log);
    router->probe = probe_start(&router->servers, servers_changed, router);
    loop_watch(router->loop, router->master_fd, EPOLLIN, hear_master, router);
    loop_each_turn(router->loop, look, router);
    router->doors = (struct loop_timer){.ring = open_doors, .context = router};
    loop_timer_set(router->loop, &router->doors, clock_monotonic() + doors_closed);
    return true;
}

/* The workers have finished, while servers were still probed; now the history ends. */
static void stop(struct router *router)
{
    for (size_t i = 0; i < router->worker_count; i++)
        worker_join(router->workers[i]);
    probe_stop(router->probe);
    for (size_t i = 0; i < router->worker_count; i++)
        worker_free(router->workers[i]);
    departures_check(&router->departures, clock_monotonic());
    departures_close(&router->departures);
    fleet_close(&router->fleet);
    admin_close(router->admin);
    servers_stopped(&router->servers);
    routing_log_close(router->log);
    loop_close(router->loop);
    servers_free(&router->servers);
    gate_close(&router->gate);
    config_free(&router->config);
}

int router_run(const struct settings *settings)
{
    static struct router router; /* large, and there is one */
    router.settings = settings;
    log_name("router");
    if (!start(&router))
        return EXIT_TROUBLE;
    loop_run(router.loop);
    stop(&router);
    return EXIT_FINE;
}
