/* What an organiser changes in a store: one transaction, one durable commit. */
#ifndef BOX_OFFICE_SQL_CHANGE_H
#define BOX_OFFICE_SQL_CHANGE_H

#include "db/store.h"

/* The contract is store_change's. */
enum store_result change_make(struct store *store, struct change *change);

#endif
