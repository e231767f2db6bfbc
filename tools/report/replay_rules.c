/* The policies' rules, stated once more, as common/routing_line.h has them: independently of the balancer. */
#include <string.h>

#include "common/clock.h"
#include "tools/report/replay_parts.h"

const char *replay_rule_word(enum policy policy)
{
    static const char *const words[POLICY_COUNT] = {
        [POLICY_FEWEST_SOLD] = "fewest",
        [POLICY_ROUND_ROBIN] = "turn",
        [POLICY_LEAST_CONNECTIONS] = "least-busy",
        [POLICY_POWER_OF_TWO] = "less-busy",
        [POLICY_IP_HASH] = "hash",
        [POLICY_LEAST_WORKLOAD] = "least-loaded",
        [POLICY_RANDOM] = "drawn",
    };
    return words[policy];
}

uint64_t replay_score(const struct proof *proof, const struct replay_server *server)
{
    return policy_score(proof->key, server->identity);
}

int64_t replay_workload(const struct proof *proof, const struct replay_server *server)
{
    int64_t age = proof->replay->line.time - server->workload_at;
    bool fresh = server->workload_at > 0 && age >= 0 && age <= POLICY_FRESH_SECONDS * CLOCK_SECOND;
    return fresh ? server->workload : -1;
}

static int compare(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_busy(const struct replay_server *a, const struct replay_server *b)
{
    return compare(a->busy * b->weight, b->busy * a->weight);
}

static int compare_workload(const struct proof *proof, const struct replay_server *a,
                            const struct replay_server *b)
{
    int64_t load_a = replay_workload(proof, a), load_b = replay_workload(proof, b);
    if (load_a < 0 && load_b < 0)
        return compare_busy(a, b);
    if (load_a < 0 || load_b < 0)
        return load_a < 0 ? 1 : -1;
    return compare(load_a + a->busy * POLICY_BUSY_SHARE, load_b + b->busy * POLICY_BUSY_SHARE);
}

static const struct routing_turn *turn_in(const struct proof *proof,
                                          const struct replay_server *server)
{
    return &server->turns[proof->purchase ? TURN_PURCHASE : TURN_REQUEST];
}

struct routing_turn *replay_turn_of(const struct proof *proof, struct replay_server *server)
{
    return &server->turns[proof->purchase ? TURN_PURCHASE : TURN_REQUEST];
}

int replay_order(const struct proof *proof, const struct replay_server *a,
                 const struct replay_server *b)
{
    switch (proof->policy) {
    case POLICY_FEWEST_SOLD:
        return compare(a->told + a->pending, b->told + b->pending);
    case POLICY_ROUND_ROBIN:
        return compare(turn_in(proof, b)->credit + b->weight,
                       turn_in(proof, a)->credit + a->weight);
    case POLICY_LEAST_CONNECTIONS:
    case POLICY_POWER_OF_TWO:
        return compare_busy(a, b);
    case POLICY_IP_HASH:
        return compare((int64_t)replay_score(proof, b), (int64_t)replay_score(proof, a));
    case POLICY_LEAST_WORKLOAD:
        return compare_workload(proof, a, b);
    case POLICY_RANDOM:
    case POLICY_COUNT:
        break;
    }
    return 0;
}

static bool goes_before(const struct proof *proof, const struct replay_server *a,
                        const struct replay_server *b)
{
    int by = replay_order(proof, a, b);
    return by < 0 || (by == 0 && turn_in(proof, a)->last < turn_in(proof, b)->last);
}

/* --- by lot ------------------------------------------------------------------------------------ */

/* The number-th server (from 0) that is in the running; NULL where there are no more than that. */
static struct replay_server *in_the_running(const struct proof *proof, uint64_t number)
{
    struct replay *replay = proof->replay;
    for (size_t i = 0; i < replay->count; i++)
        if (!replay_is_out(proof, &replay->servers[i]) && number-- == 0)
            return &replay->servers[i];
    return NULL;
}

static uint64_t running_count(const struct proof *proof)
{
    uint64_t count = 0;
    for (size_t i = 0; i < proof->replay->count; i++)
        count += !replay_is_out(proof, &proof->replay->servers[i]);
    return count;
}

/* The upper half of the draw says which; of two, the lower half which of the others. */
void replay_draw(const struct proof *proof, struct replay_server *drawn[2])
{
    const struct replay *replay = proof->replay;
    const char *router = names_text(&replay->ledger->routers, replay->router);
    uint64_t draw = policy_draw(policy_hash(router), replay->line.n), count = running_count(proof);
    uint64_t first = (draw >> 32) * count >> 32;
    drawn[0] = in_the_running(proof, first);
    drawn[1] = NULL;
    if (proof->policy == POLICY_RANDOM || count < 2)
        return;
    uint64_t second = (draw & UINT32_MAX) * (count - 1) >> 32;
    drawn[1] = in_the_running(proof, second + (second >= first));
}

/* The other one of two, where one is out of the running. */
static struct replay_server *winner_by_lot(const struct proof *proof,
                                           const struct replay_server *spared)
{
    struct replay_server *drawn[2];
    replay_draw(proof, drawn);
    if (spared != NULL)
        return drawn[0] == spared ? drawn[1] : drawn[1] == spared ? drawn[0] : NULL;
    return drawn[1] != NULL && goes_before(proof, drawn[1], drawn[0]) ? drawn[1] : drawn[0];
}

struct replay_server *replay_winner(const struct proof *proof, const struct replay_server *spared)
{
    struct replay *replay = proof->replay;
    if (proof->policy == POLICY_RANDOM || proof->policy == POLICY_POWER_OF_TWO)
        return winner_by_lot(proof, spared);
    struct replay_server *best = NULL;
    for (size_t i = 0; i < replay->count; i++) {
        struct replay_server *server = &replay->servers[i];
        if (server != spared && !replay_is_out(proof, server) &&
            (best == NULL || goes_before(proof, server, best)))
            best = server;
    }
    return best;
}

void replay_turn(const struct proof *proof, struct replay_server *to)
{
    struct replay *replay = proof->replay;
    int64_t sum = 0;
    for (size_t i = 0; i < replay->count; i++) {
        struct replay_server *server = &replay->servers[i];
        if (replay_is_out(proof, server))
            continue;
        replay_turn_of(proof, server)->credit += server->weight;
        server->credit_at = proof->place;
        sum += server->weight;
    }
    replay_turn_of(proof, to)->credit -= sum;
    to->credit_at = proof->place;
}
