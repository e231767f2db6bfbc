/* Deciding a batch on a store: one transaction, one durable commit. */
#ifndef BOX_OFFICE_SQL_SELL_H
#define BOX_OFFICE_SQL_SELL_H

#include "db/store.h"

/* The contract is store_decide's. */
enum store_result sell_batch(struct store *store, struct decision *decisions, size_t n);

#endif
