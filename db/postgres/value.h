/* Values of PostgreSQL queries, and the columns of their rows: these parts of sql_methods. */
#ifndef BOX_OFFICE_POSTGRES_VALUE_H
#define BOX_OFFICE_POSTGRES_VALUE_H

#include <libpq-fe.h>

#include "db/sql/sql.h"

void postgres_bind_number(struct sql_query *query, int at, int64_t number);
void postgres_bind_text(struct sql_query *query, int at, const char *text);
/* Sent as binary: for a parameter of type bytea, or an array as PostgreSQL's binary form has it. */
void postgres_bind_bytes(struct sql_query *query, int at, const void *bytes, size_t size);
void postgres_bind_key(struct sql_query *query, int at, const char *key);
void postgres_bind_null(struct sql_query *query, int at);

bool postgres_is_null(struct sql_query *query, int column);
/* A whole number of a binary result; 0 where it is none, or NULL. */
int64_t postgres_number_in(const PGresult *rows, int row, int column);
int64_t postgres_number(struct sql_query *query, int column);
const char *postgres_column_text(struct sql_query *query, int column, size_t *length);
const void *postgres_bytes(struct sql_query *query, int column, size_t *size);
void postgres_key(struct sql_query *query, int column, char key[KEY_SIZE]);

#endif
