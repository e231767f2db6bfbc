/* Whom a gate that is offline has let in: for one run, or with a file for all runs that have the same file. Tickets
 * are told apart by what they are for, not by their codes: after a key's change the same ticket has another. One
 * thread. */
#ifndef BOX_OFFICE_BOXCTL_GATE_SEEN_H
#define BOX_OFFICE_BOXCTL_GATE_SEEN_H

#include "common/clock.h"
#include "common/ticket_code.h"

enum {
    GATE_SEEN_MAX = 1 << 20, /* tickets; then nobody else is let in */
};

struct gate_seen;

/* `path`: a CSV, "event,tier,number,let_in_at"; made with mode 0600 where it is not there; NULL: none. It is
 * locked, since two gates that each had read it would let in the same tickets. What cannot be read, is no such
 * file, or is another's just now ends the process. A last line that is torn, of a run that was killed, was told
 * nobody, and is cut off. */
struct gate_seen *gate_seen_open(const char *path);
void gate_seen_close(struct gate_seen *seen);

/* True where the ticket is let in now, for the first time: it is in the file, durably, before this returns. Else
 * false, and *before is when it was. What cannot be kept ends the process. */
bool gate_seen_first(struct gate_seen *seen, const struct ticket_name *ticket, int64_t *before);

#endif
