#include <stdio.h>
#include <string.h>

#include "tests/unit/tools/router_sim_parts.h"

/* xorshift64* */
uint64_t sim_roll(struct sim *sim, uint64_t sides)
{
    sim->world.random ^= sim->world.random >> 12;
    sim->world.random ^= sim->world.random << 25;
    sim->world.random ^= sim->world.random >> 27;
    return (sim->world.random * UINT64_C(2685821657736338717) >> 33) % sides;
}

int64_t sim_tick(struct sim *sim)
{
    sim->world.time += 100000;
    return sim->world.time;
}

void sim_init(struct sim *sim, size_t tickets, uint64_t seed)
{
    memset(sim, 0, sizeof *sim);
    struct sim_world *world = &sim->world;
    world->random = seed;
    world->time = INT64_C(1795255200000000);
    sim->tickets = tickets;
    sim->first = world->machine_count = tickets + (tickets > ROUTING_CANDIDATES_MAX ? 18 : 3);
    for (size_t i = 0; i < sim->first; i++) {
        struct sim_machine *machine = &world->machines[i];
        bool sells = i < tickets;
        machine->pool = sells ? SIM_TICKETS : SIM_FILES;
        machine->weight = 1 + (int64_t)i % 3;
        snprintf(machine->id, sizeof machine->id, "%s-%zu", sells ? "server" : "files",
                 sells ? i + 1 : i - tickets + 1);
    }
}

void sim_free(struct sim *sim)
{
    buffer_free(&sim->log);
    buffer_free(&sim->world.sales);
    buffer_free(&sim->world.orders);
}

size_t sim_sales(const struct sim *sim, const struct sim_sale **sales)
{
    *sales = (const struct sim_sale *)(const void *)sim->world.sales.data;
    return sim->world.sales.length / sizeof **sales;
}

size_t sim_orders(const struct sim *sim, const struct sim_order **orders)
{
    *orders = (const struct sim_order *)(const void *)sim->world.orders.data;
    return sim->world.orders.length / sizeof **orders;
}

/* --- the ticket servers ------------------------------------------------------------------------ */

static void add_sale(struct sim *sim, const struct sim_server *server, const struct id *order,
                     const struct id *request, int quantity, const char *router)
{
    struct sim_sale row = {.sale = {.id = *order,
                                    .request = *request,
                                    .quantity = quantity,
                                    .created_at = sim->world.time}};
    snprintf(row.sale.event, sizeof row.sale.event, "demo");
    snprintf(row.sale.server, sizeof row.sale.server, "%s", server->id);
    snprintf(row.router, sizeof row.router, "%s", router);
    buffer_append(&sim->world.sales, &row, sizeof row);
    sim->world.machines[server->machine].sold += quantity;
}

/* NULL where it is not held. */
static struct sim_hold *find_hold(struct sim *sim, const struct id *order)
{
    for (size_t i = 0; i < SIM_HOLDS; i++)
        if (sim->world.holds[i].quantity > 0 && id_equal(&sim->world.holds[i].order, order))
            return &sim->world.holds[i];
    return NULL;
}

static struct sim_order *order_of(struct sim *sim, const struct sim_hold *held)
{
    return (struct sim_order *)(void *)sim->world.orders.data + held->row;
}

static void move_order(struct sim *sim, struct sim_hold *held, enum order_state state)
{
    struct order *order = &order_of(sim, held)->order;
    order->sale.state = state;
    order->changed_at = sim->world.time;
    held->quantity = 0;
}

/* Some wait in line, and are offered fewer tickets. Whom one held before remembers expires by and by. */
static void hold(struct sim *sim, const struct sim_server *server,
                 const struct sim_passenger *passenger)
{
    struct sim_hold *held = &sim->world.holds[sim->world.held++ % SIM_HOLDS];
    struct sim_order row = {.order = {.changed_at = sim->world.time}};
    struct sale *sale = &row.order.sale;
    if (held->quantity > 0)
        move_order(sim, held, ORDER_EXPIRED);
    *held = (struct sim_hold){passenger->request, passenger->quantity,
                              sim->world.orders.length / sizeof row};
    if (held->quantity > 1 && sim_roll(sim, 4) == 0)
        held->quantity--;
    sale->id = sale->request = passenger->request;
    sale->state = sim_roll(sim, 4) == 0 ? ORDER_WAITING : ORDER_HELD;
    sale->quantity = held->quantity;
    sale->created_at = sim->world.time;
    snprintf(sale->event, sizeof sale->event, "demo");
    snprintf(sale->server, sizeof sale->server, "%s", server->id);
    snprintf(row.router, sizeof row.router, "%s", sim->router);
    buffer_append(&sim->world.orders, &row, sizeof row);
}

static void confirm(struct sim *sim, const struct sim_server *server, struct sim_hold *held,
                    const struct sim_passenger *passenger)
{
    struct sim_order *row = order_of(sim, held);
    add_sale(sim, server, &held->order, &passenger->request, held->quantity, sim->router);
    move_order(sim, held, ORDER_SOLD);
    row->order.sale.request = passenger->request;
    snprintf(row->order.sale.server, sizeof row->order.sale.server, "%s", server->id);
    snprintf(row->router, sizeof row->router, "%s", sim->router);
}

/* Where it is counted; NULL: it is refused. */
static int64_t *decide_one(struct sim *sim, const struct sim_server *server,
                           const struct sim_passenger *passenger, struct routing_settled *settled)
{
    if (passenger->verb == VERB_HOLD) {
        hold(sim, server, passenger);
        return &settled->held;
    }
    if (passenger->verb == VERB_PURCHASE) {
        add_sale(sim, server, &passenger->request, &passenger->request, passenger->quantity,
                 sim->router);
        return &settled->sold;
    }
    struct sim_hold *held = find_hold(sim, &passenger->order);
    if (held == NULL)
        return NULL;
    if (passenger->verb == VERB_CONFIRM)
        confirm(sim, server, held, passenger);
    else
        move_order(sim, held, ORDER_RELEASED);
    return passenger->verb == VERB_CONFIRM ? &settled->sold : &settled->freed;
}

/* Decides a flight as a ticket server does: what is known is replayed. */
static void decide(struct sim *sim, struct sim_server *server, struct routing_settled *settled)
{
    for (size_t i = 0; i < server->count; i++) {
        struct sim_passenger *passenger = &server->seats[i];
        if (passenger->done) {
            settled->replayed++;
            continue;
        }
        int64_t *count = sim_roll(sim, 5) > 0 ? decide_one(sim, server, passenger, settled) : NULL;
        passenger->done = count != NULL;
        ++*(count != NULL ? count : &settled->refused);
    }
    sim->world.machines[server->machine].commit++;
}

struct id sim_next_request(struct sim *sim)
{
    struct id id = {{[6] = 0x70, [8] = 0x80}};
    uint64_t number = ++sim->world.requests, milliseconds = (uint64_t)sim->world.time / 1000;
    for (int i = 5; i >= 0; i--, milliseconds >>= 8)
        id.bytes[i] = (uint8_t)milliseconds;
    for (int i = 15; number; i--, number >>= 8)
        id.bytes[i] = (uint8_t)number;
    return id;
}

/* --- the router -------------------------------------------------------------------------------- */

const char *const sim_pool_names[SIM_POOLS] = {ROUTING_TICKETS, "files"};

void sim_move(struct sim *sim, struct sim_server *server, enum server_state to, const char *why)
{
    struct routing_server line = {.server = server->id,
                                  .pool = sim_pool_names[server->pool],
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

struct sim_server *sim_pick(struct sim *sim, enum sim_pool pool)
{
    size_t count = 0;
    for (size_t i = 0; i < sim->count; i++)
        count += sim->servers[i].pool == pool;
    if (count == 0)
        return NULL;
    size_t lot = sim_roll(sim, count);
    struct sim_server *server = sim->servers;
    while (server->pool != pool || lot-- > 0)
        server++;
    return server;
}

void sim_hear(struct sim *sim, struct sim_server *server)
{
    const struct sim_machine *machine = &sim->world.machines[server->machine];
    if (server->pool != SIM_TICKETS)
        return;
    server->boot = machine->boot;
    server->commit = machine->commit;
    server->told = machine->sold;
}

static void start(struct sim *sim)
{
    struct id router = sim_next_request(sim);
    id_format(&router, sim->router);
    sim->n = sim->flight = sim->count = 0;
    sim->sold = 0;
    sim->wanted = (int64_t)sim->tickets;
    routing_line_started(&sim->log, ++sim->n, sim_tick(sim), sim->router, ROUTING_VERSION);
    for (size_t i = 0; i < sim->first; i++)
        sim_list(sim, i);
    for (size_t i = 0; i < sim->count; i++) {
        sim_hear(sim, &sim->servers[i]);
        sim_move(sim, &sim->servers[i], SERVER_UP, "probe: answered");
        if (sim->tickets <= ROUTING_CANDIDATES_MAX) /* where a choice can show who joins */
            sim_forward(sim);
    }
}

void sim_start(struct sim *sim)
{
    for (size_t i = 0; i < sim->world.machine_count; i++) {
        sim->world.machines[i].boot++;
        sim->world.machines[i].commit = 0;
    }
    start(sim);
}

void sim_pass(struct sim *to, struct sim *from)
{
    to->world = from->world;
    from->world.sales = from->world.orders = (struct buffer){0};
}

void sim_start_beside(struct sim *to, struct sim *from)
{
    sim_pass(to, from);
    to->tickets = from->tickets;
    to->first = from->first;
    start(to);
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
    sim_hear(sim, server);
    settle(sim, server, &settled);
}

static bool buy(struct sim *sim, struct sim_passenger passenger)
{
    struct sim_asking asking = {
        .pool = SIM_TICKETS,
        .route = passenger.route,
        .request = &passenger.request,
        .verb = passenger.verb,
        .order = &passenger.order,
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
    static const enum verb verbs[] = {VERB_PURCHASE, VERB_PURCHASE, VERB_HOLD,
                                      VERB_HOLD,     VERB_CONFIRM,  VERB_RELEASE};
    struct sim_passenger passenger = {.request = sim_next_request(sim),
                                      .verb = verbs[sim_roll(sim, 6)],
                                      .quantity = 1 + (int)sim_roll(sim, 4),
                                      .route = sim_roll(sim, 1 << 20)};
    if (verb_names_order(passenger.verb)) {
        passenger.order = sim->world.holds[sim_roll(sim, SIM_HOLDS)].order;
        passenger.quantity = 1;
    }
    buy(sim, passenger);
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

void sim_lose(struct sim *sim, struct sim_server *server)
{
    struct sim_passenger passengers[SIM_FLIGHT_MAX];
    struct routing_settled settled = {0};
    size_t count = server->count;
    if (count == 0)
        return;
    if (sim_roll(sim, 2))
        decide(sim, server, &(struct routing_settled){0});
    memcpy(passengers, server->seats, sizeof passengers);
    sim_move(sim, server, SERVER_DOWN, "flight: connection reset");
    settled.lost = (int64_t)count;
    settle(sim, server, &settled);
    retry_all(sim, passengers, count);
    sim_restart(sim, server);
    sim_hear(sim, server);
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
    if (!server_state_alive(server->state))
        return;
    add_sale(sim, server, &id, &id, 3, "");
    sim->world.machines[server->machine].commit++;
    sim_hear(sim, server);
    routing_line_told(&sim->log, ++sim->n, sim_tick(sim), server->id, server->boot, server->commit,
                      server->told);
}

/* What goes on at a ticket server. */
static void serve(struct sim *sim, struct sim_server *server, uint64_t kind)
{
    if (kind < 25)
        land(sim, server);
    else if (kind < 29)
        sim_lose(sim, server);
    else if (kind < 32)
        unload(sim, server);
    else
        sell_directly(sim, server);
}

static void step(struct sim *sim)
{
    struct sim_server *server = sim_pick(sim, SIM_TICKETS);
    uint64_t kind = sim_roll(sim, 240);
    if (kind < 60)
        buy_anew(sim);
    else if (kind < 95 && server != NULL)
        serve(sim, server, kind - 60);
    else if (kind < 145)
        sim_forward(sim);
    else if (kind < 180)
        sim_finish(sim, sim_roll(sim, sim->open_count + 1));
    else if (kind < 195)
        sim_report(sim);
    else
        sim_member_step(sim);
}

void sim_drain(struct sim *sim, int steps)
{
    for (int i = 0; i < steps; i++) {
        struct sim_server *server = sim_pick(sim, SIM_TICKETS);
        uint64_t kind = sim_roll(sim, 3);
        if (kind == 0 && server != NULL)
            land(sim, server);
        else if (kind == 1)
            sim_finish(sim, sim_roll(sim, sim->open_count + 1));
        else if (kind == 2)
            sim_member_step(sim);
    }
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
            .pool = server->pool < SIM_POOLS ? sim_pool_names[server->pool] : "",
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
    for (size_t i = 0; i < sim->count; i++)
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
    for (size_t i = 0; i < sim->count; i++) {
        struct routing_settled never_written = {0};
        if (sim_roll(sim, 2))
            decide(sim, &sim->servers[i], &never_written);
        sim->servers[i].count = 0;
    }
}
