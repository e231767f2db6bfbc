/* What is done for many at once on PostgreSQL: the last parts of sql_methods. Their contracts are in db/sql/sql.h.
 *
 * The order in which a transaction takes locks:
 *
 *   1. the row in `servers` of who sells (the fence), its own alone: nobody else holds it, but who begins to sell
 *      under the same id;
 *   2. a change of what belongs to no event: the row of `store`;
 *   3. the tiers of all events that it is about, in the order of (event, tier): bulk_lock;
 *   4. whatever belongs to these events: decisions, tickets, counts, buyers, what is owed, the events' own rows. Who
 *      writes any of it has their tiers (but for who settles what is owed), so nobody waits here; an added row does
 *      not wait for another's key either, as every unique key begins with the event.
 *
 * So no two wait for each other. What comes just as the locks are taken was not seen then: a tier that is added, a whole
 * event, an order that is named by its id alone. So each tier that is read then has to be one that was locked; else the
 * transaction is run again, as where the server gives it up, and locks what is there by then. An order whose event is
 * locked for another item's sake is read as it is under that lock, whenever it came. */
#ifndef BOX_OFFICE_POSTGRES_BULK_H
#define BOX_OFFICE_POSTGRES_BULK_H

#include "db/sql/batch.h"
#include "db/sql/sql.h"

/* Also asks for the events and their tiers, which the batch reads next. */
enum sql_result bulk_lock(struct sql *sql, const struct decision *decisions, size_t n);
enum sql_result bulk_lock_event(struct sql *sql, const char *event);
enum sql_result bulk_expect_locked(struct sql *sql, int64_t event, int64_t tier);

enum sql_result bulk_find_keys(struct sql *sql, struct batch *batch, const size_t *items, size_t n);

/* At most STORE_BATCH_MAX between two bulk_lock: so many numbers are drawn there. */
enum sql_result bulk_add(struct sql *sql, struct batch *batch);
enum sql_result bulk_add_tickets(struct sql *sql, int64_t event, int64_t tier, int64_t decision,
                                 int64_t first, int64_t quantity);

#endif
