/* The frame of whatever a seller writes: one transaction, the fence, one durable commit; and again where the server, or
 * the connection, gave it up.
 *
 * One owner, one thread: the handle's. */
#ifndef BOX_OFFICE_POSTGRES_TRANSACTION_H
#define BOX_OFFICE_POSTGRES_TRANSACTION_H

#include "db/sql/handle.h"

/* These parts of sql_methods. */
enum store_result postgres_transact(struct sql_handle *handle, int64_t until, sql_work *work,
                                    void *context);
bool postgres_again(struct sql *sql);

/* How long to rest before a transaction that was given up is run again for the `attempt`th time, from 1: at most so
 * long, of which a random part is taken. */
int64_t transaction_rest(int attempt);

#endif
