/* Servers: what they told only moves forward; their states move legally. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/report/replay_parts.h"

/* What follows from facts may follow from any others; but only a process started anew is joining. */
static bool is_legal(enum server_state from, enum server_state to)
{
    if (from == SERVER_NEW)
        return to == SERVER_JOINING;
    if (from == SERVER_LEFT || to == SERVER_NEW || from == to)
        return false;
    if (to == SERVER_JOINING)
        return from == SERVER_DOWN;
    return from != SERVER_JOINING || to != SERVER_EJECTED;
}

struct replay_server *replay_server(struct replay *replay, const char *id)
{
    for (size_t i = 0; i < replay->count; i++) {
        if (strcmp(replay->servers[i].id, id) == 0)
            return &replay->servers[i];
    }
    return NULL;
}

/* The first place that one has left, or a new one. */
static struct replay_server *free_place(struct replay *replay)
{
    for (size_t i = 0; i < replay->count; i++) {
        if (replay->servers[i].state == SERVER_LEFT)
            return &replay->servers[i];
    }
    return replay->count < ROUTING_SERVERS_MAX ? &replay->servers[replay->count++] : NULL;
}

/* Nothing is known of it. An id of a left place is none that a server could have. */
void replay_server_clear(struct replay_server *server, enum server_state state)
{
    *server = (struct replay_server){.state = state,
                                     .joined_at = LEDGER_NONE,
                                     .state_at = LEDGER_NONE,
                                     .told_at = LEDGER_NONE,
                                     .raised_at = LEDGER_NONE,
                                     .released_at = LEDGER_NONE,
                                     .busy_at = LEDGER_NONE,
                                     .credit_at = LEDGER_NONE,
                                     .workload_at_place = LEDGER_NONE};
}

void replay_server_name(struct replay *replay, struct replay_server *server, const char *id)
{
    snprintf(server->id, sizeof server->id, "%s", id);
    server->identity = policy_hash(id);
    server->number = ledger_server_number(replay->ledger, id);
}

static struct replay_server *add_server(struct replay *replay, const char *id, uint32_t place)
{
    struct replay_server *server = free_place(replay);
    if (server == NULL)
        return NULL;
    replay_server_clear(server, SERVER_NEW);
    replay_server_name(replay, server, id);
    server->joined_at = replay->listed_at = place;
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
        findings_broken(findings, CHECK_FIGURES, place, "told by %s, which is not in the list",
                        line->told.server);
        return;
    }
    if (server->state == SERVER_JOINING)
        findings_broken(findings, CHECK_FIGURES, place,
                        "told by %s, which has not been heard of since %s", server->id,
                        replay_where(replay, server->state_at).text);
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
    if (!is_legal(line->from, line->to))
        findings_broken(findings, CHECK_STATES, place, "%s state=%s→%s is no legal move",
                        line->server, server_state_name(line->from), server_state_name(line->to));
    if (server)
        return server;
    server = add_server(replay, line->server, place);
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

/* Who leaves has nothing under way: it was given up before, or is over. */
static void leave(struct replay *replay, struct replay_server *server, uint32_t place)
{
    if (server->pending > 0 || server->busy > 0)
        findings_broken(replay_findings(replay), CHECK_STATES, place,
                        "%s has left, but %" PRId64 " tickets are pending and %" PRId64
                        " requests under way there (last asked at %s, last busy at %s)",
                        server->id, server->pending, server->busy,
                        replay_where(replay, server->raised_at).text,
                        replay_where(replay, server->busy_at).text);
    replay_session_left(replay, server);
    replay_server_clear(server, SERVER_LEFT);
    server->state_at = replay->listed_at = place;
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
    ledger_server(replay->ledger, server->number)->moves[line->to]++;
    replay_figures(replay, server, &(struct replay_figures){line->boot, line->commit, line->told},
                   place);
    if (line->to == SERVER_LEFT)
        leave(replay, server, place);
}

/* --- limits ------------------------------------------------------------------------------------ */

void replay_limit(struct replay *replay, uint32_t place)
{
    const struct routing_limit *line = &replay->line.limit;
    struct findings *findings = replay_findings(replay);
    struct replay_server *server = replay_server(replay, line->server);
    findings->checked[CHECK_STATES]++;
    if (server == NULL) {
        findings_broken(findings, CHECK_STATES, place, "limit of %s, which is not in the list",
                        line->server);
        return;
    }
    if (line->limit == server->limit)
        findings_broken(findings, CHECK_STATES, place,
                        "%s limit=%" PRId64 " is what is held since %s", server->id, line->limit,
                        replay_where(replay, server->state_at).text);
    server->limit = line->limit;
    server->state_at = place;
}
