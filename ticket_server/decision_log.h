/* The decision log: one logfmt line per decision, in DIR/ticket_server-ID.log. Evidence, not truth:
 * where it cannot be written, selling goes on, stderr is told once, and the log states the gap as
 * soon as it can be written again.
 *
 *   time=T request=UUID sale=UUID outcome=sold event=demo tier=standard quantity=2 batch=37 commit_us=812
 *   time=T request=UUID outcome=refused reason=sold_out event=demo quantity=2 remaining=0 batch=37 commit_us=812
 *   time=T gap lines=37
 *
 * outcome  sold, refused, or replayed: the key was known, this is its first outcome again. `sale` is
 *          the id of the purchase that first bought (in a replay another request's); `reason` is the
 *          problem's code.
 * batch    how many decisions shared the commit, which took commit_us.
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

/* Appends the lines of one batch, decided at the wall clock time `now`, with one write. */
void decision_log_write(struct decision_log *log, const struct decision *decisions, size_t count,
                        int64_t now, int64_t commit_us);

#endif
