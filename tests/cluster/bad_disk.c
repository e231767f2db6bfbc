/* The store's disk fails while buyers buy: nobody is told of a sale that is not there, servers refuse or leave, and
 * once the disk works they sell again by themselves. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/soak/faults/fault.h"

enum {
    CAPACITY = 10000000, /* never sold out meanwhile */
    SALES = 100,
    PATIENCE = 60,
    NOTICED_SECONDS = 20,
};

/* From the mending of the disk to the next sales: a server that left is started again within 5 s. */
static const int64_t sells_within = 8 * CLOCK_SECOND;

struct scene {
    struct cluster cluster;
    struct load load;
};

static void break_disk(const struct scene *scene, const char *word)
{
    char path[FILES_PATH_SIZE];
    files_path(path, scene->cluster.logs, FAULT_PREFIX FAULT_BAD_DISK);
    files_write(path, word, strlen(word));
}

static void mend_disk(const struct scene *scene)
{
    char path[FILES_PATH_SIZE];
    files_path(path, scene->cluster.logs, FAULT_PREFIX FAULT_BAD_DISK);
    CU_ASSERT_EQUAL(unlink(path), 0);
}

struct told {
    const struct scene *scene;
    const char *text;
    unsigned times;
};

/* The servers' stderr is their master's. */
static bool said_again(void *context)
{
    const struct told *told = context;
    struct buffer text = {0};
    unsigned times = 0;
    files_read(told->scene->cluster.master.err, &text);
    for (const char *at = buffer_text(&text); (at = strstr(at, told->text)) != NULL; at++)
        times++;
    buffer_free(&text);
    return times > told->times;
}

/* The disk fails in one way until a server says what it makes of it; then it works again. */
static void outage(struct scene *scene, const char *word, const char *text)
{
    struct told told = {scene, text, 0};
    while (said_again(&told))
        told.times++;
    break_disk(scene, word);
    bool noticed = wait_until(said_again, &told, NOTICED_SECONDS);
    CU_ASSERT(noticed);
    if (!noticed)
        printf("  %s: nobody said \"%s\"\n", word, text);
    mend_disk(scene);
    int64_t mended = clock_monotonic();
    CU_ASSERT(load_progress(&scene->load, (size_t)load_scaled(SALES)));
    int64_t took = clock_monotonic() - mended;
    printf("  %s: sold again after %lld ms\n", word, (long long)(took / CLOCK_MILLISECOND));
    CU_ASSERT(took < (load_scaled(100) < 100 ? 5 : 1) * sells_within);
    CU_ASSERT(cluster_all_up(&scene->cluster));
}

static void while_buyers_buy(void)
{
    struct scene scene = {.load = {.urls = 1, .threads = 8, .patience = PATIENCE}};
    cluster_open_build(&scene.cluster, "faulty/balancer", CAPACITY, 2);
    scene.load.url[0] = scene.cluster.url;
    scene.load.prefix = "bad-disk";
    load_begin(&scene.load);
    CU_ASSERT(load_progress(&scene.load, (size_t)load_scaled(SALES)));
    outage(&scene, "full-3", "the store takes no sale now");
    outage(&scene, "full-1", "the store takes no sale now");
    outage(&scene, "write-5", "are durable is not known");
    outage(&scene, "sync-3", "are durable is not known");
    outage(&scene, "sync-1", "are durable is not known");
    outage(&scene, "sync-1", "cannot fold the journal"); /* nor can one that comes back sell */
    load_end(&scene.load);
    CU_ASSERT_EQUAL(scene.load.failed, 0);
    if (scene.load.failed > 0)
        printf("  %d failed: %s\n", scene.load.failed, scene.load.failure);
    audit_repeats(&scene.cluster, &scene.load);
    audit_exact(&scene.cluster, &scene.load);
    cluster_close(&scene.cluster);
    load_free(&scene.load);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("bad_disk", "while_buyers_buy", while_buyers_buy);
}
