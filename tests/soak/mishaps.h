/* What may befall a server or its disk short of being killed: meanwhile the others sell on, and nobody
 * is refused. */
#ifndef BOX_OFFICE_SOAK_MISHAPS_H
#define BOX_OFFICE_SOAK_MISHAPS_H

#include "tests/soak/scene.h"

enum mishap {
    MISHAP_FROZEN,       /* SIGSTOP, until it is given up */
    MISHAP_FROZEN_OWNER, /* the same of the owner of the store's writer lock */
    MISHAP_NAP,          /* SIGSTOP, for a few sales of the others */
    MISHAP_POISON,       /* a purchase that kills its server before it is sold */
    MISHAP_LATE_POISON,  /* after it is sold */
    MISHAP_SILENT,       /* a server takes flights, and never answers */
    MISHAP_DEAF,         /* nor does it answer probes */
    MISHAP_GARBAGE,
    MISHAP_500,
    MISHAP_DISK_FULL, /* of the logs */
    MISHAPS,
};

extern const char *const mishap_names[MISHAPS];

/* Lets it happen, waits until it is noticed, and ends it; all servers are up afterwards. */
void mishap_befall(struct scene *scene, enum mishap mishap);

#endif
