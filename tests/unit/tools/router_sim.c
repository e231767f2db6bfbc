#include "tests/unit/tools/router_sim.h"

#include <stdio.h>
#include <string.h>

/* xorshift64* */
static uint64_t roll(struct sim *sim, uint64_t sides)
{
    sim->random ^= sim->random >> 12;
    sim->random ^= sim->random << 25;
    sim->random ^= sim->random >> 27;
    return (sim->random * UINT64_C(2685821657736338717) >> 33) % sides;
}

static int64_t tick(struct sim *sim)
{
    sim->time += 100000;
    return sim->time;
}

void sim_init(struct sim *sim, size_t servers, uint64_t seed)
{
    memset(sim, 0, sizeof *sim);
    sim->random = seed;
    sim->count = servers;
    sim->time = INT64_C(1795255200000000);
    for (size_t i = 0; i < servers; i++)
        snprintf(sim->servers[i].id, sizeof sim->servers[i].id, "server-%zu", i + 1);
}

void sim_free(struct sim *sim)
{
    buffer_free(&sim->log);
    buffer_free(&sim->sales);
}

size_t sim_sales(const struct sim *sim, const struct sim_sale **sales)
{
    *sales = (const struct sim_sale *)(const void *)sim->sales.data;
    return sim->sales.length / sizeof **sales;
}

/* --- the ticket servers ------------------------------------------------------------------------ */

static void add_sale(struct sim *sim, struct sim_server *server, const struct id *id, int quantity,
                     const char *router)
{
    struct sim_sale row = {.sale = {.id = *id, .quantity = quantity, .created_at = sim->time}};
    snprintf(row.sale.event, sizeof row.sale.event, "demo");
    snprintf(row.sale.server, sizeof row.sale.server, "%s", server->id);
    snprintf(row.router, sizeof row.router, "%s", router);
    buffer_append(&sim->sales, &row, sizeof row);
    server->real_sold += quantity;
}

/* Decides a flight as a ticket server does: what is known is replayed. */
static void decide(struct sim *sim, struct sim_server *server, struct routing_settled *settled)
{
    for (size_t i = 0; i < server->count; i++) {
        struct sim_passenger *passenger = &server->seats[i];
        if (passenger->sold) {
            settled->replayed++;
        } else if (roll(sim, 5) == 0) {
            settled->refused++;
        } else {
            add_sale(sim, server, &passenger->request, passenger->quantity, sim->router);
            passenger->sold = true;
            settled->sold++;
        }
    }
    server->real_commit++;
}

static struct id next_request(struct sim *sim)
{
    struct id id = {{[6] = 0x70, [8] = 0x80}};
    uint64_t number = ++sim->requests, milliseconds = (uint64_t)sim->time / 1000;
    for (int i = 5; i >= 0; i--, milliseconds >>= 8)
        id.bytes[i] = (uint8_t)milliseconds;
    for (int i = 15; number; i--, number >>= 8)
        id.bytes[i] = (uint8_t)number;
    return id;
}

/* --- the router -------------------------------------------------------------------------------- */

static void move(struct sim *sim, struct sim_server *server, enum server_state to, const char *why)
{
    struct routing_server line = {server->id,    server->state,  to,
                                  server->boot,  server->commit, server->told,
                                  server->limit, SIM_STORE,      why};
    server->state = to;
    routing_line_server(&sim->log, ++sim->n, tick(sim), &line);
}

static void hear(struct sim_server *server)
{
    server->boot = server->real_boot;
    server->commit = server->real_commit;
    server->told = server->real_sold;
}

static void restart_server(struct sim *sim, struct sim_server *server)
{
    server->real_boot++;
    server->real_commit = 0;
    move(sim, server, SERVER_JOINING, "started as process 7");
}

void sim_start(struct sim *sim)
{
    struct id router = next_request(sim);
    id_format(&router, sim->router);
    sim->n = 0;
    sim->flight = 0;
    sim->sold = 0;
    routing_line_started(&sim->log, ++sim->n, tick(sim), sim->router);
    for (size_t i = 0; i < sim->count; i++) {
        struct sim_server *server = &sim->servers[i];
        server->state = SERVER_NEW;
        server->told = server->boot = server->commit = server->pending = 0;
        server->last = server->last_read = server->flight = 0;
        server->limit = 12;
        server->count = 0;
        restart_server(sim, server);
    }
    for (size_t i = 0; i < sim->count; i++) {
        hear(&sim->servers[i]);
        move(sim, &sim->servers[i], SERVER_UP, "probe: answered");
    }
}

static void settle(struct sim *sim, struct sim_server *server, struct routing_settled *settled)
{
    for (size_t i = 0; i < server->count; i++)
        settled->released += server->seats[i].quantity;
    server->pending -= settled->released;
    sim->sold += settled->sold;
    settled->server = server->id;
    settled->flight = server->flight;
    settled->boot = server->boot;
    settled->commit = server->commit;
    settled->told = server->told;
    server->flight = 0;
    server->count = 0;
    routing_line_settled(&sim->log, ++sim->n, tick(sim), settled);
}

static void land(struct sim *sim, struct sim_server *server)
{
    struct routing_settled settled = {0};
    if (server->count == 0)
        return;
    decide(sim, server, &settled);
    hear(server);
    settle(sim, server, &settled);
}

static enum candidate_mark mark_of(const struct sim_server *server, int quantity)
{
    if (server->state != SERVER_UP)
        return server->state == SERVER_JOINING ? MARK_JOINING : MARK_DOWN;
    bool full = quantity && server->pending && server->pending + quantity > server->limit;
    return full ? MARK_FULL : MARK_NONE;
}

/* The best unmarked candidate but `not`; `count` where there is none. */
static size_t best_of(const struct candidate *candidates, size_t count, size_t not, bool read)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++) {
        if (i == not || candidates[i].mark != MARK_NONE)
            continue;
        const struct candidate *a = &candidates[i], *b = &candidates[best < count ? best : i];
        int64_t left = read ? 0 : a->told + a->pending, right = read ? 0 : b->told + b->pending;
        if (best == count || left < right || (left == right && a->last < b->last))
            best = i;
    }
    return best;
}

/* Writes a choice; NULL where nobody can take it. */
static struct sim_server *choose(struct sim *sim, const struct sim_passenger *passenger)
{
    struct candidate candidates[SIM_SERVERS_MAX];
    bool read = passenger->quantity == 0;
    for (size_t i = 0; i < sim->count; i++) {
        const struct sim_server *server = &sim->servers[i];
        candidates[i] = (struct candidate){server->id, server->told, server->pending,
                                           read ? server->last_read : server->last,
                                           mark_of(server, passenger->quantity)};
    }
    size_t to = best_of(candidates, sim->count, sim->count, read);
    if (to == sim->count)
        return NULL;
    struct sim_server *server = &sim->servers[to];
    if (!read && server->count == SIM_FLIGHT_MAX)
        return NULL;
    size_t second = best_of(candidates, sim->count, to, read);
    bool tie = second < sim->count && candidates[second].told + candidates[second].pending ==
                                          candidates[to].told + candidates[to].pending;
    char request[ID_TEXT_SIZE];
    id_format(&passenger->request, request);
    if (!read && server->flight == 0)
        server->flight = ++sim->flight;
    struct routing_choice choice = {
        .request = request,
        .client = "127.0.0.1",
        .route = read ? ROUTE_READ : ROUTE_PURCHASE,
        .event = "demo",
        .quantity = passenger->quantity,
        .flight = server->flight,
        .why = read               ? "turn"
               : passenger->retry ? "retry"
               : tie              ? "least-recent"
                                  : "fewest",
        .to = to,
        .runner_up = second < sim->count ? second : to,
        .candidates = candidates,
        .count = sim->count,
    };
    routing_line_choice(&sim->log, ++sim->n, tick(sim), &choice);
    return server;
}

static void read_once(struct sim *sim)
{
    struct sim_passenger reader = {.request = next_request(sim)};
    struct sim_server *server = choose(sim, &reader);
    if (server)
        server->last_read = sim->n;
}

static bool buy(struct sim *sim, struct sim_passenger passenger)
{
    struct sim_server *server = choose(sim, &passenger);
    if (!server)
        return false;
    passenger.retry = true;
    server->last = sim->n;
    server->pending += passenger.quantity;
    server->seats[server->count++] = passenger;
    return true;
}

static void retry_all(struct sim *sim, const struct sim_passenger *passengers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (buy(sim, passengers[i]))
            continue;
        for (size_t j = 0; j < sim->count; j++)
            land(sim, &sim->servers[j]);
        buy(sim, passengers[i]);
    }
}

/* The server dies with its flight, decided or not; its passengers go elsewhere. */
static void lose(struct sim *sim, struct sim_server *server)
{
    struct sim_passenger passengers[SIM_FLIGHT_MAX];
    struct routing_settled settled = {0};
    size_t count = server->count;
    if (count == 0 || server->state != SERVER_UP)
        return;
    if (roll(sim, 2))
        decide(sim, server, &(struct routing_settled){0});
    memcpy(passengers, server->seats, sizeof passengers);
    move(sim, server, SERVER_DOWN, "flight: connection reset");
    settled.lost = (int64_t)count;
    settle(sim, server, &settled);
    retry_all(sim, passengers, count);
    restart_server(sim, server);
    hear(server);
    move(sim, server, SERVER_UP, "probe: answered");
}

static void unload(struct sim *sim, struct sim_server *server)
{
    struct sim_passenger passengers[SIM_FLIGHT_MAX];
    struct routing_settled settled = {0};
    size_t count = server->count;
    if (count == 0)
        return;
    memcpy(passengers, server->seats, sizeof passengers);
    settled.unsent = (int64_t)count;
    settle(sim, server, &settled);
    retry_all(sim, passengers, count);
}

/* Somebody buys at the server itself; a probe tells. */
static void sell_directly(struct sim *sim, struct sim_server *server)
{
    struct id id = next_request(sim);
    if (server->state != SERVER_UP)
        return;
    add_sale(sim, server, &id, 3, "");
    server->real_commit++;
    hear(server);
    routing_line_told(&sim->log, ++sim->n, tick(sim), server->id, server->boot, server->commit,
                      server->told);
}

static void step(struct sim *sim)
{
    struct sim_server *server = &sim->servers[roll(sim, sim->count)];
    uint64_t kind = roll(sim, 100);
    if (kind < 60)
        buy(sim, (struct sim_passenger){next_request(sim), 1 + (int)roll(sim, 4), false, false});
    else if (kind < 65)
        read_once(sim);
    else if (kind < 90)
        land(sim, server);
    else if (kind < 94)
        lose(sim, server);
    else if (kind < 97)
        unload(sim, server);
    else
        sell_directly(sim, server);
}

void sim_run(struct sim *sim, int steps)
{
    for (int i = 0; i < steps; i++)
        step(sim);
}

void sim_state(struct sim *sim, bool gap)
{
    struct routing_snapshot_server list[SIM_SERVERS_MAX];
    uint64_t from = sim->n + 1;
    size_t written = sim->log.length;
    if (gap) {
        sim_run(sim, 20);
        sim->log.length = written;
    }
    for (size_t i = 0; i < sim->count; i++) {
        const struct sim_server *server = &sim->servers[i];
        list[i] = (struct routing_snapshot_server){
            server->id,     server->state, server->told, server->pending,  server->boot,
            server->commit, server->limit, server->last, server->last_read};
    }
    struct routing_snapshot state = {
        sim->router, SIM_STORE, sim->flight + 1, sim->sold, gap && sim->n >= from ? from : 0,
        list,        sim->count};
    routing_line_state(&sim->log, ++sim->n, tick(sim), &state);
}

void sim_stop(struct sim *sim)
{
    for (size_t i = 0; i < sim->count; i++)
        land(sim, &sim->servers[i]);
    routing_line_stopped(&sim->log, ++sim->n, tick(sim), sim->router);
}

void sim_crash(struct sim *sim)
{
    for (size_t i = 0; i < sim->count; i++) {
        struct routing_settled never_written = {0};
        if (roll(sim, 2))
            decide(sim, &sim->servers[i], &never_written);
        sim->servers[i].count = 0;
    }
}
