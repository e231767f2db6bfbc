/* The connection to PostgreSQL breaks exactly at COMMIT: before the server sees it, on the way, and when it has
 * committed but nobody is told. Buyers' sales are there once, whichever it was, and the ticket servers go on. */
#include <signal.h>
#include <stdio.h>

#include "tests/failover/cutter.h"
#include "tests/lib/audit.h"
#include "tests/lib/load.h"
#include "tests/lib/postgres.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    CAPACITY = 10000000,
    SERVERS = 3,
    BUYERS = 16,
    PATIENCE_SECONDS = 20, /* of a buyer, who asks again with the same key */
    EVERY = 5,             /* COMMITs from one cut to the next */
    CUTS_OF_EACH = 20,
    CUT_SECONDS = 60,
    SALES = 100,
};

struct scene {
    struct pg_server server;
    struct cutter *cutter;
    struct cluster cluster;
    struct load load;
};

static void scene_open(struct scene *scene)
{
    char url[PG_SERVER_URL_SIZE];
    const struct pg_server_terms terms = {.durable = false};
    process_sweep();
    pg_server_start(&scene->server, &terms);
    process_spare(scene->server.process.pid);
    scene->cutter = cutter_open(scene->server.port);
    snprintf(url, sizeof url, "postgresql://box_office@127.0.0.1:%d/box_office",
             cutter_port(scene->cutter));
    cluster_open_store(&scene->cluster, url, CAPACITY, SERVERS);
    scene->load = (struct load){.url = {scene->cluster.url},
                                .urls = 1,
                                .threads = BUYERS,
                                .patience = PATIENCE_SECONDS,
                                .prefix = "cut-at-commit"};
}

static bool cut_enough(void *context)
{
    const struct scene *scene = context;
    for (int how = 0; how < CUTS; how++)
        if (cutter_count(scene->cutter, (enum cut)how) < load_scaled(CUTS_OF_EACH))
            return false;
    return true;
}

static void show(const struct scene *scene)
{
    printf("  connections cut before COMMIT: %d, on its way: %d, behind it: %d; %zu sales, asked "
           "again %d times\n",
           cutter_count(scene->cutter, CUT_BEFORE), cutter_count(scene->cutter, CUT_MEANWHILE),
           cutter_count(scene->cutter, CUT_BEHIND), scene->load.sold, scene->load.repeats);
}

static void one_outcome(void)
{
    static struct scene scene;
    pid_t pids[SERVERS];
    scene = (struct scene){0};
    scene_open(&scene);
    for (size_t i = 0; i < SERVERS; i++)
        pids[i] = scene.cluster.server[i].pid;
    load_begin(&scene.load);
    CU_ASSERT(load_progress(&scene.load, (size_t)load_scaled(SALES)));
    cutter_cut_every(scene.cutter, EVERY);
    CU_ASSERT(wait_until(cut_enough, &scene, CUT_SECONDS));
    cutter_cut_every(scene.cutter, 0);
    CU_ASSERT(load_progress(&scene.load, (size_t)load_scaled(SALES)));
    load_end(&scene.load);
    CU_ASSERT_EQUAL(scene.load.failed, 0);
    if (scene.load.failed > 0)
        printf("  %d failed: %s\n", scene.load.failed, scene.load.failure);
    CU_ASSERT(cluster_all_up(&scene.cluster));
    for (size_t i = 0; i < SERVERS; i++)
        CU_ASSERT_EQUAL(scene.cluster.server[i].pid, pids[i]);
    audit_repeats(&scene.cluster, &scene.load);
    audit_exact(&scene.cluster, &scene.load);
    show(&scene);
    cluster_close(&scene.cluster);
    load_free(&scene.load);
    cutter_close(scene.cutter);
    pg_server_discard(&scene.server);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("failover", "cut_at_commit", one_outcome);
}
