#include "tests/streams/scene.h"

#include <signal.h>

#include "tests/lib/audit.h"
#include "tests/lib/suite.h"

static void write_config(struct streams_scene *scene, int timeout)
{
    struct buffer text = {0}, servers = {0};
    buffer_printf(&servers, "{\"id\": \"stream-1\", \"address\": \"%s\"}", scene->upstream.address);
    if (scene->two)
        buffer_printf(&servers, ", {\"id\": \"stream-2\", \"address\": \"%s\"}",
                      scene->other.address);
    files_directory(scene->dir);
    files_path(scene->config, scene->dir, "streams.json");
    buffer_printf(&text,
                  "{\"pools\": {\"streams\": {\"servers\": [%s], \"timeout\": %d, "
                  "\"connections\": 4096}},\n"
                  " \"routes\": [{\"name\": \"purchase\", \"match\": {\"path\": \"/purchases\"}, "
                  "\"pool\": \"tickets\", \"policy\": \"fewest-sold\"},\n"
                  "  {\"name\": \"read\", \"match\": {\"prefix\": \"/events\"}, "
                  "\"pool\": \"tickets\"},\n"
                  "  {\"name\": \"streams\", \"pool\": \"streams\"}]}\n",
                  buffer_text(&servers), timeout);
    files_write(scene->config, text.data, text.length);
    buffer_free(&text);
    buffer_free(&servers);
}

static void begin(struct streams_scene *scene, int timeout)
{
    write_config(scene, timeout);
    cluster_open_with(&scene->cluster, 1000000, 2,
                      (const char *const[]){"--config", scene->config, NULL});
}

void scene_begin(struct streams_scene *scene, int timeout)
{
    upstream_open(&scene->upstream);
    scene->two = false;
    begin(scene, timeout);
}

void scene_begin_late(struct streams_scene *scene, int timeout)
{
    upstream_open(&scene->upstream);
    scene->upstream.late_checks = true;
    scene->two = false;
    begin(scene, timeout);
}

void scene_begin_two(struct streams_scene *scene, int timeout)
{
    upstream_open(&scene->upstream);
    upstream_open(&scene->other);
    scene->two = true;
    begin(scene, timeout);
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
    if (scene->two)
        upstream_close(&scene->other);
    files_remove(scene->dir);
}
