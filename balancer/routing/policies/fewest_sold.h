/* The policy of purchases: the fewest tickets sold and pending. */
#ifndef BOX_OFFICE_FEWEST_SOLD_H
#define BOX_OFFICE_FEWEST_SOLD_H

#include <stddef.h>

#include "common/routing_line.h"

/* The index of the unmarked candidate with the smallest told + pending; among equals the one chosen
 * least recently (a fixed order would starve), then the first. `count` where all are marked. Pure. */
size_t fewest_sold(const struct candidate *candidates, size_t count);

/* Whether another unmarked candidate than `chosen` has as few. Pure. */
bool fewest_sold_tied(const struct candidate *candidates, size_t count, size_t chosen);

#endif
