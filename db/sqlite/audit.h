/* Proves a SQLite store's invariants. The contract is store_audit's. */
#ifndef BOX_OFFICE_SQLITE_AUDIT_H
#define BOX_OFFICE_SQLITE_AUDIT_H

#include "db/sqlite/connection.h"
#include "db/store.h"

enum store_found audit_run(struct store *store, store_finding *finding, void *context);

/* Whether who may sign is as it should be, of what the connection sees in its transaction. */
bool audit_access_holds(struct connection *connection);

#endif
