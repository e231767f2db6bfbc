/* Four times what the servers can do: they do as much as ever, and who is told that he has bought was told
 * so in time. All others are refused. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/suite.h"
#include "tests/soak/faults/fault.h"
#include "tests/soak/flood.h"

enum {
    CAPACITY = 100000000,
    QUANTITY = 10, /* so that few purchases are many tickets, and room is short */
    OVERLOAD = 4,  /* times the peak */
    DEADLINE = 5,  /* seconds: of a purchase */
    CONNECTIONS = 4000,
    COMMIT_MILLISECONDS = 50,
};

static const int64_t measured = 3 * CLOCK_SECOND; /* at each concurrency */
static const int64_t flooded = 7 * CLOCK_SECOND;
static const int64_t warm = CLOCK_SECOND; /* of either */

struct scene {
    struct cluster cluster;
    struct load load; /* all that was sold */
};

static void scene_begin(struct scene *scene)
{
    char path[FILES_PATH_SIZE], word[FAULT_WORD_SIZE];
    *scene = (struct scene){0};
    cluster_open_build(&scene->cluster, "faulty/balancer", CAPACITY, 2);
    files_path(path, scene->cluster.logs, FAULT_PREFIX FAULT_SLOW_COMMIT);
    snprintf(word, sizeof word, "%d", COMMIT_MILLISECONDS);
    files_write(path, word, strlen(word));
}

static void scene_end(struct scene *scene)
{
    cluster_stop(&scene->cluster, SIGTERM);
    audit_exact(&scene->cluster, &scene->load);
    cluster_close(&scene->cluster);
    free(scene->load.sales);
}

static double per_second(int64_t count, int64_t time)
{
    return (double)count * (double)CLOCK_SECOND / (double)time;
}

static double milliseconds(int64_t time)
{
    return (double)time / (double)CLOCK_MILLISECOND;
}

/* Sales a second, where each buyer comes when one before has been answered. */
static double measure(struct scene *scene, int concurrency)
{
    char prefix[32];
    struct flood flood;
    snprintf(prefix, sizeof prefix, "peak-of-%04d", concurrency);
    const struct flood_plan plan = {.url = scene->cluster.url,
                                    .prefix = prefix,
                                    .connections = concurrency,
                                    .quantity = QUANTITY,
                                    .lasts = measured,
                                    .warm = warm,
                                    .deadline = DEADLINE * CLOCK_SECOND};
    flood_run(&flood, &plan, &scene->load);
    double rate = per_second(flood.good, measured - warm);
    printf("  %4d at once: %.0f sales/s, p99 %.0f ms, %" PRId64 " refused\n", concurrency, rate,
           milliseconds(flood_sold_after(&flood, 990)), flood.refused);
    CU_ASSERT_EQUAL(flood.failed, 0);
    flood_free(&flood);
    return rate;
}

static double find_peak(struct scene *scene)
{
    static const int concurrencies[] = {128, 256, 512};
    double peak = 0;
    for (size_t i = 0; i < sizeof concurrencies / sizeof *concurrencies; i++) {
        double rate = measure(scene, concurrencies[i]);
        peak = rate > peak ? rate : peak;
    }
    return peak;
}

static void sells_on_at_four_times_its_capacity(void)
{
    struct scene scene;
    struct flood flood;
    scene_begin(&scene);
    double peak = find_peak(&scene);
    const struct flood_plan plan = {.url = scene.cluster.url,
                                    .prefix = "overload",
                                    .rate = (int)(peak * OVERLOAD),
                                    .connections = CONNECTIONS,
                                    .quantity = QUANTITY,
                                    .lasts = flooded,
                                    .warm = warm,
                                    .deadline = DEADLINE * CLOCK_SECOND};
    flood_run(&flood, &plan, &scene.load);
    double goodput = per_second(flood.good, flooded - warm);
    printf("  %d/s offered: %" PRId64 " asked, goodput %.0f sales/s of a peak of %.0f: %.2f\n",
           plan.rate, flood.asked, goodput, peak, goodput / peak);
    printf("  sold after p50 %.0f, p99 %.0f, worst %.0f ms\n",
           milliseconds(flood_sold_after(&flood, 500)), milliseconds(flood_sold_after(&flood, 990)),
           milliseconds(flood_sold_after(&flood, 1000)));
    printf("  %" PRId64 " refused after p50 %.0f, p99 %.0f ms; %" PRId64 " failed %s\n",
           flood.refused, milliseconds(flood_refused_after(&flood, 500)),
           milliseconds(flood_refused_after(&flood, 990)), flood.failed,
           flood.failed > 0 ? flood.failure : "");
    CU_ASSERT(goodput >= 0.9 * peak);
    CU_ASSERT(flood_sold_after(&flood, 990) < DEADLINE * CLOCK_SECOND);
    CU_ASSERT(flood.refused > 0);
    CU_ASSERT_EQUAL(flood.failed, 0);
    flood_free(&flood);
    scene_end(&scene);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("overload", "sells_on_at_four_times_its_capacity",
              sells_on_at_four_times_its_capacity);
}
