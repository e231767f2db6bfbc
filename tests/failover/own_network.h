/* A network of this process's own (a network namespace), with the loopback device alone: all ports are free, and
 * packets can be dropped, and nobody outside is touched. What is started within it is in it.
 *
 * What cannot be had ends the test with a failed assertion. Main thread only; threads that it starts follow it. */
#ifndef BOX_OFFICE_TEST_OWN_NETWORK_H
#define BOX_OFFICE_TEST_OWN_NETWORK_H

#include <stdbool.h>

/* Enters it; false where this process may not: everything is as it was then. */
bool own_network_enter(void);

/* Goes back to where it came from, if it has entered. */
void own_network_leave(void);

/* Whether it is within. */
bool own_network_entered(void);

/* Runs a tool of administrators' there, with words separated by spaces: whether it went well. */
bool own_network_run(const char *command);

/* From now on, drops what goes to and comes from this TCP port. */
void own_network_drop_port(int port);

/* Drops nothing any more. */
void own_network_repair(void);

#endif
