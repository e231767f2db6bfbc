/* Columns of a result row, as our types. A text or blob that does not fit its type is cut or zeroed:
 * the tables' own rules keep that from happening, and the audit finds where they were broken. */
#ifndef BOX_OFFICE_SQLITE_COLUMN_H
#define BOX_OFFICE_SQLITE_COLUMN_H

#include <sqlite3.h>
#include <stddef.h>

#include "db/store.h"

void column_text(sqlite3_stmt *row, int column, char *text, size_t size);
void column_bytes(sqlite3_stmt *row, int column, uint8_t *bytes, size_t size);

/* A key as clients write it. */
void column_key(sqlite3_stmt *row, int column, char key[KEY_SIZE]);

/* A stored refusal's reason. */
enum problem column_problem(sqlite3_stmt *row, int column);

/* Columns 0 to 12: id, event, tier, buyer, server, currency, quantity, first_number, amount,
 * created_at, state, request, expires_at. */
void column_sale(sqlite3_stmt *row, struct sale *sale);

/* Columns 0 to 8: event, tier, currency, price, capacity, sold, held, limit, waiting. */
void column_counts(sqlite3_stmt *row, struct tier_counts *counts);

#endif
