/* The router: the process that serves buyers. Started by the master, with its sockets inherited.
 *
 * Several may run side by side (balancer/master/handover.h). One of them leads: it serves the admin API. */
#ifndef BOX_OFFICE_ROUTER_H
#define BOX_OFFICE_ROUTER_H

#include "balancer/settings.h"

enum {
    ROUTER_ADMIN_CONNECTIONS = 64, /* clients of the admin listener at once */
};

/* Runs until the master says drain or stop, or is gone, and then until all that was begun is finished. Returns
 * the process's exit status. */
int router_run(const struct settings *settings);

#endif
