#include "balancer/upstream/probe.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balancer/upstream/upstream.h"
#include "common/answer.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/loop.h"

enum {
    ANSWER_BYTES_MAX = 16 * 1024,
};

static const int64_t look_interval = 10 * CLOCK_MILLISECOND;  /* at the shortest */
static const int64_t look_patience = 250 * CLOCK_MILLISECOND; /* for new servers, at the longest */

/* One probe on its way, per server. */
struct probing {
    struct probe *probe;
    struct call *call; /* NULL: none is under way */
    size_t server;
    unsigned start;
    bool trial;      /* an empty flight, not a health check */
    int64_t asked;   /* clock_monotonic() */
    int64_t next_at; /* clock_monotonic(): when to ask again */
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
    uint64_t draws;      /* random numbers drawn so far */
    struct buffer trial; /* the body of an empty flight */
    struct outcome none; /* which nothing is read into */
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
                struct server_report *report, int64_t *version)
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
        .network = figure_of(health, "network_bytes_per_second", 1.0),
        .commit = figure_of(health, "commit_us", 1.0),
    };
    *version = figure_of(health, "flights", 1.0);
    cJSON_Delete(health);
    return good;
}

/* --- answers ----------------------------------------------------------------------------------- */

static void passed(const struct probing *probing, const char *reason, const struct figures *figures,
                   const struct server_report *report)
{
    struct server_checked check = {.passed = true,
                                   .reason = reason,
                                   .took = clock_monotonic() - probing->asked,
                                   .figures = figures,
                                   .report = report};
    servers_checked(probing->probe->servers, probing->server, probing->start, &check);
}

static void failed(const struct probing *probing, const char *reason)
{
    struct server_checked check = {.reason = reason, .took = clock_monotonic() - probing->asked};
    servers_checked(probing->probe->servers, probing->server, probing->start, &check);
}

/* Of a ticket server. */
static void hear_health(const struct probing *probing, const struct server *server,
                        const struct upstream_answer *answer)
{
    struct figures figures;
    struct server_report report;
    int64_t version;
    char reason[ROUTING_WHY_SIZE];
    if (!answer->answered) {
        failed(probing, answer->error);
    } else if (answer->status != 200 ||
               !probe_read(answer->body, answer->length, &figures, &report, &version)) {
        failed(probing, "the answer is not a ticket server's");
    } else if (strcmp(server->id, figures.server) != 0) {
        failed(probing, "another server answers at this address");
    } else if (version != FLIGHT_VERSION) {
        snprintf(reason, sizeof reason, "it speaks flights of version %d, not %d", (int)version,
                 FLIGHT_VERSION);
        failed(probing, reason);
    } else {
        passed(probing, "answered", &figures, &report);
    }
}

/* Of one that failed in flights: whether it can be trusted with one again. */
static void hear_trial(const struct probing *probing, const struct server *server,
                       const struct upstream_answer *answer)
{
    struct figures figures = {0}; /* no store */
    char error[JSON_ERROR_SIZE], reason[ROUTING_WHY_SIZE];
    bool good =
        answer->answered && answer->status == 200 &&
        answer_parse(answer->body, answer->length, 0, &figures, &probing->probe->none, error) &&
        strcmp(server->id, figures.server) == 0;
    if (!answer->answered)
        snprintf(reason, sizeof reason, "%s", answer->error);
    else
        snprintf(reason, sizeof reason, "a trial flight was answered with %u%s", answer->status,
                 answer->status == 200 ? ", but not as a flight is" : "");
    if (good)
        passed(probing, "answered a trial flight", &figures, &server->report);
    else
        failed(probing, reason);
}

/* Of a server that knows nothing of us. How long its answer is does not matter. */
static void hear_check(const struct probing *probing, const struct pool_rules *rules,
                       const struct upstream_answer *answer)
{
    char reason[64];
    snprintf(reason, sizeof reason, "%.40s was answered with %u",
             rules->check != NULL ? rules->check : "/", answer->status);
    if (answer->status == 0)
        failed(probing, answer->error);
    else if (rules->check != NULL &&
             (answer->status < rules->status_min || answer->status > rules->status_max))
        failed(probing, reason);
    else
        passed(probing, "answered", NULL, NULL);
}

static void done(void *context, const struct upstream_answer *answer)
{
    struct probing *probing = context;
    struct probe *probe = probing->probe;
    struct server server = {0};
    probing->call = NULL;
    servers_get(probe->servers, probing->server, &server);
    if (server.pool != POOL_TICKETS)
        hear_check(probing, &probe->servers->pools[server.pool].rules, answer);
    else if (probing->trial)
        hear_trial(probing, &server, answer);
    else
        hear_health(probing, &server, answer);
    probe->changed(probe->context);
}

/* --- asking ------------------------------------------------------------------------------------ */

/* A tenth more or less than the interval, so that not all are asked at once, by all routers. */
static int64_t next_after(struct probe *probe, const struct pool_rules *rules)
{
    int64_t tenth = rules->interval / 10;
    uint64_t draw = policy_draw(probe->servers->seed, ++probe->draws);
    return rules->interval - tenth + (int64_t)(draw % (uint64_t)(2 * tenth + 1));
}

static void ask(struct probe *probe, size_t index, const struct server *server, int64_t now)
{
    struct probing *probing = &probe->probing[index];
    const struct pool_rules *rules = &probe->servers->pools[server->pool].rules;
    bool trial = server->pool == POOL_TICKETS && health_on_trial(&server->health);
    *probing = (struct probing){.probe = probe,
                                .server = index,
                                .start = server->start,
                                .trial = trial,
                                .asked = now,
                                .next_at = now + next_after(probe, rules)};
    struct upstream_request request = {
        .address = server->address,
        .path = trial                  ? "/flights"
                : rules->check != NULL ? rules->check
                                       : "/",
        .body = trial ? probe->trial.data : NULL,
        .length = trial ? probe->trial.length : 0,
        .timeout = rules->check_timeout,
        .answer_max = ANSWER_BYTES_MAX,
        .done = done,
        .context = probing,
    };
    probing->call = upstream_send(probe->upstream, &request);
}

/* Whether there is anything to ask. A process of our master's may be gone. */
static bool is_due(const struct probe *probe, const struct server *server)
{
    if (server->state == SERVER_LEFT || (server->source == SOURCE_MASTER && server->pid == 0))
        return false;
    return probe->servers->pools[server->pool].rules.check != NULL || server->state != SERVER_UP ||
           server->ramp != 0;
}

/* A probe that asks a process which is no more is given up for one that asks its successor. */
static void look_at(struct probe *probe, size_t index, const struct server *server, int64_t now)
{
    struct probing *probing = &probe->probing[index];
    bool fresh = probing->start != server->start;
    if (probing->call != NULL && !fresh)
        return;
    if (probing->call != NULL)
        upstream_cancel(probing->call);
    probing->call = NULL;
    probing->next_at = now + look_patience;
    if (is_due(probe, server))
        ask(probe, index, server, now);
}

/* Asks who is due; `joining`: who joins is. When the next one will be. */
static int64_t look(struct probe *probe, bool joining)
{
    struct server server;
    int64_t now = clock_monotonic(), next = now + look_patience;
    size_t count = servers_count(probe->servers);
    for (size_t i = 0; i < count; i++) {
        struct probing *probing = &probe->probing[i];
        if ((probing->next_at <= now || joining) && servers_get(probe->servers, i, &server) &&
            (probing->next_at <= now || server.state == SERVER_JOINING))
            look_at(probe, i, &server, now);
        next = probing->next_at < next ? probing->next_at : next;
    }
    return next > now + look_interval ? next : now + look_interval;
}

static void rings(void *context)
{
    struct probe *probe = context;
    loop_timer_set(probe->loop, &probe->timer, look(probe, false));
}

static void turn(void *context)
{
    struct probe *probe = context;
    if (atomic_exchange(&probe->hurry, false))
        look(probe, true);
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
    buffer_free(&probe->trial);
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
    flight_begin(&probe->trial, servers->router);
    flight_end(&probe->trial);
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
