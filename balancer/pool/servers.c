#include "balancer/pool/servers.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

/* Reports that say the same are written so often: well before they are stale. */
static const int64_t report_interval = CLOCK_SECOND;

/* Which moves are legal: a process joins, is up or down, and joins again when it was started anew. */
static const bool legal_moves[][SERVER_LEFT + 1] = {
    [SERVER_NEW] = {[SERVER_JOINING] = true},
    [SERVER_JOINING] = {[SERVER_UP] = true, [SERVER_DOWN] = true},
    [SERVER_UP] = {[SERVER_DOWN] = true},
    [SERVER_DOWN] = {[SERVER_UP] = true, [SERVER_JOINING] = true},
};

uint64_t servers_next_line(struct servers *servers)
{
    uint64_t n = ++servers->n;
    if (servers->history.length == 0)
        servers->history_first = n;
    return n;
}

void servers_init(struct servers *servers)
{
    memset(servers, 0, sizeof *servers);
    struct id id = id_make();
    id_format(&id, servers->router);
    servers->seed = policy_hash(servers->router);
    servers_pool_add(servers, ROUTING_TICKETS, "/healthz");
    lock_init(&servers->lock);
    uint64_t n = servers_next_line(servers);
    routing_line_started(&servers->history, n, clock_now(), servers->router);
}

size_t servers_pool_add(struct servers *servers, const char *name, const char *check)
{
    assert(servers->pool_count < POOLS_MAX);
    struct pool *pool = &servers->pools[servers->pool_count];
    snprintf(pool->name, sizeof pool->name, "%s", name);
    pool->check = check;
    return servers->pool_count++;
}

void servers_free(struct servers *servers)
{
    buffer_free(&servers->history);
    lock_free(&servers->lock);
}

/* The one place where a state changes. */
static void move(struct servers *servers, struct server *server, enum server_state to,
                 const char *why)
{
    assert(legal_moves[server->state][to]);
    int64_t now = clock_now();
    snprintf(server->why, sizeof server->why, "%s", why);
    struct routing_server line = {
        .server = server->id,
        .pool = servers->pools[server->pool].name,
        .weight = server->weight,
        .from = server->state,
        .to = to,
        .boot = server->boot,
        .commit = server->commit,
        .told = server->told,
        .limit = server->limit,
        .store = server->pool == POOL_TICKETS ? servers->store : "",
        .why = server->why,
    };
    server->state = to;
    server->since = now;
    uint64_t n = servers_next_line(servers);
    routing_line_server(&servers->history, n, now, &line);
}

static struct server *find(struct servers *servers, const char *id)
{
    for (size_t i = 0; i < servers->count; i++)
        if (strcmp(servers->list[i].id, id) == 0)
            return &servers->list[i];
    return NULL;
}

static struct server *add(struct servers *servers, const struct server_about *about)
{
    if (servers->count == ROUTING_SERVERS_MAX)
        return NULL;
    struct server *server = &servers->list[servers->count++];
    snprintf(server->id, sizeof server->id, "%s", about->id);
    snprintf(server->address, sizeof server->address, "%s", about->address);
    server->identity = policy_hash(server->id);
    server->pool = about->pool;
    server->weight = about->weight;
    server->limit = about->limit;
    server->state = SERVER_NEW;
    return server;
}

bool servers_add(struct servers *servers, const struct server_about *about)
{
    lock_take(&servers->lock);
    struct server *server = add(servers, about);
    if (server != NULL)
        move(servers, server, SERVER_JOINING, "configured");
    lock_drop(&servers->lock);
    return server != NULL;
}

bool servers_joined(struct servers *servers, const char *id, const char *address, pid_t pid)
{
    char why[ROUTING_WHY_SIZE];
    snprintf(why, sizeof why, "started as process %d", (int)pid);
    lock_take(&servers->lock);
    struct server *server = find(servers, id);
    if (server == NULL)
        server = add(servers, &(struct server_about){.id = id,
                                                     .address = address,
                                                     .pool = POOL_TICKETS,
                                                     .weight = 1,
                                                     .limit = MAX_PENDING});
    if (server != NULL) {
        if (server->state == SERVER_UP || server->state == SERVER_JOINING)
            move(servers, server, SERVER_DOWN, "its process was replaced");
        snprintf(server->address, sizeof server->address, "%s", address);
        server->pid = pid;
        server->start++;
        move(servers, server, SERVER_JOINING, why);
    }
    lock_drop(&servers->lock);
    return server != NULL;
}

static void take_down(struct servers *servers, struct server *server, const char *why)
{
    if (server->state == SERVER_UP || server->state == SERVER_JOINING)
        move(servers, server, SERVER_DOWN, why);
}

void servers_gone(struct servers *servers, const char *id, const char *why)
{
    lock_take(&servers->lock);
    struct server *server = find(servers, id);
    if (server != NULL) {
        server->pid = 0;
        take_down(servers, server, why);
    }
    lock_drop(&servers->lock);
}

void servers_failed(struct servers *servers, size_t index, unsigned start, const char *why)
{
    lock_take(&servers->lock);
    struct server *server = &servers->list[index];
    if (server->start == start)
        take_down(servers, server, why);
    lock_drop(&servers->lock);
}

/* What is told later counts; what was told before is ignored, in whatever order it arrives. */
static bool hear(struct server *server, const struct figures *figures)
{
    struct figures known = {.boot = server->boot, .commit = server->commit};
    if (!figures_newer(figures, &known))
        return false;
    server->boot = figures->boot;
    server->commit = figures->commit;
    server->told = figures->sold;
    return true;
}

/* All servers must sell from one store. Where none is up that told of the one known, it was replaced. */
static bool same_store(struct servers *servers, const struct server *server,
                       const struct figures *figures)
{
    bool others_up = false;
    for (size_t i = 0; i < servers->count; i++)
        others_up =
            others_up || (&servers->list[i] != server && servers->list[i].pool == server->pool &&
                          servers->list[i].state == SERVER_UP);
    if (!others_up)
        snprintf(servers->store, sizeof servers->store, "%s", figures->store);
    return strcmp(servers->store, figures->store) == 0;
}

static void probed(struct servers *servers, struct server *server, const struct figures *figures)
{
    if (!same_store(servers, server, figures)) {
        take_down(servers, server, "it sells from another store than the others");
        return;
    }
    bool news = hear(server, figures);
    if (server->state != SERVER_UP) {
        move(servers, server, SERVER_UP, "probe: answered");
    } else if (news) {
        uint64_t n = servers_next_line(servers);
        routing_line_told(&servers->history, n, clock_now(), server->id, server->boot,
                          server->commit, server->told);
    }
}

void servers_probed(struct servers *servers, size_t index, unsigned start,
                    const struct figures *figures)
{
    lock_take(&servers->lock);
    struct server *server = &servers->list[index];
    if (server->start == start && server->pid != 0)
        probed(servers, server, figures);
    lock_drop(&servers->lock);
}

void servers_checked(struct servers *servers, size_t index, unsigned start)
{
    lock_take(&servers->lock);
    struct server *server = &servers->list[index];
    if (server->start == start && server->state != SERVER_UP)
        move(servers, server, SERVER_UP, "check: answered");
    lock_drop(&servers->lock);
}

void servers_reported(struct servers *servers, size_t index, unsigned start,
                      const struct server_report *report)
{
    lock_take(&servers->lock);
    struct server *server = &servers->list[index];
    int64_t workload = policy_workload(report->cpu, report->memory, report->commit);
    int64_t now = clock_now();
    bool due = now < server->workload_at || now - server->workload_at >= report_interval;
    bool news = workload != server->workload || due;
    if (server->start == start && servers->pools[server->pool].reports && news) {
        server->workload = workload;
        server->workload_at = now;
        struct routing_load line = {.server = server->id,
                                    .cpu = report->cpu,
                                    .memory = report->memory,
                                    .commit = report->commit,
                                    .workload = server->workload};
        uint64_t n = servers_next_line(servers);
        routing_line_load(&servers->history, n, server->workload_at, &line);
    }
    lock_drop(&servers->lock);
}

static bool is_failure(enum routing_end how)
{
    return how != END_ANSWERED && how != END_LEFT;
}

void servers_done(struct servers *servers, size_t index, struct routing_done *done)
{
    lock_take(&servers->lock);
    struct server *server = &servers->list[index];
    assert(server->busy > 0);
    server->busy--;
    server->failures += is_failure(done->how);
    done->server = server->id;
    uint64_t n = servers_next_line(servers);
    routing_line_done(&servers->history, n, clock_now(), done);
    lock_drop(&servers->lock);
}

static int64_t carried(const struct settlement *settlement)
{
    return settlement->sold + settlement->replayed + settlement->refused + settlement->lost +
           settlement->unsent;
}

void servers_settle(struct servers *servers, size_t index, const struct settlement *settlement,
                    const struct figures *figures)
{
    lock_take(&servers->lock);
    struct server *server = &servers->list[index];
    assert(server->pending >= settlement->released && server->busy >= carried(settlement));
    server->pending -= settlement->released;
    server->busy -= carried(settlement);
    server->sales += settlement->sold;
    servers->sales += settlement->sold;
    if (figures != NULL) {
        hear(server, figures);
        server->landed++;
    }
    struct routing_settled line = {
        .server = server->id,
        .flight = settlement->flight,
        .boot = server->boot,
        .commit = server->commit,
        .told = server->told,
        .released = settlement->released,
        .sold = settlement->sold,
        .replayed = settlement->replayed,
        .refused = settlement->refused,
        .lost = settlement->lost,
        .unsent = settlement->unsent,
    };
    uint64_t n = servers_next_line(servers);
    routing_line_settled(&servers->history, n, clock_now(), &line);
    lock_drop(&servers->lock);
}

bool servers_get(struct servers *servers, size_t index, struct server *server)
{
    lock_take(&servers->lock);
    bool found = index < servers->count;
    if (found)
        *server = servers->list[index];
    lock_drop(&servers->lock);
    return found;
}

bool servers_any(struct servers *servers)
{
    bool any = false;
    lock_take(&servers->lock);
    for (size_t i = 0; i < servers->count && !any; i++)
        any = servers->list[i].pool == POOL_TICKETS && servers->list[i].state != SERVER_DOWN;
    lock_drop(&servers->lock);
    return any;
}

/* Another server of the same pool, which is up. */
static bool up_beside(const struct servers *servers, size_t index, size_t other)
{
    const struct server *server = &servers->list[other];
    return other != index && server->pool == servers->list[index].pool &&
           server->state == SERVER_UP;
}

static int64_t landed_elsewhere(const struct servers *servers, size_t index)
{
    int64_t landed = 0;
    for (size_t i = 0; i < servers->count; i++)
        landed += i != index ? servers->list[i].landed : 0;
    return landed;
}

int64_t servers_landed_elsewhere(struct servers *servers, size_t index)
{
    lock_take(&servers->lock);
    int64_t landed = landed_elsewhere(servers, index);
    lock_drop(&servers->lock);
    return landed;
}

bool servers_left_behind(struct servers *servers, size_t index, int64_t then)
{
    int64_t others = 0;
    lock_take(&servers->lock);
    for (size_t i = 0; i < servers->count; i++)
        others += up_beside(servers, index, i);
    int64_t landed = landed_elsewhere(servers, index) - then;
    bool up = servers->list[index].state == SERVER_UP;
    lock_drop(&servers->lock);
    return !up || (others > 0 && landed >= LEFT_BEHIND * others);
}

bool servers_idle_elsewhere(struct servers *servers, size_t index)
{
    bool others_up = false, idle = true;
    lock_take(&servers->lock);
    for (size_t i = 0; i < servers->count; i++) {
        if (!up_beside(servers, index, i))
            continue;
        others_up = true;
        idle = idle && servers->list[i].pending == 0;
    }
    lock_drop(&servers->lock);
    return others_up && idle;
}

static void add_state(struct servers *servers, uint64_t after_gap)
{
    static struct routing_snapshot_server
        list[ROUTING_SERVERS_MAX]; /* under the lock: one is enough */
    for (size_t i = 0; i < servers->count; i++) {
        const struct server *server = &servers->list[i];
        list[i] = (struct routing_snapshot_server){
            .server = server->id,
            .pool = servers->pools[server->pool].name,
            .state = server->state,
            .told = server->told,
            .pending = server->pending,
            .boot = server->boot,
            .commit = server->commit,
            .limit = server->limit,
            .busy = server->busy,
            .weight = server->weight,
            .turns = {server->turns[TURN_PURCHASE], server->turns[TURN_REQUEST]},
            .workload = server->workload,
            .workload_at = server->workload_at,
        };
    }
    struct routing_snapshot line = {
        .router = servers->router,
        .store = servers->store,
        .flight = servers->flight + 1,
        .sales = servers->sales,
        .after_gap = after_gap,
        .servers = list,
        .count = servers->count,
    };
    uint64_t n = servers_next_line(servers);
    routing_line_state(&servers->history, n, clock_now(), &line);
}

/* Swaps rather than copies: the lock is not held for longer than that. */
static uint64_t take(struct servers *servers, struct buffer *lines)
{
    buffer_clear(lines);
    struct buffer taken = servers->history;
    servers->history = *lines;
    *lines = taken;
    return lines->length > 0 ? servers->history_first : 0;
}

uint64_t servers_take_history(struct servers *servers, struct buffer *lines)
{
    lock_take(&servers->lock);
    uint64_t first = take(servers, lines);
    lock_drop(&servers->lock);
    return first;
}

uint64_t servers_cut_history(struct servers *servers, struct buffer *lines)
{
    lock_take(&servers->lock);
    uint64_t first = take(servers, lines);
    add_state(servers, 0);
    lock_drop(&servers->lock);
    return first;
}

void servers_state_gap(struct servers *servers, uint64_t from)
{
    lock_take(&servers->lock);
    buffer_clear(&servers->history);
    add_state(servers, from);
    lock_drop(&servers->lock);
}

void servers_stopped(struct servers *servers)
{
    lock_take(&servers->lock);
    uint64_t n = servers_next_line(servers);
    routing_line_stopped(&servers->history, n, clock_now(), servers->router);
    lock_drop(&servers->lock);
}
