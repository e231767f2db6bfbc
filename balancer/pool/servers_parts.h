/* What the parts of the servers share: servers.c (the list, and what is under way), servers_state.c (who comes,
 * goes, and is well), servers_history.c (lines). Nobody else includes this. All under the lock. */
#ifndef BOX_OFFICE_SERVERS_PARTS_H
#define BOX_OFFICE_SERVERS_PARTS_H

#include "balancer/pool/servers.h"

/* servers.c */

/* The server of that id that is in the list; NULL where there is none. */
struct server *servers_by_id(struct servers *servers, const char *id);

/* What is told later counts; what was told before is ignored, in whatever order it arrives. True where it
 * is news. */
bool servers_hear(struct server *server, const struct figures *figures);

/* servers_state.c */

/* Lets the state follow from what is known now; where it changes, a line says why. */
void servers_apply(struct servers *servers, struct server *server, const char *why);

/* A flight or forwarded request is over: counts it, and ejects who failed in too many. */
void servers_judge(struct servers *servers, struct server *server, bool failed);

#endif
