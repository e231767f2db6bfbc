#include <stdio.h>
#include <string.h>

#include "tests/unit/tools/router_sim_parts.h"

/* xorshift64* */
uint64_t sim_roll(struct sim *sim, uint64_t sides)
{
    sim->random ^= sim->random >> 12;
    sim->random ^= sim->random << 25;
    sim->random ^= sim->random >> 27;
    return (sim->random * UINT64_C(2685821657736338717) >> 33) % sides;
}

int64_t sim_tick(struct sim *sim)
{
    sim->time += 100000;
    return sim->time;
}

void sim_init(struct sim *sim, size_t tickets, uint64_t seed)
{
    memset(sim, 0, sizeof *sim);
    sim->random = seed;
    sim->tickets = tickets;
    sim->count = tickets + (tickets > ROUTING_CANDIDATES_MAX ? 18 : 3);
    sim->time = INT64_C(1795255200000000);
    for (size_t i = 0; i < sim->count; i++) {
        struct sim_server *server = &sim->servers[i];
        bool sells = i < tickets;
        server->pool = sells ? SIM_TICKETS : SIM_FILES;
        server->weight = 1 + (int64_t)i % 3;
        server->limit = sells ? 12 : 4;
        snprintf(server->id, sizeof server->id, "%s-%zu", sells ? "server" : "files",
                 sells ? i + 1 : i - tickets + 1);
    }
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
        } else if (sim_roll(sim, 5) == 0) {
            settled->refused++;
        } else {
            add_sale(sim, server, &passenger->request, passenger->quantity, sim->router);
            passenger->sold = true;
            settled->sold++;
        }
    }
    server->real_commit++;
}

struct id sim_next_request(struct sim *sim)
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

static const char *const pool_names[SIM_POOLS] = {ROUTING_TICKETS, "files"};

void sim_move(struct sim *sim, struct sim_server *server, enum server_state to, const char *why)
{
    struct routing_server line = {.server = server->id,
                                  .pool = pool_names[server->pool],
                                  .weight = server->weight,
                                  .from = server->state,
                                  .to = to,
                                  .boot = server->boot,
                                  .commit = server->commit,
                                  .told = server->told,
                                  .limit = server->limit,
                                  .store = SIM_STORE,
                                  .why = why};
    server->state = to;
    routing_line_server(&sim->log, ++sim->n, sim_tick(sim), &line);
}

static void hear(struct sim_server *server)
{
    if (server->pool != SIM_TICKETS)
        return;
    server->boot = server->real_boot;
    server->commit = server->real_commit;
    server->told = server->real_sold;
}

static void restart_server(struct sim *sim, struct sim_server *server)
{
    server->real_boot++;
    server->real_commit = 0;
    sim_move(sim, server, SERVER_JOINING, "started as process 7");
}

void sim_start(struct sim *sim)
{
    struct id router = sim_next_request(sim);
    id_format(&router, sim->router);
    sim->n = 0;
    sim->flight = 0;
    sim->sold = 0;
    routing_line_started(&sim->log, ++sim->n, sim_tick(sim), sim->router);
    for (size_t i = 0; i < sim->count; i++) {
        struct sim_server *server = &sim->servers[i];
        server->state = SERVER_NEW;
        server->told = server->boot = server->commit = server->pending = 0;
        server->busy = server->workload = server->workload_at = 0;
        server->flight = 0;
        memset(server->turns, 0, sizeof server->turns);
        server->count = 0;
        restart_server(sim, server);
    }
    for (size_t i = 0; i < sim->count; i++) {
        hear(&sim->servers[i]);
        sim_move(sim, &sim->servers[i], SERVER_UP, "probe: answered");
        if (sim->tickets <= ROUTING_CANDIDATES_MAX) /* where a choice can show who joins */
            sim_forward(sim);
    }
}

static void settle(struct sim *sim, struct sim_server *server, struct routing_settled *settled)
{
    for (size_t i = 0; i < server->count; i++)
        settled->released += server->seats[i].quantity;
    server->pending -= settled->released;
    server->busy -= (int64_t)server->count;
    sim->sold += settled->sold;
    settled->server = server->id;
    settled->flight = server->flight;
    settled->boot = server->boot;
    settled->commit = server->commit;
    settled->told = server->told;
    server->flight = 0;
    server->count = 0;
    routing_line_settled(&sim->log, ++sim->n, sim_tick(sim), settled);
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

static bool buy(struct sim *sim, struct sim_passenger passenger)
{
    struct sim_asking asking = {
        .pool = SIM_TICKETS,
        .route = passenger.route,
        .request = &passenger.request,
        .quantity = passenger.quantity,
        .retry = passenger.retry,
    };
    struct sim_server *server = sim_choose(sim, &asking);
    if (!server)
        return false;
    passenger.retry = true;
    server->pending += passenger.quantity;
    server->seats[server->count++] = passenger;
    return true;
}

static void buy_anew(struct sim *sim)
{
    struct sim_passenger passenger = {.request = sim_next_request(sim),
                                      .quantity = 1 + (int)sim_roll(sim, 4),
                                      .route = sim_roll(sim, 1 << 20)};
    buy(sim, passenger);
}

static void retry_all(struct sim *sim, const struct sim_passenger *passengers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (buy(sim, passengers[i]))
            continue;
        for (size_t j = 0; j < sim->tickets; j++)
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
    if (sim_roll(sim, 2))
        decide(sim, server, &(struct routing_settled){0});
    memcpy(passengers, server->seats, sizeof passengers);
    sim_move(sim, server, SERVER_DOWN, "flight: connection reset");
    settled.lost = (int64_t)count;
    settle(sim, server, &settled);
    retry_all(sim, passengers, count);
    restart_server(sim, server);
    hear(server);
    sim_move(sim, server, SERVER_UP, "probe: answered");
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
    struct id id = sim_next_request(sim);
    if (server->state != SERVER_UP)
        return;
    add_sale(sim, server, &id, 3, "");
    server->real_commit++;
    hear(server);
    routing_line_told(&sim->log, ++sim->n, sim_tick(sim), server->id, server->boot, server->commit,
                      server->told);
}

/* A server of files goes down, with requests under way, or comes back. */
static void flip(struct sim *sim)
{
    size_t files = sim->count - sim->tickets;
    struct sim_server *server = &sim->servers[sim->tickets + sim_roll(sim, files)];
    bool up = server->state == SERVER_UP;
    sim_move(sim, server, up ? SERVER_DOWN : SERVER_UP,
             up ? "connection reset" : "check: answered");
}

static void step(struct sim *sim)
{
    struct sim_server *server = &sim->servers[sim_roll(sim, sim->tickets)];
    uint64_t kind = sim_roll(sim, 200);
    if (kind < 60)
        buy_anew(sim);
    else if (kind < 85)
        land(sim, server);
    else if (kind < 89)
        lose(sim, server);
    else if (kind < 92)
        unload(sim, server);
    else if (kind < 95)
        sell_directly(sim, server);
    else if (kind < 145)
        sim_forward(sim);
    else if (kind < 180)
        sim_finish(sim, sim_roll(sim, sim->open_count + 1));
    else if (kind < 195)
        sim_report(sim);
    else
        flip(sim);
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
            .server = server->id,
            .pool = pool_names[server->pool],
            .state = server->state,
            .told = server->told,
            .pending = server->pending,
            .boot = server->boot,
            .commit = server->commit,
            .limit = server->limit,
            .busy = server->busy,
            .weight = server->weight,
            .turns = {server->turns[0], server->turns[1]},
            .workload = server->workload,
            .workload_at = server->workload_at,
        };
    }
    struct routing_snapshot state = {
        sim->router, SIM_STORE, sim->flight + 1, sim->sold, gap && sim->n >= from ? from : 0,
        list,        sim->count};
    routing_line_state(&sim->log, ++sim->n, sim_tick(sim), &state);
}

void sim_stop(struct sim *sim)
{
    for (size_t i = 0; i < sim->tickets; i++)
        land(sim, &sim->servers[i]);
    while (sim->open_count > 0)
        sim_finish(sim, 0);
    routing_line_stopped(&sim->log, ++sim->n, sim_tick(sim), sim->router);
}

void sim_crash(struct sim *sim)
{
    size_t written = sim->log.length;
    for (int i = 0; i < 10; i++)
        sim_forward(sim);
    sim->log.length = written;
    sim->open_count = 0;
    for (size_t i = 0; i < sim->tickets; i++) {
        struct routing_settled never_written = {0};
        if (sim_roll(sim, 2))
            decide(sim, &sim->servers[i], &never_written);
        sim->servers[i].count = 0;
    }
}
