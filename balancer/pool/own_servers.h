/* The ticket servers of our own, which the master starts. They are named "server-1", "server-2", …: nobody else's
 * server has such a name. Pure; any thread. */
#ifndef BOX_OFFICE_OWN_SERVERS_H
#define BOX_OFFICE_OWN_SERVERS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/outcome.h"

enum {
    OWN_SERVERS_MAX = 64, /* the most that --servers takes */
};

void own_server_name(size_t number, char id[SERVER_SIZE]);

/* Whether the id is such a name, of whichever number. */
bool own_server_named(const char *id);

/* The N of server-N; 0 where it is none that can be. */
size_t own_server_number(const char *id);

#endif
