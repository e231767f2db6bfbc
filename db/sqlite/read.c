#include "db/sqlite/read.h"

#include <string.h>

#include "db/sqlite/bind.h"
#include "db/sqlite/column.h"
#include "db/sqlite/handle.h"

/* A statement of the handle, ready for its values. */
static sqlite3_stmt *prepare(struct store *store, enum statement which)
{
    return connection_statement(&((struct handle *)store)->connection, which);
}

/* Ends a statement that was read to its last row, so that it holds no snapshot. */
static enum store_found finish(struct store *store, sqlite3_stmt *statement, size_t rows)
{
    if (connection_done(&((struct handle *)store)->connection, statement) != SQLITE_OK)
        return STORE_UNREADABLE;
    return rows > 0 ? STORE_FOUND : STORE_ABSENT;
}

enum store_found read_tiers(struct store *store, const char *event, store_tier_call *call,
                            void *context)
{
    sqlite3_stmt *statement =
        prepare(store, event == NULL ? STATEMENT_READ_TIERS : STATEMENT_READ_EVENT_TIERS);
    if (statement == NULL)
        return STORE_UNREADABLE;
    if (event != NULL)
        bind_text(statement, 1, event);
    size_t rows = event == NULL; /* no events at all are none, not an absent one */
    while (sqlite3_step(statement) == SQLITE_ROW) {
        struct tier_counts counts;
        column_counts(statement, &counts);
        call(context, &counts);
        rows++;
    }
    return finish(store, statement, rows);
}

enum store_found read_sale(struct store *store, const char *event, const struct id *id,
                           struct sale *sale)
{
    sqlite3_stmt *statement = prepare(store, STATEMENT_SALE);
    if (statement == NULL)
        return STORE_UNREADABLE;
    bind_text(statement, 1, event);
    bind_bytes(statement, 2, id->bytes);
    bool found = sqlite3_step(statement) == SQLITE_ROW;
    if (found)
        column_sale(statement, sale);
    return finish(store, statement, found);
}

enum store_found read_each_sale(struct store *store, store_sale_call *call, void *context)
{
    sqlite3_stmt *statement = prepare(store, STATEMENT_EACH_SALE);
    if (statement == NULL)
        return STORE_UNREADABLE;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        struct store_sale_row row;
        char key[KEY_SIZE];
        column_sale(statement, &row.sale);
        row.router = (const char *)sqlite3_column_text(statement, 13);
        column_key(statement, 14, key);
        row.key = key;
        call(context, &row);
    }
    return finish(store, statement, 1);
}

enum store_found read_each_server(struct store *store, store_server_call *call, void *context)
{
    sqlite3_stmt *statement = prepare(store, STATEMENT_EACH_SERVER);
    if (statement == NULL)
        return STORE_UNREADABLE;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        struct server_total total = {
            .boot = sqlite3_column_int64(statement, 1),
            .sold = sqlite3_column_int64(statement, 2),
        };
        column_text(statement, 0, total.server, sizeof total.server);
        call(context, &total);
    }
    return finish(store, statement, 1);
}
