#include "db/sqlite/spans.h"

bool spans_note(struct connection *connection, size_t count)
{
    sqlite3_stmt *query = connection_query(connection, QUERY_NOTE_SPANS);
    if (query == NULL)
        return false;
    sqlite3_bind_int64(query, 1, (sqlite3_int64)count);
    return connection_run(connection, query) == SQLITE_OK;
}
