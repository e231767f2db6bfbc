#include "tests/lib/roll.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"

uint64_t roll_seed(void)
{
    const char *given = getenv("SEED");
    uint64_t seed = (given != NULL ? strtoull(given, NULL, 10) : (uint64_t)clock_now()) | 1;
    printf("  SEED=%" PRIu64 "\n", seed);
    return seed;
}

/* xorshift64* */
unsigned roll(uint64_t *state, unsigned sides)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (unsigned)((*state * UINT64_C(2685821657736338717)) >> 33) % sides;
}
