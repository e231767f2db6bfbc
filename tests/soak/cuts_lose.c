/* Power cuts that must be noticed: sales that were acknowledged before they were on the disk. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/audit.h"
#include "tests/lib/suite.h"
#include "tests/soak/cuts.h"
#include "tests/soak/faults/fault.h"
#include "tests/soak/ground.h"

enum {
    CUTS_MAX =
        10,     /* the first one will do, unless the system happened to write all of it just then */
    DEALS = 50, /* before each */
    PLENTY = 1000000,
};

static void answer_early(const struct ground *ground)
{
    char path[FILES_PATH_SIZE];
    files_path(path, ground->cluster.logs, FAULT_PREFIX FAULT_UNSYNCED);
    files_write(path, "yes\n", 4);
    disk_sync(&ground->disk);
}

/* Its servers are started with what the environment says. The sanitizers would have their own library be the
 * first. */
static void begin_without_fsync(struct ground *ground)
{
    setenv("LD_PRELOAD", "libeatmydata.so", 1);
    setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 0);
    cluster_start_again(&ground->cluster);
    unsetenv("LD_PRELOAD");
}

static void begin_weakly(struct ground *ground, enum cuts_weakness weakness)
{
    if (weakness == CUTS_NORMAL) {
        answer_early(ground);
        cluster_start_again(&ground->cluster);
    } else {
        begin_without_fsync(ground);
    }
}

void cuts_must_lose(enum cuts_weakness weakness, uint64_t seed)
{
    struct ground ground;
    size_t lost = 0;
    int cuts = 0;
    if (!ground_open(&ground, "faulty/balancer", PLENTY))
        return;
    cluster_stop(&ground.cluster, SIGTERM);
    begin_weakly(&ground, weakness);
    disk_sync(&ground.disk); /* so that sales are lost, and not the store */
    ground_invite(&ground, seed);
    for (; cuts < CUTS_MAX && lost == 0; cuts++) {
        if (cuts > 0)
            begin_weakly(&ground, weakness);
        CU_ASSERT(crowd_progress(&ground.crowd, (size_t)load_scaled(DEALS)));
        ground_cut(&ground);
        lost = audit_lost(&ground.cluster, &ground.crowd.known);
    }
    printf("  %zu of %zu acknowledged sales lost, at power cut %d\n", lost, ground.crowd.known.sold,
           cuts);
    CU_ASSERT(lost > 0);
    ground_close(&ground);
}
