/* Servers that come into every state, leave and join; limits, and how many servers are wanted. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/tools/router_sim_parts.h"

void sim_restart(struct sim *sim, struct sim_server *server)
{
    struct sim_machine *machine = &sim->world.machines[server->machine];
    machine->boot++;
    machine->commit = 0;
    sim_move(sim, server, SERVER_JOINING, "started as process 7");
}

/* The first place that one has left, else a new one. */
static struct sim_server *next_place(struct sim *sim)
{
    for (size_t i = 0; i < sim->count; i++)
        if (sim->servers[i].state == SERVER_LEFT)
            return &sim->servers[i];
    return &sim->servers[sim->count++];
}

void sim_list(struct sim *sim, size_t machine)
{
    const struct sim_machine *own = &sim->world.machines[machine];
    struct sim_server *server = next_place(sim);
    *server = (struct sim_server){.machine = machine,
                                  .pool = own->pool,
                                  .weight = own->weight,
                                  .limit = own->pool == SIM_TICKETS ? 12 : 4,
                                  .state = SERVER_NEW};
    snprintf(server->id, sizeof server->id, "%s", own->id);
    sim_move(sim, server, SERVER_JOINING, "joined");
}

static bool is_listed(const struct sim *sim, size_t machine)
{
    for (size_t i = 0; i < sim->count; i++)
        if (sim->servers[i].state != SERVER_LEFT && sim->servers[i].machine == machine)
            return true;
    return false;
}

/* One that was never there before. */
static size_t make_machine(struct sim *sim)
{
    size_t number = sim->world.machine_count++;
    struct sim_machine *machine = &sim->world.machines[number];
    machine->pool = sim_roll(sim, 2) ? SIM_TICKETS : SIM_FILES;
    machine->weight = 1 + (int64_t)sim_roll(sim, 3);
    machine->boot = 1;
    snprintf(machine->id, sizeof machine->id, "%s-%zu",
             machine->pool == SIM_TICKETS ? "server" : "files", number + 1);
    return number;
}

/* A new server, or one that has left; never many more than there were. */
static void join(struct sim *sim)
{
    size_t there = 0, machine = sim_roll(sim, sim->world.machine_count);
    for (size_t i = 0; i < sim->count; i++)
        there += sim->servers[i].state != SERVER_LEFT;
    if (there > sim->first || there == SIM_SERVERS_MAX)
        return;
    if (is_listed(sim, machine)) {
        if (sim->world.machine_count == SIM_MACHINES_MAX)
            return;
        machine = make_machine(sim);
    }
    sim_list(sim, machine);
}

/* Who has nothing under way may leave, but not the last one of its pool. */
static void leave(struct sim *sim, struct sim_server *server)
{
    size_t others = 0;
    for (size_t i = 0; i < sim->count; i++)
        others += &sim->servers[i] != server && sim->servers[i].pool == server->pool;
    if (others == 0 || server->pending > 0 || server->busy > 0)
        return;
    sim_move(sim, server, SERVER_LEFT, "removed");
    *server = (struct sim_server){.pool = SIM_POOLS, .state = SERVER_LEFT};
}

static bool is_legal(enum server_state from, enum server_state to)
{
    return from != to && (to != SERVER_JOINING || from == SERVER_DOWN) &&
           (from != SERVER_JOINING || to != SERVER_EJECTED);
}

/* Into any other state; most of the time, up. */
static void shift(struct sim *sim, struct sim_server *server)
{
    static const enum server_state states[] = {
        SERVER_UP,       SERVER_UP,   SERVER_UP,      SERVER_UP,      SERVER_UP,
        SERVER_DRAINING, SERVER_DOWN, SERVER_EJECTED, SERVER_JOINING, SERVER_OVERLOADED};
    enum server_state to = states[sim_roll(sim, sizeof states / sizeof *states)];
    if (!is_legal(server->state, to))
        return;
    if (to == SERVER_DOWN && server->count > 0) {
        sim_lose(sim, server);
        return;
    }
    if (to == SERVER_JOINING) {
        sim_restart(sim, server);
        return;
    }
    if (to != SERVER_DOWN)
        sim_hear(sim, server);
    if (to == SERVER_UP && sim_roll(sim, 4) == 0)
        server->limit = 1 + (int64_t)sim_roll(sim, 8);
    sim_move(sim, server, to, "so it goes");
}

static void give_limit(struct sim *sim, struct sim_server *server)
{
    struct routing_limit line = {.server = server->id, .why = "slow-start"};
    line.limit = 1 + (int64_t)sim_roll(sim, server->pool == SIM_TICKETS ? 16 : 6);
    if (line.limit == server->limit)
        return;
    server->limit = line.limit;
    routing_line_limit(&sim->log, ++sim->n, sim_tick(sim), &line);
}

static void scale(struct sim *sim)
{
    struct routing_scale line = {.from = sim->wanted,
                                 .to = (int64_t)sim_roll(sim, 9),
                                 .up = (int64_t)sim_roll(sim, 9),
                                 .pending = (int64_t)sim_roll(sim, 900),
                                 .waiting = (int64_t)sim_roll(sim, 90),
                                 .commit = (int64_t)sim_roll(sim, 90000),
                                 .cpu = (int64_t)sim_roll(sim, 1000),
                                 .why = "commits took long"};
    if (line.from == line.to)
        return;
    sim->wanted = line.to;
    routing_line_scale(&sim->log, ++sim->n, sim_tick(sim), &line);
}

void sim_member_step(struct sim *sim)
{
    struct sim_server *server = sim_pick(sim, (enum sim_pool)sim_roll(sim, SIM_POOLS));
    uint64_t kind = sim_roll(sim, 20);
    if (kind < 2)
        scale(sim);
    else if (kind < 4)
        join(sim);
    else if (server != NULL && kind < 8)
        leave(sim, server);
    else if (server != NULL && kind < 11)
        give_limit(sim, server);
    else if (server != NULL)
        shift(sim, server);
}
