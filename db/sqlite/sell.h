/* Deciding a batch on a SQLite store: lock, one transaction, one durable commit, unlock. */
#ifndef BOX_OFFICE_SQLITE_SELL_H
#define BOX_OFFICE_SQLITE_SELL_H

#include "db/store.h"

/* The contract is store_decide's. */
enum store_result sell_batch(struct store *store, struct decision *decisions, size_t n);

#endif
