/* Damage to a store, which its audit must find. */
#ifndef BOX_OFFICE_TEST_WOUND_H
#define BOX_OFFICE_TEST_WOUND_H

#include "tests/store/fixture.h"

enum {
    WOUNDS_MAX = 256,
};

struct wound {
    const char *name;
    const char *sql;     /* run behind the store's back */
    const char *finding; /* words of the sentence that must be broken */
};

/* Registers a test for each, on each engine or on the one that can be damaged so: it is run on a store of such a capacity in which `trade` has sold and held.
 * At most WOUNDS_MAX in all. */
void wound_add(const char *engine, const char *suite, const struct wound *wounds, size_t count,
               int64_t capacity, void (*trade)(struct fixture *fixture));

#endif
