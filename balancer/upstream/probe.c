#include "balancer/upstream/probe.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balancer/upstream/upstream.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/loop.h"

enum {
    ANSWER_BYTES_MAX = 16 * 1024,
};

static const int64_t interval = 250 * CLOCK_MILLISECOND;
static const int64_t timeout = CLOCK_SECOND;

/* One probe on its way, per server. */
struct probing {
    struct probe *probe;
    struct call *call; /* NULL: none is under way */
    size_t server;
    unsigned start;
};

struct probe {
    struct servers *servers; /* fixed at start */
    void (*changed)(void *context);
    void *context;
    struct loop *loop;
    pthread_t thread;
    atomic_bool hurry; /* set by other threads: somebody joins */
    atomic_bool stop;  /* set by other threads */

    /* the probe's thread only */
    struct upstream *upstream;
    struct loop_timer timer;
    struct probing probing[ROUTING_SERVERS_MAX];
};

static bool take_text(const cJSON *object, const char *name, char *text, size_t size)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(value) && (size_t)snprintf(text, size, "%s", value->valuestring) < size;
}

static bool take_number(const cJSON *object, const char *name, int64_t *number)
{
    return json_integer(cJSON_GetObjectItemCaseSensitive(object, name), 0, INT64_C(1) << 53,
                        number);
}

static int64_t figure_of(const cJSON *object, const char *name, double scale)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    double number = cJSON_IsNumber(value) ? value->valuedouble * scale : 0;
    return number > 0 && number < (double)(INT64_C(1) << 53) ? (int64_t)number : 0;
}

bool probe_read(const char *text, size_t length, struct figures *figures,
                struct server_report *report)
{
    char error[JSON_ERROR_SIZE];
    cJSON *health = json_parse(text, length, error);
    bool good = health != NULL &&
                take_text(health, "server", figures->server, sizeof figures->server) &&
                server_id_valid(figures->server) &&
                take_text(health, "store", figures->store, sizeof figures->store) &&
                take_number(health, "boot", &figures->boot) &&
                take_number(health, "commit", &figures->commit) &&
                take_number(health, "sold", &figures->sold);
    *report = (struct server_report){
        .cpu = figure_of(health, "cpu_percent", 10.0),
        .memory = figure_of(health, "resident_bytes", 1.0 / (1 << 20)),
        .commit = figure_of(health, "commit_us", 1.0),
    };
    cJSON_Delete(health);
    return good;
}

static void failed(const struct probing *probing, const char *reason)
{
    char why[ROUTING_WHY_SIZE];
    snprintf(why, sizeof why, "probe: %.100s", reason);
    servers_failed(probing->probe->servers, probing->server, probing->start, why);
}

/* Of a ticket server. */
static void hear_health(const struct probing *probing, const struct server *server,
                        const struct upstream_answer *answer)
{
    struct servers *servers = probing->probe->servers;
    struct figures figures;
    struct server_report report;
    if (!answer->answered) {
        failed(probing, answer->error);
    } else if (answer->status != 200 ||
               !probe_read(answer->body, answer->length, &figures, &report)) {
        failed(probing, "the answer is not a ticket server's");
    } else if (strcmp(server->id, figures.server) != 0) {
        failed(probing, "another server answers at this address");
    } else {
        servers_probed(servers, probing->server, probing->start, &figures);
        servers_reported(servers, probing->server, probing->start, &report);
    }
}

/* Of a server that knows nothing of us. How long its answer is does not matter. */
static void hear_check(const struct probing *probing, const char *check,
                       const struct upstream_answer *answer)
{
    char reason[64];
    snprintf(reason, sizeof reason, "%.40s was answered with %u", check != NULL ? check : "/",
             answer->status);
    if (answer->status == 0)
        failed(probing, answer->error);
    else if (check != NULL && (answer->status < 200 || answer->status >= 400))
        failed(probing, reason);
    else
        servers_checked(probing->probe->servers, probing->server, probing->start);
}

static void done(void *context, const struct upstream_answer *answer)
{
    struct probing *probing = context;
    struct probe *probe = probing->probe;
    struct server server = {0};
    probing->call = NULL;
    servers_get(probe->servers, probing->server, &server);
    if (server.pool == POOL_TICKETS)
        hear_health(probing, &server, answer);
    else
        hear_check(probing, probe->servers->pools[server.pool].check, answer);
    probe->changed(probe->context);
}

static void ask(struct probe *probe, size_t index, const struct server *server)
{
    struct probing *probing = &probe->probing[index];
    *probing = (struct probing){.probe = probe, .server = index, .start = server->start};
    const char *check = probe->servers->pools[server->pool].check;
    struct upstream_request request = {
        .address = server->address,
        .path = check != NULL ? check : "/",
        .timeout = timeout,
        .answer_max = ANSWER_BYTES_MAX,
        .done = done,
        .context = probing,
    };
    probing->call = upstream_send(probe->upstream, &request);
}

/* Whether there is anything to ask. Only ticket servers are processes of ours, which may be gone. */
static bool is_due(const struct probe *probe, const struct server *server, bool joining_only)
{
    if (server->pool == POOL_TICKETS && server->pid == 0)
        return false;
    if (joining_only)
        return server->state == SERVER_JOINING;
    return probe->servers->pools[server->pool].check != NULL || server->state != SERVER_UP;
}

/* A probe that asks a process which is no more is given up for one that asks its successor. */
static void ask_all(struct probe *probe, bool joining_only)
{
    struct server server;
    for (size_t i = 0; servers_get(probe->servers, i, &server); i++) {
        struct probing *probing = &probe->probing[i];
        if (!is_due(probe, &server, joining_only))
            continue;
        if (probing->call != NULL && probing->start == server.start)
            continue;
        if (probing->call != NULL)
            upstream_cancel(probing->call);
        ask(probe, i, &server);
    }
}

static void rings(void *context)
{
    struct probe *probe = context;
    ask_all(probe, false);
    loop_timer_set(probe->loop, &probe->timer, clock_monotonic() + interval);
}

static void turn(void *context)
{
    struct probe *probe = context;
    if (atomic_exchange(&probe->hurry, false))
        ask_all(probe, true);
    if (atomic_load(&probe->stop))
        loop_stop(probe->loop);
}

static void *run(void *context)
{
    struct probe *probe = context;
    loop_run(probe->loop);
    for (size_t i = 0; i < ROUTING_SERVERS_MAX; i++)
        if (probe->probing[i].call != NULL)
            upstream_cancel(probe->probing[i].call);
    upstream_close(probe->upstream);
    return NULL;
}

struct probe *probe_start(struct servers *servers, void (*changed)(void *context), void *context)
{
    struct probe *probe = memory_new(sizeof *probe);
    probe->servers = servers;
    probe->changed = changed;
    probe->context = context;
    probe->loop = loop_open();
    probe->upstream = upstream_open(probe->loop, PROBE_CONNECTIONS);
    probe->timer.ring = rings;
    probe->timer.context = probe;
    loop_timer_set(probe->loop, &probe->timer, clock_monotonic());
    loop_each_turn(probe->loop, turn, probe);
    thread_start(&probe->thread, "probe", run, probe);
    return probe;
}

void probe_now(struct probe *probe)
{
    atomic_store(&probe->hurry, true);
    loop_wake(probe->loop);
}

void probe_stop(struct probe *probe)
{
    atomic_store(&probe->stop, true);
    loop_wake(probe->loop);
    thread_join(probe->thread);
    loop_close(probe->loop);
    free(probe);
}
