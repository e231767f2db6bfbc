/* Buyers who come at a rate, whether or not those before them have been answered, over keep-alive
 * connections; or, without a rate, as many at once as there are connections. Nobody asks twice.
 *
 * On the calling thread, from beginning to end. */
#ifndef BOX_OFFICE_SOAK_FLOOD_H
#define BOX_OFFICE_SOAK_FLOOD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/lib/load.h"

enum {
    FLOOD_CONNECTIONS_MAX = 8192,
};

struct flood_plan {
    const char *url;
    const char *prefix; /* of the keys: "PREFIX-…"; at least 8 characters, another for each flood */
    int rate;           /* buyers a second; 0: the next comes when one before has been answered */
    int connections;    /* to FLOOD_CONNECTIONS_MAX; who finds none free waits for one */
    int quantity;       /* tickets of each purchase */
    int64_t lasts;      /* microseconds, in which they come */
    const atomic_bool *ends; /* they come until it is set instead; NULL: for `lasts` */
    int64_t warm;            /* so many of them first: see `good` */
    int64_t deadline;        /* of a purchase, in microseconds */
};

/* What came of it; any thread may read meanwhile what is atomic. Times are in microseconds, and count from when a buyer came, or was to come. */
struct flood {
    int64_t asked;
    _Atomic int64_t sold, refused; /* refused: 503 */
    int64_t good;      /* sold within the deadline, while they came and not while it was warm */
    int64_t failed;    /* any other answer, or none within ten seconds after the last came */
    char failure[256]; /* the first who was refused or failed */
    int64_t *sold_after, *refused_after; /* owned, sorted: one of each that was sold, and refused */
    size_t sold_room, refused_room;
};

/* Runs it. What is sold is added to the sales of `load`, which may be NULL. */
void flood_run(struct flood *flood, const struct flood_plan *plan, struct load *load);

/* The time that so many per mille did not exceed; 0 where there is none. */
int64_t flood_sold_after(const struct flood *flood, int per_mille);
int64_t flood_refused_after(const struct flood *flood, int per_mille);
void flood_free(struct flood *flood);

#endif
