#include "balancer/pool/servers.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "balancer/pool/servers_parts.h"
#include "common/clock.h"

void servers_init(struct servers *servers)
{
    memset(servers, 0, sizeof *servers);
    struct id id = id_make();
    struct pool_rules tickets = pool_rules_default(true);
    id_format(&id, servers->router);
    servers->seed = policy_hash(servers->router);
    servers_pool_add(servers, ROUTING_TICKETS, &tickets);
    lock_init(&servers->lock);
    uint64_t n = servers_next_line(servers);
    routing_line_started(&servers->history, n, clock_now(), servers->router, ROUTING_VERSION);
}

size_t servers_pool_add(struct servers *servers, const char *name, const struct pool_rules *rules)
{
    assert(servers->pool_count < POOLS_MAX);
    struct pool *pool = &servers->pools[servers->pool_count];
    snprintf(pool->name, sizeof pool->name, "%s", name);
    pool->rules = *rules;
    return servers->pool_count++;
}

size_t servers_pool_find(const struct servers *servers, const char *name)
{
    for (size_t i = 0; i < servers->pool_count; i++)
        if (strcmp(servers->pools[i].name, name) == 0)
            return i;
    return SERVER_NONE;
}

void servers_free(struct servers *servers)
{
    buffer_free(&servers->history);
    lock_free(&servers->lock);
}

struct server *servers_by_id(struct servers *servers, const char *id)
{
    for (size_t i = 0; i < servers->count; i++)
        if (servers->list[i].state != SERVER_LEFT && strcmp(servers->list[i].id, id) == 0)
            return &servers->list[i];
    return NULL;
}

bool servers_hear(struct server *server, const struct figures *figures)
{
    struct figures known = {.boot = server->boot, .commit = server->commit};
    if (!figures_newer(figures, &known))
        return false;
    server->boot = figures->boot;
    server->commit = figures->commit;
    server->told = figures->sold;
    return true;
}

/* --- what is under way ------------------------------------------------------------------------- */

static bool is_failure(const struct routing_done *done)
{
    bool refused =
        done->status == 500 || done->status == 502 || done->status == 503 || done->status == 504;
    return done->how != END_ANSWERED || refused;
}

/* A ticket server that could not be reached was told to servers_failed, which has counted it. */
static bool is_counted(const struct server *server, const struct routing_done *done)
{
    return done->how == END_LEFT ||
           (server->pool == POOL_TICKETS && (done->how == END_CONNECT || done->how == END_LOST));
}

/* The last that was under way at one that leaves. */
static void leave_empty(struct servers *servers, struct server *server)
{
    if (server->health.leave)
        servers_apply(servers, server, "nothing is under way there any more");
}

void servers_done(struct servers *servers, size_t index, struct routing_done *done)
{
    lock_take(&servers->lock);
    struct server *server = &servers->list[index];
    assert(server->busy > 0);
    server->busy--;
    done->server = server->id;
    uint64_t n = servers_next_line(servers);
    routing_line_done(&servers->history, n, clock_now(), done);
    if (!is_counted(server, done))
        servers_judge(servers, server, is_failure(done));
    leave_empty(servers, server);
    lock_drop(&servers->lock);
}

static int64_t carried(const struct settlement *settlement)
{
    return settlement->sold + settlement->replayed + settlement->refused + settlement->lost +
           settlement->unsent + settlement->held + settlement->freed;
}

/* A flight has landed. */
static void decides_again(struct server *server)
{
    if (server->refusing && server->state == SERVER_UP)
        snprintf(server->why, sizeof server->why, "its store takes sales again");
    server->refusing = false;
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
        servers_hear(server, figures);
        decides_again(server);
        server->landed++;
        servers->landed++;
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
        .held = settlement->held,
        .freed = settlement->freed,
    };
    uint64_t n = servers_next_line(servers);
    routing_line_settled(&servers->history, n, clock_now(), &line);
    if (figures != NULL) /* else servers_failed has been told */
        servers_judge(servers, server, false);
    leave_empty(servers, server);
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

size_t servers_count(struct servers *servers)
{
    lock_take(&servers->lock);
    size_t count = servers->count;
    lock_drop(&servers->lock);
    return count;
}

size_t servers_find(struct servers *servers, const char *id, struct server *server)
{
    lock_take(&servers->lock);
    const struct server *found = servers_by_id(servers, id);
    size_t index = found != NULL ? (size_t)(found - servers->list) : SERVER_NONE;
    if (found != NULL && server != NULL)
        *server = *found;
    lock_drop(&servers->lock);
    return index;
}

/* Under the lock. */
static bool any_but(const struct servers *servers, size_t index)
{
    bool any = false;
    int64_t now = clock_monotonic();
    for (size_t i = 0; i < servers->count && !any; i++) {
        const struct server *server = &servers->list[i];
        any = i != index && server->pool == POOL_TICKETS && server->state != SERVER_LEFT &&
              (server->state == SERVER_UP || health_hopeful(&server->health, server->state, now));
    }
    return any;
}

bool servers_any_but(struct servers *servers, size_t index)
{
    lock_take(&servers->lock);
    bool any = any_but(servers, index);
    lock_drop(&servers->lock);
    return any;
}

bool servers_any(struct servers *servers)
{
    return servers_any_but(servers, SERVER_NONE);
}

void servers_refused(struct servers *servers, size_t index, unsigned start, const char *why)
{
    lock_take(&servers->lock);
    struct server *server = &servers->list[index];
    if (server->start == start && server->state != SERVER_LEFT) {
        if (any_but(servers, index))
            health_lost(&server->health);
        server->refusing = true;
        servers_judge(servers, server, true);
        servers_apply(servers, server, why);
        if (server->state == SERVER_UP)
            snprintf(server->why, sizeof server->why, "%s", why);
    }
    lock_drop(&servers->lock);
}

bool servers_selling(struct servers *servers)
{
    bool selling = false;
    lock_take(&servers->lock);
    for (size_t i = 0; i < servers->count && !selling; i++) {
        const struct server *server = &servers->list[i];
        selling = server->pool == POOL_TICKETS && server->state == SERVER_UP && !server->refusing;
    }
    lock_drop(&servers->lock);
    return selling;
}

/* Another server of the same pool, which is up. */
static bool up_beside(const struct servers *servers, size_t index, size_t other)
{
    const struct server *server = &servers->list[other];
    return other != index && server->pool == servers->list[index].pool &&
           server->state == SERVER_UP;
}

/* Never falls, whoever leaves the list. */
static int64_t landed_elsewhere(const struct servers *servers, size_t index)
{
    return servers->landed - servers->list[index].landed;
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
    bool up = server_state_alive(servers->list[index].state);
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
