/* The router: the process that serves buyers. Started by the master, with its sockets inherited. */
#ifndef BOX_OFFICE_ROUTER_H
#define BOX_OFFICE_ROUTER_H

#include "balancer/settings.h"

enum {
    ROUTER_ADMIN_CONNECTIONS = 64, /* clients of the admin listener at once */
};

/* Runs until the master says stop or is gone, then drains. Returns the process's exit status. */
int router_run(const struct settings *settings);

#endif
