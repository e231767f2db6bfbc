#include "tests/lib/dice.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "common/clock.h"

enum {
    SEEDS = 1000000000,
};

struct dice dice_new(uint64_t seed)
{
    return (struct dice){.state = seed};
}

/* splitmix64, by Sebastiano Vigna, who put it into the public domain: good from any seed, 0 too. */
static uint64_t next(struct dice *dice)
{
    uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t dice_roll(struct dice *dice, uint32_t sides)
{
    return (uint32_t)((next(dice) >> 32) * sides >> 32);
}

void dice_shuffle(struct dice *dice, int *numbers, uint32_t count)
{
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = dice_roll(dice, i);
        int number = numbers[i - 1];
        numbers[i - 1] = numbers[other];
        numbers[other] = number;
    }
}

uint64_t dice_fresh_seed(void)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)clock_now();
    return seed % SEEDS;
}

uint64_t dice_seed(void)
{
    const char *given = getenv("SEED");
    bool is_given = given != NULL && given[0] != '\0';
    uint64_t seed = is_given ? strtoull(given, NULL, 10) : dice_fresh_seed();
    printf("  SEED=%" PRIu64 "\n", seed);
    return seed;
}
