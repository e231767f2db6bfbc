#include "db/sqlite/spans.h"

#include <stdio.h>

enum {
    DECISION_BITS = 8, /* of a decision's number, within its span */
};

int spans_note(struct span_noted *last, struct connection *connection, int64_t event,
               int64_t decision)
{
    int64_t span = decision >> DECISION_BITS;
    if (event == last->event && span == last->span)
        return SQLITE_OK;
    sqlite3_stmt *statement = connection_query(connection, QUERY_ADD_SPAN);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, event);
    sqlite3_bind_int64(statement, 2, span);
    int rc = connection_run(connection, statement);
    if (rc == SQLITE_OK)
        *last = (struct span_noted){.event = event, .span = span};
    return rc;
}

bool spans_note_all(struct connection *connection)
{
    char sql[160];
    snprintf(sql, sizeof sql,
             "INSERT INTO order_spans (event, span)"
             "  SELECT DISTINCT event, decision >> %d FROM decisions WHERE id IS NOT NULL",
             DECISION_BITS);
    return connection_execute(connection, sql);
}
