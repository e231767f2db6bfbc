#include "tests/unit/tools/router_sim_parts.h"

void sim_forward(struct sim *sim)
{
    struct id id = sim_next_request(sim);
    struct sim_asking asking = {
        .pool = sim_roll(sim, 3) == 0 ? SIM_TICKETS : SIM_FILES,
        .route = sim_roll(sim, 1 << 20),
        .request = &id,
    };
    if (sim->open_count == SIM_OPEN_MAX)
        return;
    const struct sim_server *server = sim_choose(sim, &asking);
    if (server != NULL)
        sim->open[sim->open_count++] = (struct sim_request){id, (size_t)(server - sim->servers)};
}

void sim_finish(struct sim *sim, size_t open)
{
    if (open >= sim->open_count)
        return;
    struct sim_request request = sim->open[open];
    struct sim_server *server = &sim->servers[request.server];
    enum routing_end how =
        sim_roll(sim, 2) ? END_ANSWERED : (enum routing_end)sim_roll(sim, END_LEFT + 1);
    char text[ID_TEXT_SIZE];
    id_format(&request.id, text);
    struct routing_done done = {
        .request = text,
        .server = server->id,
        .status = how == END_ANSWERED ? 200 + (unsigned)sim_roll(sim, 300) : 0,
        .received = (int64_t)sim_roll(sim, 5000),
        .took = (int64_t)sim_roll(sim, 1000000),
        .how = how,
    };
    sim->open[open] = sim->open[--sim->open_count];
    server->busy--;
    routing_line_done(&sim->log, ++sim->n, sim_tick(sim), &done);
}

void sim_report(struct sim *sim)
{
    struct sim_server *server = sim_pick(sim, (enum sim_pool)sim_roll(sim, SIM_POOLS));
    if (server == NULL)
        return;
    struct routing_load load = {
        .server = server->id,
        .cpu = (int64_t)sim_roll(sim, 5) * 100,
        .memory = (int64_t)sim_roll(sim, 512),
        .commit = (int64_t)sim_roll(sim, 30000),
    };
    int64_t memory = load.memory * 1000 / 1024,
            commit = load.commit / 100; /* of 1 GiB, of 100 ms */
    load.workload = memory > commit ? memory : commit;
    load.workload = load.cpu > load.workload ? load.cpu : load.workload;
    server->workload = load.workload;
    server->workload_at = sim_tick(sim);
    routing_line_load(&sim->log, ++sim->n, server->workload_at, &load);
}
