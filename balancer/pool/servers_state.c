/* Who comes, goes, and is well: every change of a server's state. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "balancer/pool/servers_parts.h"
#include "common/clock.h"

/* Reports that say the same are written so often: well before they are stale. */
static const int64_t report_interval = CLOCK_SECOND;
static const int64_t returns_within = 5 * CLOCK_SECOND; /* a process that is being replaced */

enum {
    RAMP_STEPS = 16, /* a limit grows by at least one part in so many: each step leaves a line */
};

/* Which moves are legal. */
static bool is_legal(enum server_state from, enum server_state to)
{
    if (from == to || to == SERVER_NEW || from == SERVER_LEFT)
        return false;
    if (to == SERVER_JOINING)
        return from == SERVER_NEW || from == SERVER_DOWN;
    return from != SERVER_NEW;
}

static const struct pool_rules *rules_of(const struct servers *servers, const struct server *server)
{
    return &servers->pools[server->pool].rules;
}

/* --- moving ------------------------------------------------------------------------------------ */

static void write_move(struct servers *servers, const struct server *server, enum server_state from)
{
    struct routing_server line = {
        .server = server->id,
        .pool = servers->pools[server->pool].name,
        .weight = server->weight,
        .from = from,
        .to = server->state,
        .boot = server->boot,
        .commit = server->commit,
        .told = server->told,
        .limit = server->limit,
        .store = server->pool == POOL_TICKETS ? servers->store : "",
        .why = server->why,
    };
    uint64_t n = servers_next_line(servers);
    routing_line_server(&servers->history, n, server->since, &line);
}

/* Another one is up, and has been for so long that it is warm. */
static bool others_warm(const struct servers *servers, const struct server *server, int64_t now)
{
    for (size_t i = 0; i < servers->count; i++) {
        const struct server *other = &servers->list[i];
        if (other != server && other->pool == server->pool && other->state == SERVER_UP &&
            now - other->up_at >= rules_of(servers, server)->slow_start)
            return true;
    }
    return false;
}

/* One that joins those who are warm begins slowly. (Where all are cold, none is.) */
static void begin_ramp(const struct servers *servers, struct server *server, int64_t now)
{
    const struct pool_rules *rules = rules_of(servers, server);
    bool slow = rules->slow_start > 0 && rules->slow_from < rules->limit &&
                others_warm(servers, server, now);
    server->limit = slow ? rules->slow_from : rules->limit;
    server->ramp = slow ? now : 0;
}

/* Its place in the list is free from now on. What still asks for this start of it asks in vain. */
static void forget(struct server *server)
{
    assert(server->pending == 0 && server->busy == 0);
    *server = (struct server){.state = SERVER_LEFT, .start = server->start + 1};
}

/* The one place where a state changes. */
static void move(struct servers *servers, struct server *server, enum server_state to,
                 const char *why)
{
    enum server_state from = server->state;
    int64_t now = clock_monotonic();
    assert(is_legal(from, to));
    snprintf(server->why, sizeof server->why, "%s", why);
    server->state = to;
    server->since = clock_now();
    if (to == SERVER_UP) {
        server->up_at = now;
        server->health.returns_until = 0;
        if (from == SERVER_JOINING)
            begin_ramp(servers, server, now);
    }
    write_move(servers, server, from);
    if (to == SERVER_LEFT)
        forget(server);
}

static void follow(struct servers *servers, struct server *server, const char *why)
{
    bool empty = server->pending == 0 && server->busy == 0;
    enum server_state to = health_state(&server->health, empty);
    if (to != server->state)
        move(servers, server, to, why);
}

/* Whether as many of the pool's servers as now may be out though they answer, and also `more` (SERVER_NONE:
 * nobody more), should it answer: at least one that answers is left, always. */
static bool may_be_out(const struct servers *servers, size_t pool, size_t more)
{
    size_t alive = 0, out = 0;
    for (size_t i = 0; i < servers->count; i++) {
        const struct server *server = &servers->list[i];
        if (server->pool != pool || server->health.drain ||
            !(i == more || server_state_alive(server->state)))
            continue;
        alive++;
        out += i == more || health_out(&server->health);
    }
    return out == 0 ||
           (out < alive && out * 1000 <= alive * (size_t)servers->pools[pool].rules.out_most);
}

static struct server *longest_out(struct servers *servers, size_t pool)
{
    struct server *longest = NULL;
    for (size_t i = 0; i < servers->count; i++) {
        struct server *server = &servers->list[i];
        if (server->pool == pool && server->state != SERVER_LEFT && health_out(&server->health) &&
            (longest == NULL || server->since < longest->since))
            longest = server;
    }
    return longest;
}

void servers_apply(struct servers *servers, struct server *server, const char *why)
{
    size_t pool = server->pool;
    follow(servers, server, why);
    while (!may_be_out(servers, pool, SERVER_NONE)) {
        struct server *released = longest_out(servers, pool);
        released->health.overloaded = false;
        health_readmit(&released->health);
        follow(servers, released, "too few others are left");
    }
}

/* --- coming and going -------------------------------------------------------------------------- */

static struct server *free_place(struct servers *servers)
{
    for (size_t i = 0; i < servers->count; i++)
        if (servers->list[i].state == SERVER_LEFT)
            return &servers->list[i];
    return servers->count < ROUTING_SERVERS_MAX ? &servers->list[servers->count++] : NULL;
}

static struct server *add(struct servers *servers, const struct server_about *about)
{
    struct server *server = free_place(servers);
    if (server == NULL)
        return NULL;
    *server = (struct server){.identity = policy_hash(about->id),
                              .pool = about->pool,
                              .source = about->source,
                              .weight = about->weight,
                              .start = server->start,
                              .limit = servers->pools[about->pool].rules.limit};
    snprintf(server->id, sizeof server->id, "%s", about->id);
    snprintf(server->address, sizeof server->address, "%s", about->address);
    return server;
}

bool servers_add(struct servers *servers, const struct server_about *about)
{
    lock_take(&servers->lock);
    struct server *server = NULL;
    if (servers_by_id(servers, about->id) == NULL)
        server = add(servers, about);
    if (server != NULL)
        servers_apply(servers, server,
                      about->source == SOURCE_CONFIG ? "configured" : "added by hand");
    lock_drop(&servers->lock);
    return server != NULL;
}

static void join(struct servers *servers, struct server *server, const char *address, pid_t pid)
{
    char why[ROUTING_WHY_SIZE];
    if (server->state != SERVER_NEW) {
        server->health.gone = true;
        servers_apply(servers, server, "its process was replaced");
        health_joined(&server->health);
        server->check = (struct server_check){0};
        server->refusing = false;
    }
    snprintf(server->address, sizeof server->address, "%s", address);
    server->pid = pid;
    server->start++;
    if (pid > 0)
        snprintf(why, sizeof why, "started as process %d", (int)pid);
    else
        snprintf(why, sizeof why, "joined from %s", address);
    servers_apply(servers, server, why);
}

bool servers_joined(struct servers *servers, const char *id, const char *address, pid_t pid)
{
    lock_take(&servers->lock);
    struct server *server = servers_by_id(servers, id);
    if (server == NULL)
        server =
            add(servers, &(struct server_about){.id = id,
                                                .address = address,
                                                .pool = POOL_TICKETS,
                                                .weight = 1,
                                                .source = pid > 0 ? SOURCE_MASTER : SOURCE_JOINED});
    if (server != NULL)
        join(servers, server, address, pid);
    lock_drop(&servers->lock);
    return server != NULL;
}

void servers_gone(struct servers *servers, const char *id, const char *why)
{
    lock_take(&servers->lock);
    struct server *server = servers_by_id(servers, id);
    if (server != NULL) {
        server->pid = 0;
        server->health.gone = true;
        servers_apply(servers, server, why);
    }
    lock_drop(&servers->lock);
}

void servers_restarts(struct servers *servers, const char *id, int64_t restarts)
{
    lock_take(&servers->lock);
    struct server *server = servers_by_id(servers, id);
    if (server != NULL)
        server->restarts = restarts;
    lock_drop(&servers->lock);
}

/* --- what somebody wants ----------------------------------------------------------------------- */

enum wish { WISH_READY, WISH_DRAIN, WISH_LEAVE, WISH_CUT, WISH_RETURN };

static void wish(struct server_health *health, enum wish wish)
{
    switch (wish) {
    case WISH_CUT:
        health->cut = true; /* fallthrough */
    case WISH_LEAVE:
        health->leave = true; /* fallthrough */
    case WISH_DRAIN:
        health->drain = true;
        break;
    case WISH_READY:
        health->drain = health->leave = health->cut = false;
        break;
    case WISH_RETURN:
        health->returns_until = clock_monotonic() + returns_within;
        break;
    }
}

static bool want(struct servers *servers, const char *id, enum wish what, const char *why)
{
    lock_take(&servers->lock);
    struct server *server = servers_by_id(servers, id);
    if (server != NULL) {
        wish(&server->health, what);
        servers_apply(servers, server, why);
    }
    lock_drop(&servers->lock);
    return server != NULL;
}

bool servers_drain(struct servers *servers, const char *id, const char *why)
{
    return want(servers, id, WISH_DRAIN, why);
}

bool servers_ready(struct servers *servers, const char *id, const char *why)
{
    return want(servers, id, WISH_READY, why);
}

bool servers_leave(struct servers *servers, const char *id, const char *why)
{
    return want(servers, id, WISH_LEAVE, why);
}

bool servers_cut(struct servers *servers, const char *id, const char *why)
{
    return want(servers, id, WISH_CUT, why);
}

void servers_returning(struct servers *servers, const char *id)
{
    want(servers, id, WISH_RETURN, "");
}

/* --- requests ---------------------------------------------------------------------------------- */

void servers_judge(struct servers *servers, struct server *server, bool failed)
{
    const struct pool_rules *rules = rules_of(servers, server);
    char why[ROUTING_WHY_SIZE];
    int64_t now = clock_monotonic();
    server->requests++;
    server->failures += failed;
    bool heard = server->state != SERVER_JOINING; /* else its process before this one was asked */
    if (!heard || !health_request(&server->health, rules, failed, now, why))
        return;
    if (!may_be_out(servers, server->pool, (size_t)(server - servers->list)))
        return;
    health_eject(&server->health, rules, now);
    server->ejections++;
    servers_apply(servers, server, why);
}

void servers_failed(struct servers *servers, size_t index, unsigned start, const char *why)
{
    lock_take(&servers->lock);
    struct server *server = &servers->list[index];
    if (server->start == start && server->state != SERVER_LEFT) {
        health_lost(&server->health);
        if (server->state == SERVER_JOINING)
            snprintf(server->why, sizeof server->why, "%s", why);
        if (server->pool == POOL_TICKETS)
            servers_judge(servers, server, true);
        servers_apply(servers, server, why);
    }
    lock_drop(&servers->lock);
}

/* --- checks ------------------------------------------------------------------------------------ */

/* Our own servers say which store is sold from: the first of them, while no other one is up. Who was added or
 * has joined says so only where there are no servers of our own, and nobody has said it yet. */
static bool names_store(const struct servers *servers, const struct server *server)
{
    if (server->source != SOURCE_MASTER)
        return !servers->has_own && servers->store[0] == '\0';
    for (size_t i = 0; i < servers->count; i++) {
        const struct server *other = &servers->list[i];
        if (other != server && other->source == SOURCE_MASTER && server_state_alive(other->state))
            return false;
    }
    return true;
}

/* All servers must sell from one store. (The answer to a trial flight tells none.) Why not; NULL: it does. */
static const char *judge_store(struct servers *servers, const struct server *server,
                               const struct figures *figures)
{
    if (figures == NULL || figures->store[0] == '\0')
        return NULL;
    if (names_store(servers, server))
        snprintf(servers->store, sizeof servers->store, "%s", figures->store);
    if (servers->store[0] == '\0')
        return "which store is sold from is not known before a server of our own is up";
    return strcmp(servers->store, figures->store) != 0
               ? "it sells from another store than the others"
               : NULL;
}

/* Kept, with a line, where a route of its pool reads it. */
static void note_workload(struct servers *servers, struct server *server,
                          const struct server_report *report)
{
    int64_t workload = policy_workload(report->cpu, report->memory, report->commit);
    int64_t now = clock_now();
    bool due = now < server->workload_at || now - server->workload_at >= report_interval;
    if (!servers->pools[server->pool].reports || (workload == server->workload && !due))
        return;
    server->workload = workload;
    server->workload_at = now;
    struct routing_load line = {.server = server->id,
                                .cpu = report->cpu,
                                .memory = report->memory,
                                .commit = report->commit,
                                .workload = workload};
    uint64_t n = servers_next_line(servers);
    routing_line_load(&servers->history, n, now, &line);
}

/* What it reports may take it out, where not too many are. */
static bool judge_report(struct servers *servers, struct server *server,
                         const struct server_report *report, char why[ROUTING_WHY_SIZE])
{
    bool was = server->health.overloaded;
    bool may = may_be_out(servers, server->pool, (size_t)(server - servers->list));
    server->report = *report;
    health_reported(&server->health, &servers->pools[server->pool].rules, report, why);
    if (!was && server->health.overloaded && !may)
        server->health.overloaded = false;
    return was != server->health.overloaded;
}

/* The limit of one that has joined not long ago grows, while others are there to take the rest. */
static void ramp(struct servers *servers, struct server *server)
{
    const struct pool_rules *rules = rules_of(servers, server);
    int64_t now = clock_monotonic(), age = now - server->ramp;
    if (server->ramp == 0 || server->state != SERVER_UP)
        return;
    bool over = age >= rules->slow_start || !others_warm(servers, server, now);
    int64_t limit =
        over ? rules->limit
             : rules->slow_from + (rules->limit - rules->slow_from) * age / rules->slow_start;
    if (over)
        server->ramp = 0;
    if (limit == server->limit || (!over && limit - server->limit < rules->limit / RAMP_STEPS))
        return;
    server->limit = limit;
    struct routing_limit line = {
        .server = server->id, .limit = limit, .why = over ? "warm" : "slow-start"};
    uint64_t n = servers_next_line(servers);
    routing_line_limit(&servers->history, n, clock_now(), &line);
}

/* Figures count only where they can be written down. */
static void hear(struct servers *servers, struct server *server, const struct figures *figures,
                 const char *why)
{
    enum server_state before = server->state;
    bool news = server->health.alive && servers_hear(server, figures);
    servers_apply(servers, server, why);
    if (!news || server->state != before)
        return;
    uint64_t n = servers_next_line(servers);
    routing_line_told(&servers->history, n, clock_now(), server->id, server->boot, server->commit,
                      server->told);
}

static void passed(struct servers *servers, struct server *server,
                   const struct server_checked *check)
{
    char why[ROUTING_WHY_SIZE], over[ROUTING_WHY_SIZE] = "";
    bool back = health_checked(&server->health, rules_of(servers, server), true, clock_monotonic());
    snprintf(why, sizeof why, "probe: %.100s%s", check->reason, back ? ", no longer ejected" : "");
    if (check->figures != NULL)
        hear(servers, server, check->figures, why);
    else
        servers_apply(servers, server, why);
    if (check->report == NULL)
        return;
    bool changed = judge_report(servers, server, check->report, over);
    if (changed)
        servers_apply(servers, server, over[0] != '\0' ? over : "it reports less again");
    note_workload(servers, server, check->report);
}

static void failed(struct servers *servers, struct server *server, const char *reason, bool at_once)
{
    char why[ROUTING_WHY_SIZE];
    snprintf(why, sizeof why, "probe: %.100s", reason);
    health_checked(&server->health, rules_of(servers, server), false, clock_monotonic());
    if (at_once)
        health_lost(&server->health);
    if (server->state == SERVER_JOINING)
        snprintf(server->why, sizeof server->why, "%s", why);
    servers_apply(servers, server, why);
}

static void note_check(struct server *server, const struct server_checked *check, bool good,
                       const char *reason)
{
    server->checks++;
    server->checks_failed += !good;
    server->check = (struct server_check){.at = clock_now(), .passed = good, .took = check->took};
    snprintf(server->check.reason, sizeof server->check.reason, "%s", reason);
}

void servers_checked(struct servers *servers, size_t index, unsigned start,
                     const struct server_checked *check)
{
    lock_take(&servers->lock);
    struct server *server = &servers->list[index];
    if (server->start == start && server->state != SERVER_LEFT && !server->health.gone) {
        const char *strange = check->passed ? judge_store(servers, server, check->figures) : NULL;
        const char *reason = strange != NULL ? strange : check->reason;
        note_check(server, check, check->passed && strange == NULL, reason);
        if (check->passed && strange == NULL)
            passed(servers, server, check);
        else
            failed(servers, server, reason, strange != NULL);
        ramp(servers, server);
    }
    lock_drop(&servers->lock);
}
