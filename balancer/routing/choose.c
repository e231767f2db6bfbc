#include "balancer/routing/choose.h"

#include "balancer/routing/policies/policies.h"
#include "common/clock.h"

/* A choice being made. The candidates are those of the pool, in the order of the list. */
struct choosing {
    struct servers *servers;
    const struct choice *choice;
    const struct purchase_choice *purchase; /* NULL: a request is forwarded */
    int64_t now;                            /* wall clock: the line's time */
    uint64_t n;                             /* the line's number */
    size_t count, to;
    const char *why;
    const char *drawn[2]; /* by power-of-two: their ids, or NULL */
    size_t second;        /* the other one */
    bool by_policy;       /* not by a session */
    struct candidate candidates[ROUTING_SERVERS_MAX];
};

/* --- the snapshot ------------------------------------------------------------------------------ */

/* An idle server always has room, also for a purchase larger than its limit. */
static bool has_room(const struct choosing *choosing, const struct server *server)
{
    if (server->pool != POOL_TICKETS)
        return server->busy < server->limit;
    return choosing->purchase == NULL || server->pending == 0 ||
           server->pending + choosing->purchase->quantity <= server->limit;
}

static enum candidate_mark mark_of(const struct choosing *choosing, const struct server *server)
{
    static const enum candidate_mark marks[] = {
        [SERVER_NEW] = MARK_JOINING,       [SERVER_JOINING] = MARK_JOINING,
        [SERVER_UP] = MARK_NONE,           [SERVER_OVERLOADED] = MARK_OVERLOADED,
        [SERVER_DRAINING] = MARK_DRAINING, [SERVER_DOWN] = MARK_DOWN,
        [SERVER_EJECTED] = MARK_EJECTED,   [SERVER_LEFT] = MARK_DOWN,
    };
    if (server->state == SERVER_UP && !has_room(choosing, server))
        return MARK_FULL;
    return marks[server->state];
}

static bool is_keyed(const struct choice *choice)
{
    return choice->affinity == AFFINITY_JWT || choice->affinity == AFFINITY_ADDRESS;
}

/* Whose server is looked for by its hash; 0 where none is. */
static uint64_t key_of(const struct choice *choice)
{
    if (choice->affinity == AFFINITY_JWT)
        return policy_hash(choice->session);
    bool hashes = choice->affinity == AFFINITY_ADDRESS || choice->policy == POLICY_IP_HASH;
    return hashes ? policy_hash(choice->client) : 0;
}

static int64_t workload_of(const struct choosing *choosing, const struct server *server)
{
    int64_t age = choosing->now - server->workload_at; /* below 0: the clock was set back */
    bool fresh = server->workload_at > 0 && age >= 0 && age <= POLICY_FRESH_SECONDS * CLOCK_SECOND;
    return fresh ? server->workload : -1;
}

static size_t turn_of(const struct choosing *choosing)
{
    return choosing->purchase != NULL ? TURN_PURCHASE : TURN_REQUEST;
}

static void look(struct choosing *choosing)
{
    const struct servers *servers = choosing->servers;
    uint64_t key = key_of(choosing->choice);
    for (size_t i = 0; i < servers->count; i++) {
        const struct server *server = &servers->list[i];
        const struct routing_turn *turn = &server->turns[turn_of(choosing)];
        if (server->pool != choosing->choice->pool || server->state == SERVER_LEFT)
            continue;
        choosing->candidates[choosing->count++] = (struct candidate){
            .server = server->id,
            .index = i,
            .told = server->told,
            .pending = server->pending,
            .busy = server->busy,
            .weight = server->weight,
            .credit = turn->credit,
            .workload = workload_of(choosing, server),
            .score = key != 0 ? policy_score(key, server->identity) : 0,
            .last = turn->last,
            .mark = mark_of(choosing, server),
        };
    }
}

static bool was_asked(const struct choosing *choosing, const struct candidate *candidate)
{
    const struct choice *choice = choosing->choice;
    const struct server *server = &choosing->servers->list[candidate->index];
    size_t i = 0;
    while (i < choice->asked_count && choice->asked[i] != server->identity)
        i++;
    return i < choice->asked_count;
}

/* Who was asked in vain makes room for who was not, if one of those is in the running. */
static void spare_asked(struct choosing *choosing)
{
    struct candidate *candidates = choosing->candidates;
    bool other = false;
    for (size_t i = 0; i < choosing->count && !other; i++)
        other = candidates[i].mark == MARK_NONE && !was_asked(choosing, &candidates[i]);
    for (size_t i = 0; i < choosing->count && other; i++)
        if (candidates[i].mark == MARK_NONE && was_asked(choosing, &candidates[i]))
            candidates[i].mark = MARK_ASKED;
}

/* --- the choice -------------------------------------------------------------------------------- */

/* The candidate that the session is at; `count` where there is none, as where a cookie names a server that
 * is in another pool by now. */
static size_t pinned(const struct choosing *choosing)
{
    size_t i = 0;
    while (i < choosing->count && choosing->candidates[i].index != choosing->choice->pinned)
        i++;
    return i;
}

static const char *why(const struct choosing *choosing, const struct policy_rule *rule,
                       const struct snapshot *snapshot)
{
    if (choosing->purchase != NULL && choosing->purchase->retry)
        return "retry";
    if (rule == &least_workload && choosing->candidates[choosing->to].workload < 0)
        return "stale";
    return policy_tied(rule, snapshot, choosing->to) ? "least-recent" : rule->why;
}

static void note_drawn(struct choosing *choosing, const struct snapshot *snapshot)
{
    size_t drawn[2];
    if (!power_of_two_drawn(snapshot, drawn))
        return;
    choosing->drawn[0] = choosing->candidates[drawn[0]].server;
    choosing->drawn[1] = choosing->candidates[drawn[1]].server;
    choosing->second = drawn[drawn[0] == choosing->to];
}

/* By the policy, whatever session there may be. */
static void choose_by_policy(struct choosing *choosing, const struct snapshot *snapshot)
{
    const struct policy_rule *rule = policy_rule(choosing->choice->policy);
    choosing->to = rule->pick(snapshot);
    choosing->by_policy = true;
    if (rule == &power_of_two)
        note_drawn(choosing, snapshot);
    if (choosing->to < choosing->count)
        choosing->why = why(choosing, rule, snapshot);
}

/* A key's server is that with the highest score; where it is out of the running, the next. */
static void choose_by_key(struct choosing *choosing, const struct snapshot *snapshot)
{
    const struct candidate *candidates = choosing->candidates;
    choosing->to = ip_hash.pick(snapshot);
    choosing->why = "session";
    for (size_t i = 0; choosing->to < choosing->count && i < choosing->count; i++)
        if (candidates[i].score > candidates[choosing->to].score)
            choosing->why = "moved";
}

static void choose(struct choosing *choosing)
{
    const struct choice *choice = choosing->choice;
    struct snapshot snapshot = {
        .candidates = choosing->candidates,
        .count = choosing->count,
        .draw = policy_draw(choosing->servers->seed, choosing->n),
    };
    if (is_keyed(choice)) {
        choose_by_key(choosing, &snapshot);
        return;
    }
    size_t at = choice->pinned != SERVER_NONE ? pinned(choosing) : choosing->count;
    if (at < choosing->count && choosing->candidates[at].mark == MARK_NONE) {
        choosing->to = at;
        choosing->why = "session";
        return;
    }
    choose_by_policy(choosing, &snapshot);
    if (at < choosing->count)
        choosing->why = "moved";
}

/* Under the lock. */
static enum chosen none_chosen(const struct choosing *choosing)
{
    int64_t now = clock_monotonic();
    for (size_t i = 0; i < choosing->count; i++) {
        const struct candidate *candidate = &choosing->candidates[i];
        const struct server *server = &choosing->servers->list[candidate->index];
        if (candidate->mark == MARK_FULL || health_hopeful(&server->health, server->state, now))
            return CHOSEN_NO_ROOM;
    }
    return CHOSEN_NO_SERVER;
}

/* --- the line ---------------------------------------------------------------------------------- */

/* The second best, for a line that cannot list all. */
static size_t runner_up(struct choosing *choosing)
{
    size_t to = choosing->to;
    if (choosing->count <= ROUTING_CANDIDATES_MAX)
        return to;
    const struct policy_rule *rule =
        is_keyed(choosing->choice) ? &ip_hash : policy_rule(choosing->choice->policy);
    if (choosing->drawn[0] != NULL)
        return choosing->second;
    if (rule->order == NULL)
        return to;
    struct snapshot snapshot = {.candidates = choosing->candidates, .count = choosing->count};
    choosing->candidates[to].mark = MARK_FULL;
    size_t second = rule->pick(&snapshot);
    choosing->candidates[to].mark = MARK_NONE;
    return second == choosing->count ? to : second;
}

static void write_line(struct choosing *choosing, uint64_t flight)
{
    const struct choice *choice = choosing->choice;
    struct servers *servers = choosing->servers;
    size_t at = choice->affinity == AFFINITY_COOKIE ? pinned(choosing) : choosing->count;
    struct routing_choice line = {
        .request = choice->request,
        .client = choice->client,
        .id = choice->id,
        .route = choice->route,
        .policy = choice->policy,
        .affinity = choice->affinity,
        .session = choice->session,
        .drawn = {choosing->drawn[0], choosing->drawn[1]},
        .pinned = at < choosing->count ? choosing->candidates[at].server : NULL,
        .flight = flight,
        .why = choosing->why,
        .to = choosing->to,
        .runner_up = runner_up(choosing),
        .candidates = choosing->candidates,
        .count = choosing->count,
    };
    if (choosing->purchase != NULL) {
        line.verb = choosing->purchase->verb;
        line.event = choosing->purchase->event;
        line.order = choosing->purchase->order;
        line.quantity = choosing->purchase->quantity;
    }
    uint64_t n = servers_next_line(servers);
    routing_line_choice(&servers->history, n, choosing->now, &line);
}

/* What a choice changes of the servers, beside what is pending. */
static void count_choice(struct choosing *choosing)
{
    struct servers *servers = choosing->servers;
    struct candidate *candidates = choosing->candidates;
    struct server *server = &servers->list[candidates[choosing->to].index];
    server->busy++;
    server->turns[turn_of(choosing)].last = choosing->n;
    if (choosing->choice->policy != POLICY_ROUND_ROBIN || !choosing->by_policy)
        return;
    round_robin_turn(candidates, choosing->count, choosing->to);
    for (size_t i = 0; i < choosing->count; i++)
        servers->list[candidates[i].index].turns[turn_of(choosing)].credit = candidates[i].credit;
}

/* Under the lock. */
static bool begin(struct choosing *choosing, struct servers *servers, const struct choice *choice,
                  const struct purchase_choice *purchase)
{
    choosing->servers = servers;
    choosing->choice = choice;
    choosing->purchase = purchase;
    choosing->now = clock_now();
    choosing->n = servers->n + 1;
    choosing->count = 0;
    choosing->by_policy = false;
    choosing->drawn[0] = choosing->drawn[1] = NULL;
    look(choosing);
    if (choice->asked_count > 0)
        spare_asked(choosing);
    choose(choosing);
    return choosing->to < choosing->count;
}

static void join(struct servers *servers, struct loading *loading, size_t room)
{
    bool fits = loading->flight != 0 && loading->count < loading->room && loading->count < room;
    if (!fits)
        *loading = (struct loading){.flight = ++servers->flight, .room = room};
    loading->room = room < loading->room ? room : loading->room;
    loading->count++;
}

enum chosen choose_for_purchase(struct servers *servers, const struct choice *choice,
                                const struct purchase_choice *purchase, struct loading *loading,
                                size_t *index)
{
    struct choosing choosing;
    lock_take(&servers->lock);
    bool found = begin(&choosing, servers, choice, purchase);
    if (found) {
        *index = choosing.candidates[choosing.to].index;
        join(servers, &loading[*index], purchase->room);
        write_line(&choosing, loading[*index].flight);
        count_choice(&choosing);
        servers->list[*index].pending += purchase->quantity;
    }
    enum chosen chosen = found ? CHOSEN : none_chosen(&choosing);
    lock_drop(&servers->lock);
    return chosen;
}

enum chosen choose_for_request(struct servers *servers, const struct choice *choice, size_t *index)
{
    struct choosing choosing;
    lock_take(&servers->lock);
    bool found = begin(&choosing, servers, choice, NULL);
    if (found) {
        *index = choosing.candidates[choosing.to].index;
        write_line(&choosing, 0);
        count_choice(&choosing);
    }
    enum chosen chosen = found ? CHOSEN : none_chosen(&choosing);
    lock_drop(&servers->lock);
    return chosen;
}
