/* Waiting in tests: for a condition and with a deadline, never for a time to pass.
 *
 * Polls every few milliseconds on the calling thread. Deadlines are generous (a sanitizer's build
 * on a busy machine meets them): they are there to end a test that failed, not to measure. */
#ifndef BOX_OFFICE_TEST_WAIT_H
#define BOX_OFFICE_TEST_WAIT_H

#include <stdbool.h>

typedef bool wait_condition(void *context);

/* True as soon as the condition holds; false where it did not within `seconds`. */
bool wait_until(wait_condition *condition, void *context, int seconds);

#endif
