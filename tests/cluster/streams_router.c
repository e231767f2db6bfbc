/* Streams through a router that starts, is stopped, or is killed. */
#include <signal.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/audit.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/streams/background.h"

enum {
    STREAMS_MAX = 16,
    DRAIN_SECONDS = 9, /* the router's limit is a second later */
};

/* Of the routing log: each request that was given to a server is done there, and the last line says that the
 * router was stopped. */
static void expect_log_ended(const struct cluster *cluster)
{
    char path[FILES_PATH_SIZE];
    struct buffer text = {0};
    size_t begun = 0, done = 0;
    bool stopped = false;
    files_path(path, cluster->logs, "routing.log");
    files_read(path, &text);
    for (const char *line = buffer_text(&text); *line != '\0'; line += strcspn(line, "\n") + 1) {
        const char *end = line + strcspn(line, "\n");
        const char *at = strstr(line, " route=streams ");
        begun += at != NULL && at < end;
        at = strstr(line, "Z done ");
        done += at != NULL && at < end;
        at = strstr(line, "Z stopped");
        stopped = at != NULL && at < end;
    }
    CU_ASSERT(begun > 0);
    CU_ASSERT_EQUAL(begun, done);
    CU_ASSERT(stopped);
    buffer_free(&text);
}

/* What can end within the limit does; what does not is cut, which takes too long for every day. */
static void stopped_router_lets_streams_end(void)
{
    static struct streams_scene scene;
    static struct background streams[2];
    uint64_t count = streams_are_long() ? 2 : 1;
    memset(streams, 0, sizeof streams);
    scene_begin(&scene, STREAMS_TIMEOUT_SECONDS);
    streams[0].stream.bytes = 3;
    streams[1].stream.bytes = 1000;
    for (uint64_t i = 0; i < count; i++) {
        background_begin(&streams[i], &scene, i + 1, stream_trickle);
        CU_ASSERT(
            wait_until(note_has_sent, note_of(&scene, &streams[i].stream), STREAMS_WAIT_SECONDS));
    }
    int64_t begun = clock_monotonic();
    cluster_stop(&scene.cluster, SIGTERM);
    int64_t took = clock_monotonic() - begun;
    for (uint64_t i = 0; i < count; i++) {
        thread_join(streams[i].thread);
        CU_ASSERT(
            wait_until(note_is_over, note_of(&scene, &streams[i].stream), STREAMS_WAIT_SECONDS));
    }
    CU_ASSERT(streams[0].stream.whole);
    CU_ASSERT_FALSE(streams[1].stream.whole);
    CU_ASSERT((took >= DRAIN_SECONDS * CLOCK_SECOND) == streams_are_long());
    expect_log_ended(&scene.cluster);
    audit_clean(&scene.cluster, NULL);
    scene_end(&scene);
}

static void killed_router_comes_back(void)
{
    static struct streams_scene scene;
    static struct background streams[STREAMS_MAX];
    memset(streams, 0, sizeof streams);
    scene_begin(&scene, STREAMS_TIMEOUT_SECONDS);
    for (uint64_t i = 0; i < STREAMS_MAX; i++) {
        streams[i].stream =
            (struct stream){.bytes = (int64_t)1024 * STREAMS_MIB, .chunked = i / 2 % 2 == 0};
        background_begin(&streams[i], &scene, i + 1, i % 2 == 0 ? stream_up : stream_down);
    }
    for (size_t i = 0; i < STREAMS_MAX; i++)
        CU_ASSERT(
            wait_until(note_has_come, note_of(&scene, &streams[i].stream), STREAMS_WAIT_SECONDS));
    CU_ASSERT(cluster_look(&scene.cluster));
    pid_t router = scene.cluster.router;
    process_signal(router, SIGKILL);
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        thread_join(streams[i].thread);
        CU_ASSERT_FALSE(streams[i].stream.whole);
    }
    CU_ASSERT(cluster_router_restarted(&scene.cluster, router));
    expect_whole(&scene, STREAMS_MAX + 1, true);
    expect_whole(&scene, STREAMS_MAX + 2, false);
    audit_report(&scene.cluster, scene.cluster.logs, 0);
    scene_prove(&scene);
    scene_end(&scene);
}

/* Who comes before the foreign servers have been checked waits instead of being refused. */
static void first_clients_wait_for_the_check(void)
{
    static struct streams_scene scene;
    scene_begin_late(&scene, STREAMS_TIMEOUT_SECONDS);
    expect_whole(&scene, 1, true);
    expect_whole(&scene, 2, false);
    scene_prove(&scene);
    scene_end(&scene);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("streams_router", "first_clients_wait_for_the_check",
              first_clients_wait_for_the_check);
    suite_add("streams_router", "stopped_router_lets_streams_end", stopped_router_lets_streams_end);
    suite_add("streams_router", "killed_router_comes_back", killed_router_comes_back);
}
