/* Two balancers over the same servers: their counts converge, nothing is oversold, and either may die. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/audit.h"
#include "tests/lib/lone_server.h"
#include "tests/lib/members.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    SERVERS = 3,
    BUYERS = 16,
    SALES = 300,
    PATIENCE = 20, /* seconds: of whose balancer dies */
    SECONDS = 30,
    PLENTY = 10000000,
    FEW = 2000,
};

struct scene {
    struct cluster one, two; /* with no ticket servers of their own; the store is the first's */
    struct lone_server lone[SERVERS];
    struct load load;
};

/* A second balancer, with files of its own, over the first one's store. */
static void open_beside(struct cluster *two, const struct cluster *one)
{
    struct peer public, admin;
    peer_address(&public);
    peer_address(&admin);
    *two = (struct cluster){.balancer = one->balancer};
    memcpy(two->database, one->database, sizeof two->database);
    memcpy(two->store, one->store, sizeof two->store);
    memcpy(two->options, one->options, sizeof two->options);
    snprintf(two->url, sizeof two->url, "%s", public.url);
    snprintf(two->admin, sizeof two->admin, "%s", admin.url);
    files_directory(two->dir);
    files_path(two->logs, two->dir, "logs");
    files_path(two->token_file, two->dir, "admin.token");
    files_path(two->session, two->dir, "session.key");
    files_path(two->members, two->dir, "members.json");
    CU_ASSERT_EQUAL_FATAL(mkdir(two->logs, 0755), 0);
    cluster_start_again(two);
}

static void scene_begin(struct scene *scene, int64_t capacity)
{
    *scene = (struct scene){0};
    cluster_open(&scene->one, capacity, 0);
    open_beside(&scene->two, &scene->one);
    for (int i = 0; i < SERVERS; i++) {
        char id[SERVER_SIZE];
        snprintf(id, sizeof id, "lone-%d", i + 1);
        lone_open(&scene->lone[i], &scene->one, id, NULL);
        member_join(&scene->one, id, scene->lone[i].front.url);
        member_join(&scene->two, id, scene->lone[i].front.url);
    }
    scene->load = (struct load){.url = {scene->one.url, scene->two.url},
                                .urls = 2,
                                .threads = BUYERS,
                                .prefix = "two-balancers"};
}

/* Both have the same figures of every server, and these are all that was sold. */
static bool have_converged(void *context)
{
    struct scene *scene = context;
    int64_t sum = 0;
    for (int i = 0; i < SERVERS; i++) {
        int64_t one = member_number(&scene->one, scene->lone[i].id, "told");
        if (one != member_number(&scene->two, scene->lone[i].id, "told") ||
            member_number(&scene->one, scene->lone[i].id, "pending") != 0 ||
            member_number(&scene->two, scene->lone[i].id, "pending") != 0)
            return false;
        sum += one;
    }
    return sum == scene->load.tickets;
}

static void expect_converged(struct scene *scene)
{
    bool converged = wait_until(have_converged, scene, SECONDS);
    CU_ASSERT(converged);
    for (int i = 0; i < SERVERS && !converged; i++)
        printf("  %s: told %" PRId64 " and %" PRId64 "\n", scene->lone[i].id,
               member_number(&scene->one, scene->lone[i].id, "told"),
               member_number(&scene->two, scene->lone[i].id, "told"));
}

/* Each log alone and both together hold against the store. */
static void scene_end(struct scene *scene)
{
    char both[2 * FILES_PATH_SIZE];
    expect_converged(scene);
    for (int i = 0; i < SERVERS; i++)
        lone_close(&scene->lone[i]);
    process_signal(scene->two.master.pid, SIGTERM);
    CU_ASSERT_EQUAL(process_wait(&scene->two.master, SECONDS), 0);
    cluster_stop(&scene->one, SIGTERM);
    CU_ASSERT(cluster_nobody_crashed(&scene->two));
    audit_exact(&scene->one, &scene->load);
    audit_report(&scene->one, scene->two.logs, 0);
    snprintf(both, sizeof both, "%s,%s", scene->one.logs, scene->two.logs);
    audit_report(&scene->one, both, 0);
    cluster_close(&scene->one);
    files_remove(scene->two.dir);
    load_free(&scene->load);
}

static void sell_all_and_no_more(void)
{
    static struct scene scene;
    scene_begin(&scene, FEW);
    scene.load.buyers = FEW + FEW / 4;
    scene.load.quantity = 1;
    load_begin(&scene.load);
    load_end(&scene.load);
    CU_ASSERT_EQUAL(scene.load.failed, 0);
    CU_ASSERT_EQUAL(scene.load.tickets, FEW);
    CU_ASSERT_EQUAL(scene.load.sold_out, FEW / 4);
    scene_end(&scene);
}

static bool sells(struct scene *scene)
{
    return load_progress(&scene->load, (size_t)load_scaled(SALES));
}

/* Router and master at once. It is started again, and knows its servers still. */
static void kill_balancer(struct scene *scene, struct cluster *cluster)
{
    CU_ASSERT(cluster_look(cluster));
    process_signal(cluster->master.pid, SIGKILL);
    process_signal(cluster->router, SIGKILL);
    CU_ASSERT_EQUAL(process_wait(&cluster->master, SECONDS), PROCESS_KILLED + SIGKILL);
    CU_ASSERT(sells(scene));
    cluster_start_again(cluster);
    for (int i = 0; i < SERVERS; i++)
        CU_ASSERT(cluster_reaches(cluster, scene->lone[i].id, "up"));
    CU_ASSERT(sells(scene));
}

static void either_dies(void)
{
    static struct scene scene;
    scene_begin(&scene, PLENTY);
    scene.load.patience = PATIENCE;
    load_begin(&scene.load);
    CU_ASSERT(sells(&scene));
    kill_balancer(&scene, &scene.one);
    kill_balancer(&scene, &scene.two);
    load_end(&scene.load);
    CU_ASSERT_EQUAL(scene.load.failed, 0);
    if (scene.load.failed > 0)
        printf("  %d failed: %s\n", scene.load.failed, scene.load.failure);
    scene_end(&scene);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("two_balancers", "sell_all_and_no_more", sell_all_and_no_more);
    suite_add("two_balancers", "either_dies", either_dies);
}
