/* Sessions: a router's life from started to stopped, or to a crash; and state lines, which repeat in one
 * line what all lines before it add up to. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tools/report/replay_parts.h"

static const int64_t purchase_time = 15 * CLOCK_SECOND; /* the longest one is under way, and more */
static const int64_t clock_slack = CLOCK_SECOND;        /* the wall clock may have been set back */
static const int64_t write_back = 60 * CLOCK_SECOND;    /* the longest a system holds lines back */

void replay_crashed(struct replay *replay, bool followed)
{
    size_t count;
    const uint32_t *list = replay_open_list(replay, &count);
    int64_t purchases = 0;
    for (size_t i = 0; i < count; i++)
        purchases += ledger_flight(replay->ledger, list[i])->count;
    replay->crashes++;
    ledger_crashed(replay->ledger, replay->router, replay->time,
                   followed ? replay->line.time + purchase_time : replay->time + write_back);
    findings_note(replay_findings(replay),
                  "router %s ended by a crash after %s: %zu flights with %" PRId64
                  " purchases were not settled",
                  names_text(&replay->ledger->routers, replay->router),
                  replay_where(replay, replay->previous).text, count, purchases);
}

/* Nothing of the router before goes on. */
static void begin_life(struct replay *replay, const char *router)
{
    if (replay->previous != LEDGER_NONE && !replay->stopped)
        replay_crashed(replay, true);
    buffer_clear(&replay->open);
    map_clear(&replay->requests);
    map_clear(
        &replay->pinned); /* a cookie outlives its router: others may have moved it meanwhile */
    replay_asked_forget(replay, 0);
    replay->router = ledger_router(replay->ledger, router);
    replay->version = 0; /* not known, where its started line could not be written */
    replay->departed = 0;
    replay->wanted = -1;
    replay->count = 0;
    replay->listed_at = LEDGER_NONE;
    replay->route_count = 0;
    replay->flight_next = 1;
    replay->partial_below = 0;
    replay->sold = 0;
    replay->sessions++;
    replay_findings(replay)->checked[CHECK_ENDS]++;
}

void replay_started(struct replay *replay)
{
    begin_life(replay, replay->line.router);
    replay->version = replay->line.version;
}

bool replay_starts_in_gap(const struct replay *replay)
{
    const struct routing_line *line = &replay->line;
    return line->kind == ROUTING_STATE && line->state.after_gap == 1 &&
           replay->previous != LEDGER_NONE &&
           strcmp(line->state.router, names_text(&replay->ledger->routers, replay->router)) != 0;
}

void replay_stopped(struct replay *replay, uint32_t place)
{
    struct findings *findings = replay_findings(replay);
    size_t count;
    const uint32_t *list = replay_open_list(replay, &count);
    const char *router = names_text(&replay->ledger->routers, replay->router);
    if (strcmp(router, replay->line.router) != 0)
        findings_broken(findings, CHECK_ENDS, place, "stopped router=%s, but router=%s was running",
                        replay->line.router, router);
    if (replay->requests.count > 0)
        findings_broken(findings, CHECK_ENDS, place, "stopped, but %zu requests are not done",
                        replay->requests.count);
    for (size_t i = 0; i < count; i++) {
        const struct ledger_flight *flight = ledger_flight(replay->ledger, list[i]);
        if (!flight->partial)
            findings_broken(findings, CHECK_ENDS, place,
                            "stopped, but flight=%" PRIu64 " is not settled (opened at %s)",
                            flight->number, replay_where(replay, flight->opened).text);
    }
}

/* --- state ------------------------------------------------------------------------------------- */

static bool same_turn(const struct replay_server *held,
                      const struct routing_snapshot_server *server, size_t turn)
{
    return held->turns[turn].last == server->turns[turn].last &&
           held->turns[turn].credit == server->turns[turn].credit;
}

/* A place that one has left has no id. */
static const char *name_of(const char *server)
{
    return server[0] != '\0' ? server : "none";
}

/* The first field in which the server differs from the replay's; NULL: none. */
static const char *difference(const struct replay_server *held,
                              const struct routing_snapshot_server *server)
{
    return strcmp(held->id, server->server) != 0     ? "place"
           : held->state != server->state            ? "state"
           : held->told != server->told              ? "told"
           : held->pending != server->pending        ? "pending"
           : held->boot != server->boot              ? "boot"
           : held->commit != server->commit          ? "commit"
           : held->limit != server->limit            ? "limit"
           : strcmp(held->pool, server->pool) != 0   ? "pool"
           : held->busy != server->busy              ? "requests under way"
           : held->weight != server->weight          ? "weight"
           : !same_turn(held, server, TURN_PURCHASE) ? "turn of purchases"
           : !same_turn(held, server, TURN_REQUEST)  ? "turn of other requests"
           : held->workload != server->workload || held->workload_at != server->workload_at
               ? "workload"
               : NULL;
}

static void prove_server(struct replay *replay, const struct routing_snapshot_server *server,
                         size_t i, uint32_t place)
{
    const struct replay_server *held = &replay->servers[i];
    const char *field = difference(held, server);
    if (field == NULL)
        return;
    findings_broken(
        replay_findings(replay), CHECK_STATES, place,
        "state of %s in place %zu differs from the lines before in its %s: %s|%s|%" PRId64
        "+%" PRId64 "|%" PRId64 ".%" PRId64 "|%" PRId64 "|%" PRId64 "/%" PRId64 "|%" PRIu64
        "/%" PRId64 "|%" PRIu64 "/%" PRId64
        " was expected (joined at %s, moved or limited at %s, told at %s, asked at %s, released at "
        "%s)",
        name_of(server->server), i + 1, field, name_of(held->id), server_state_name(held->state),
        held->told, held->pending, held->boot, held->commit, held->limit, held->busy, held->weight,
        held->turns[0].last, held->turns[0].credit, held->turns[1].last, held->turns[1].credit,
        replay_where(replay, held->joined_at).text, replay_where(replay, held->state_at).text,
        replay_where(replay, held->told_at).text, replay_where(replay, held->raised_at).text,
        replay_where(replay, held->released_at).text);
}

static void prove_state(struct replay *replay, uint32_t place)
{
    const struct routing_snapshot *state = &replay->line.state;
    struct findings *findings = replay_findings(replay);
    const char *router = names_text(&replay->ledger->routers, replay->router);
    if (strcmp(router, state->router) != 0)
        findings_broken(findings, CHECK_STATES, place, "state router=%s, but router=%s was running",
                        state->router, router);
    if (state->flight != replay->flight_next)
        findings_broken(findings, CHECK_STATES, place,
                        "state flight=%" PRIu64 ", but flight=%" PRIu64 " was expected",
                        state->flight, replay->flight_next);
    if (state->sales != replay->sold)
        findings_broken(findings, CHECK_STATES, place,
                        "state sales=%" PRId64 ", but settlements add up to %" PRId64, state->sales,
                        replay->sold);
    if (state->count != replay->count)
        findings_broken(findings, CHECK_STATES, place,
                        "state has %zu places, but %zu were known since %s", state->count,
                        replay->count, replay_where(replay, replay->listed_at).text);
    for (size_t i = 0; i < state->count && i < replay->count; i++)
        prove_server(replay, &state->servers[i], i, place);
}

static void adopt_server(struct replay *replay, struct replay_server *server,
                         const struct routing_snapshot_server *from, uint32_t place)
{
    replay_server_clear(server, from->state);
    if (from->state == SERVER_LEFT)
        return;
    replay_server_name(replay, server, from->server);
    server->pending = from->pending;
    server->limit = from->limit;
    snprintf(server->pool, sizeof server->pool, "%s", from->pool);
    ledger_server(replay->ledger, server->number)->foreign =
        strcmp(server->pool, ROUTING_TICKETS) != 0;
    server->busy = from->busy;
    server->weight = from->weight;
    memcpy(server->turns, from->turns, sizeof server->turns);
    server->workload = from->workload;
    server->workload_at = from->workload_at;
    server->joined_at = server->state_at = server->raised_at = server->released_at = place;
    server->busy_at = server->credit_at = server->workload_at_place = place;
    replay_figures(replay, server, &(struct replay_figures){from->boot, from->commit, from->told},
                   place);
}

/* From here on the replay holds what the line says. */
static void adopt_state(struct replay *replay, uint32_t place)
{
    const struct routing_snapshot *state = &replay->line.state;
    replay->flight_next = state->flight;
    replay->sold = state->sales;
    replay->count = state->count;
    replay->listed_at = place;
    replay->wanted = -1;
    for (size_t i = 0; i < state->count; i++)
        adopt_server(replay, &replay->servers[i], &state->servers[i], place);
    replay_requests_unseen(replay);
}

/* Choices before this line are not in the log, legally: flights may be here in part only. */
static void allow_missing(struct replay *replay, int64_t since)
{
    size_t count;
    const uint32_t *list = replay_open_list(replay, &count);
    for (size_t i = 0; i < count; i++)
        ledger_flight(replay->ledger, list[i])->partial = true;
    replay->partial_below = replay->line.state.flight;
    ledger_window(replay->ledger, replay->router, since, replay->line.time + clock_slack);
}

static void adopt_first_state(struct replay *replay, uint32_t place)
{
    replay->router = ledger_router(replay->ledger, replay->line.state.router);
    replay->sessions++;
    replay_findings(replay)->checked[CHECK_ENDS]++;
    allow_missing(replay, INT64_MIN);
    adopt_state(replay, place);
    findings_note(replay_findings(replay),
                  "%s: the log begins here; what router %s did before has been rotated away",
                  replay_where(replay, place).text, replay->line.state.router);
}

void replay_state(struct replay *replay, uint32_t place)
{
    const struct routing_snapshot *state = &replay->line.state;
    replay_findings(replay)->checked[CHECK_STATES]++;
    replay_store(replay, state->store, place);
    if (replay->previous == LEDGER_NONE) {
        adopt_first_state(replay, place);
        return;
    }
    if (replay_starts_in_gap(replay))
        begin_life(replay, state->router);
    if (state->after_gap) {
        allow_missing(replay, replay->time - purchase_time);
        adopt_state(replay, place);
        return;
    }
    prove_state(replay, place);
}
