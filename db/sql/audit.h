/* Proves the invariants that stores of all SQL engines have in common. */
#ifndef BOX_OFFICE_SQL_AUDIT_H
#define BOX_OFFICE_SQL_AUDIT_H

#include "db/sql/audit_check.h"

/* Calls `finding` for each of them, the engine's own first, of what the caller's transaction sees. False with the
 * reason where one could not be checked. */
bool audit_prove(struct sql *sql, const struct audit_checks *own, store_finding *finding,
                 void *context);

/* Whether who may sign is as it should be. */
bool audit_access_holds(struct sql *sql);

/* A store_finding that keeps the first one that is broken, in `context`: STORE_ERROR_SIZE bytes, empty before. */
void audit_keep_broken(void *context, bool ok, const char *sentence);

#endif
