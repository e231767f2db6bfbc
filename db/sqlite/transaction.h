/* The frame of whatever a seller writes: the writer lock, one transaction, the fence, one durable commit.
 *
 * One owner, one thread: the handle's. */
#ifndef BOX_OFFICE_SQLITE_TRANSACTION_H
#define BOX_OFFICE_SQLITE_TRANSACTION_H

#include "db/sqlite/handle.h"

/* Reads and writes inside, at the wall clock time `now`, and sets *dirty where it wrote. False with the reason
 * told: then nothing of it is kept. */
typedef bool transaction_work(struct handle *handle, int64_t now, void *context, bool *dirty);

/* Waits for the writer lock until clock_monotonic() reaches `until`, and runs the work. Nothing is committed where
 * nothing was written. The results are store_decide's. */
enum store_result transaction_run(struct handle *handle, int64_t until, transaction_work *work,
                                  void *context);

/* Runs a statement without values; false with the reason told. */
bool transaction_step(struct handle *handle, enum statement which);

#endif
