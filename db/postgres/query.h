/* The texts of a store's queries for PostgreSQL.
 *
 * Values are written ?1, ?2 … in all of them, in the order in which they first stand there or not; the connection
 * makes $1, $2 of them. */
#ifndef BOX_OFFICE_POSTGRES_QUERY_H
#define BOX_OFFICE_POSTGRES_QUERY_H

#include "db/postgres/bulk_query.h"
#include "db/sql/query.h"

/* Of the common queries: its own text, else the common one. */
const char *postgres_text(enum named_query which);

#endif
