/* GET /healthz: what a ticket server tells of itself, to a balancer's probe or to a person.
 *
 *   {"server":"server-1","store":UUID,"flights":1,"boot":3,"commit":17,"sold":6,"pending":0,
 *    "cpu_percent":12.5,"resident_bytes":9437184,"network_bytes_per_second":51200,"commit_us":812}
 *
 * flights is the version of the wire format that it speaks (common/item.h); commit and sold are as of the
 * last durable commit; pending is how many purchases wait here to be decided; cpu_percent is this process's
 * (100 is one core), and the network's bytes are those of bodies, both ways: both since it was last asked, or
 * as last told where that is less than HEALTH_MILLISECONDS ago (several balancers ask, perhaps at once). It is
 * answered also while the store is blocked. The loop's thread only. */
#ifndef BOX_OFFICE_HEALTH_H
#define BOX_OFFICE_HEALTH_H

#include <stdint.h>

#include "common/buffer.h"
#include "ticket_server/seller.h"

enum {
    HEALTH_MILLISECONDS = 100, /* at least, that a rate is taken over */
};

/* What the process had used when it was last measured; health_begin sets it. */
struct health {
    int64_t asked;    /* clock_monotonic() */
    int64_t used;     /* microseconds of processor time */
    uint64_t traffic; /* bytes */
    double cpu;       /* percent, as measured then */
    int64_t network;  /* bytes a second, as measured then */
};

void health_begin(struct health *health);

/* `traffic`: bytes of bodies, both ways, so far. */
void health_append(struct health *health, const struct seller_status *status, uint64_t traffic,
                   struct buffer *out);

#endif
