/* Histories of purchases and reads: judged by brute force, and made by a box office. */
#ifndef BOX_OFFICE_TEST_LINEAR_SEARCH_H
#define BOX_OFFICE_TEST_LINEAR_SEARCH_H

#include <stdbool.h>

#include "tests/lib/dice.h"
#include "tests/lib/linear.h"

/* Whether any order of the operations, the unanswered ones there or left out, respects who ended before
 * another began and is what a box office does. Tries them all: at most 8. */
bool linear_search(const struct operation *operations, size_t count, int64_t capacity);

/* What a box office did, asked by so many clients at a time: keys repeat, some answers are lost. */
void history_make(struct operation *operations, size_t count, int64_t capacity, size_t clients,
                  struct dice *dice);

#endif
