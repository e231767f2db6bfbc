/* Proves a SQLite store's invariants. The contract is store_audit's. */
#ifndef BOX_OFFICE_SQLITE_AUDIT_H
#define BOX_OFFICE_SQLITE_AUDIT_H

#include "db/sqlite/connection.h"

enum store_found audit_run(struct store *store, store_finding *finding, void *context);

/* The same of what the connection sees in its transaction. False with the reason where something could not be checked. */
bool audit_connection(struct connection *connection, store_finding *finding, void *context);

#endif
