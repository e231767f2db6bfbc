/* A cluster under load that is treated badly, and what is counted of it.
 *
 * Findings are failed assertions. Main thread only. */
#ifndef BOX_OFFICE_SOAK_SCENE_H
#define BOX_OFFICE_SOAK_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/lib/cluster.h"
#include "tests/lib/dice.h"
#include "tests/lib/postgres.h"
#include "tests/soak/crowd.h"

enum {
    SCENE_SERVERS = 4, /* one more than a poisonous purchase may kill */
    SCENE_PLENTY = 10000000,
    SCENE_DEADLY_MAX = 64,
    RECOVERIES_MAX = 20000,
};

enum victim {
    VICTIM_SERVER,
    VICTIM_ROUTER,
    VICTIM_MASTER,
    VICTIM_BUYER,
    VICTIMS,
};

/* What came of all scenes so far. */
struct counts {
    int kills[VICTIMS];
    int mishaps;
    int audits;
    int sold_out; /* scenes that sold out */
    int64_t begun, sold, refused, tickets;
    int64_t excused; /* attempts that failed while there was no router, or no server */
    int64_t slowest; /* attempt that was decided */
    int64_t recoveries[VICTIMS][RECOVERIES_MAX]; /* from the blow until all was back */
    int recovered[VICTIMS];
};

struct scene {
    struct cluster cluster;
    struct crowd crowd;
    struct dice dice;
    struct counts *counts; /* not owned */
    struct sold
        deadly[SCENE_DEADLY_MAX]; /* sales that cost a server when they are asked for again */
    size_t deadly_count;
    int64_t recovery_max; /* longest allowed; 0: whatever is waited for */
};

/* From now on each scene sells from a schema of its own of this server, which outlives them; NULL, as at the beginning:
 * from a file of its own. */
void scenes_sell_from(struct pg_server *database);

/* Opens a cluster with so many tickets, and lets the buyers come. */
void scene_open(struct scene *scene, int64_t capacity, uint64_t seed, struct counts *counts);

/* Sees that so many purchases, scaled by TEST_LOAD, are decided. */
void scene_progress(struct scene *scene, int deals);

/* Holds what the buyers know against the store, proves the log and the store, and sees that nobody
 * failed who should not have. The cluster runs on. */
void scene_audit(struct scene *scene);

/* Waits for the first purchase sent at `since` or later to be decided; looks at deals from number `first`
 * on. Keeps the time until then, or until `up_at`, when what was killed was up again (0: it was not
 * looked for), whichever is later. */
void scene_first_deal(struct scene *scene, enum victim victim, size_t first, int64_t since,
                      int64_t up_at);

/* Keeps a sale that nobody is to ask for again. */
void scene_keep_deadly(struct scene *scene, const char *key, const struct bought *bought);

/* Lets the buyers end; then store and buyers must agree to the last ticket. */
void scene_close(struct scene *scene);

#endif
