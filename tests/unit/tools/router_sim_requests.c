#include "tests/unit/tools/router_sim_parts.h"

static void ask(struct sim *sim, struct sim_request request)
{
    struct sim_asking asking = {
        .pool = request.pool,
        .route = request.route,
        .request = &request.id,
        .asked = request.asked,
        .asked_count = request.tries,
    };
    if (sim->open_count == SIM_OPEN_MAX)
        return;
    const struct sim_server *server = sim_choose(sim, &asking);
    if (server == NULL)
        return;
    request.server = (size_t)(server - sim->servers);
    request.asked[request.tries++] = server->machine;
    sim->open[sim->open_count++] = request;
}

void sim_forward(struct sim *sim)
{
    struct sim_request request = {.id = sim_next_request(sim)};
    request.pool = sim_roll(sim, 3) == 0 ? SIM_TICKETS : SIM_FILES;
    request.route = sim_roll(sim, 1 << 20);
    ask(sim, request);
}

static bool is_trouble(const struct routing_done *done)
{
    if (done->how != END_ANSWERED)
        return done->how != END_LEFT;
    return done->status == 500 || done->status == 502 || done->status == 503 || done->status == 504;
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
        .status = how == END_ANSWERED ? 200 + (unsigned)sim_roll(sim, 310) : 0,
        .received = (int64_t)sim_roll(sim, 5000),
        .took = (int64_t)sim_roll(sim, 1000000),
        .how = how,
    };
    sim->open[open] = sim->open[--sim->open_count];
    server->busy--;
    routing_line_done(&sim->log, ++sim->n, sim_tick(sim), &done);
    if (is_trouble(&done) && request.tries < ROUTING_TRIES_MAX && sim_roll(sim, 4) > 0)
        ask(sim, request);
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
