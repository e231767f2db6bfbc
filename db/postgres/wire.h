/* What goes over a PostgreSQL connection: waiting for results, and what failures mean. Within the connection. */
#ifndef BOX_OFFICE_POSTGRES_WIRE_H
#define BOX_OFFICE_POSTGRES_WIRE_H

#include "db/postgres/connection.h"

/* Gives the connection up, and tells why. */
void wire_lose(struct postgres *postgres, const char *why);

/* Tells of a result that is a failure, and what it means to the caller. */
enum sql_result wire_told(struct postgres *postgres, const PGresult *result);

/* The next result, which the caller clears; NULL: a query has no more, or the connection is lost. */
PGresult *wire_take(struct postgres *postgres);

/* Sends all that waits to be sent. False: the connection is lost. */
bool wire_push(struct postgres *postgres);

/* The rest of a query's results. */
void wire_skip(struct postgres *postgres);

/* Of all that was noted as sent. The first that failed. */
enum sql_result wire_take_sent(struct postgres *postgres);

/* What all that was sent together ends with. */
void wire_take_sync(struct postgres *postgres);

#endif
