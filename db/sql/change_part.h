/* The parts of making a change, each inside the transaction: private to change*.c.
 *
 * Each returns false where the store failed, with the reason told. Otherwise the change's problem says
 * whether it was made; where there is one, the transaction is rolled back, whatever was written. */
#ifndef BOX_OFFICE_SQL_CHANGE_PART_H
#define BOX_OFFICE_SQL_CHANGE_PART_H

#include "db/sql/sql.h"
#include "db/store.h"

/* The first two columns of at most one row. */
struct change_row {
    bool found;
    int64_t first, second; /* 0 where NULL */
};

/* Steps a query whose values are bound (NULL: it could not be prepared), and ends it. */
bool change_read(struct sql_query *query, struct change_row *row);
bool change_write(struct sql_query *query);

/* The change ends in this problem; true, as the store has not failed. */
bool change_refuse(struct change *change, enum problem problem);

bool change_event_create(struct sql *sql, struct change *change);
bool change_event(struct sql *sql, struct change *change);
bool change_tier_create(struct sql *sql, struct change *change);
bool change_tier(struct sql *sql, struct change *change);

bool change_token_add(struct sql *sql, int64_t now, struct change *change);
bool change_token_revoke(struct sql *sql, int64_t now, struct change *change);
bool change_key_add(struct sql *sql, int64_t now, struct change *change);
/* Adds a key that is made here. */
bool change_first_key(struct sql *sql);
bool change_key_retire(struct sql *sql, int64_t now, struct change *change);
bool change_owed_settle(struct sql *sql, int64_t now, struct change *change);

#endif
