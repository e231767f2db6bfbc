#include <string.h>

#include "db/sql/column.h"
#include "db/sql/list.h"
#include "db/sql/list_part.h"

/* The columns of QUERY_READ_HOLD, QUERY_LIST_ORDERS and QUERY_EACH_HOLD. */
enum {
    COLUMN_EVENT = 16,
    COLUMN_TIER,
    COLUMN_DECISION,
    COLUMN_ROUTER, /* of QUERY_EACH_HOLD */
};

static void column_order(struct sql_query *row, struct order *order)
{
    memset(order, 0, sizeof *order);
    column_sale(row, &order->sale);
    column_text(row, 13, order->payment, sizeof order->payment);
    order->changed_at = sql_number(row, 14);
    order->late = (int)sql_number(row, 15) != 0;
}

static bool count_place(struct store *store, struct sql_query *row, int64_t *place)
{
    struct sql_query *query = list_query(store, QUERY_PLACE);
    if (query == NULL)
        return false;
    sql_bind_number(query, 1, sql_number(row, COLUMN_EVENT));
    sql_bind_number(query, 2, sql_number(row, COLUMN_TIER));
    sql_bind_number(query, 3, sql_number(row, COLUMN_DECISION));
    sql_bind_number(query, 4, ORDER_PLACE_MAX);
    if (sql_next(query))
        *place = sql_number(query, 0);
    return list_finish(query, STORE_FOUND) == STORE_FOUND;
}

/* Inside a reading: both queries see one moment. */
static enum store_found read_hold(struct store *store, const struct id *id, struct order *order)
{
    struct sql_query *query = list_query(store, QUERY_READ_HOLD);
    if (query == NULL)
        return STORE_UNREADABLE;
    sql_bind_bytes(query, 1, id->bytes, 16);
    enum store_found found = STORE_ABSENT;
    if (sql_next(query)) {
        column_order(query, order);
        found = STORE_FOUND;
        if (order->sale.state == ORDER_WAITING && !count_place(store, query, &order->place))
            found = STORE_UNREADABLE;
    }
    return list_finish(query, found);
}

enum store_found list_read_hold(struct store *store, const struct id *id, struct order *order)
{
    return list_begin(store) ? list_end(store, read_hold(store, id, order)) : STORE_UNREADABLE;
}

enum store_found list_each_hold(struct store *store, store_hold_call *call, void *context)
{
    struct sql_query *query = list_query(store, QUERY_EACH_HOLD);
    if (query == NULL)
        return STORE_UNREADABLE;
    while (sql_next(query)) {
        struct store_hold_row row;
        size_t length;
        column_order(query, &row.order);
        row.router = sql_text(query, COLUMN_ROUTER, &length);
        call(context, &row);
    }
    return list_finish(query, STORE_FOUND);
}

/* Places in the lines of one event's tiers: so many wait there before the page, or before the next one on it. Read where
 * the first one that waits is met. */
struct lines {
    int64_t after; /* the page begins behind it */
    bool read;
    size_t count;
    struct {
        int64_t tier, place;
    } line[STORE_TIERS_MAX];
};

static bool read_lines(struct store *store, int64_t event, struct lines *lines)
{
    struct sql_query *query = list_query(store, QUERY_PLACES);
    if (query == NULL)
        return false;
    sql_bind_number(query, 1, event);
    sql_bind_number(query, 2, lines->after);
    sql_bind_number(query, 3, ORDER_PLACE_MAX);
    while (lines->count < STORE_TIERS_MAX && sql_next(query)) {
        lines->line[lines->count].tier = sql_number(query, 0);
        lines->line[lines->count++].place = sql_number(query, 1);
    }
    lines->read = true;
    return list_finish(query, STORE_FOUND) == STORE_FOUND;
}

/* The orders that wait in a line come in its order. */
static bool next_place(struct store *store, struct sql_query *row, struct lines *lines,
                       int64_t *place)
{
    if (!lines->read && !read_lines(store, sql_number(row, COLUMN_EVENT), lines))
        return false;
    for (size_t i = 0; i < lines->count; i++) {
        if (lines->line[i].tier != sql_number(row, COLUMN_TIER))
            continue;
        if (lines->line[i].place < ORDER_PLACE_MAX)
            lines->line[i].place++;
        *place = lines->line[i].place;
    }
    return true;
}

/* Inside a reading, as read_hold is. */
static enum store_found read_orders(struct store *store, const char *event, int64_t after,
                                    size_t max, store_order_call *call, void *context)
{
    struct lines lines = {.after = after};
    int64_t number = 0;
    enum store_found found = list_find_event(store, event, &number);
    struct sql_query *query = found == STORE_FOUND ? list_query(store, QUERY_LIST_ORDERS) : NULL;
    if (query == NULL)
        return found == STORE_FOUND ? STORE_UNREADABLE : found;
    sql_bind_number(query, 1, number);
    sql_bind_number(query, 2, after);
    sql_bind_number(query, 3, list_page(max));
    while (found == STORE_FOUND && sql_next(query)) {
        struct order order;
        column_order(query, &order);
        if (order.sale.state == ORDER_WAITING && !next_place(store, query, &lines, &order.place))
            found = STORE_UNREADABLE;
        else
            call(context, sql_number(query, COLUMN_DECISION), &order);
    }
    return list_finish(query, found);
}

enum store_found list_orders(struct store *store, const char *event, int64_t after, size_t max,
                             store_order_call *call, void *context)
{
    if (!list_begin(store))
        return STORE_UNREADABLE;
    return list_end(store, read_orders(store, event, after, max, call, context));
}
