#include "db/sqlite/bind.h"
#include "db/sqlite/column.h"
#include "db/sqlite/list.h"
#include "db/sqlite/list_part.h"

static void column_ticket(sqlite3_stmt *row, struct ticket *ticket)
{
    column_text(row, 0, ticket->event, sizeof ticket->event);
    column_text(row, 1, ticket->tier, sizeof ticket->tier);
    ticket->number = sqlite3_column_int64(row, 2);
    column_bytes(row, 3, ticket->order.bytes, sizeof ticket->order.bytes);
    column_text(row, 4, ticket->buyer, sizeof ticket->buyer);
    ticket->refunded = sqlite3_column_int(row, 5) != 0;
    ticket->checked_in_at = sqlite3_column_int64(row, 6);
    column_text(row, 7, ticket->gate, sizeof ticket->gate);
}

static enum store_found each_ticket(struct store *store, sqlite3_stmt *query,
                                    store_ticket_call *call, void *context)
{
    while (sqlite3_step(query) == SQLITE_ROW) {
        struct ticket ticket;
        column_ticket(query, &ticket);
        call(context, &ticket);
    }
    return list_finish(store, query, STORE_FOUND);
}

enum store_found list_tickets(struct store *store, const char *event, const char *after_tier,
                              int64_t after_number, size_t max, store_ticket_call *call,
                              void *context)
{
    int64_t number = 0;
    enum store_found found = list_find_event(store, event, &number);
    sqlite3_stmt *query = list_query(store, QUERY_LIST_TICKETS);
    if (found != STORE_FOUND || query == NULL)
        return query == NULL ? STORE_UNREADABLE : found;
    sqlite3_bind_int64(query, 1, number);
    bind_text(query, 2, after_tier);
    sqlite3_bind_int64(query, 3, after_number);
    sqlite3_bind_int64(query, 4, list_page(max));
    return each_ticket(store, query, call, context);
}

/* The row of a sale of this event. */
static enum store_found find_sale(struct store *store, const char *event, const struct id *id,
                                  int64_t *decision)
{
    sqlite3_stmt *query = list_query(store, QUERY_FIND_SALE);
    if (query == NULL)
        return STORE_UNREADABLE;
    bind_text(query, 1, event);
    bind_bytes(query, 2, id->bytes);
    enum store_found found = STORE_ABSENT;
    if (sqlite3_step(query) == SQLITE_ROW) {
        *decision = sqlite3_column_int64(query, 0);
        found = STORE_FOUND;
    }
    return list_finish(store, query, found);
}

enum store_found list_read_tickets(struct store *store, const char *event, const struct id *id,
                                   store_ticket_call *call, void *context)
{
    int64_t decision = 0;
    enum store_found found = find_sale(store, event, id, &decision);
    sqlite3_stmt *query = list_query(store, QUERY_READ_TICKETS);
    if (found != STORE_FOUND || query == NULL)
        return query == NULL ? STORE_UNREADABLE : found;
    sqlite3_bind_int64(query, 1, decision);
    return each_ticket(store, query, call, context);
}
