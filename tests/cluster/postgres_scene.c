#include "tests/cluster/postgres_scene.h"

#include <stdio.h>

#include "tests/lib/audit.h"
#include "tests/lib/suite.h"

enum {
    CAPACITY = 10000000, /* never sold out */
    THREADS = 16,
    PATIENCE = 60,
};

void postgres_scene_open(struct postgres_scene *scene, const char *prefix)
{
    char url[PG_SERVER_URL_SIZE];
    process_sweep();
    pg_server_start(&scene->database, &(struct pg_server_terms){.durable = false});
    process_spare(scene->database.process.pid);
    pg_server_url(&scene->database, url);
    cluster_open_store(&scene->cluster, url, CAPACITY, POSTGRES_SCENE_SERVERS);
    scene->load = (struct load){.url = {scene->cluster.url},
                                .urls = 1,
                                .threads = THREADS,
                                .patience = PATIENCE,
                                .prefix = prefix};
    load_begin(&scene->load);
    postgres_scene_progress(scene);
}

void postgres_scene_progress(struct postgres_scene *scene)
{
    CU_ASSERT(load_progress(&scene->load, (size_t)load_scaled(POSTGRES_SCENE_SALES)));
}

void postgres_scene_close(struct postgres_scene *scene)
{
    postgres_scene_progress(scene);
    load_end(&scene->load);
    CU_ASSERT_EQUAL(scene->load.failed, 0);
    if (scene->load.failed > 0)
        printf("  %d failed: %s\n", scene->load.failed, scene->load.failure);
    audit_repeats(&scene->cluster, &scene->load);
    audit_exact(&scene->cluster, &scene->load);
    cluster_close(&scene->cluster);
    load_free(&scene->load);
    pg_server_discard(&scene->database);
}
