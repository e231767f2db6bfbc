/* Proves a PostgreSQL store's invariants. The contract is store_audit's. */
#ifndef BOX_OFFICE_POSTGRES_AUDIT_H
#define BOX_OFFICE_POSTGRES_AUDIT_H

#include "db/postgres/connection.h"

enum store_found postgres_audit(struct store *store, store_finding *finding, void *context);

/* The same of what the connection's transaction sees. False with the reason where something could not be checked. */
bool audit_session(struct postgres *postgres, store_finding *finding, void *context);

#endif
