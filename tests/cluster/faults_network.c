/* A ticket server on another network, as on another machine: packets are lost, both ways or one way, or its
 * cable is pulled. No buyer notices, and it sells again as soon as it can be reached. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/cluster/netns.h"
#include "tests/lib/audit.h"
#include "tests/lib/lone_server.h"
#include "tests/lib/members.h"
#include "tests/lib/suite.h"
#include "tests/lib/tail.h"
#include "tests/lib/wait.h"

enum {
    BUYERS = 16,
    SALES = 200,
    NOTICED_SECONDS = 30,
    PORT = 9100,
};

static const int64_t chosen_within = 2 * CLOCK_SECOND; /* of its being well */

struct scene {
    struct netns netns;
    struct cluster cluster;
    struct lone_server lone;
    struct load load;
    struct tail tail;
    int64_t well_at, chosen_at; /* wall clock */
};

static bool is_out(void *context)
{
    struct scene *scene = context;
    char state[16];
    cluster_state(&scene->cluster, scene->lone.id, state);
    return strcmp(state, "up") != 0;
}

static void note_choice(void *context, const struct routing_line *line)
{
    struct scene *scene = context;
    if (line->kind != ROUTING_CHOICE || line->time < scene->well_at || scene->chosen_at != 0)
        return;
    if (strcmp(line->choice.candidates[line->choice.to].server, scene->lone.id) == 0)
        scene->chosen_at = line->time;
}

static bool is_chosen(void *context)
{
    struct scene *scene = context;
    tail_read(&scene->tail, note_choice, scene);
    return scene->chosen_at != 0;
}

static void scene_begin(struct scene *scene)
{
    char address[PEER_ADDRESS_SIZE];
    struct cluster *cluster = &scene->cluster;
    cluster_open_with(cluster, 10000000, 2,
                      (const char *const[]){"--policy", "round-robin", "--allow-remote", NULL});
    snprintf(address, sizeof address, "%.15s:%d", scene->netns.address, PORT);
    lone_open_within(&scene->lone, cluster, "far-1", scene->netns.name, address);
    member_join(cluster, "far-1", scene->lone.front.url);
    scene->load = (struct load){
        .url = {cluster->url}, .urls = 1, .threads = BUYERS, .prefix = "far-from-here"};
    load_begin(&scene->load);
    tail_open(&scene->tail, cluster);
    CU_ASSERT(wait_until(is_chosen, scene, NOTICED_SECONDS));
}

static void scene_end(struct scene *scene)
{
    load_end(&scene->load);
    CU_ASSERT_EQUAL(scene->load.failed, 0);
    if (scene->load.failed > 0) {
        printf("  %d failed: %s\n", scene->load.failed, scene->load.failure);
        process_show(&scene->cluster.master);
    }
    lone_close(&scene->lone);
    cluster_stop(&scene->cluster, SIGTERM);
    audit_exact(&scene->cluster, &scene->load);
    cluster_close(&scene->cluster);
    tail_close(&scene->tail);
    load_free(&scene->load);
}

/* It is out of the running while it cannot be reached, and nobody waits for it. */
static void befall(struct scene *scene, const char *what, void (*trouble)(struct netns *netns))
{
    trouble(&scene->netns);
    CU_ASSERT(wait_until(is_out, scene, NOTICED_SECONDS));
    CU_ASSERT(load_progress(&scene->load, (size_t)load_scaled(SALES)));
    netns_repair(&scene->netns);
    CU_ASSERT(lone_await(&scene->lone));
    tail_read(&scene->tail, note_choice, scene);
    scene->chosen_at = 0;
    scene->well_at = clock_now();
    CU_ASSERT(wait_until(is_chosen, scene, NOTICED_SECONDS));
    int64_t took = scene->chosen_at - scene->well_at;
    printf("  %s: chosen %.3f s after it was well\n", what, (double)took / (double)CLOCK_SECOND);
    CU_ASSERT(took <= chosen_within * (load_scaled(100) < 100 ? 5 : 1));
}

static void drop_both_ways(struct netns *netns)
{
    netns_drop_in(netns);
    netns_drop_out(netns);
}

static void packets_are_lost(void)
{
    static struct scene scene;
    scene = (struct scene){0};
    process_sweep();
    if (!netns_open(&scene.netns)) {
        suite_skip(
            "network namespaces, or nftables in them, are not to be had here: that takes root");
        return;
    }
    scene_begin(&scene);
    befall(&scene, "packets lost both ways", drop_both_ways);
    befall(&scene, "requests lost", netns_drop_in);
    befall(&scene, "answers lost", netns_drop_out);
    befall(&scene, "unplugged", netns_unplug);
    scene_end(&scene);
    netns_close(&scene.netns);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("faults", "packets_are_lost", packets_are_lost);
}
