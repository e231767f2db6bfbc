/* The history of servers: how it is taken, and what opens a further part of it. */
#include "balancer/pool/servers_parts.h"
#include "common/clock.h"

uint64_t servers_next_line(struct servers *servers)
{
    uint64_t n = ++servers->n;
    if (servers->history.length == 0)
        servers->history_first = n;
    return n;
}

static struct routing_snapshot_server snapshot(const struct servers *servers,
                                               const struct server *server)
{
    return (struct routing_snapshot_server){
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

static void add_state(struct servers *servers, uint64_t after_gap)
{
    static struct routing_snapshot_server
        list[ROUTING_SERVERS_MAX]; /* under the lock: one is enough */
    for (size_t i = 0; i < servers->count; i++)
        list[i] = snapshot(servers, &servers->list[i]);
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

void servers_scaled(struct servers *servers, const struct routing_scale *scale)
{
    lock_take(&servers->lock);
    uint64_t n = servers_next_line(servers);
    routing_line_scale(&servers->history, n, clock_now(), scale);
    lock_drop(&servers->lock);
}
