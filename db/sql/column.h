/* Columns of a result row, as our types. A text or blob that does not fit its type is cut or zeroed:
 * the tables' own rules keep that from happening, and the audit finds where they were broken. */
#ifndef BOX_OFFICE_SQL_COLUMN_H
#define BOX_OFFICE_SQL_COLUMN_H

#include <stddef.h>

#include "db/sql/sql.h"

void column_text(struct sql_query *row, int column, char *text, size_t size);
void column_bytes(struct sql_query *row, int column, uint8_t *bytes, size_t size);

/* A stored refusal's reason. */
enum problem column_problem(struct sql_query *row, int column);

/* Columns 0 to 12: id, event, tier, buyer, server, currency, quantity, first_number, amount,
 * created_at, state, request, expires_at. */
void column_sale(struct sql_query *row, struct sale *sale);

/* Columns 0 to 8: event, tier, currency, price, capacity, sold, held, limit, waiting. */
void column_counts(struct sql_query *row, struct tier_counts *counts);

#endif
