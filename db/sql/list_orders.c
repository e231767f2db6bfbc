#include <string.h>

#include "db/sql/column.h"
#include "db/sql/handle.h"
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

/* Places in the lines of one event's tiers. The orders that wait in a line come in its order: only the first that
 * is met is counted. */
struct lines {
    size_t count;
    struct {
        int64_t tier, place;
    } line[STORE_TIERS_MAX];
};

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

static bool next_place(struct store *store, struct sql_query *row, struct lines *lines,
                       int64_t *place)
{
    int64_t tier = sql_number(row, COLUMN_TIER);
    for (size_t i = 0; i < lines->count; i++) {
        if (lines->line[i].tier != tier)
            continue;
        if (lines->line[i].place < ORDER_PLACE_MAX)
            lines->line[i].place++;
        *place = lines->line[i].place;
        return true;
    }
    if (!count_place(store, row, place))
        return false;
    if (lines->count < STORE_TIERS_MAX) {
        lines->line[lines->count].tier = tier;
        lines->line[lines->count++].place = *place;
    }
    return true;
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
    struct sql *sql = ((struct sql_handle *)store)->sql;
    if (!sql_begin_reading(sql))
        return STORE_UNREADABLE;
    enum store_found found = read_hold(store, id, order);
    sql_end_reading(sql);
    return found;
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

/* Inside a reading, as read_hold is. */
static enum store_found read_orders(struct store *store, int64_t event, int64_t after, size_t max,
                                    store_order_call *call, void *context)
{
    struct lines lines = {.count = 0};
    enum store_found found = STORE_FOUND;
    struct sql_query *query = list_query(store, QUERY_LIST_ORDERS);
    if (query == NULL)
        return STORE_UNREADABLE;
    sql_bind_number(query, 1, event);
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
    int64_t number = 0;
    struct sql *sql = ((struct sql_handle *)store)->sql;
    enum store_found found = list_find_event(store, event, &number);
    if (found != STORE_FOUND)
        return found;
    if (!sql_begin_reading(sql))
        return STORE_UNREADABLE;
    found = read_orders(store, number, after, max, call, context);
    sql_end_reading(sql);
    return found;
}
