/* One connection's worth of hostile bytes, and the answers that came until it ended. */
#ifndef BOX_OFFICE_TEST_HOSTILE_EXCHANGE_H
#define BOX_OFFICE_TEST_HOSTILE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/cluster/hostile.h"

/* A listener under test. */
struct hostile_face {
    const char *name;
    const char *url;
    const char *header; /* that a request needs to be looked at there, with CR LF; "" */
    bool sells;         /* else it knows no purchases, and refuses what others answer */
    size_t sold;        /* purchases it has answered with 201 */
};

/* Sends the row and the harmless request, in two pieces where `split` is not 0, reads until the other side
 * closes, and holds the answers against row->expect. False, with a line on stdout, where they differ. */
bool hostile_exchange(struct hostile_face *face, const struct hostile_row *row, size_t split);

#endif
