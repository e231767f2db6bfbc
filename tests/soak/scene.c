#include "tests/soak/scene.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "tests/lib/audit.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    FIRST_DEAL_SECONDS = 30,
};

static struct pg_server *database; /* NULL: files */
static int schemas;                /* made there */

void scenes_sell_from(struct pg_server *server)
{
    database = server;
    if (server != NULL)
        process_spare(server->process.pid);
}

static void open_cluster(struct cluster *cluster, int64_t capacity)
{
    char url[PG_SERVER_URL_SIZE], store[PG_SERVER_URL_SIZE + 32];
    if (database == NULL) {
        cluster_open_build(cluster, "faulty/balancer", capacity, SCENE_SERVERS);
        return;
    }
    pg_server_url(database, url);
    snprintf(store, sizeof store, "%s?schema=scene_%d", url, ++schemas);
    cluster_open_build_store(cluster, "faulty/balancer", store, capacity, SCENE_SERVERS);
}

void scene_open(struct scene *scene, int64_t capacity, uint64_t seed, struct counts *counts)
{
    *scene = (struct scene){.dice = dice_new(seed), .counts = counts};
    open_cluster(&scene->cluster, capacity);
    crowd_open(&scene->crowd, &scene->cluster, seed);
    scene_progress(scene, 50);
}

void scene_progress(struct scene *scene, int deals)
{
    CU_ASSERT(crowd_progress(&scene->crowd, (size_t)load_scaled(deals)));
}

void scene_audit(struct scene *scene)
{
    crowd_read(&scene->crowd);
    audit_clean(&scene->cluster, &scene->crowd.known);
    CU_ASSERT(crowd_judge(&scene->crowd));
    CU_ASSERT(cluster_nobody_crashed(&scene->cluster));
    scene->counts->audits++;
}

struct first {
    struct crowd *crowd;
    size_t first;
    int64_t since;
    int64_t ended;
};

static bool first_deal_made(void *context)
{
    struct first *first = context;
    crowd_read(first->crowd);
    first->ended = crowd_first_deal(first->crowd, first->first, first->since);
    return first->ended != 0;
}

void scene_first_deal(struct scene *scene, enum victim victim, size_t first, int64_t since,
                      int64_t up_at)
{
    struct counts *counts = scene->counts;
    struct first look = {&scene->crowd, first, since, 0};
    bool made = wait_until(first_deal_made, &look, FIRST_DEAL_SECONDS);
    CU_ASSERT(made);
    if (!made)
        return;
    int64_t took = (look.ended > up_at ? look.ended : up_at) - since;
    if (counts->recovered[victim] < RECOVERIES_MAX)
        counts->recoveries[victim][counts->recovered[victim]++] = took;
    bool fine = scene->recovery_max == 0 || took <= scene->recovery_max;
    CU_ASSERT(fine);
    if (!fine)
        printf("  up and selling again only after %" PRId64 " ms\n", took / CLOCK_MILLISECOND);
}

void scene_keep_deadly(struct scene *scene, const char *key, const struct bought *bought)
{
    CU_ASSERT_FATAL(scene->deadly_count < SCENE_DEADLY_MAX);
    struct sold *sale = &scene->deadly[scene->deadly_count++];
    snprintf(sale->key, sizeof sale->key, "%s", key);
    sale->bought = *bought;
}

static void add_counts(struct counts *counts, const struct crowd *crowd)
{
    counts->begun += (int64_t)crowd->begun;
    counts->sold += (int64_t)crowd->known.sold;
    counts->refused += crowd->known.sold_out;
    counts->tickets += crowd->known.tickets;
    counts->excused += (int64_t)crowd->excused;
    counts->sold_out += crowd->known.sold_out > 0;
    if (crowd->slowest > counts->slowest)
        counts->slowest = crowd->slowest;
}

void scene_close(struct scene *scene)
{
    CU_ASSERT(crowd_end(&scene->crowd));
    CU_ASSERT(crowd_judge(&scene->crowd));
    CU_ASSERT(cluster_quiet(&scene->cluster));
    audit_repeats(&scene->cluster, &scene->crowd.known);
    for (size_t i = 0; i < scene->deadly_count; i++)
        crowd_add_sale(&scene->crowd, scene->deadly[i].key, &scene->deadly[i].bought);
    audit_exact(&scene->cluster, &scene->crowd.known);
    cluster_close(&scene->cluster);
    add_counts(scene->counts, &scene->crowd);
    crowd_free(&scene->crowd);
}
