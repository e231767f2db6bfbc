#include "db/sql/read.h"

#include <string.h>

#include "db/sql/column.h"
#include "db/sql/handle.h"

/* A statement of the handle, ready for its values. */
static struct sql_query *prepare(struct store *store, enum named_query which)
{
    return sql_query(((struct sql_handle *)store)->sql, which);
}

/* Ends a statement that was read to its last row, so that it holds no snapshot. */
static enum store_found finish(struct sql_query *statement, size_t rows)
{
    if (sql_end(statement) != SQL_OK)
        return STORE_UNREADABLE;
    return rows > 0 ? STORE_FOUND : STORE_ABSENT;
}

enum store_found read_tiers(struct store *store, const char *event, store_tier_call *call,
                            void *context)
{
    struct sql_query *statement =
        prepare(store, event == NULL ? QUERY_READ_TIERS : QUERY_READ_EVENT_TIERS);
    if (statement == NULL)
        return STORE_UNREADABLE;
    if (event != NULL)
        sql_bind_text(statement, 1, event);
    size_t rows = event == NULL; /* no events at all are none, not an absent one */
    while (sql_next(statement)) {
        struct tier_counts counts;
        column_counts(statement, &counts);
        call(context, &counts);
        rows++;
    }
    return finish(statement, rows);
}

enum store_found read_sale(struct store *store, const char *event, const struct id *id,
                           struct sale *sale)
{
    struct sql_query *statement = prepare(store, QUERY_SALE);
    if (statement == NULL)
        return STORE_UNREADABLE;
    sql_bind_text(statement, 1, event);
    sql_bind_bytes(statement, 2, id->bytes, 16);
    bool found = sql_next(statement);
    if (found)
        column_sale(statement, sale);
    return finish(statement, found);
}

enum store_found read_each_sale(struct store *store, store_sale_call *call, void *context)
{
    struct sql_query *statement = prepare(store, QUERY_EACH_SALE);
    if (statement == NULL)
        return STORE_UNREADABLE;
    while (sql_next(statement)) {
        struct store_sale_row row;
        char key[KEY_SIZE];
        size_t length;
        column_sale(statement, &row.sale);
        row.router = sql_text(statement, 13, &length);
        sql_key(statement, 14, key);
        row.key = key;
        call(context, &row);
    }
    return finish(statement, 1);
}

enum store_found read_each_server(struct store *store, store_server_call *call, void *context)
{
    struct sql_query *statement = prepare(store, QUERY_EACH_SERVER);
    if (statement == NULL)
        return STORE_UNREADABLE;
    while (sql_next(statement)) {
        struct server_total total = {
            .boot = sql_number(statement, 1),
            .sold = sql_number(statement, 2),
        };
        column_text(statement, 0, total.server, sizeof total.server);
        call(context, &total);
    }
    return finish(statement, 1);
}
