#include "db/sql/column.h"
#include "db/sql/list.h"
#include "db/sql/list_part.h"

static void column_ticket(struct sql_query *row, struct ticket *ticket)
{
    column_text(row, 0, ticket->event, sizeof ticket->event);
    column_text(row, 1, ticket->tier, sizeof ticket->tier);
    ticket->number = sql_number(row, 2);
    column_bytes(row, 3, ticket->order.bytes, sizeof ticket->order.bytes);
    column_text(row, 4, ticket->buyer, sizeof ticket->buyer);
    ticket->refunded = (int)sql_number(row, 5) != 0;
    ticket->checked_in_at = sql_number(row, 6);
    column_text(row, 7, ticket->gate, sizeof ticket->gate);
}

static enum store_found each_ticket(struct sql_query *query, store_ticket_call *call, void *context)
{
    while (sql_next(query)) {
        struct ticket ticket;
        column_ticket(query, &ticket);
        call(context, &ticket);
    }
    return list_finish(query, STORE_FOUND);
}

/* Inside a reading: both queries have the time of one. No event ever goes, so they need not be of one moment. */
static enum store_found read_page(struct store *store, const char *event, const char *after_tier,
                                  int64_t after_number, size_t max, store_ticket_call *call,
                                  void *context)
{
    int64_t number = 0;
    enum store_found found = list_find_event(store, event, &number);
    struct sql_query *query = found == STORE_FOUND ? list_query(store, QUERY_LIST_TICKETS) : NULL;
    if (query == NULL)
        return found == STORE_FOUND ? STORE_UNREADABLE : found;
    sql_bind_number(query, 1, number);
    sql_bind_text(query, 2, after_tier);
    sql_bind_number(query, 3, after_number);
    sql_bind_number(query, 4, list_page(max));
    return each_ticket(query, call, context);
}

enum store_found list_tickets(struct store *store, const char *event, const char *after_tier,
                              int64_t after_number, size_t max, store_ticket_call *call,
                              void *context)
{
    if (!list_begin(store))
        return STORE_UNREADABLE;
    return list_end(store, read_page(store, event, after_tier, after_number, max, call, context));
}

/* The row of a sale of this event, and the event's. */
static enum store_found find_sale(struct store *store, const char *event, const struct id *id,
                                  int64_t *decision, int64_t *event_row)
{
    struct sql_query *query = list_query(store, QUERY_FIND_SALE);
    if (query == NULL)
        return STORE_UNREADABLE;
    sql_bind_text(query, 1, event);
    sql_bind_bytes(query, 2, id->bytes, 16);
    enum store_found found = STORE_ABSENT;
    if (sql_next(query)) {
        *decision = sql_number(query, 0);
        *event_row = sql_number(query, 1);
        found = STORE_FOUND;
    }
    return list_finish(query, found);
}

/* Inside a reading, as a page is. */
static enum store_found read_sold(struct store *store, const char *event, const struct id *id,
                                  store_ticket_call *call, void *context)
{
    int64_t decision = 0, event_row = 0;
    enum store_found found = find_sale(store, event, id, &decision, &event_row);
    struct sql_query *query = found == STORE_FOUND ? list_query(store, QUERY_READ_TICKETS) : NULL;
    if (query == NULL)
        return found == STORE_FOUND ? STORE_UNREADABLE : found;
    sql_bind_number(query, 1, decision);
    sql_bind_number(query, 2, event_row);
    return each_ticket(query, call, context);
}

enum store_found list_read_tickets(struct store *store, const char *event, const struct id *id,
                                   store_ticket_call *call, void *context)
{
    if (!list_begin(store))
        return STORE_UNREADABLE;
    return list_end(store, read_sold(store, event, id, call, context));
}
