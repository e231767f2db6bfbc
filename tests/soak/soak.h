/* The soak: a cluster under load whose processes are killed at random, by a seed that repeats the same
 * blows in the same order (though not at the same microsecond). After every blow all is audited.
 *
 * Findings are failed assertions, and end the soak. Main thread only. */
#ifndef BOX_OFFICE_SOAK_H
#define BOX_OFFICE_SOAK_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/soak/scene.h"

struct soak_settings {
    uint64_t seed;
    int kills;
    int64_t recovery_max; /* longest time from a blow to the first sale; 0: not judged */
    bool progress;        /* told on stderr */
};

/* Runs it, and prints the figures on stdout. */
void soak_run(const struct soak_settings *settings);

#endif
