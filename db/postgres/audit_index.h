/* Whether a store's indexes say what its tables say. */
#ifndef BOX_OFFICE_POSTGRES_AUDIT_INDEX_H
#define BOX_OFFICE_POSTGRES_AUDIT_INDEX_H

#include "db/postgres/connection.h"

/* Counts the rows of each table once as they lie there and once as each of its indexes has them, of one moment: an index
 * that was damaged, or was made for another order of texts than the system now has, loses some or finds some twice.
 * Inside the caller's transaction. False with the reason where that could not be done. */
bool audit_indexes(struct postgres *postgres, store_finding *finding, void *context);

#endif
