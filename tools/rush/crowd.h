/* The buyers of a rush: many at once, over keep-alive connections that they share.
 *
 * Each buyer makes one purchase under an Idempotency-Key of its own, and sends it again with the same
 * key on a 503 or a lost connection, for 10 s. One thread.
 *
 * Without a rate the next buyer comes when one before has been answered: a slow cluster is asked less,
 * and looks better than it is. At a rate they come all the same, and who finds no connection free waits
 * for one: latency counts from the moment at which he came. */
#ifndef BOX_OFFICE_RUSH_CROWD_H
#define BOX_OFFICE_RUSH_CROWD_H

#include <stdint.h>

#include "tools/rush/caller.h"
#include "tools/rush/tally.h"

struct crowd_settings {
    struct destination destination;
    const char *event;
    const char *tier; /* NULL: none named */
    int64_t buyers;
    int64_t connections;
    int64_t rate; /* buyers a second; 0: as fast as they are answered */
    int quantity;
};

/* Lets them all buy, shows progress on stdout, and counts their answers. Blocks until every buyer has
 * been answered or has given up, or nobody at all was for 15 s. How long it took, in µs. */
int64_t crowd_run(const struct crowd_settings *settings, struct tally *tally);

#endif
