/* A cluster whose store and logs lie on a disk of their own, its buyers, who write down elsewhere what they
 * are told, and the power they share.
 *
 * Findings are failed assertions. Main thread only. */
#ifndef BOX_OFFICE_SOAK_GROUND_H
#define BOX_OFFICE_SOAK_GROUND_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/lib/cluster.h"
#include "tests/lib/disk.h"
#include "tests/soak/crowd.h"

struct ground {
    struct disk disk;
    struct cluster cluster;
    struct crowd crowd;
    int64_t down_since; /* requests may fail since then; 0: they may not */
};

/* A disk and a cluster of this build ("DIRECTORY/balancer") with so many tickets, not yet with buyers. False,
 * with the test skipped aloud, where no disk is to be had. */
bool ground_open(struct ground *ground, const char *balancer, int64_t capacity);

/* Lets the buyers come, who do not mind power cuts. */
void ground_invite(struct ground *ground, uint64_t seed);

/* From now on requests may fail. */
void ground_excuse(struct ground *ground);

/* Waits until buyers were told so many times more that nothing can be sold. */
void ground_await_failures(struct ground *ground, int failures);

/* Cuts the power of all but the buyers. Then the disk is there again, and their journals are read. */
void ground_cut(struct ground *ground);

/* The same, but the disk goes first: the cluster lives on until buyers were told `failures` times that nothing can
 * be sold. */
void ground_cut_disk_first(struct ground *ground, int failures);

/* Starts the cluster again, and sees the first purchase decided. */
void ground_begin_again(struct ground *ground);

/* Waits until all of it is up: from now on no request may fail. */
void ground_all_up(struct ground *ground);

/* Ends what runs, the buyers too, and removes all. */
void ground_close(struct ground *ground);

#endif
