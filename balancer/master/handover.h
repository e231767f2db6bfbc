/* Another router takes over, on the same listening sockets, and no client notices.
 *
 * It is started with what the configuration's file says now. Once it serves, the router before it is told
 * to drain; once that has become quiet, or is gone, the new one leads. All or nothing: where the file is
 * wrong, or the new router ends or does not serve within 10 s, it is killed, the router before it goes on,
 * one line on stderr says why, and so does `refused` to a router that asked. One at a time, none while a
 * ticket server is renewed, and at most ROUTERS_DRAINING_MAX routers drain. The master's thread only. */
#ifndef BOX_OFFICE_HANDOVER_H
#define BOX_OFFICE_HANDOVER_H

#include <stdbool.h>

struct master;

/* Reads the configuration's file again. `asked`: by the leading router, else by a signal. */
void handover_reload(struct master *master, bool asked);

#endif
