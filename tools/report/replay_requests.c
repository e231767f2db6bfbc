/* Forwarded requests: each is done once, by the server it was given to. Sessions: a cookie's stays where
 * it was put. Reports of workload. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/report/replay_parts.h"

/* A map's value: a server's number and a place. */
static uint64_t packed(uint32_t server, uint32_t place)
{
    return (uint64_t)server << 32 | place;
}

void replay_forward(const struct proof *proof, struct replay_server *to)
{
    struct replay *replay = proof->replay;
    uint64_t key = policy_hash(proof->choice->request);
    const uint64_t *open = map_find(&replay->requests, key);
    if (open != NULL)
        findings_broken(replay_findings(replay), proof->check, proof->place,
                        "request=%s is still under way, since %s", proof->choice->request,
                        replay_where(replay, (uint32_t)*open).text);
    map_put(&replay->requests, key, packed(to->number, proof->place));
    ledger_server(replay->ledger, to->number)->reads++;
}

/* Whether the request may end here; where its choice is not in the log, one that is missing must be. */
static void prove_done(struct replay *replay, struct replay_server *server, uint32_t place)
{
    const struct routing_done *done = &replay->line.done;
    struct findings *findings = replay_findings(replay);
    uint64_t key = policy_hash(done->request);
    const uint64_t *open = map_find(&replay->requests, key);
    if (open == NULL && server->unseen > 0) {
        server->unseen--;
        return;
    }
    if (open == NULL) {
        findings_broken(findings, CHECK_DONE, place,
                        "request=%s is not under way: it was done before, or its choice is missing",
                        done->request);
        return;
    }
    if (*open >> 32 != server->number)
        findings_broken(findings, CHECK_DONE, place,
                        "request=%s is done by %s, but went to %s at %s", done->request, server->id,
                        names_text(&replay->ledger->servers, (uint32_t)(*open >> 32)),
                        replay_where(replay, (uint32_t)*open).text);
    replay_asked_done(replay, key, (uint32_t)(*open >> 32));
    map_remove(&replay->requests, key);
}

void replay_done(struct replay *replay, uint32_t place)
{
    const struct routing_done *done = &replay->line.done;
    struct findings *findings = replay_findings(replay);
    struct replay_server *server = replay_server(replay, done->server);
    findings->checked[CHECK_DONE]++;
    if (server == NULL) {
        findings_broken(findings, CHECK_DONE, place, "done by %s, which is not in the list",
                        done->server);
        return;
    }
    prove_done(replay, server, place);
    if (done->how == END_ANSWERED && done->status < 200)
        findings_broken(findings, CHECK_DONE, place, "how=answered, but status=%u is no answer's",
                        done->status);
    if (server->busy == 0)
        findings_broken(findings, CHECK_DONE, place, "no request is under way at %s", server->id);
    server->busy -= server->busy > 0;
    server->busy_at = place;
}

void replay_load(struct replay *replay, uint32_t place)
{
    const struct routing_load *load = &replay->line.load;
    struct findings *findings = replay_findings(replay);
    struct replay_server *server = replay_server(replay, load->server);
    int64_t workload = policy_workload(load->cpu, load->memory, load->commit);
    findings->checked[CHECK_FIGURES]++;
    if (server == NULL) {
        findings_broken(findings, CHECK_FIGURES, place, "load of %s, which is not in the list",
                        load->server);
        return;
    }
    if (load->workload != workload)
        findings_broken(findings, CHECK_FIGURES, place,
                        "workload=%" PRId64 ", but these figures make %" PRId64, load->workload,
                        workload);
    server->workload = load->workload;
    server->workload_at = replay->line.time;
    server->workload_at_place = place;
}

static struct replay_route *find_route(struct replay *replay, const char *name)
{
    for (size_t i = 0; i < replay->route_count; i++)
        if (strcmp(replay->routes[i].name, name) == 0)
            return &replay->routes[i];
    return NULL;
}

static void add_route(const struct proof *proof)
{
    struct replay *replay = proof->replay;
    if (replay->route_count == REPLAY_ROUTES_MAX) {
        findings_broken(replay_findings(replay), proof->check, proof->place,
                        "route=%s is one route too many (at most %d)", proof->choice->route,
                        REPLAY_ROUTES_MAX);
        return;
    }
    struct replay_route *route = &replay->routes[replay->route_count++];
    *route = (struct replay_route){.policy = proof->choice->policy,
                                   .affinity = proof->choice->affinity,
                                   .place = proof->place};
    snprintf(route->name, sizeof route->name, "%s", proof->choice->route);
    snprintf(route->pool, sizeof route->pool, "%s", proof->pool);
}

/* Where sessions go by token, a request without one has none. */
static bool same_affinity(struct replay_route *route, enum affinity affinity)
{
    if (route->affinity == AFFINITY_NONE && affinity == AFFINITY_JWT)
        route->affinity = AFFINITY_JWT;
    return affinity == route->affinity ||
           (affinity == AFFINITY_NONE && route->affinity == AFFINITY_JWT);
}

void replay_route(const struct proof *proof)
{
    const struct routing_choice *choice = proof->choice;
    struct replay *replay = proof->replay;
    struct replay_route *route = find_route(replay, choice->route);
    if (route == NULL) {
        add_route(proof);
        return;
    }
    if (strcmp(route->pool, proof->pool) == 0 && route->policy == choice->policy &&
        same_affinity(route, choice->affinity))
        return;
    findings_broken(replay_findings(replay), proof->check, proof->place,
                    "route=%s has pool %s, policy=%s, affinity=%s, but %s, %s, %s at %s",
                    choice->route, proof->pool, policy_name(choice->policy),
                    affinity_name(choice->affinity), route->pool, policy_name(route->policy),
                    affinity_name(route->affinity), replay_where(replay, route->place).text);
}

/* Servers are told apart by 63 bits: beyond that many servers some share one. Bit 63: its first line was
 * not in the log, so it may have been given others before. */
static uint64_t bit_of(const struct replay_server *server)
{
    return UINT64_C(1) << server->number % 63;
}

void replay_session(const struct proof *proof, const struct replay_server *to)
{
    struct replay *replay = proof->replay;
    const char *pinned = proof->choice->pinned;
    const struct replay_server *at = pinned != NULL ? replay_server(replay, pinned) : NULL;
    uint64_t key = policy_hash(proof->choice->session) ^ policy_hash(proof->pool);
    const uint64_t *known = map_find(&replay->pinned, key);
    uint64_t given = known != NULL ? *known : at != NULL ? UINT64_C(1) << 63 : 0;
    if (known != NULL && at == NULL && !(given & replay->departed))
        findings_broken(replay_findings(replay), proof->check, proof->place,
                        "session=%s is pinned to no server, but it has had one",
                        proof->choice->session);
    if (at != NULL && !(given >> 63) && !(given & bit_of(at)))
        findings_note(
            replay_findings(replay),
            "%s: session=%s is pinned to %s, which no line has given it: another balancer "
            "with the same key may have",
            replay_where(replay, proof->place).text, proof->choice->session, at->id);
    map_put(&replay->pinned, key, given | bit_of(to));
}

void replay_session_left(struct replay *replay, const struct replay_server *server)
{
    replay->departed |= bit_of(server);
}

void replay_requests_unseen(struct replay *replay)
{
    map_clear(&replay->requests);
    map_clear(&replay->pinned);
    replay_asked_forget(replay, replay->line.time);
    for (size_t i = 0; i < replay->count; i++)
        replay->servers[i].unseen = replay->servers[i].busy;
}
