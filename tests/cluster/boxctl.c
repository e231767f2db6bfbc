/* boxctl against a running cluster: what it does, what it prints, how it exits. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "tests/cluster/box.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    WORDS_MAX = 6,
    SECONDS = 60,
};

struct scene {
    struct cluster cluster;
    struct process process; /* of the last boxctl */
    struct buffer text;
};

static void scene_open(struct scene *scene)
{
    *scene = (struct scene){0};
    cluster_open(&scene->cluster, 1000, 2);
}

static void scene_close(struct scene *scene)
{
    buffer_free(&scene->text);
    cluster_close(&scene->cluster);
}

static void start(struct scene *scene, const char *const words[WORDS_MAX])
{
    const char *argv[5 + WORDS_MAX + 1] = {"boxctl", "--admin", scene->cluster.admin,
                                           "--token-file", scene->cluster.token_file};
    for (int i = 0; i < WORDS_MAX && words[i] != NULL; i++)
        argv[5 + i] = words[i];
    process_start(&scene->process, scene->cluster.dir, argv);
}

/* Runs it to its end, which must be this. */
static void run(struct scene *scene, int status, const char *const words[WORDS_MAX])
{
    start(scene, words);
    bool fine = process_wait(&scene->process, SECONDS) == status;
    CU_ASSERT(fine);
    if (!fine)
        process_show(&scene->process);
}

#define RUN(status, ...) run(&scene, status, (const char *const[WORDS_MAX]){__VA_ARGS__})

static bool printed(struct scene *scene, const char *text)
{
    files_read(scene->process.out, &scene->text);
    return strstr(buffer_text(&scene->text), text) != NULL;
}

static bool complained(struct scene *scene, const char *text)
{
    files_read(scene->process.err, &scene->text);
    return strstr(buffer_text(&scene->text), text) != NULL;
}

static void servers_come_and_go(void)
{
    struct scene scene;
    scene_open(&scene);
    RUN(0, "servers");
    CU_ASSERT(printed(&scene, "SERVER    POOL     STATE"));
    CU_ASSERT(printed(&scene, "\nserver-1  tickets  up"));
    CU_ASSERT(printed(&scene, "\nserver-2  tickets  up"));
    CU_ASSERT_FALSE(printed(&scene, "\033")); /* no colours in a file */
    RUN(0, "add", "box-1", "http://127.0.0.1:1", "--weight", "3");
    CU_ASSERT(printed(&scene, "box-1 is joining"));
    RUN(1, "add", "box-1", "http://127.0.0.1:1");
    CU_ASSERT(complained(&scene, "added already. (409 server_exists)\n"));
    RUN(0, "drain", "server-1", "--wait", "20s");
    CU_ASSERT(printed(&scene, "server-1 is drained: nothing is under way there\n"));
    RUN(0, "servers");
    CU_ASSERT(printed(&scene, "draining"));
    RUN(0, "ready", "server-1");
    CU_ASSERT(printed(&scene, "server-1 is up"));
    RUN(0, "remove", "box-1", "--drain", "1s");
    CU_ASSERT(printed(&scene, "box-1 has left after "));
    RUN(1, "remove", "box-1");
    CU_ASSERT(complained(&scene, "404 no_such_server"));
    scene_close(&scene);
}

static void json_is_what_the_balancer_answers(void)
{
    struct scene scene;
    char error[JSON_ERROR_SIZE];
    scene_open(&scene);
    RUN(0, "--json", "servers");
    CU_ASSERT(printed(&scene, "{\"router\":"));
    cJSON *json = json_parse(buffer_text(&scene.text), scene.text.length, error);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "servers")), 2);
    cJSON_Delete(json);
    RUN(0, "add", "box-1", "http://127.0.0.1:1", "--json");
    CU_ASSERT(printed(&scene, "{\"id\":\"box-1\""));
    RUN(0, "remove", "box-1", "--json");
    CU_ASSERT(printed(&scene, "\"waited\":{\"requests\":0,\"tickets\":0}"));
    scene_close(&scene);
}

static bool seen_coming(void *context)
{
    return printed(context, "box-1 joining");
}

static bool seen_going(void *context)
{
    return printed(context, "box-1 joining → left");
}

static bool seen_server(void *context)
{
    return printed(context, "server-2 up");
}

/* Not on a terminal, it shows what changes. */
static void watch_shows_what_changes(void)
{
    struct scene scene;
    scene_open(&scene);
    start(&scene, (const char *const[WORDS_MAX]){"watch"});
    CU_ASSERT(wait_until(seen_server, &scene, SECONDS));
    admin_add_server(&scene.cluster, "box-1", "127.0.0.1:1");
    CU_ASSERT(wait_until(seen_coming, &scene, SECONDS));
    admin_expect(&scene.cluster, "DELETE", "/servers/box-1", NULL, 200, NULL);
    CU_ASSERT(wait_until(seen_going, &scene, SECONDS));
    process_signal(scene.process.pid, SIGTERM);
    CU_ASSERT_EQUAL(process_wait(&scene.process, SECONDS), 0);
    scene_close(&scene);
}

static void trouble_says_what_to_do(void)
{
    static const char *const wrong[][WORDS_MAX] = {{NULL},
                                                   {"nope"},
                                                   {"add", "box-1"},
                                                   {"remove"},
                                                   {"servers", "x"},
                                                   {"drain", "A/B"},
                                                   {"drain", "a", "--wait", "x"},
                                                   {"remove", "a", "--drain", "5"},
                                                   {"--weight", "0"}};
    struct scene scene;
    char missing[FILES_PATH_SIZE], other[FILES_PATH_SIZE];
    scene_open(&scene);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        run(&scene, 2, wrong[i]);
    RUN(0, "--help");
    CU_ASSERT(printed(&scene, "takes --shop URL"));
    files_path(missing, scene.cluster.dir, "missing");
    files_path(other, scene.cluster.dir, "admin.token");
    memcpy(scene.cluster.token_file, missing, sizeof missing);
    RUN(1, "servers");
    CU_ASSERT(complained(&scene, "missing"));
    memcpy(scene.cluster.token_file, other, sizeof other);
    snprintf(scene.cluster.admin, sizeof scene.cluster.admin, "%s", scene.cluster.url);
    RUN(1, "servers"); /* the public address */
    CU_ASSERT(complained(&scene, "404"));
    snprintf(scene.cluster.admin, sizeof scene.cluster.admin, "http://127.0.0.1:1");
    RUN(1, "servers");
    CU_ASSERT(complained(&scene, "does not answer"));
    CU_ASSERT(complained(&scene, "--admin"));
    scene_close(&scene);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("boxctl", "servers_come_and_go", servers_come_and_go);
    suite_add("boxctl", "json_is_what_the_balancer_answers", json_is_what_the_balancer_answers);
    suite_add("boxctl", "watch_shows_what_changes", watch_shows_what_changes);
    suite_add("boxctl", "trouble_says_what_to_do", trouble_says_what_to_do);
}
