/* A cluster on PostgreSQL, whichever of its processes is killed or frozen: nothing acknowledged is lost, nothing is sold
 * twice, and what was killed comes back. */
#include <signal.h>

#include "tests/cluster/postgres_scene.h"
#include "tests/lib/suite.h"

enum {
    GONE_SECONDS = 60,
};

/* It may have locked what all others want: PostgreSQL ends its session before their buyers lose patience. */
static void freeze(struct postgres_scene *scene)
{
    struct cluster *cluster = &scene->cluster;
    CU_ASSERT(cluster_all_up(cluster));
    pid_t pid = cluster->server[0].pid;
    process_freeze(pid);
    CU_ASSERT(cluster_gave_up(cluster, 0, pid));
    postgres_scene_progress(scene);
    process_signal(pid, SIGCONT);
    CU_ASSERT(cluster_all_up(cluster));
}

static void one_of_them(void)
{
    struct postgres_scene scene;
    struct cluster *cluster = &scene.cluster;
    postgres_scene_open(&scene, "postgres-kill");
    CU_ASSERT_FATAL(cluster_look(cluster));
    pid_t server = cluster->server[0].pid, router = cluster->router;
    int64_t boot = cluster->server[0].boot;
    process_signal(server, SIGKILL);
    postgres_scene_progress(&scene);
    CU_ASSERT(cluster_restarted(cluster, 0, server));
    CU_ASSERT(cluster->server[0].boot > boot);
    process_signal(router, SIGKILL);
    CU_ASSERT(cluster_router_restarted(cluster, router));
    freeze(&scene);
    postgres_scene_close(&scene);
}

static void all_of_them(void)
{
    struct postgres_scene scene;
    struct cluster *cluster = &scene.cluster;
    postgres_scene_open(&scene, "postgres-kill-all");
    process_signal(cluster->master.pid, SIGKILL);
    CU_ASSERT_EQUAL(process_wait(&cluster->master, GONE_SECONDS), PROCESS_KILLED + SIGKILL);
    cluster_start_again(cluster); /* in haste: those of before may still be there */
    postgres_scene_progress(&scene);
    cluster_kill_all(cluster);
    cluster_start_again(cluster);
    postgres_scene_close(&scene);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("postgres kills", "one_of_them", one_of_them);
    suite_add("postgres kills", "all_of_them", all_of_them);
}
