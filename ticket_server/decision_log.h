/* The decision log: one logfmt line per decision, in DIR/ticket_server-ID.log. Evidence, not truth:
 * where it cannot be written, selling goes on, stderr is told once, and the log states the gap as
 * soon as it can be written again.
 *
 *   time=T request=UUID sale=UUID outcome=sold event=demo tier=standard quantity=2 batch=37 commit_us=812
 *   time=T request=UUID outcome=refused reason=sold_out event=demo quantity=2 remaining=0 batch=37 commit_us=812
 *   time=T request=UUID verb=hold sale=UUID outcome=held event=demo tier=standard quantity=2 …
 *   time=T request=UUID verb=confirm order=UUID sale=UUID outcome=late event=demo tier=standard quantity=2 …
 *   time=T request=UUID verb=check-in outcome=checked-in event=demo tier=standard number=17 …
 *   time=T moved order=UUID to=expired event=demo tier=standard quantity=2 batch=37 commit_us=812
 *   time=T change=tier event=demo tier=standard capacity=1200 outcome=done commit_us=812
 *   time=T gap lines=37
 *
 * verb     where it is no purchase. A confirm, release or refund names its order, a check-in its ticket.
 * outcome  sold, late (confirmed after it had expired), held, waiting, released, refunded, checked-in; refused;
 *          unknown: the store did not say whether it was decided, its key tells; or replayed: it was decided before, this is the order as it is now, or its first refusal again.
 *          `sale` is the order's id (in a replay another request's); `reason` is the problem's code.
 * moved    an order expired, or was offered what came free (to=held), without being asked for.
 * change   what an organiser has changed: event-create, event, tier-create, tier, token-add, token-revoke, key-add,
 *          key-retire, owed-settle. outcome=done, or refused with its reason.
 * batch    how many decisions shared the commit, which took commit_us. What only tidies up (verb=tidy) is
 *          counted and has no line.
 *
 * The seller's thread only, once opened. Values that are not plain are quoted and escaped as in JSON,
 * so that nobody can forge a line. */
#ifndef BOX_OFFICE_DECISION_LOG_H
#define BOX_OFFICE_DECISION_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "common/log_file.h"
#include "db/store.h"

struct decision_log;

/* NULL with the reason where the log cannot be opened. */
struct decision_log *decision_log_open(const char *dir, const char *server,
                                       char error[LOG_ERROR_SIZE]);
void decision_log_close(struct decision_log *log);

/* A batch, and what it moved. */
struct decided {
    const struct decision *decisions;
    size_t count;
    const struct sale *moved;
    size_t moves;
};

/* Appends the lines of one batch, decided at the wall clock time `now`, with one write. */
void decision_log_write(struct decision_log *log, const struct decided *decided, int64_t now,
                        int64_t commit_us);

/* Appends the line of a change. */
void decision_log_change(struct decision_log *log, const struct change *change, int64_t now,
                         int64_t commit_us);

#endif
