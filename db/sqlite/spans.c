#include "db/sqlite/spans.h"

bool spans_begin(struct connection *connection, int64_t *last)
{
    sqlite3_stmt *query = connection_query(connection, QUERY_LAST_DECISION);
    if (query == NULL)
        return false;
    *last = sqlite3_step(query) == SQLITE_ROW ? sqlite3_column_int64(query, 0) : 0;
    return connection_done(connection, query) == SQLITE_OK;
}

bool spans_note(struct connection *connection, int64_t last)
{
    sqlite3_stmt *query = connection_query(connection, QUERY_NOTE_SPANS);
    if (query == NULL)
        return false;
    sqlite3_bind_int64(query, 1, last);
    return connection_run(connection, query) == SQLITE_OK;
}
