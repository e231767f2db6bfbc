/* A step of load: more ticket servers are started, and go again in the quiet after it, and no buyer notices. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/routing.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    CAPACITY = 50000000,
    MIN = 2,
    MAX = 8,
    STEP_SECONDS = 60,
};

static const char *const quickly[] = {"--scale-quiet", "1", NULL};

struct expected {
    struct cluster *cluster;
    size_t servers;
};

static bool so_many_are_up(void *context)
{
    const struct expected *expected = context;
    struct cluster *cluster = expected->cluster;
    size_t up = 0;
    if (!cluster_look(cluster))
        return false;
    for (size_t i = 0; i < cluster->count; i++)
        up += strcmp(cluster->server[i].state, "up") == 0;
    return up == expected->servers && cluster->count == expected->servers;
}

static void expect_servers(struct cluster *cluster, size_t servers)
{
    struct expected expected = {cluster, servers};
    CU_ASSERT(wait_until(so_many_are_up, &expected, STEP_SECONDS));
}

/* --- what the log says of it ---------------------------------------------------------------------- */

struct story {
    int64_t wanted, most;
    int outs, ins;
    char up[CLUSTER_SERVERS_MAX][SERVER_SIZE]; /* the last to come up is the last */
    size_t count;
};

static void read_step(struct story *story, const struct routing_scale *scale)
{
    CU_ASSERT_EQUAL(scale->from, story->wanted);
    CU_ASSERT(scale->to >= MIN && scale->to <= MAX);
    CU_ASSERT(scale->to > scale->from || scale->to == scale->from - 1);
    CU_ASSERT_PTR_NOT_NULL(strpbrk(scale->why, "0123456789"));
    story->outs += scale->to > scale->from;
    story->ins += scale->to < scale->from;
    story->wanted = scale->to;
    if (scale->to > story->most)
        story->most = scale->to;
}

static void read_server(struct story *story, const struct routing_server *server)
{
    size_t i = 0;
    if (server->to == SERVER_UP && story->count < CLUSTER_SERVERS_MAX) {
        snprintf(story->up[story->count++], SERVER_SIZE, "%s", server->server);
    } else if (server->to == SERVER_LEFT) {
        while (i < story->count && strcmp(story->up[i], server->server) != 0)
            i++;
        CU_ASSERT_EQUAL(i + 1, story->count); /* who came last goes first */
        story->count = i;
    }
}

static void read_line(void *context, const struct routing_line *line)
{
    struct story *story = context;
    if (line->kind == ROUTING_SCALE)
        read_step(story, &line->scale);
    else if (line->kind == ROUTING_SERVER)
        read_server(story, &line->server);
}

/* --- the step ------------------------------------------------------------------------------------- */

static void end_load(struct load *load)
{
    load_end(load);
    if (load->failed > 0)
        printf("  %d failed, the first: %s\n", load->failed, load->failure);
    CU_ASSERT_EQUAL(load->failed, 0);
    CU_ASSERT_EQUAL(load->repeats, 0);
}

static void a_step_of_load_and_the_quiet_after_it(void)
{
    struct cluster cluster;
    struct story story = {.wanted = MIN};
    cluster_open_range(&cluster, CAPACITY, MIN, MAX, quickly);
    struct load many = {
        .url = {cluster.url}, .urls = 1, .threads = 64, .quantity = 10, .prefix = "scaling-many"};
    struct load few = {
        .url = {cluster.url}, .urls = 1, .threads = 1, .quantity = 1, .prefix = "scaling-few"};
    load_begin(&many);
    expect_servers(&cluster, MAX);
    CU_ASSERT(load_progress(&many, (size_t)load_scaled(1000)));
    end_load(&many);
    load_begin(&few);
    expect_servers(&cluster, MIN);
    CU_ASSERT(load_progress(&few, (size_t)load_scaled(100)));
    end_load(&few);
    cluster_stop(&cluster, SIGTERM);
    routing_each(&cluster, read_line, &story);
    CU_ASSERT_EQUAL(story.most, MAX);
    CU_ASSERT_EQUAL(story.wanted, MIN);
    CU_ASSERT(story.outs >= 2 && story.ins >= MAX - MIN);
    audit_clean(&cluster, &many);
    audit_clean(&cluster, &few);
    cluster_close(&cluster);
    load_free(&many);
    load_free(&few);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("scaling", "a step of load, and the quiet after it",
              a_step_of_load_and_the_quiet_after_it);
}
