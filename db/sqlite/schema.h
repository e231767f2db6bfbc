/* The tables, as the steps that lead from an empty file to the present version. */
#ifndef BOX_OFFICE_SQLITE_SCHEMA_H
#define BOX_OFFICE_SQLITE_SCHEMA_H

#include <stdbool.h>

#include "db/sqlite/connection.h"

enum {
    SCHEMA_APPLICATION = 0x426f784f, /* "BoxO" in the file's header: the database is ours */
    SCHEMA_VERSION = 4,              /* user_version of an up-to-date database */
};

/* Said by a statement beside the one state it asks for, so that it may use the index "pending": SQLite takes a
 * partial index only for what repeats its condition. The plus keeps it from searching by the two states instead. */
#define SCHEMA_PENDING "+state BETWEEN 1 AND 2"

/* SQL: the row of the event's order whose id is ?2, by one of two indexes, not by event. One that has its key for
 * an id is not in the index of ids. */
#define SCHEMA_ORDER_OF_ID(event)                                                                  \
    " (SELECT decision FROM decisions WHERE event = " event " AND key = ?2 AND id = ?2 UNION ALL"  \
    "  SELECT decision FROM decisions WHERE event = " event " AND id = ?2 AND id <> key)"

enum schema_state {
    SCHEMA_EMPTY,
    SCHEMA_OLD,
    SCHEMA_PRESENT,
    SCHEMA_REFUSED,    /* not ours, newer than we know, or damaged: the reason is told */
    SCHEMA_UNREADABLE, /* for another reason, which is told: perhaps only now */
};

/* What the database is to us. Changes nothing. */
enum schema_state schema_inspect(struct connection *connection);

/* Takes the steps that an empty or an old database lacks to be of the version `to` (at most
 * SCHEMA_VERSION), inside the caller's transaction, and fences whoever sells from an old one. False with
 * the reason. */
bool schema_migrate(struct connection *connection, int to);

#endif
