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
 * So no two wait for each other. Three things are not known when the locks are taken, and are no danger to what is
 * sold: A tier that is added meanwhile comes with the others of its event locked. An order that is named by its id
 * alone, and an event, may be committed just then: their event is not locked. Counts are written only from the values
 * that were read, so that the batch is then a conflict, or, should it wait for one that waits for it, given up by the
 * server: both are decided anew. What is only read of such an event, in its first moment (whether it is closed, the
 * buyer's limit), may be as it was before a change that is made just then. */
#ifndef BOX_OFFICE_POSTGRES_BULK_H
#define BOX_OFFICE_POSTGRES_BULK_H

#include "db/sql/batch.h"
#include "db/sql/sql.h"

/* Also asks for the events and their tiers, which the batch reads next. */
enum sql_result bulk_lock(struct sql *sql, const struct decision *decisions, size_t n);
enum sql_result bulk_lock_event(struct sql *sql, const char *event);

enum sql_result bulk_find_keys(struct sql *sql, struct batch *batch, const size_t *items, size_t n);

/* At most STORE_BATCH_MAX between two bulk_lock: so many numbers are drawn there. */
enum sql_result bulk_add(struct sql *sql, struct batch *batch);
enum sql_result bulk_add_tickets(struct sql *sql, int64_t event, int64_t tier, int64_t decision,
                                 int64_t first, int64_t quantity);

#endif
