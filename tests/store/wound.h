/* Damage to a store, which its audit must find. */
#ifndef BOX_OFFICE_TEST_WOUND_H
#define BOX_OFFICE_TEST_WOUND_H

#include "tests/store/fixture.h"

struct wound {
    const char *name;
    const char *sql;     /* run behind the store's back */
    const char *finding; /* words of the sentence that must be broken */
};

/* Runs the one of these that the present test is named after, on a store of such a capacity in which `trade` has
 * sold and held. */
void wound_run(const struct wound *wounds, size_t count, int64_t capacity,
               void (*trade)(struct fixture *fixture));

/* Registers a test for each. */
void wound_add(const char *suite, const struct wound *wounds, size_t count, void (*test)(void));

#endif
