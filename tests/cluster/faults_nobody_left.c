/* Not one server is left, and nobody starts one: buyers are told so at once, many of them cost no more than
 * few, and as soon as one is back it sells. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/growth/footprint.h"
#include "tests/lib/audit.h"
#include "tests/lib/lone_server.h"
#include "tests/lib/members.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/soak/flood.h"

enum {
    SERVERS = 2,
    CONNECTIONS = 1000,
    RATE = 3000,            /* buyers a second: three times over each connection */
    MEMORY_MAX = 16384,     /* KiB that all these refusals may have cost ... */
    MEMORY_CONNECTION = 16, /* ... beside the connections' own, given back after the first flood */
    RETURN_SECONDS = 30,    /* for the first sale, before the test fails */
};

static const int64_t refused_within = 100 * CLOCK_MILLISECOND;
static const int64_t sold_within = CLOCK_SECOND; /* of a server's return */

struct scene {
    struct cluster cluster;
    struct lone_server lone[SERVERS];
    struct load load; /* all that was sold */
    struct client *client;
    int tries;
};

/* Under the sanitizers everything takes longer. */
static int64_t allowed(int64_t time)
{
    return load_scaled(100) < 100 ? 10 * time : time;
}

static void scene_begin(struct scene *scene)
{
    *scene = (struct scene){.client = client_open()};
    cluster_open(&scene->cluster, 10000000, 0);
    for (int i = 0; i < SERVERS; i++) {
        char id[SERVER_SIZE];
        snprintf(id, sizeof id, "lone-%d", i + 1);
        lone_open(&scene->lone[i], &scene->cluster, id, NULL);
        member_join(&scene->cluster, id, scene->lone[i].front.url);
    }
}

static void scene_end(struct scene *scene)
{
    client_close(scene->client);
    for (int i = 0; i < SERVERS; i++)
        lone_close(&scene->lone[i]);
    cluster_stop(&scene->cluster, SIGTERM);
    audit_exact(&scene->cluster, &scene->load);
    cluster_close(&scene->cluster);
    free(scene->load.sales);
}

static void flood(struct scene *scene, struct flood *flood, const char *prefix, int64_t lasts)
{
    const struct flood_plan plan = {.url = scene->cluster.url,
                                    .prefix = prefix,
                                    .rate = load_scaled(RATE),
                                    .connections = load_scaled(CONNECTIONS),
                                    .quantity = 1,
                                    .lasts = lasts};
    flood_run(flood, &plan, &scene->load);
    CU_ASSERT_EQUAL(flood->failed, 0);
    if (flood->failed > 0)
        printf("  %" PRId64 " failed: %s\n", flood->failed, flood->failure);
}

static bool is_down(void *context)
{
    struct scene *scene = context;
    for (int i = 0; i < SERVERS; i++) {
        char state[16];
        cluster_state(&scene->cluster, scene->lone[i].id, state);
        if (strcmp(state, "up") == 0)
            return false;
    }
    return true;
}

static int64_t resident(struct scene *scene)
{
    struct footprint footprint = {0};
    CU_ASSERT(cluster_look(&scene->cluster));
    CU_ASSERT(footprint_take(scene->cluster.router, &footprint));
    return footprint.resident;
}

/* The first flood warms the connections' memory. */
static void refuse(struct scene *scene)
{
    struct flood first, second;
    flood(scene, &first, "nobody-1", CLOCK_SECOND);
    int64_t before = resident(scene);
    flood(scene, &second, "nobody-2", 2 * CLOCK_SECOND);
    int64_t grown = resident(scene) - before;
    printf("  %" PRId64
           " refused over %d connections after p50 %.1f, p99 %.1f, worst %.1f ms; router: %" PRId64
           " KiB, then %+" PRId64 "\n",
           second.refused, load_scaled(CONNECTIONS),
           (double)flood_refused_after(&second, 500) / 1000,
           (double)flood_refused_after(&second, 990) / 1000,
           (double)flood_refused_after(&second, 1000) / 1000, before, grown);
    CU_ASSERT_EQUAL(second.refused, second.asked);
    CU_ASSERT(flood_refused_after(&second, 990) <= allowed(refused_within));
    CU_ASSERT(grown <= MEMORY_MAX + load_scaled(CONNECTIONS) * MEMORY_CONNECTION);
    flood_free(&first);
    flood_free(&second);
}

static void says_when_to_ask_again(struct scene *scene)
{
    char after[16];
    const struct query query = {
        .url = scene->cluster.url, .path = "/purchases", .body = "event=demo"};
    struct response response = {0};
    client_ask(scene->client, &query, &response);
    CU_ASSERT_EQUAL(response.status, 503);
    CU_ASSERT(response_header(&response, "Retry-After", after, sizeof after));
    response_free(&response);
}

static bool sells(void *context)
{
    struct scene *scene = context;
    struct bought bought;
    char key[LOAD_KEY_SIZE];
    snprintf(key, sizeof key, "nobody-was-left-%d", scene->tries++);
    CU_ASSERT(client_buy(scene->client, scene->cluster.url, "event=demo", key, &bought));
    if (bought.status != 201)
        return false;
    load_keep(&scene->load, key, &bought);
    return true;
}

static void come_back(struct scene *scene)
{
    lone_start(&scene->lone[1]);
    CU_ASSERT(lone_await(&scene->lone[1]));
    int64_t at = clock_monotonic();
    CU_ASSERT(wait_until(sells, scene, RETURN_SECONDS));
    int64_t took = clock_monotonic() - at;
    printf("  sold %.3f s after a server's return\n", (double)took / (double)CLOCK_SECOND);
    CU_ASSERT(took <= allowed(sold_within));
}

static void nobody_is_left(void)
{
    struct scene scene;
    scene_begin(&scene);
    CU_ASSERT(sells(&scene));
    for (int i = 0; i < SERVERS; i++)
        lone_kill(&scene.lone[i]);
    CU_ASSERT(wait_until(is_down, &scene, RETURN_SECONDS));
    refuse(&scene);
    says_when_to_ask_again(&scene);
    come_back(&scene);
    scene_end(&scene);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("faults", "nobody_is_left", nobody_is_left);
}
