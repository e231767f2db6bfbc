/* The wall clock is set by hours, forth and back, while buyers buy, hold, pay and wait in line: nothing is oversold,
 * lost or sold twice, holds end by the clock and once, and nobody has to wait for the clock to be right again. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/cluster/holder.h"
#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/suite.h"
#include "tests/soak/faults/fault.h"

enum {
    CAPACITY = 10000000, /* never sold out meanwhile */
    THREADS = 8,
    SALES = 100, /* after each step of the clock */
    PATIENCE = 60,
};

struct scene {
    struct cluster cluster;
    struct client *client;
    struct load load;
    int steps;
};

/* Reads what another process writes, so it is written whole, and then gets its name. */
static void set_clock(struct scene *scene, int hours)
{
    char path[FILES_PATH_SIZE], part[FILES_PATH_SIZE], word[FAULT_WORD_SIZE];
    files_path(path, scene->cluster.logs, FAULT_PREFIX FAULT_WRONG_CLOCK);
    files_path(part, scene->cluster.logs, "clock.part");
    snprintf(word, sizeof word, "%d", hours * 3600);
    files_write(part, word, strlen(word));
    CU_ASSERT_EQUAL(rename(part, path), 0);
    scene->steps++;
    CU_ASSERT(load_progress(&scene->load, (size_t)load_scaled(SALES)));
}

static void make_event_with_a_line(struct scene *scene)
{
    static const char event[] =
        "{\"name\":\"line\",\"waiting_list\":true,\"tiers\":[{\"name\":\"std\","
        "\"price\":100,\"currency\":\"EUR\",\"capacity\":2}]}";
    struct query query = {.url = scene->cluster.url,
                          .path = "/events",
                          .type = "application/json",
                          .body = event,
                          .token = scene->cluster.token};
    struct response response = {0};
    CU_ASSERT(client_ask(scene->client, &query, &response));
    CU_ASSERT_EQUAL(response.status, 201);
    response_free(&response);
}

static void scene_open(struct scene *scene)
{
    *scene = (struct scene){.client = client_open()};
    cluster_open_build(&scene->cluster, "faulty/balancer", CAPACITY, 2);
    make_event_with_a_line(scene);
    scene->load = (struct load){.url = {scene->cluster.url},
                                .urls = 1,
                                .threads = THREADS,
                                .patience = PATIENCE,
                                .prefix = "clock-steps"};
    load_begin(&scene->load);
    CU_ASSERT(load_progress(&scene->load, (size_t)load_scaled(SALES)));
}

/* Whoever is under way while the clock leaps past its deadline is told to ask again, and need not do so often. */
static void scene_close(struct scene *scene)
{
    load_end(&scene->load);
    CU_ASSERT_EQUAL(scene->load.failed, 0);
    if (scene->load.failed > 0)
        printf("  %d failed: %s\n", scene->load.failed, scene->load.failure);
    printf("  %d steps, %zu sales, %d asked again\n", scene->steps, scene->load.sold,
           scene->load.repeats);
    CU_ASSERT(scene->load.repeats <= 3 * THREADS * scene->steps);
    client_close(scene->client);
    CU_ASSERT(cluster_quiet(&scene->cluster));
    audit_repeats(&scene->cluster, &scene->load);
    audit_clean(&scene->cluster, &scene->load);
    cluster_close(&scene->cluster);
    load_free(&scene->load);
}

static struct held hold(struct scene *scene, const char *form, long status)
{
    struct held held;
    holder_hold(scene->client, scene->cluster.url, form, NULL, &held);
    CU_ASSERT_EQUAL(held.status, status);
    return held;
}

static struct held confirm(struct scene *scene, const struct held *hold, const char *payment)
{
    struct held sold;
    holder_confirm(scene->client, scene->cluster.url, hold->id, payment, &sold);
    return sold;
}

static bool reaches(struct scene *scene, const struct held *hold, const char *state)
{
    return holder_reaches(scene->client, scene->cluster.url, hold->id, state);
}

static void by_hours_forth_and_back(void)
{
    struct scene scene;
    scene_open(&scene);
    struct held first = hold(&scene, "event=line&quantity=2", 201);
    struct held waiting = hold(&scene, "event=line&quantity=2&wait=true", 202);
    struct held late = hold(&scene, "event=demo", 201);

    set_clock(&scene, 2); /* holds are over, and who waits is offered what they kept */
    CU_ASSERT(reaches(&scene, &first, "expired"));
    CU_ASSERT(reaches(&scene, &waiting, "held"));
    CU_ASSERT(reaches(&scene, &late, "expired"));
    struct held in_vain = confirm(&scene, &first, "payment-1");
    CU_ASSERT(in_vain.status == 410 && in_vain.owed);
    struct held sold = confirm(&scene, &late, "payment-2");
    CU_ASSERT(sold.status == 201 && sold.late);

    set_clock(&scene, -3); /* what was over stays so, what was offered is kept */
    CU_ASSERT(reaches(&scene, &first, "expired"));
    CU_ASSERT_EQUAL(confirm(&scene, &first, "payment-1").status, 410);
    CU_ASSERT_EQUAL(confirm(&scene, &late, "payment-2").status, 201);
    CU_ASSERT(reaches(&scene, &waiting, "held"));
    CU_ASSERT_EQUAL(confirm(&scene, &waiting, "payment-3").tickets, 2);
    struct held brief = hold(&scene, "event=demo", 201);

    set_clock(&scene, 100);
    CU_ASSERT(reaches(&scene, &brief, "expired"));
    struct held kept = hold(&scene, "event=demo&quantity=2", 201);

    set_clock(&scene, -100); /* it is not over for a long time */
    CU_ASSERT(reaches(&scene, &kept, "held"));
    CU_ASSERT_EQUAL(confirm(&scene, &kept, "payment-4").tickets, 2);

    set_clock(&scene, 0);
    CU_ASSERT(reaches(&scene, &kept, "sold"));
    CU_ASSERT_EQUAL(holder_count(scene.client, scene.cluster.url, "held"), 0);
    scene_close(&scene);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("clock_steps", "by_hours_forth_and_back", by_hours_forth_and_back);
}
