/* make ha: the recipe of deploy/patroni, on three machines of its own. Each of them dies, freezes, is cut off and comes
 * back while buyers buy from ticket servers on the URL with all three; a switch-over is asked for; two are lost, and all of
 * etcd. Nothing has to be started again, and what buyers were told of is there, once. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "tests/failover/own_network.h"
#include "tests/ha/nodes.h"
#include "tests/lib/audit.h"
#include "tests/lib/dice.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/soak/crowd.h"

enum {
    CAPACITY = 10000000,
    SERVERS = 3,
    DEALS = 100, /* before each blow */
    FIRST_DEAL_SECONDS = 60,
    WAITING_SECONDS = 30,
};

static const int64_t beyond_ttl =
    14 * CLOCK_SECOND; /* of patroni.yml, 10 s: then a leader who is silent is none */

struct stage {
    struct nodes nodes;
    struct cluster cluster;
    struct crowd crowd;
    int64_t struck_at;
    size_t first_deal;
};

/* --- waiting ----------------------------------------------------------------------------------- */

static bool has_come(void *context)
{
    return clock_monotonic() >= *(const int64_t *)context;
}

static void wait_beyond_ttl(void)
{
    int64_t moment = clock_monotonic() + beyond_ttl;
    CU_ASSERT(wait_until(has_come, &moment, WAITING_SECONDS));
}

struct first {
    struct stage *stage;
    int64_t since, ended;
};

static bool first_deal_made(void *context)
{
    struct first *first = context;
    crowd_read(&first->stage->crowd);
    first->ended = crowd_first_deal(&first->stage->crowd, first->stage->first_deal, first->since);
    return first->ended != 0;
}

/* Sees the first sale of who comes from now on: the longest time without one since the blow, or since `from`. */
static int64_t selling_again(struct stage *stage, int64_t from)
{
    struct first first = {stage, clock_monotonic(), 0};
    CU_ASSERT(wait_until(first_deal_made, &first, FIRST_DEAL_SECONDS));
    return crowd_longest_gap(&stage->crowd, stage->first_deal, from);
}

/* --- what befalls the machines ----------------------------------------------------------------- */

/* Purchases are made, and all three machines are there; the next one is the first after the blow. */
static void begin(struct stage *stage)
{
    CU_ASSERT_FATAL(nodes_complete(&stage->nodes));
    CU_ASSERT(crowd_progress(&stage->crowd, (size_t)load_scaled(DEALS)));
    stage->first_deal = stage->crowd.deal_count;
    stage->struck_at = clock_monotonic();
}

/* All machines are back; what buyers know is there, and nobody failed who should not have. */
static void end(struct stage *stage, const char *what, int64_t took)
{
    CU_ASSERT_FATAL(nodes_complete(&stage->nodes));
    CU_ASSERT(cluster_all_up(&stage->cluster));
    crowd_excuse(&stage->crowd, stage->struck_at);
    CU_ASSERT(crowd_progress(&stage->crowd, (size_t)load_scaled(DEALS)));
    audit_clean(&stage->cluster, &stage->crowd.known);
    CU_ASSERT(crowd_judge(&stage->crowd));
    CU_ASSERT(cluster_nobody_crashed(&stage->cluster));
    printf("  %-46s %4.1f s without a sale\n", what, (double)took / (double)CLOCK_SECOND);
    fflush(stdout);
}

static void leader_dies(struct stage *stage)
{
    begin(stage);
    int leader = nodes_find(&stage->nodes, ROLE_LEADER);
    node_kill(&stage->nodes, leader);
    int64_t took = selling_again(stage, stage->struck_at);
    CU_ASSERT(nodes_led_by_another(&stage->nodes, leader));
    node_start(&stage->nodes, leader);
    end(stage, "the leader's machine dies", took);
}

static void leader_freezes(struct stage *stage)
{
    begin(stage);
    int leader = nodes_find(&stage->nodes, ROLE_LEADER);
    node_signal(&stage->nodes, leader, SIGSTOP, NULL);
    int64_t took = selling_again(stage, stage->struck_at);
    CU_ASSERT(nodes_led_by_another(&stage->nodes, leader));
    int successor = nodes_find(&stage->nodes, ROLE_LEADER);
    node_signal(&stage->nodes, leader, SIGCONT, NULL);
    CU_ASSERT(nodes_complete(&stage->nodes));
    CU_ASSERT_EQUAL(nodes_find(&stage->nodes, ROLE_LEADER), successor);
    end(stage, "it freezes, and wakes up when another leads", took);
}

static void leader_is_cut_off(struct stage *stage)
{
    begin(stage);
    int leader = nodes_find(&stage->nodes, ROLE_LEADER);
    node_unplug(leader);
    int64_t took = selling_again(stage, stage->struck_at);
    CU_ASSERT(nodes_led_by_another(&stage->nodes, leader));
    node_plug(leader);
    end(stage, "it is cut off", took);
}

static void postgres_crashes(struct stage *stage)
{
    begin(stage);
    int leader = nodes_find(&stage->nodes, ROLE_LEADER);
    node_signal(&stage->nodes, leader, SIGKILL, "postgres");
    int64_t took = selling_again(stage, stage->struck_at);
    end(stage, "the leader's PostgreSQL crashes", took);
}

static void switch_over(struct stage *stage)
{
    begin(stage);
    int successor = nodes_find(&stage->nodes, ROLE_SYNC);
    nodes_switch_over(&stage->nodes, nodes_find(&stage->nodes, ROLE_LEADER), successor);
    int64_t took = selling_again(stage, stage->struck_at);
    CU_ASSERT(nodes_complete(&stage->nodes));
    CU_ASSERT_EQUAL(nodes_find(&stage->nodes, ROLE_LEADER), successor);
    end(stage, "a switch-over is asked for", took);
}

static void standby_freezes(struct stage *stage)
{
    begin(stage);
    int standby = nodes_find(&stage->nodes, ROLE_SYNC);
    node_signal(&stage->nodes, standby, SIGSTOP, NULL);
    int64_t took = selling_again(stage, stage->struck_at);
    node_signal(&stage->nodes, standby, SIGCONT, NULL);
    end(stage, "the synchronous standby freezes", took);
}

/* Nobody is sold anything meanwhile who was not sold it in the first moment. */
static void two_are_lost(struct stage *stage)
{
    begin(stage);
    int leader = nodes_find(&stage->nodes, ROLE_LEADER);
    for (int node = 0; node < NODES; node++)
        if (node != leader)
            node_kill(&stage->nodes, node);
    int64_t lost_at = clock_monotonic();
    wait_beyond_ttl();
    crowd_read(&stage->crowd);
    CU_ASSERT_EQUAL(crowd_first_deal(&stage->crowd, stage->first_deal, lost_at), 0);
    int64_t back_at = clock_monotonic();
    stage->first_deal = stage->crowd.deal_count;
    for (int node = 0; node < NODES; node++)
        if (node != leader)
            node_start(&stage->nodes, node);
    end(stage, "two are lost: nothing is sold; both are back", selling_again(stage, back_at));
}

static void etcd_is_lost(struct stage *stage)
{
    begin(stage);
    for (int node = 0; node < NODES; node++)
        node_signal(&stage->nodes, node, SIGSTOP, "etcd");
    wait_beyond_ttl();
    int64_t took = selling_again(stage, stage->struck_at);
    for (int node = 0; node < NODES; node++)
        node_signal(&stage->nodes, node, SIGCONT, "etcd");
    end(stage, "all of etcd is lost for longer than ttl", took);
}

static void recipe(void)
{
    static struct stage stage;
    if (!own_network_enter()) {
        suite_skip("namespaces are not to be had here: that takes root");
        return;
    }
    nodes_open(&stage.nodes);
    cluster_open_store(&stage.cluster, nodes_url, CAPACITY, SERVERS);
    crowd_open(&stage.crowd, &stage.cluster, dice_seed());
    leader_dies(&stage);
    postgres_crashes(&stage);
    leader_freezes(&stage);
    switch_over(&stage);
    leader_is_cut_off(&stage);
    standby_freezes(&stage);
    etcd_is_lost(&stage);
    two_are_lost(&stage);
    CU_ASSERT(crowd_end(&stage.crowd));
    CU_ASSERT(crowd_judge(&stage.crowd));
    CU_ASSERT(cluster_quiet(&stage.cluster));
    audit_repeats(&stage.cluster, &stage.crowd.known);
    audit_exact(&stage.cluster, &stage.crowd.known);
    printf("  %zu acknowledged sales of %" PRId64
           " tickets, all there once; asked again %zu times\n",
           stage.crowd.known.sold, stage.crowd.known.tickets, stage.crowd.excused);
    cluster_close(&stage.cluster);
    nodes_close(&stage.nodes);
    crowd_free(&stage.crowd);
}

int main(int argc, char **argv)
{
    suite_add("ha", "recipe", recipe);
    return suite_main(argc, argv);
}
