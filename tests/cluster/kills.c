/* Whatever is killed or frozen, at any time: nothing acknowledged is lost, nothing is sold twice, and
 * what was killed comes back. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "db/sqlite/lock_file.h"
#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    CAPACITY = 10000000, /* never sold out meanwhile */
    GONE_SECONDS = 60,
    SALES = 200, /* of the load, before and after each blow */
};

struct scene {
    struct cluster cluster;
    struct load load;
};

/* A cluster with buyers who never stop; they ask again for `patience` seconds. */
static void scene_open(struct scene *scene, const char *prefix, int patience)
{
    cluster_open(&scene->cluster, CAPACITY, 3);
    scene->load = (struct load){.url = {scene->cluster.url},
                                .urls = 1,
                                .threads = 16,
                                .patience = patience,
                                .prefix = prefix};
    load_begin(&scene->load);
    CU_ASSERT(load_progress(&scene->load, (size_t)load_scaled(SALES)));
}

/* No buyer got an error, within its patience. */
static void scene_close(struct scene *scene)
{
    CU_ASSERT(load_progress(&scene->load, (size_t)load_scaled(SALES)));
    load_end(&scene->load);
    CU_ASSERT_EQUAL(scene->load.failed, 0);
    if (scene->load.failed > 0)
        printf("  %d failed: %s\n", scene->load.failed, scene->load.failure);
    audit_repeats(&scene->cluster, &scene->load);
    audit_exact(&scene->cluster, &scene->load);
    cluster_close(&scene->cluster);
    load_free(&scene->load);
}

/* Buyers without patience: the balancer asks another server for them. */
static void a_server(void)
{
    struct scene scene;
    struct cluster *cluster = &scene.cluster;
    scene_open(&scene, "kill-server", 0);
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT(cluster_look(cluster));
        pid_t pid = cluster->server[i].pid;
        int64_t boot = cluster->server[i].boot;
        process_signal(pid, SIGKILL);
        CU_ASSERT(load_progress(&scene.load, (size_t)load_scaled(SALES)));
        CU_ASSERT(cluster_restarted(cluster, i, pid));
        CU_ASSERT(cluster->server[i].boot > boot);
    }
    scene_close(&scene);
}

/* One that is stopped answers nobody, and may hold the store's writer lock: the master kills it then.
 * Its buyers are served by others long before they lose patience. */
static void a_frozen_server(void)
{
    struct scene scene;
    struct cluster *cluster = &scene.cluster;
    scene_open(&scene, "freeze-server", 0);
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT(cluster_all_up(cluster));
        pid_t pid = cluster->server[i].pid;
        process_signal(pid, SIGSTOP);
        CU_ASSERT(cluster_gave_up(cluster, i, pid));
        CU_ASSERT(load_progress(&scene.load, (size_t)load_scaled(SALES)));
        kill(pid, SIGCONT); /* unless the master had to kill it */
        CU_ASSERT(cluster_all_up(cluster));
    }
    scene_close(&scene);
}

static struct lock_page *map_lock(const struct cluster *cluster)
{
    char path[FILES_PATH_SIZE + 8], error[STORE_ERROR_SIZE];
    snprintf(path, sizeof path, "%s-lock", cluster->database);
    struct lock_file file = {.fd = open(path, O_RDWR | O_CLOEXEC)};
    struct lock_page *page = lock_file_map(&file, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(page);
    lock_file_close(&file);
    return page;
}

struct owner {
    const struct lock_page *page;
    pid_t pid;
};

/* Stops the process, unless it does not own the store's lock. */
static bool stopped_as_owner(void *context)
{
    const struct owner *owner = context;
    if (atomic_load(&owner->page->owner) != owner->pid)
        return false;
    process_signal(owner->pid, SIGSTOP);
    if (atomic_load(&owner->page->owner) == owner->pid)
        return true;
    process_signal(owner->pid, SIGCONT);
    return false;
}

/* One is frozen with the store's lock in its hands, and the others are just starting: who waits for it
 * to open the store complains, too. */
static void a_frozen_owner_among_starters(void)
{
    struct scene scene;
    struct cluster *cluster = &scene.cluster;
    scene_open(&scene, "freeze-owner", 60);
    struct lock_page *page = map_lock(cluster);
    CU_ASSERT_FATAL(cluster_look(cluster));
    struct owner owner = {page, cluster->server[0].pid};
    pid_t others[2] = {cluster->server[1].pid, cluster->server[2].pid};
    CU_ASSERT(wait_until(stopped_as_owner, &owner, GONE_SECONDS));
    process_signal(others[0], SIGKILL);
    process_signal(others[1], SIGKILL);
    CU_ASSERT(cluster_restarted(cluster, 1, others[0]));
    CU_ASSERT(cluster_restarted(cluster, 2, others[1]));
    kill(owner.pid, SIGCONT); /* unless it is gone, as it should */
    munmap(page, LOCK_PAGE_SIZE);
    scene_close(&scene);
}

static void the_router(void)
{
    struct scene scene;
    struct cluster *cluster = &scene.cluster;
    scene_open(&scene, "kill-router", 20);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT(cluster_look(cluster));
        pid_t pid = cluster->router;
        process_signal(pid, SIGKILL);
        CU_ASSERT(cluster_router_restarted(cluster, pid));
        CU_ASSERT(cluster_all_up(cluster));
        CU_ASSERT(load_progress(&scene.load, (size_t)load_scaled(SALES)));
    }
    scene_close(&scene);
}

/* Its children go by themselves, also while buyers keep asking; a new one takes the same ports. */
static void the_master(void)
{
    struct scene scene;
    struct cluster *cluster = &scene.cluster;
    scene_open(&scene, "kill-master", 60);
    process_signal(cluster->master.pid, SIGKILL);
    CU_ASSERT_EQUAL(process_wait(&cluster->master, GONE_SECONDS), PROCESS_KILLED + SIGKILL);
    CU_ASSERT(process_none_left(GONE_SECONDS));
    cluster_start_again(cluster);
    scene_close(&scene);
}

/* Not waiting for the old children: the new master shares ports, store and logs with them. */
static void the_master_in_haste(void)
{
    struct scene scene;
    struct cluster *cluster = &scene.cluster;
    scene_open(&scene, "haste-master", 60);
    process_signal(cluster->master.pid, SIGKILL);
    CU_ASSERT_EQUAL(process_wait(&cluster->master, GONE_SECONDS), PROCESS_KILLED + SIGKILL);
    cluster_start_again(cluster);
    scene_close(&scene);
}

static void all_at_once(void)
{
    struct scene scene;
    struct cluster *cluster = &scene.cluster;
    scene_open(&scene, "kill-all", 60);
    for (int i = 0; i < 3; i++) {
        cluster_kill_all(cluster);
        cluster_start_again(cluster);
        CU_ASSERT(load_progress(&scene.load, (size_t)load_scaled(SALES)));
    }
    scene_close(&scene);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("kills", "a_server", a_server);
    suite_add("kills", "a_frozen_server", a_frozen_server);
    suite_add("kills", "a_frozen_owner_among_starters", a_frozen_owner_among_starters);
    suite_add("kills", "the_router", the_router);
    suite_add("kills", "the_master", the_master);
    suite_add("kills", "the_master_in_haste", the_master_in_haste);
    suite_add("kills", "all_at_once", all_at_once);
}
