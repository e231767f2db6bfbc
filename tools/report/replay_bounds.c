/* Bounds: numbers that no router of ours writes. Sums of what is within them fit an int64_t, however many
 * lines a log has. */
#include "tools/report/replay_parts.h"

#define FIGURE_MAX (INT64_C(1) << 53) /* of what servers tell; more does not come over the wire */

enum {
    CARRIED_MAX = 1 << 20, /* purchases of one flight, by far */
    BUSY_MAX = 1 << 30,    /* requests under way at one server, purchases waiting */
    SCALE_MAX = 64,        /* ticket servers that one step adds or takes away */
    WEIGHT_MAX = 1 << 20,
};

static bool figures_fit(int64_t boot, int64_t commit, int64_t told)
{
    return boot <= FIGURE_MAX && commit <= FIGURE_MAX && told <= FIGURE_MAX;
}

static bool shares_fit(int64_t busy, int64_t weight, int64_t credit)
{
    return busy <= BUSY_MAX && weight <= WEIGHT_MAX && credit <= FIGURE_MAX &&
           credit >= -FIGURE_MAX;
}

static bool candidate_fits(const struct candidate *candidate)
{
    return candidate->told <= FIGURE_MAX && candidate->pending <= FIGURE_MAX &&
           candidate->workload <= FIGURE_MAX && candidate->score <= UINT32_MAX &&
           shares_fit(candidate->busy, candidate->weight, candidate->credit);
}

static bool choice_fits(const struct routing_choice *choice)
{
    for (size_t i = 0; i < choice->count; i++)
        if (!candidate_fits(&choice->candidates[i]))
            return false;
    return true;
}

static bool settled_fits(const struct routing_settled *settled)
{
    return figures_fit(settled->boot, settled->commit, settled->told) &&
           settled->released <= FIGURE_MAX && settled->sold <= CARRIED_MAX &&
           settled->replayed <= CARRIED_MAX && settled->refused <= CARRIED_MAX &&
           settled->lost <= CARRIED_MAX && settled->unsent <= CARRIED_MAX &&
           settled->held <= CARRIED_MAX && settled->freed <= CARRIED_MAX;
}

static bool state_fits(const struct routing_snapshot *state)
{
    for (size_t i = 0; i < state->count; i++) {
        const struct routing_snapshot_server *server = &state->servers[i];
        if (!figures_fit(server->boot, server->commit, server->told) ||
            server->pending > FIGURE_MAX || server->limit > FIGURE_MAX ||
            server->workload > FIGURE_MAX ||
            !shares_fit(server->busy, server->weight, server->turns[TURN_PURCHASE].credit) ||
            !shares_fit(server->busy, server->weight, server->turns[TURN_REQUEST].credit))
            return false;
    }
    return state->sales <= FIGURE_MAX;
}

static bool scale_fits(const struct routing_scale *scale)
{
    int64_t step = scale->to - scale->from;
    return scale->from <= ROUTING_SERVERS_MAX && scale->to <= ROUTING_SERVERS_MAX &&
           step <= SCALE_MAX && step >= -SCALE_MAX && scale->up <= ROUTING_SERVERS_MAX &&
           scale->pending <= FIGURE_MAX && scale->waiting <= BUSY_MAX &&
           figures_fit(scale->commit, scale->cpu, 0);
}

bool replay_fits(const struct routing_line *line)
{
    const struct routing_server *server = &line->server;
    switch (line->kind) {
    case ROUTING_CHOICE:
        return choice_fits(&line->choice);
    case ROUTING_SETTLED:
        return settled_fits(&line->settled);
    case ROUTING_SERVER:
        return figures_fit(server->boot, server->commit, server->told) &&
               server->limit <= FIGURE_MAX && server->weight <= WEIGHT_MAX;
    case ROUTING_TOLD:
        return figures_fit(line->told.boot, line->told.commit, line->told.told);
    case ROUTING_STATE:
        return state_fits(&line->state);
    case ROUTING_LOAD:
        return line->load.workload <= FIGURE_MAX;
    case ROUTING_LIMIT:
        return line->limit.limit > 0 && line->limit.limit <= FIGURE_MAX;
    case ROUTING_SCALE:
        return scale_fits(&line->scale);
    case ROUTING_DONE:
    case ROUTING_STARTED:
    case ROUTING_STOPPED:
        break;
    }
    return true;
}
