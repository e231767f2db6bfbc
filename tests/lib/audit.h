/* Is all well? What the tools say, and what the buyers remember held against the store.
 *
 * Findings are failed assertions. Main thread only. */
#ifndef BOX_OFFICE_TEST_AUDIT_H
#define BOX_OFFICE_TEST_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/lib/cluster.h"
#include "tests/lib/load.h"

/* Runs build/audit and build/report, which must exit 0, and compares every sale the load was told of
 * with the store: there exactly once with the same id and numbers, one per key, all ticket numbers
 * different, no more sold than the capacity. `load` may be NULL. The cluster may run or not. */
void audit_clean(struct cluster *cluster, const struct load *load);

/* What the report could not prove, as it lies beyond the end of a crashed router's log. */
struct audit_beyond {
    int64_t sales, milliseconds; /* sales and holds; the latest so much behind the last line left */
};

/* As audit_clean and audit_exact, where routing lines were lost with the power or had no room: the report may
 * also find the log incomplete, and nothing else. `beyond` is filled in. */
void audit_incomplete(struct cluster *cluster, const struct load *load, bool exact,
                      struct audit_beyond *beyond);

/* As audit_clean, and the store holds no other sales than those of the load. */
void audit_exact(struct cluster *cluster, const struct load *load);

/* How many of the load's sales the store does not hold as they were told; all, where it cannot be read at
 * all. No finding: for stores that are to have lost some. */
size_t audit_lost(const struct cluster *cluster, const struct load *load);

/* Runs build/report over these logs: its exit status. Says what it wrote unless that is `expected`. */
int audit_report(struct cluster *cluster, const char *logs, int expected);

/* Asks again with up to 50 of the load's keys, spread over it: each answered as the first time. */
void audit_repeats(struct cluster *cluster, const struct load *load);

#endif
