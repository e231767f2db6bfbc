/* The master: holds the listening sockets, starts the router and the ticket servers, starts again what
 * dies, replaces the router, and at last stops all in order: the routers first, then the servers.
 *
 * SIGTERM and SIGINT stop it, SIGHUP is a reload, SIGUSR2 an upgrade (handover.h, upgrade.h). The process
 * stays the same from first to last. Single-threaded. */
#ifndef BOX_OFFICE_MASTER_H
#define BOX_OFFICE_MASTER_H

#include "balancer/settings.h"

/* Runs until it is told to stop. `argv` is handed on to the router. Returns the exit status. */
int master_run(const struct settings *settings, int argc, char **argv);

#endif
