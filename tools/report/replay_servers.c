/* Servers: what they told only moves forward; their states move legally. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/report/replay_parts.h"

static const bool legal_moves[SERVER_LEFT + 1][SERVER_LEFT + 1] = {
    [SERVER_NEW] = {[SERVER_JOINING] = true},
    [SERVER_JOINING] = {[SERVER_UP] = true, [SERVER_DOWN] = true},
    [SERVER_UP] = {[SERVER_DOWN] = true},
    [SERVER_DOWN] = {[SERVER_UP] = true, [SERVER_JOINING] = true},
};

struct replay_server *replay_server(struct replay *replay, const char *id)
{
    for (size_t i = 0; i < replay->count; i++) {
        if (strcmp(replay->servers[i].id, id) == 0)
            return &replay->servers[i];
    }
    return NULL;
}

struct replay_server *replay_server_add(struct replay *replay, const char *id)
{
    if (replay->count == ROUTING_SERVERS_MAX)
        return NULL;
    struct replay_server *server = &replay->servers[replay->count++];
    *server = (struct replay_server){.identity = policy_hash(id),
                                     .number = ledger_server_number(replay->ledger, id),
                                     .state = SERVER_NEW,
                                     .state_at = LEDGER_NONE,
                                     .told_at = LEDGER_NONE,
                                     .raised_at = LEDGER_NONE,
                                     .released_at = LEDGER_NONE,
                                     .busy_at = LEDGER_NONE,
                                     .credit_at = LEDGER_NONE,
                                     .workload_at_place = LEDGER_NONE};
    snprintf(server->id, sizeof server->id, "%s", id);
    return server;
}

/* --- figures ----------------------------------------------------------------------------------- */

static int order(const struct replay_server *held, const struct replay_figures *figures)
{
    if (figures->boot != held->boot)
        return figures->boot > held->boot ? 1 : -1;
    return (figures->commit > held->commit) - (figures->commit < held->commit);
}

static void prove_figures(struct replay *replay, const struct replay_server *server,
                          const struct replay_figures *figures, uint32_t place)
{
    struct findings *findings = replay_findings(replay);
    uint32_t since = server->told_at;
    int newer = order(server, figures);
    findings->checked[CHECK_FIGURES]++;
    if (newer < 0)
        findings_broken(findings, CHECK_FIGURES, place,
                        "%s boot=%" PRId64 " commit=%" PRId64 " is older than boot=%" PRId64
                        " commit=%" PRId64 ", held since %s",
                        server->id, figures->boot, figures->commit, server->boot, server->commit,
                        replay_where(replay, since).text);
    else if (newer == 0 && figures->told != server->told)
        findings_broken(findings, CHECK_FIGURES, place,
                        "%s told=%" PRId64 " at boot=%" PRId64 " commit=%" PRId64
                        ", but told=%" PRId64 " is held for the same since %s",
                        server->id, figures->told, figures->boot, figures->commit, server->told,
                        replay_where(replay, since).text);
    else if (figures->told < server->told)
        findings_broken(findings, CHECK_FIGURES, place,
                        "%s told=%" PRId64 " is fewer than told=%" PRId64
                        ", held since %s: tickets ever sold cannot fall",
                        server->id, figures->told, server->told, replay_where(replay, since).text);
}

/* What was told before the store was read, the store must hold. */
static void note_told(struct replay *replay, const struct replay_server *server, uint32_t place)
{
    struct ledger_server *stats = ledger_server(replay->ledger, server->number);
    if (replay->ledger->snapshot != LEDGER_NONE)
        return;
    if (stats->told_place == LEDGER_NONE || server->told > stats->told) {
        stats->told = server->told;
        stats->told_place = place;
    }
}

void replay_figures(struct replay *replay, struct replay_server *server,
                    const struct replay_figures *figures, uint32_t place)
{
    prove_figures(replay, server, figures, place);
    if (order(server, figures) == 0 && figures->told == server->told)
        return;
    server->boot = figures->boot;
    server->commit = figures->commit;
    server->told = figures->told;
    server->told_at = place;
    note_told(replay, server, place);
}

void replay_told(struct replay *replay, uint32_t place)
{
    const struct routing_line *line = &replay->line;
    struct replay_figures figures = {line->told.boot, line->told.commit, line->told.told};
    struct replay_server *server = replay_server(replay, line->told.server);
    struct findings *findings = replay_findings(replay);
    if (!server) {
        findings_broken(findings, CHECK_FIGURES, place, "told by %s, which no line has added",
                        line->told.server);
        return;
    }
    if (server->state != SERVER_UP)
        findings_broken(findings, CHECK_FIGURES, place, "told by %s, which is %s, not up",
                        server->id, server_state_name(server->state));
    if (order(server, &figures) == 0)
        findings_broken(findings, CHECK_FIGURES, place,
                        "told by %s, but boot=%" PRId64 " commit=%" PRId64
                        " is no later than what is held since %s",
                        server->id, figures.boot, figures.commit,
                        replay_where(replay, server->told_at).text);
    replay_figures(replay, server, &figures, place);
}

/* --- states ------------------------------------------------------------------------------------ */

void replay_store(struct replay *replay, const char *store, uint32_t place)
{
    const char *known = replay->ledger->store;
    if (store[0] && known[0] && strcmp(store, known) != 0)
        findings_broken(replay_findings(replay), CHECK_STATES, place,
                        "store=%s, but the store that this report reads is %s", store, known);
}

static struct replay_server *server_of_line(struct replay *replay, uint32_t place)
{
    const struct routing_server *line = &replay->line.server;
    struct replay_server *server = replay_server(replay, line->server);
    enum server_state state = server ? server->state : SERVER_NEW;
    struct findings *findings = replay_findings(replay);
    if (line->from != state)
        findings_broken(findings, CHECK_STATES, place, "%s state=%s→%s, but it was %s since %s",
                        line->server, server_state_name(line->from), server_state_name(line->to),
                        server_state_name(state),
                        replay_where(replay, server ? server->state_at : LEDGER_NONE).text);
    if (!legal_moves[line->from][line->to])
        findings_broken(findings, CHECK_STATES, place, "%s state=%s→%s is no legal move",
                        line->server, server_state_name(line->from), server_state_name(line->to));
    if (server)
        return server;
    server = replay_server_add(replay, line->server);
    if (!server)
        findings_broken(findings, CHECK_STATES, place, "%s is one server too many (at most %d)",
                        line->server, ROUTING_SERVERS_MAX);
    return server;
}

/* Pool and weight are said with its first line, and stay. */
static void prove_configured(struct replay *replay, struct replay_server *server, uint32_t place)
{
    const struct routing_server *line = &replay->line.server;
    bool first = server->pool[0] == '\0';
    if (!first && (strcmp(server->pool, line->pool) != 0 || server->weight != line->weight))
        findings_broken(replay_findings(replay), CHECK_STATES, place,
                        "%s has pool=%s weight=%" PRId64 ", but pool=%s weight=%" PRId64
                        " was said at %s",
                        server->id, line->pool, line->weight, server->pool, server->weight,
                        replay_where(replay, server->state_at).text);
    snprintf(server->pool, sizeof server->pool, "%s", line->pool);
    ledger_server(replay->ledger, server->number)->foreign =
        strcmp(server->pool, ROUTING_TICKETS) != 0;
    server->weight = line->weight;
}

void replay_server_line(struct replay *replay, uint32_t place)
{
    const struct routing_server *line = &replay->line.server;
    struct replay_server *server = server_of_line(replay, place);
    replay_findings(replay)->checked[CHECK_STATES]++;
    replay_store(replay, line->store, place);
    if (!server)
        return;
    prove_configured(replay, server, place);
    server->state = line->to;
    server->limit = line->limit;
    server->state_at = place;
    replay_figures(replay, server, &(struct replay_figures){line->boot, line->commit, line->told},
                   place);
}
