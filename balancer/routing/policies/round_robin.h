/* The policy of reads: each server in turn. */
#ifndef BOX_OFFICE_ROUND_ROBIN_H
#define BOX_OFFICE_ROUND_ROBIN_H

#include <stddef.h>

#include "common/routing_line.h"

/* The index of the unmarked candidate whose last turn is longest ago, the first among equals. `count`
 * where all are marked. Pure. */
size_t round_robin(const struct candidate *candidates, size_t count);

#endif
