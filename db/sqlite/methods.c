#include "db/sqlite/methods.h"

#include <stdio.h>

#include "db/sql/key.h"
#include "db/sqlite/add.h"
#include "db/sqlite/bind.h"
#include "db/sqlite/connection.h"
#include "db/sqlite/transaction.h"

static sqlite3_stmt *statement_of(struct sql_query *query)
{
    return ((struct connection_query *)query)->statement;
}

static struct connection *connection_of(struct sql_query *query)
{
    return (struct connection *)query->sql;
}

static struct sql_query *prepare(struct sql *sql, enum named_query which)
{
    struct connection *connection = (struct connection *)sql;
    return connection_query(connection, which) == NULL ? NULL : &connection->queries[which].base;
}

static struct sql_query *ask(struct sql *sql, const char *text)
{
    struct connection *connection = (struct connection *)sql;
    return connection_ask(connection, text) == NULL ? NULL : &connection->asked.base;
}

/* --- values ------------------------------------------------------------------------------------ */

static void bind_value_number(struct sql_query *query, int at, int64_t value)
{
    sqlite3_bind_int64(statement_of(query), at, value);
}

static void bind_value_text(struct sql_query *query, int at, const char *text)
{
    bind_text(statement_of(query), at, text);
}

static void bind_value_bytes(struct sql_query *query, int at, const void *bytes, size_t size)
{
    sqlite3_bind_blob(statement_of(query), at, bytes, (int)size, SQLITE_STATIC);
}

static void bind_value_key(struct sql_query *query, int at, const char *key)
{
    struct id id;
    if (key_is_id(key, &id))
        sqlite3_bind_blob(statement_of(query), at, id.bytes, sizeof id.bytes, SQLITE_TRANSIENT);
    else
        sqlite3_bind_text(statement_of(query), at, key, -1, SQLITE_TRANSIENT);
}

static void bind_value_null(struct sql_query *query, int at)
{
    sqlite3_bind_null(statement_of(query), at);
}

/* --- rows -------------------------------------------------------------------------------------- */

static bool next(struct sql_query *query)
{
    return sqlite3_step(statement_of(query)) == SQLITE_ROW;
}

static bool is_null(struct sql_query *query, int column)
{
    return sqlite3_column_type(statement_of(query), column) == SQLITE_NULL;
}

static int64_t number(struct sql_query *query, int column)
{
    return sqlite3_column_int64(statement_of(query), column);
}

static const char *text(struct sql_query *query, int column, size_t *length)
{
    const unsigned char *value = sqlite3_column_text(statement_of(query), column);
    *length = (size_t)sqlite3_column_bytes(statement_of(query), column);
    return value == NULL ? "" : (const char *)value;
}

static const void *bytes(struct sql_query *query, int column, size_t *size)
{
    const void *value = sqlite3_column_blob(statement_of(query), column);
    *size = value == NULL ? 0 : (size_t)sqlite3_column_bytes(statement_of(query), column);
    return value;
}

static void key(struct sql_query *query, int column, char out[KEY_SIZE])
{
    bind_read_key(statement_of(query), column, out);
}

static enum sql_result end(struct sql_query *query)
{
    struct connection *connection = connection_of(query);
    return connection_result(connection, connection_done(connection, statement_of(query)));
}

/* --- writing ----------------------------------------------------------------------------------- */

static enum sql_result run(struct sql_query *query, int64_t *changed)
{
    struct connection *connection = connection_of(query);
    int rc = connection_run(connection, statement_of(query));
    if (changed != NULL)
        *changed = rc == SQLITE_OK ? sqlite3_changes(connection->db) : 0;
    return connection_result(connection, rc);
}

static enum sql_result run_one(struct sql_query *query, const char *what, const char *name)
{
    int64_t changed;
    enum sql_result result = run(query, &changed);
    if (result != SQL_OK || changed == 1)
        return result;
    snprintf(query->sql->error, STORE_ERROR_SIZE,
             "%s '%s' were changed by somebody else during the transaction", what, name);
    return SQL_CONFLICT;
}

static enum sql_result settle(struct sql *sql)
{
    (void)sql;
    return SQL_OK;
}

static int64_t changed(struct sql *sql)
{
    return sqlite3_total_changes64(((struct connection *)sql)->db);
}

/* Whoever is inside holds the writer lock: there is nobody to lock out. */
const struct sql_methods sqlite_methods = {
    .query = prepare,
    .ask = ask,
    .bind_number = bind_value_number,
    .bind_text = bind_value_text,
    .bind_bytes = bind_value_bytes,
    .bind_key = bind_value_key,
    .bind_null = bind_value_null,
    .next = next,
    .is_null = is_null,
    .number = number,
    .text = text,
    .bytes = bytes,
    .key = key,
    .end = end,
    .run = run,
    .run_one = run_one,
    .settle = settle,
    .changed = changed,
    .transact = transaction_run,
    .again = transaction_again,
    .find_keys = find_keys,
    .add = add_all,
    .add_tickets = add_tickets_of,
};
