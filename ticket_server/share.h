/* A share of the loop's time, for work that anybody may ask for and that must not keep the others waiting: at most
 * a quarter of the last SHARE_WINDOW. Work that begins within its share is finished, so that the share can be
 * exceeded by one piece of it. Zeroed memory has spent nothing. Pure; one thread. */
#ifndef BOX_OFFICE_SHARE_H
#define BOX_OFFICE_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

enum {
    SHARE_SLOTS = 10, /* of the window; time is forgotten a slot at a time */
};

#define SHARE_SLOT   (10 * CLOCK_MILLISECOND)
#define SHARE_WINDOW (SHARE_SLOTS * SHARE_SLOT)
#define SHARE_MAX    (SHARE_WINDOW / 4)

struct share {
    int64_t slot;               /* the newest, counted from the clock's beginning */
    int64_t spent[SHARE_SLOTS]; /* microseconds in each; slot N is at N modulo SHARE_SLOTS */
};

/* Whether work may begin at `now`, which is clock_monotonic() and never goes back. */
bool share_left(struct share *share, int64_t now);

/* Work that began at `began` has ended at `now`. */
void share_spend(struct share *share, int64_t began, int64_t now);

#endif
