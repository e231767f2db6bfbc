/* Dice: random numbers that can be had again by their seed. A state belongs to one thread. */
#ifndef BOX_OFFICE_TEST_ROLL_H
#define BOX_OFFICE_TEST_ROLL_H

#include <stdint.h>

/* A state to begin with, never 0: SEED from the environment, else of the time. Prints it, as SEED=N. */
uint64_t roll_seed(void);

/* 0 to sides - 1. */
unsigned roll(uint64_t *state, unsigned sides);

#endif
