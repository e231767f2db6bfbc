/* Chance that can be repeated: the same seed rolls the same numbers. One thread per dice. */
#ifndef BOX_OFFICE_TEST_DICE_H
#define BOX_OFFICE_TEST_DICE_H

#include <stdint.h>

struct dice {
    uint64_t state;
};

struct dice dice_new(uint64_t seed);

/* 0 .. sides-1, all equally likely (but for what is left over when 2^32 is divided by `sides`). */
uint32_t dice_roll(struct dice *dice, uint32_t sides);

/* Puts `count` numbers into a random order. */
void dice_shuffle(struct dice *dice, int *numbers, uint32_t count);

/* The seed in SEED of the environment, or a fresh one. Prints it, as SEED=N. */
uint64_t dice_seed(void);

/* A seed that nobody has rolled before, short enough to be typed again. */
uint64_t dice_fresh_seed(void);

#endif
