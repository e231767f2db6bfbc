/* What the store asks of the system around SQLite, for the place of the database and its lock file: one such call
 * fails. Linked around the calls of the product and of the tests (-Wl,--wrap); SQLite's own are not met.
 *
 * Main thread only. */
#ifndef BOX_OFFICE_TEST_OWN_CALLS_H
#define BOX_OFFICE_TEST_OWN_CALLS_H

#include <stdbool.h>

/* The n-th call from now on fails (n >= 1), and, where the disk is dead, every later one. */
void own_calls_arm(int n, bool dead);

/* No further one fails: how many have. */
int own_calls_mend(void);

/* Counts a call that another file of tests wraps: true where it is to fail. */
bool own_call_fails(void);

#endif
