/* Kills, and what has to come after them. */
#ifndef BOX_OFFICE_SOAK_STRIKES_H
#define BOX_OFFICE_SOAK_STRIKES_H

#include "tests/soak/scene.h"

enum {
    STRIKES_MAX = 2, /* at once: so that two servers are always left */
};

/* Kills these at once with SIGKILL, and sees that they come back and purchases are decided again. A
 * master is killed alone; the scene starts another on the same store, before or after the orphans of
 * the old one have gone. */
void strikes_land(struct scene *scene, const enum victim *victims, size_t count);

#endif
