/* What an engine's stores lie on, made to fail: for tests that let something fail between any two steps.
 *
 * Main thread only. */
#ifndef BOX_OFFICE_TEST_FIXTURE_FAULTS_H
#define BOX_OFFICE_TEST_FIXTURE_FAULTS_H

#include <stdint.h>

#include "tests/store/fixture.h"

struct fixture_faults {
    /* With every handle closed: stores that are opened from now on can fail; and no longer. */
    void (*install)(uint64_t seed);
    void (*remove)(void);

    /* The n-th call of some kind (any number names one) fails, once, whoever makes it (n >= 1). */
    void (*fail)(unsigned kind, int n);
    /* None fails from now on: whether one did. */
    bool (*mend)(void);

    /* Closes a handle as the end of its process does: nothing more is written. */
    void (*abandon)(struct store *store);

    /* With every handle closed so: the power fails. Of what was not made durable so many eighths survive. */
    void (*cut)(unsigned eighths);

    /* With every handle closed: another process has written to the stores, and nothing fails any more of that. */
    void (*adopt)(void);
};

/* Those of the fixture's engine; NULL where it has none. */
const struct fixture_faults *fixture_faults(const struct fixture *fixture);

#endif
