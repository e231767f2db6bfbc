#include "tests/streams/scene.h"

#include <signal.h>

#include "tests/lib/audit.h"
#include "tests/lib/suite.h"

static void write_config(struct streams_scene *scene, int timeout)
{
    struct buffer text = {0};
    files_directory(scene->dir);
    files_path(scene->config, scene->dir, "streams.json");
    buffer_printf(&text,
                  "{\"pools\": {\"streams\": {\"servers\": [{\"id\": \"stream-1\", "
                  "\"address\": \"%s\"}], \"timeout\": %d, \"connections\": 4096}},\n"
                  " \"routes\": [{\"name\": \"purchase\", \"match\": {\"path\": \"/purchases\"}, "
                  "\"pool\": \"tickets\", \"policy\": \"fewest-sold\"},\n"
                  "  {\"name\": \"read\", \"match\": {\"prefix\": \"/events\"}, "
                  "\"pool\": \"tickets\"},\n"
                  "  {\"name\": \"streams\", \"pool\": \"streams\"}]}\n",
                  scene->upstream.address, timeout);
    files_write(scene->config, text.data, text.length);
    buffer_free(&text);
}

static void begin(struct streams_scene *scene, int timeout, bool late)
{
    upstream_open(&scene->upstream);
    scene->upstream.late_checks = late;
    write_config(scene, timeout);
    cluster_open_with(&scene->cluster, 1000000, 2,
                      (const char *const[]){"--config", scene->config, NULL});
}

void scene_begin(struct streams_scene *scene, int timeout)
{
    begin(scene, timeout, false);
}

void scene_begin_late(struct streams_scene *scene, int timeout)
{
    begin(scene, timeout, true);
}

void scene_prove(struct streams_scene *scene)
{
    cluster_stop(&scene->cluster, SIGTERM);
    audit_clean(&scene->cluster, NULL);
}

void scene_end(struct streams_scene *scene)
{
    cluster_close(&scene->cluster);
    upstream_close(&scene->upstream);
    files_remove(scene->dir);
}
