/* How many descriptors the balancer needs, and whether it may have them. */
#ifndef BOX_OFFICE_DESCRIPTORS_H
#define BOX_OFFICE_DESCRIPTORS_H

#include <stdint.h>

#include "balancer/settings.h"

/* The most that a router with these settings ever has open at once: its clients' connections, and for
 * each worker those to every ticket server. (The master needs far fewer.) */
int64_t descriptors_needed(const struct settings *settings);

/* Raises this process's limit, which its children inherit, as far as it may be raised. Ends the process
 * with one line where that is not enough: better now than when the house is full. */
void descriptors_raise(const struct settings *settings);

#endif
