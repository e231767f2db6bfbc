#include "tests/soak/ground.h"

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    SERVERS = 3,
    DISK_MEBIBYTES = 64,
    NOTICED_SECONDS = 60,
};

struct failures {
    struct crowd *crowd;
    size_t goal;
};

static bool failures_seen(void *context)
{
    const struct failures *failures = context;
    crowd_read(failures->crowd);
    return failures->crowd->pending_count >= failures->goal;
}

bool ground_open(struct ground *ground, const char *balancer, int64_t capacity)
{
    const char *const none[CLUSTER_OPTIONS_MAX] = {NULL};
    *ground = (struct ground){0};
    if (!disk_open(&ground->disk, DISK_MEBIBYTES)) {
        suite_skip("a disk whose power can be cut takes root, loop devices and ext4");
        return false;
    }
    const struct cluster_places places = {.store = ground->disk.path, .logs = ground->disk.path};
    cluster_open_at(&ground->cluster, balancer, capacity, SERVERS, none, &places);
    return true;
}

void ground_invite(struct ground *ground, uint64_t seed)
{
    crowd_open(&ground->crowd, &ground->cluster, seed);
}

void ground_excuse(struct ground *ground)
{
    if (ground->down_since == 0)
        ground->down_since = clock_monotonic();
}

void ground_await_failures(struct ground *ground, int failures)
{
    crowd_read(&ground->crowd);
    struct failures seen = {&ground->crowd, ground->crowd.pending_count + (size_t)failures};
    CU_ASSERT(wait_until(failures_seen, &seen, NOTICED_SECONDS));
}

/* The journals are read before the store: what buyers were told by then must be there. */
static void plug(struct ground *ground)
{
    process_group_gone(&ground->cluster.master, NOTICED_SECONDS);
    disk_plug(&ground->disk);
    crowd_read(&ground->crowd);
}

/* The processes go first, by as little as can be: Linux (6.18) may tell one that is in fsync(2) while a file
 * system is shut down that all went well, and a power cut leaves nobody to believe that. */
void ground_cut(struct ground *ground)
{
    ground_excuse(ground);
    process_kill_group(&ground->cluster.master);
    disk_cut(&ground->disk);
    plug(ground);
}

/* For the same reason nothing is under way when the disk goes. */
void ground_cut_disk_first(struct ground *ground, int failures)
{
    crowd_halt(&ground->crowd, true);
    CU_ASSERT(cluster_all_up(&ground->cluster) && cluster_quiet(&ground->cluster));
    ground_excuse(ground);
    disk_cut(&ground->disk);
    crowd_halt(&ground->crowd, false);
    ground_await_failures(ground, failures);
    process_kill_group(&ground->cluster.master);
    plug(ground);
}

void ground_begin_again(struct ground *ground)
{
    cluster_begin_again(&ground->cluster);
    CU_ASSERT(crowd_progress(&ground->crowd, 1));
}

void ground_all_up(struct ground *ground)
{
    CU_ASSERT_FATAL(cluster_all_up(&ground->cluster));
    crowd_excuse(&ground->crowd, ground->down_since);
    ground->down_since = 0;
    CU_ASSERT(crowd_judge(&ground->crowd));
}

void ground_close(struct ground *ground)
{
    if (ground->cluster.master.pid != 0)
        cluster_drop(&ground->cluster);
    process_sweep();
    crowd_free(&ground->crowd);
    cluster_close(&ground->cluster);
    disk_close(&ground->disk);
}
