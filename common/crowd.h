/* When a crowd has left: what its connections needed may go back to the system then.
 *
 * The C library keeps freed memory for the next crowd, which may never come: 20 MiB after a thousand
 * connections. Pure; one owner, one thread. */
#ifndef BOX_OFFICE_CROWD_H
#define BOX_OFFICE_CROWD_H

#include <stdbool.h>
#include <stddef.h>

enum {
    CROWD_LEAST = 128, /* so few are no crowd */
};

struct crowd {
    size_t most; /* that were here at once since the last crowd has left */
};

/* Tells how many are here now. True once, when at most a quarter of a crowd is left. */
bool crowd_has_left(struct crowd *crowd, size_t here);

#endif
