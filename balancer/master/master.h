/* The master: holds the listening sockets, starts the router and the ticket servers, starts again what
 * dies, and stops them in order: the router first, then the servers. Single-threaded. */
#ifndef BOX_OFFICE_MASTER_H
#define BOX_OFFICE_MASTER_H

#include "balancer/settings.h"

/* Runs until SIGTERM or SIGINT. `argv` is handed on to the router. Returns the exit status. */
int master_run(const struct settings *settings, int argc, char **argv);

#endif
