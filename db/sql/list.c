#include "db/sql/list.h"

#include <string.h>

#include "db/sql/column.h"
#include "db/sql/list_part.h"

struct sql_query *list_query(struct store *store, enum named_query which)
{
    return sql_query(((struct sql_handle *)store)->sql, which);
}

enum store_found list_finish(struct sql_query *query, enum store_found found)
{
    return sql_end(query) == SQL_OK ? found : STORE_UNREADABLE;
}

bool list_begin(struct store *store)
{
    return sql_begin_reading(((struct sql_handle *)store)->sql);
}

enum store_found list_end(struct store *store, enum store_found found)
{
    sql_end_reading(((struct sql_handle *)store)->sql);
    return found;
}

int64_t list_page(size_t max)
{
    return max < STORE_PAGE_MAX ? (int64_t)max : STORE_PAGE_MAX;
}

enum store_found list_find_event(struct store *store, const char *name, int64_t *event)
{
    struct sql_query *query = list_query(store, QUERY_FIND_EVENT);
    if (query == NULL)
        return STORE_UNREADABLE;
    sql_bind_text(query, 1, name);
    enum store_found found = STORE_ABSENT;
    if (sql_next(query)) {
        *event = sql_number(query, 0);
        found = STORE_FOUND;
    }
    return list_finish(query, found);
}

enum store_found list_each_due(struct store *store, int64_t now, store_due_call *call,
                               void *context)
{
    struct sql_query *query = list_query(store, QUERY_EACH_DUE);
    if (query == NULL)
        return STORE_UNREADABLE;
    sql_bind_number(query, 1, now);
    while (sql_next(query)) {
        char event[NAME_SIZE];
        column_text(query, 0, event, sizeof event);
        call(context, event);
    }
    return list_finish(query, STORE_FOUND);
}

static void column_owed(struct sql_query *row, struct owed *owed)
{
    size_t length;
    memset(owed, 0, sizeof *owed);
    column_bytes(row, 0, owed->order.bytes, sizeof owed->order.bytes);
    column_text(row, 1, owed->event, sizeof owed->event);
    column_text(row, 2, owed->reference, sizeof owed->reference);
    column_text(row, 3, owed->currency, sizeof owed->currency);
    owed->amount = sql_number(row, 4);
    owed->at = sql_number(row, 5);
    owed->reason = problem_from_code(sql_text(row, 6, &length));
    owed->settled_at = sql_number(row, 7);
}

/* Inside a reading: both queries have the time of one. No event ever goes, so they need not be of one moment. */
static enum store_found read_owed(struct store *store, const char *event, int64_t after, size_t max,
                                  store_owed_call *call, void *context)
{
    int64_t number = 0;
    enum store_found found = list_find_event(store, event, &number);
    struct sql_query *query = found == STORE_FOUND ? list_query(store, QUERY_LIST_OWED) : NULL;
    if (query == NULL)
        return found == STORE_FOUND ? STORE_UNREADABLE : found;
    sql_bind_number(query, 1, number);
    sql_bind_number(query, 2, after);
    sql_bind_number(query, 3, list_page(max));
    while (sql_next(query)) {
        struct owed owed;
        column_owed(query, &owed);
        call(context, sql_number(query, 8), &owed);
    }
    return list_finish(query, STORE_FOUND);
}

enum store_found list_owed(struct store *store, const char *event, int64_t after, size_t max,
                           store_owed_call *call, void *context)
{
    if (!list_begin(store))
        return STORE_UNREADABLE;
    return list_end(store, read_owed(store, event, after, max, call, context));
}
