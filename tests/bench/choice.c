/* What one choice costs, by policy and number of servers: whole, as a request pays for it under the
 * servers' lock, its line in the log included; and the policy's own part, its pick from a snapshot. */
#include <stdio.h>
#include <stdlib.h>

#include "balancer/routing/choose.h"
#include "balancer/routing/policies/policies.h"
#include "common/clock.h"
#include "common/log.h"

enum {
    TURNS = 20000,         /* choices that are timed together, by the fewest servers */
    ROUNDS = 7,            /* of which the fastest counts: what disturbs only ever adds */
    HISTORY_MAX = 1 << 20, /* bytes of lines, then they are taken */
    CLIENTS = 256,
};

static const size_t sizes[] = {3, 100, 1000};

enum {
    SIZES = sizeof sizes / sizeof *sizes,
};

static struct servers servers;
static struct candidate candidates[ROUTING_SERVERS_MAX];
static char clients[CLIENTS][16];
static volatile size_t sink; /* so that no pick is left out */

/* A pool of so many servers, up, of weight 1 and 2 in turn, with fresh reports. */
static void open_pool(size_t count)
{
    servers_init(&servers);
    struct pool_rules rules = pool_rules_default(false);
    rules.limit = INT64_MAX;
    size_t pool = servers_pool_add(&servers, "bench", &rules);
    servers.pools[pool].reports = true;
    for (size_t i = 0; i < count; i++) {
        char id[SERVER_SIZE];
        snprintf(id, sizeof id, "server-%zu", i + 1);
        struct server_about about = {id, "127.0.0.1:1", pool, 1 + (int64_t)i % 2, SOURCE_CONFIG};
        if (!servers_add(&servers, &about))
            die(EXIT_TROUBLE, "no room for %s", id);
        struct server_report report = {310, 9, 0, 812};
        struct server_checked check = {.passed = true, .reason = "answered", .report = &report};
        servers_checked(&servers, i, 0, &check);
        servers.list[i].workload_at = INT64_MAX / 2; /* stays fresh */
    }
}

static void forget_lines(struct buffer *lines)
{
    if (servers.history.length > HISTORY_MAX)
        servers_take_history(&servers, lines);
}

static double choose_whole(enum policy policy, int turns)
{
    static struct buffer lines;
    struct choice choice = {.request = "0193b0aa-0000-7abc-8def-0123456789ab",
                            .route = "bench",
                            .pool = 1,
                            .policy = policy,
                            .pinned = SERVER_NONE};
    int64_t begun = clock_monotonic();
    for (int i = 0; i < turns; i++) {
        size_t to;
        choice.client = clients[i % CLIENTS];
        if (choose_for_request(&servers, &choice, &to) != CHOSEN)
            die(EXIT_TROUBLE, "nobody was chosen");
        forget_lines(&lines);
    }
    return (double)(clock_monotonic() - begun) * 1000 / turns;
}

static void look(void)
{
    for (size_t i = 0; i < servers.count; i++) {
        const struct server *server = &servers.list[i];
        candidates[i] = (struct candidate){
            .server = server->id,
            .told = (int64_t)(i * 7 % 1000),
            .busy = server->busy,
            .weight = server->weight,
            .credit = server->turns[TURN_REQUEST].credit,
            .workload = server->workload,
            .score = policy_score(policy_hash(clients[0]), server->identity),
            .last = server->turns[TURN_REQUEST].last,
        };
    }
}

static double pick_only(enum policy policy, int turns)
{
    const struct policy_rule *rule = policy_rule(policy);
    look();
    int64_t begun = clock_monotonic();
    for (int i = 0; i < turns; i++) {
        struct snapshot snapshot = {candidates, servers.count, policy_draw(1, (uint64_t)i)};
        sink = rule->pick(&snapshot);
    }
    return (double)(clock_monotonic() - begun) * 1000 / turns;
}

static double fastest(double (*measure)(enum policy policy, int turns), enum policy policy)
{
    int turns = TURNS * 3 / (int)(servers.count < 3 ? 3 : servers.count);
    double best = measure(policy, turns);
    for (int i = 1; i < ROUNDS; i++) {
        double took = measure(policy, turns);
        best = took < best ? took : best;
    }
    return best;
}

int main(void)
{
    double whole[POLICY_COUNT][SIZES], pick[POLICY_COUNT][SIZES];
    log_name("choice");
    for (int i = 0; i < CLIENTS; i++)
        snprintf(clients[i], sizeof clients[i], "192.0.2.%d", i);
    for (size_t size = 0; size < SIZES; size++) {
        for (enum policy policy = 0; policy < POLICY_COUNT; policy++) {
            open_pool(sizes[size]);
            whole[policy][size] = fastest(choose_whole, policy);
            pick[policy][size] = fastest(pick_only, policy);
            servers_free(&servers);
        }
    }
    printf("ns for one choice   whole, with its line       the policy's pick alone\n"
           "%-18s %8zu %8zu %8zu   %8zu %8zu %8zu servers\n",
           "policy", sizes[0], sizes[1], sizes[2], sizes[0], sizes[1], sizes[2]);
    for (enum policy policy = 0; policy < POLICY_COUNT; policy++)
        printf("%-18s %8.0f %8.0f %8.0f   %8.1f %8.1f %8.1f\n", policy_name(policy),
               whole[policy][0], whole[policy][1], whole[policy][2], pick[policy][0],
               pick[policy][1], pick[policy][2]);
    return EXIT_FINE;
}
