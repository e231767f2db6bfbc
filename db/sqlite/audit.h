/* Proves a SQLite store's invariants. The contract is store_audit's. */
#ifndef BOX_OFFICE_SQLITE_AUDIT_H
#define BOX_OFFICE_SQLITE_AUDIT_H

#include "db/store.h"

enum store_found audit_run(struct store *store, store_finding *finding, void *context);

#endif
