/* GET /healthz: what a ticket server tells of itself, to a balancer's probe or to a person.
 *
 *   {"server":"server-1","store":UUID,"boot":3,"commit":17,"sold":6,"pending":0,"cpu_percent":12.5,
 *    "resident_bytes":9437184,"commit_us":812,"flights":1}
 *
 * commit and sold are as of the last durable commit; pending is how many purchases wait here to be
 * decided; cpu_percent is this process's since it was last asked (100 is one core); flights is the version of those it speaks. It is answered
 * also while the store is blocked. The loop's thread only. */
#ifndef BOX_OFFICE_HEALTH_H
#define BOX_OFFICE_HEALTH_H

#include <stdint.h>

#include "common/buffer.h"
#include "ticket_server/seller.h"

/* What the process had used when it was last asked; health_begin sets it. */
struct health {
    int64_t asked; /* clock_monotonic() */
    int64_t used;  /* microseconds of processor time */
};

void health_begin(struct health *health);

void health_append(struct health *health, const struct seller_status *status, struct buffer *out);

#endif
