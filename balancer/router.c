#include "balancer/router.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "balancer/admin/api.h"
#include "balancer/channel.h"
#include "balancer/config_file.h"
#include "balancer/message.h"
#include "balancer/pool/servers.h"
#include "balancer/routing/routing_log.h"
#include "balancer/upstream/probe.h"
#include "balancer/worker.h"
#include "common/clock.h"
#include "common/http.h"
#include "common/log.h"
#include "common/loop.h"

enum {
    ADMIN_BODY_MAX = 16 * 1024,
    ADMIN_MEMORY = 16 * 1024,
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
    struct admin admin;

    /* the main thread only */
    struct loop *loop;
    struct http_server *admin_http;
    struct worker *workers[WORKERS_MAX];
    size_t worker_count;
    struct probe *probe;
    struct loop_timer doors;
    size_t told_up; /* servers up, as the master was last told */
};

/* On the probe's thread: the main thread should look. */
static void servers_changed(void *context)
{
    struct router *router = context;
    loop_wake(router->loop);
}

static void server_joins(struct router *router, const struct message *message)
{
    if (!servers_joined(&router->servers, message->id, message->address, message->pid))
        log_line("there is no room for %s", message->id);
    probe_now(router->probe);
}

static void heed(struct router *router, const char *text)
{
    struct message message;
    message_read(text, &message);
    if (message.kind == MESSAGE_SERVER)
        server_joins(router, &message);
    else if (message.kind == MESSAGE_GONE)
        servers_gone(&router->servers, message.id, message.why);
    else if (message.kind == MESSAGE_STOP)
        loop_stop(router->loop);
    else
        log_line("the master's message is not understood: %s", text);
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
        loop_stop(router->loop);
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

static bool start_admin(struct router *router)
{
    struct http_settings http = {
        .listen_fd = router->admin_fd,
        .connections_max = ROUTER_ADMIN_CONNECTIONS,
        .body_max = ADMIN_BODY_MAX,
        .connection_memory = ADMIN_MEMORY,
        .handler = admin_handle,
        .context = &router->admin,
    };
    router->admin.servers = &router->servers;
    if (!token_read(router->settings->token_file, router->admin.token))
        return false;
    router->admin_http = http_open(router->loop, &http);
    return router->admin_http != NULL;
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
        .connections_max = (unsigned)((size_t)router->settings->connections / count),
        .waiting_max = (waiting + count - 1) / count,
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
    if (router->worker_count == 0 && !start_workers(router))
        _exit(EXIT_TROUBLE);
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
    if (!gate_open(&router->gate, &router->config, &router->servers,
                   router->settings->session_file))
        return false;
    router->log = routing_log_open(&router->servers, router->settings->log_dir,
                                   router->settings->log_size, error);
    if (router->log == NULL)
        die(EXIT_TROUBLE, "%s", error);
    routing_log_flush(router->log);
    router->loop = loop_open();
    if (!start_admin(router))
        return false;
    router->probe = probe_start(&router->servers, servers_changed, router);
    loop_watch(router->loop, router->master_fd, EPOLLIN, hear_master, router);
    loop_each_turn(router->loop, look, router);
    router->doors = (struct loop_timer){.ring = open_doors, .context = router};
    loop_timer_set(router->loop, &router->doors, clock_monotonic() + doors_closed);
    return true;
}

/* The workers finish what they have begun while servers are still probed; then the history ends. */
static void stop(struct router *router)
{
    for (size_t i = 0; i < router->worker_count; i++)
        worker_drain(router->workers[i]);
    for (size_t i = 0; i < router->worker_count; i++)
        worker_join(router->workers[i]);
    probe_stop(router->probe);
    for (size_t i = 0; i < router->worker_count; i++)
        worker_free(router->workers[i]);
    http_close(router->admin_http);
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
