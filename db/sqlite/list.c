#include "db/sqlite/list.h"

#include <string.h>

#include "db/sqlite/bind.h"
#include "db/sqlite/column.h"
#include "db/sqlite/list_part.h"

sqlite3_stmt *list_query(struct store *store, enum store_query which)
{
    return connection_query(&((struct handle *)store)->connection, which);
}

enum store_found list_finish(struct store *store, sqlite3_stmt *query, enum store_found found)
{
    int rc = connection_done(&((struct handle *)store)->connection, query);
    return rc == SQLITE_OK ? found : STORE_UNREADABLE;
}

sqlite3_int64 list_page(size_t max)
{
    return max < STORE_PAGE_MAX ? (sqlite3_int64)max : STORE_PAGE_MAX;
}

enum store_found list_find_event(struct store *store, const char *name, int64_t *event)
{
    sqlite3_stmt *query = list_query(store, QUERY_FIND_EVENT);
    if (query == NULL)
        return STORE_UNREADABLE;
    bind_text(query, 1, name);
    enum store_found found = STORE_ABSENT;
    if (sqlite3_step(query) == SQLITE_ROW) {
        *event = sqlite3_column_int64(query, 0);
        found = STORE_FOUND;
    }
    return list_finish(store, query, found);
}

static void column_terms(sqlite3_stmt *row, struct event_terms *terms)
{
    column_text(row, 0, terms->name, sizeof terms->name);
    column_text(row, 1, terms->title, sizeof terms->title);
    column_text(row, 2, terms->zone, sizeof terms->zone);
    terms->starts_at = sqlite3_column_int64(row, 3);
    terms->sale_from = sqlite3_column_int64(row, 4);
    terms->sale_until = sqlite3_column_int64(row, 5);
    terms->buyer_limit = sqlite3_column_int64(row, 6);
    terms->hold_seconds = sqlite3_column_int64(row, 7);
    terms->waiting_list = sqlite3_column_int(row, 8) != 0;
    terms->closed = sqlite3_column_int(row, 9) != 0;
}

enum store_found list_read_event(struct store *store, const char *event, struct event_terms *terms)
{
    sqlite3_stmt *query = list_query(store, QUERY_READ_EVENT);
    if (query == NULL)
        return STORE_UNREADABLE;
    bind_text(query, 1, event);
    enum store_found found = STORE_ABSENT;
    if (sqlite3_step(query) == SQLITE_ROW) {
        column_terms(query, terms);
        found = STORE_FOUND;
    }
    return list_finish(store, query, found);
}

enum store_found list_events(struct store *store, const char *after, size_t max,
                             store_event_call *call, void *context)
{
    sqlite3_stmt *query = list_query(store, QUERY_LIST_EVENTS);
    if (query == NULL)
        return STORE_UNREADABLE;
    bind_text(query, 1, after);
    sqlite3_bind_int64(query, 2, list_page(max));
    while (sqlite3_step(query) == SQLITE_ROW) {
        struct event_terms terms;
        column_terms(query, &terms);
        call(context, &terms);
    }
    return list_finish(store, query, STORE_FOUND);
}

enum store_found list_each_due(struct store *store, int64_t now, store_due_call *call,
                               void *context)
{
    sqlite3_stmt *query = list_query(store, QUERY_EACH_DUE);
    if (query == NULL)
        return STORE_UNREADABLE;
    sqlite3_bind_int64(query, 1, now);
    while (sqlite3_step(query) == SQLITE_ROW) {
        char event[NAME_SIZE];
        column_text(query, 0, event, sizeof event);
        call(context, event);
    }
    return list_finish(store, query, STORE_FOUND);
}

static void column_owed(sqlite3_stmt *row, struct owed *owed)
{
    const char *reason = (const char *)sqlite3_column_text(row, 6);
    memset(owed, 0, sizeof *owed);
    column_bytes(row, 0, owed->order.bytes, sizeof owed->order.bytes);
    column_text(row, 1, owed->event, sizeof owed->event);
    column_text(row, 2, owed->reference, sizeof owed->reference);
    column_text(row, 3, owed->currency, sizeof owed->currency);
    owed->amount = sqlite3_column_int64(row, 4);
    owed->at = sqlite3_column_int64(row, 5);
    owed->reason = reason == NULL ? PROBLEM_NONE : problem_from_code(reason);
    owed->settled_at = sqlite3_column_int64(row, 7);
}

enum store_found list_owed(struct store *store, const char *event, int64_t after, size_t max,
                           store_owed_call *call, void *context)
{
    int64_t number = 0;
    enum store_found found = list_find_event(store, event, &number);
    sqlite3_stmt *query = list_query(store, QUERY_LIST_OWED);
    if (found != STORE_FOUND || query == NULL)
        return query == NULL ? STORE_UNREADABLE : found;
    sqlite3_bind_int64(query, 1, number);
    sqlite3_bind_int64(query, 2, after);
    sqlite3_bind_int64(query, 3, list_page(max));
    while (sqlite3_step(query) == SQLITE_ROW) {
        struct owed owed;
        column_owed(query, &owed);
        call(context, sqlite3_column_int64(query, 8), &owed);
    }
    return list_finish(store, query, STORE_FOUND);
}
