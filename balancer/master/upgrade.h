/* The program that is on disk now takes over, in place: the same process, the same listening sockets, the
 * same children with their channels; then a new router, as in handover.h. (The ticket servers go on as
 * they are until somebody renews them.)
 *
 * It is tried first: `balancer OPTIONS --try STATE,CHANNEL` reads all that it would be given, says `fit` and
 * exits with 0; one that does not within 10 s, or is missing or broken, is refused, and nothing changes.
 * Then the master becomes `balancer OPTIONS --takeover STATE`. What it is given is text in a memory file
 * (state.c). Signals that come meanwhile are blocked, and so wait for the new program. */
#ifndef BOX_OFFICE_UPGRADE_H
#define BOX_OFFICE_UPGRADE_H

#include "balancer/settings.h"

struct master;

/* `asked`: by the leading router, else by a signal. */
void upgrade_begin(struct master *master, bool asked);

/* In the program that is tried: whether it could take over. Returns the exit status. */
int upgrade_try(const struct settings *settings);

/* In the program that does: fills in the master, and begins the handover to a new router. Ends the process
 * with one line where that cannot be done. */
void upgrade_take_over(struct master *master);

#endif
