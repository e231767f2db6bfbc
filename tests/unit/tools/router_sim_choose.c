/* The rules of common/routing_line.h once more, for small numbers of servers: the one who beats all others
 * is chosen. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/unit/tools/router_sim_parts.h"

/* A choice on its way. Arrays run over all servers. */
struct choosing {
    struct sim *sim;
    const struct sim_asking *asking;
    enum policy policy;
    enum affinity affinity;
    const char *client, *session;
    char renewed[32];           /* the text of a session that came after others */
    struct sim_session *cookie; /* where a session by cookie is noted; else NULL */
    size_t pinned;              /* the place that it is at; SIM_SERVERS_MAX: none */
    enum candidate_mark marks[SIM_SERVERS_MAX];
    bool running[SIM_SERVERS_MAX];
    size_t to, second;
    const char *drawn[2]; /* by power-of-two; NULL: no two were drawn */
};

static const char *const clients[] = {"127.0.0.1", "192.0.2.7", "2001:db8::1", "10.1.2.3"};

/* A session's text; the same one for the same number. */
static const char *const texts[] = {"00", "a1b2", "0123456789abcdef", "ff"};

/* Purchases and other requests take turns apart. */
static size_t turn_of(const struct choosing *choosing)
{
    return choosing->asking->quantity > 0 ? 0 : 1;
}

/* A session whose server has left begins anew, under another name. */
static void take_cookie(struct choosing *choosing, struct sim_session *cookie)
{
    const struct sim *sim = choosing->sim;
    size_t at = 0;
    while (at < sim->count && (sim->servers[at].state == SERVER_LEFT ||
                               sim->servers[at].machine + 1 != cookie->machine))
        at++;
    choosing->cookie = cookie;
    choosing->pinned = at < sim->count ? at : SIM_SERVERS_MAX;
    if (cookie->machine > 0 && at == sim->count)
        *cookie = (struct sim_session){.age = cookie->age + 1};
    snprintf(choosing->renewed, sizeof choosing->renewed, "%s%02x", choosing->session, cookie->age);
    if (cookie->age > 0)
        choosing->session = choosing->renewed;
}

static void draw_route(struct choosing *choosing)
{
    const struct sim_asking *asking = choosing->asking;
    choosing->policy = (enum policy)(asking->route % POLICY_COUNT);
    choosing->affinity = (enum affinity)(asking->route / 8 % AFFINITY_COUNT);
    if (asking->quantity > 0 && asking->route / 64 % 3 > 0) { /* mostly as ours are routed */
        choosing->policy = POLICY_FEWEST_SOLD;
        choosing->affinity = AFFINITY_NONE;
    }
    choosing->client = clients[asking->route / 256 % 4];
    size_t session = asking->route / 1024 % SIM_SESSIONS;
    choosing->session = texts[session];
    if (choosing->affinity == AFFINITY_COOKIE)
        take_cookie(choosing, &choosing->sim->world.sessions[asking->pool][session]);
}

static bool is_keyed(const struct choosing *choosing)
{
    return choosing->affinity == AFFINITY_JWT || choosing->affinity == AFFINITY_ADDRESS;
}

/* --- figures ----------------------------------------------------------------------------------- */

static enum candidate_mark mark_of(const struct choosing *choosing, const struct sim_server *server)
{
    static const enum candidate_mark marks[] = {MARK_NONE,       MARK_JOINING,  MARK_NONE,
                                                MARK_OVERLOADED, MARK_DRAINING, MARK_DOWN,
                                                MARK_EJECTED,    MARK_DOWN};
    int quantity = choosing->asking->quantity;
    if (server->state != SERVER_UP)
        return marks[server->state];
    bool full = server->pool == SIM_FILES ? server->busy >= server->limit
                                          : quantity > 0 && server->pending > 0 &&
                                                server->pending + quantity > server->limit;
    return full ? MARK_FULL : MARK_NONE;
}

static int64_t workload_of(const struct choosing *choosing, const struct sim_server *server)
{
    int64_t next = choosing->sim->world.time + 100000; /* the line's time */
    bool fresh = server->workload_at != 0 && server->workload_at + 2 * CLOCK_SECOND >= next;
    return fresh ? server->workload : -1;
}

static uint64_t score_of(const struct choosing *choosing, const struct sim_server *server)
{
    const char *key = choosing->affinity == AFFINITY_JWT ? choosing->session : choosing->client;
    return policy_score(policy_hash(key), policy_hash(server->id));
}

/* The smaller, the better. Weights are 1, 2 or 3. */
static int64_t cost_of(const struct choosing *choosing, const struct sim_server *server)
{
    int64_t each = server->busy * 6 / server->weight, workload = workload_of(choosing, server);
    switch (is_keyed(choosing) ? POLICY_IP_HASH : choosing->policy) {
    case POLICY_FEWEST_SOLD:
        return server->told + server->pending;
    case POLICY_ROUND_ROBIN:
        return -server->turns[turn_of(choosing)].credit - server->weight;
    case POLICY_LEAST_CONNECTIONS:
    case POLICY_POWER_OF_TWO:
        return each;
    case POLICY_IP_HASH:
        return -(int64_t)score_of(choosing, server);
    case POLICY_LEAST_WORKLOAD:
        return workload >= 0 ? workload + 10 * server->busy : (INT64_C(1) << 40) + each;
    case POLICY_RANDOM:
    case POLICY_COUNT:
        break;
    }
    return 0;
}

static bool beats(const struct choosing *choosing, size_t a, size_t b)
{
    const struct sim_server *servers = choosing->sim->servers;
    int64_t cost_a = cost_of(choosing, &servers[a]), cost_b = cost_of(choosing, &servers[b]);
    if (cost_a != cost_b)
        return cost_a < cost_b;
    uint64_t last_a = servers[a].turns[turn_of(choosing)].last;
    uint64_t last_b = servers[b].turns[turn_of(choosing)].last;
    return last_a != last_b ? last_a < last_b : a < b;
}

/* Who beats all others in the running but `not`; the count of all servers where there is nobody. */
static size_t champion(const struct choosing *choosing, size_t not )
{
    const struct sim *sim = choosing->sim;
    for (size_t a = 0; a < sim->count; a++) {
        bool best = a != not &&choosing->running[a];
        for (size_t b = 0; best && b < sim->count; b++)
            best = b == a || b == not || !choosing->running[b] || beats(choosing, a, b);
        if (best)
            return a;
    }
    return sim->count;
}

/* --- the choice -------------------------------------------------------------------------------- */

static size_t drawn(struct choosing *choosing)
{
    const struct sim *sim = choosing->sim;
    uint64_t draw = policy_draw(policy_hash(sim->router), sim->n + 1);
    size_t lots[SIM_SERVERS_MAX], count = 0;
    for (size_t i = 0; i < sim->count; i++)
        if (choosing->running[i])
            lots[count++] = i;
    if (count == 0)
        return sim->count;
    size_t place = (size_t)((draw >> 32) * count >> 32), first = lots[place];
    if (choosing->policy == POLICY_RANDOM || count == 1)
        return first;
    memmove(&lots[place], &lots[place + 1], (count - place - 1) * sizeof *lots);
    size_t second = lots[(draw & UINT32_MAX) * (count - 1) >> 32];
    choosing->drawn[0] = sim->servers[first].id;
    choosing->drawn[1] = sim->servers[second].id;
    size_t turn = turn_of(choosing);
    bool older = sim->servers[second].turns[turn].last < sim->servers[first].turns[turn].last;
    int64_t less =
        cost_of(choosing, &sim->servers[first]) - cost_of(choosing, &sim->servers[second]);
    bool takes_second = less > 0 || (less == 0 && older);
    choosing->second = takes_second ? first : second;
    return takes_second ? second : first;
}

static bool by_lot(const struct choosing *choosing)
{
    return choosing->policy == POLICY_RANDOM || choosing->policy == POLICY_POWER_OF_TWO;
}

/* Whether the choice was made by a session that is where it was. */
static bool is_held(const struct choosing *choosing)
{
    return choosing->pinned < SIM_SERVERS_MAX && choosing->running[choosing->pinned];
}

static bool was_asked(const struct choosing *choosing, size_t i)
{
    const struct sim_asking *asking = choosing->asking;
    bool asked = false;
    for (size_t j = 0; j < asking->asked_count; j++)
        asked = asked || asking->asked[j] == choosing->sim->servers[i].machine;
    return asked;
}

static void spare_asked(struct choosing *choosing)
{
    size_t count = choosing->sim->count, others = 0;
    for (size_t i = 0; i < count; i++)
        others += choosing->running[i] && !was_asked(choosing, i);
    for (size_t i = 0; i < count; i++) {
        if (others == 0 || !choosing->running[i] || !was_asked(choosing, i))
            continue;
        choosing->marks[i] = MARK_ASKED;
        choosing->running[i] = false;
    }
}

static void choose(struct choosing *choosing)
{
    struct sim *sim = choosing->sim;
    for (size_t i = 0; i < sim->count; i++) {
        choosing->marks[i] = mark_of(choosing, &sim->servers[i]);
        choosing->running[i] =
            sim->servers[i].pool == choosing->asking->pool && choosing->marks[i] == MARK_NONE;
    }
    spare_asked(choosing);
    bool lot = by_lot(choosing) && !is_keyed(choosing);
    choosing->second = sim->count;
    choosing->to = is_held(choosing) ? choosing->pinned
                   : lot             ? drawn(choosing)
                                     : champion(choosing, sim->count);
    if (!lot)
        choosing->second = champion(choosing, choosing->to);
}

static const char *why_by_policy(const struct choosing *choosing)
{
    static const char *const words[] = {"fewest", "turn",         "least-busy", "less-busy",
                                        "hash",   "least-loaded", "drawn"};
    const struct sim_server *servers = choosing->sim->servers;
    const struct sim_server *to = &servers[choosing->to];
    if (choosing->asking->retry)
        return "retry";
    if (choosing->policy == POLICY_LEAST_WORKLOAD && workload_of(choosing, to) < 0)
        return "stale";
    bool tie = !by_lot(choosing) && choosing->second < choosing->sim->count &&
               cost_of(choosing, &servers[choosing->second]) == cost_of(choosing, to);
    return tie ? "least-recent" : words[choosing->policy];
}

static const char *why(const struct choosing *choosing)
{
    const struct sim *sim = choosing->sim;
    uint64_t score = score_of(choosing, &sim->servers[choosing->to]);
    bool first = true;
    for (size_t i = 0; i < sim->count; i++)
        first = first && (sim->servers[i].pool != choosing->asking->pool ||
                          score_of(choosing, &sim->servers[i]) <= score);
    if (is_keyed(choosing))
        return first ? "session" : "moved";
    if (choosing->pinned < SIM_SERVERS_MAX)
        return is_held(choosing) ? "session" : "moved";
    return why_by_policy(choosing);
}

/* --- the line ---------------------------------------------------------------------------------- */

static void write_line(const struct choosing *choosing)
{
    struct sim *sim = choosing->sim;
    const struct sim_asking *asking = choosing->asking;
    struct candidate list[SIM_SERVERS_MAX];
    size_t count = 0, to = 0, second = SIM_SERVERS_MAX;
    for (size_t i = 0; i < sim->count; i++) {
        const struct sim_server *server = &sim->servers[i];
        if (server->pool != asking->pool)
            continue;
        to = i == choosing->to ? count : to;
        second = i == choosing->second ? count : second;
        list[count++] = (struct candidate){.server = server->id,
                                           .told = server->told,
                                           .pending = server->pending,
                                           .busy = server->busy,
                                           .weight = server->weight,
                                           .credit = server->turns[turn_of(choosing)].credit,
                                           .workload = workload_of(choosing, server),
                                           .score = score_of(choosing, server),
                                           .mark = choosing->marks[i]};
    }
    char request[ID_TEXT_SIZE], route[ROUTING_NAME_SIZE], order[ID_TEXT_SIZE];
    bool by_order = asking->quantity > 0 && verb_names_order(asking->verb);
    id_format(asking->request, request);
    if (by_order)
        id_format(asking->order, order);
    snprintf(route, sizeof route, "%c-%s-%s", asking->pool == SIM_TICKETS ? 't' : 'f',
             policy_name(choosing->policy), affinity_name(choosing->affinity));
    bool pinned = choosing->pinned < SIM_SERVERS_MAX;
    bool named = choosing->affinity == AFFINITY_COOKIE || choosing->affinity == AFFINITY_JWT;
    struct routing_choice choice = {
        .request = request,
        .client = choosing->client,
        .id = asking->route / 4096 % 4 == 0 ? "brought along" : NULL,
        .route = route,
        .policy = choosing->policy,
        .affinity = choosing->affinity,
        .session = named ? choosing->session : NULL,
        .drawn = {choosing->drawn[0], choosing->drawn[1]},
        .pinned = pinned ? sim->servers[choosing->pinned].id : NULL,
        .verb = asking->verb,
        .event = asking->quantity > 0 && !by_order ? "demo" : NULL,
        .order = by_order ? order : NULL,
        .quantity = asking->quantity,
        .flight = sim->servers[choosing->to].flight,
        .why = why(choosing),
        .to = to,
        .runner_up = second < SIM_SERVERS_MAX ? second : to,
        .candidates = list,
        .count = count,
    };
    routing_line_choice(&sim->log, sim->n + 1, sim->world.time + 100000, &choice);
}

/* Each in the running is given its weight; the chosen one pays for all. */
static void take_turn(const struct choosing *choosing)
{
    struct sim *sim = choosing->sim;
    for (size_t i = 0; i < sim->count; i++) {
        if (!choosing->running[i])
            continue;
        sim->servers[i].turns[turn_of(choosing)].credit += sim->servers[i].weight;
        sim->servers[choosing->to].turns[turn_of(choosing)].credit -= sim->servers[i].weight;
    }
}

struct sim_server *sim_choose(struct sim *sim, const struct sim_asking *asking)
{
    struct choosing choosing = {.sim = sim, .asking = asking, .pinned = SIM_SERVERS_MAX};
    draw_route(&choosing);
    choose(&choosing);
    if (choosing.to == sim->count)
        return NULL;
    struct sim_server *server = &sim->servers[choosing.to];
    if (asking->quantity > 0 && server->count == SIM_FLIGHT_MAX)
        return NULL;
    if (asking->quantity > 0 && server->flight == 0)
        server->flight = ++sim->flight;
    write_line(&choosing);
    if (choosing.policy == POLICY_ROUND_ROBIN && !is_keyed(&choosing) && !is_held(&choosing))
        take_turn(&choosing);
    sim_tick(sim);
    server->turns[turn_of(&choosing)].last = ++sim->n;
    server->busy++;
    if (choosing.cookie != NULL)
        choosing.cookie->machine = server->machine + 1;
    return server;
}
