#include "db/sql/batch_order.h"

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "db/sql/batch_event.h"
#include "db/sql/batch_list.h"
#include "db/sql/column.h"

enum {
    COLUMN_DECISION,
    COLUMN_EVENT,
    COLUMN_TIER,
    COLUMN_ID,
    COLUMN_STATE,
    COLUMN_QUANTITY,
    COLUMN_FIRST_NUMBER,
    COLUMN_AMOUNT,
    COLUMN_BUYER,
    COLUMN_SERVER,
    COLUMN_CREATED_AT,
    COLUMN_EXPIRES_AT,
    COLUMN_CHANGED_AT,
    COLUMN_PAYMENT,
    COLUMN_REQUEST,
    COLUMN_LATE,
    COLUMN_COUNT, /* what else there is of a ticket, or of a hold, begins here */
};

static size_t tier_at(const struct batch *batch, size_t event, int64_t row)
{
    const struct decide_event *found = &batch->rule.events[event];
    for (size_t i = found->first_tier; i < found->first_tier + found->tiers; i++)
        if (batch->rule.tiers[i].id == row)
            return i;
    return LOOKUP_NONE;
}

static void read_state(struct sql_query *row, const struct decide_order *order,
                       struct decide_state *state)
{
    state->state = (enum order_state)sql_number(row, COLUMN_STATE);
    state->quantity = (int)sql_number(row, COLUMN_QUANTITY);
    state->first_number = sql_number(row, COLUMN_FIRST_NUMBER);
    state->amount = sql_number(row, COLUMN_AMOUNT);
    state->expires_at = sql_number(row, COLUMN_EXPIRES_AT);
    state->changed_at = sql_number(row, COLUMN_CHANGED_AT);
    state->late = (int)sql_number(row, COLUMN_LATE) != 0;
    state->request = order->id;
    if (!sql_is_null(row, COLUMN_REQUEST))
        column_bytes(row, COLUMN_REQUEST, state->request.bytes, sizeof state->request.bytes);
}

static void read_order(struct sql_query *row, struct decide_order *order)
{
    column_bytes(row, COLUMN_ID, order->id.bytes, sizeof order->id.bytes);
    order->was_held = !sql_is_null(row, COLUMN_EXPIRES_AT);
    order->created_at = sql_number(row, COLUMN_CREATED_AT);
    column_text(row, COLUMN_BUYER, order->name, sizeof order->name);
    column_text(row, COLUMN_SERVER, order->server, sizeof order->server);
    column_text(row, COLUMN_PAYMENT, order->payment, sizeof order->payment);
    read_state(row, order, &order->was);
}

size_t batch_order_add(struct batch *batch, struct sql_query *row, size_t event)
{
    struct decide_batch *rule = &batch->rule;
    int64_t decision = sql_number(row, COLUMN_DECISION);
    size_t tier = tier_at(batch, event, sql_number(row, COLUMN_TIER));
    size_t index = lookup_find(&batch->orders, (size_t)decision, "");
    if (index != LOOKUP_NONE || tier == LOOKUP_NONE)
        return index;
    rule->orders = batch_list_grow(rule->orders, rule->order_count, 1, &batch->room.orders,
                                   sizeof *rule->orders);
    index = rule->order_count++;
    lookup_add(&batch->orders, (size_t)decision, "", index);
    rule->orders[index] = (struct decide_order){
        .row = decision,
        .event = event,
        .tier = tier,
        .buyer = LOOKUP_NONE,
        .item = LOOKUP_NONE,
        .behind = LOOKUP_NONE,
    };
    read_order(row, &rule->orders[index]);
    rule->tiers[tier].named += rule->orders[index].was.quantity;
    return index;
}

/* --- what an item names ------------------------------------------------------------------------ */

/* What is owed of the order that is confirmed, and whether this payment is. */
static enum sql_result read_owed(struct batch *batch, struct sql *sql, size_t i)
{
    struct decide_item *item = &batch->rule.items[i];
    struct decide_order *order = &batch->rule.orders[item->order];
    struct sql_query *statement = sql_query(sql, QUERY_OWED);
    if (statement == NULL)
        return SQL_FAILED;
    sql_bind_number(statement, 1, batch->rule.events[order->event].id);
    sql_bind_number(statement, 2, order->row);
    sql_bind_text(statement, 3, batch->rule.decisions[i].item->key);
    if (sql_next(statement)) {
        order->was.owed = (int)sql_number(statement, 0);
        if (!sql_is_null(statement, 1))
            item->refused = column_problem(statement, 1);
    }
    return sql_end(statement);
}

static struct sql_query *ask_hold(struct sql *sql, const struct item *item)
{
    struct sql_query *statement = sql_query(sql, QUERY_HOLD);
    if (statement != NULL)
        sql_bind_bytes(statement, 1, item->order.bytes, 16);
    return statement;
}

enum sql_result batch_read_hold(struct batch *batch, struct sql *sql, size_t i)
{
    struct decide_item *item = &batch->rule.items[i];
    const struct item *asked = batch->rule.decisions[i].item;
    struct sql_query *statement = ask_hold(sql, asked);
    if (statement == NULL)
        return SQL_FAILED;
    enum sql_result rc = SQL_OK;
    bool owes = false;
    if (sql_next(statement)) {
        owes = (int)sql_number(statement, COLUMN_COUNT) != 0;
        rc = batch_event_at(batch, sql, sql_number(statement, COLUMN_EVENT), &item->event);
        if (rc == SQL_OK)
            item->order = batch_order_add(batch, statement, item->event);
    }
    enum sql_result done = sql_end(statement);
    if (rc == SQL_OK)
        rc = done;
    if (rc == SQL_OK && item->order != LOOKUP_NONE && asked->verb == VERB_CONFIRM && owes)
        rc = read_owed(batch, sql, i);
    return rc;
}

/* Whether a ticket of the order was checked in. */
static enum sql_result read_used(struct batch *batch, struct sql *sql, struct decide_order *order)
{
    struct sql_query *statement = sql_query(sql, QUERY_USED);
    if (statement == NULL)
        return SQL_FAILED;
    sql_bind_number(statement, 1, batch->rule.events[order->event].id);
    sql_bind_number(statement, 2, batch->rule.tiers[order->tier].id);
    sql_bind_number(statement, 3, order->was.first_number);
    sql_bind_number(statement, 4, order->was.first_number + order->was.quantity);
    if (sql_next(statement))
        order->was.used = (int)sql_number(statement, 0) != 0;
    return sql_end(statement);
}

static struct sql_query *ask_order(const struct batch *batch, struct sql *sql, size_t i)
{
    struct sql_query *statement = sql_query(sql, QUERY_ORDER);
    if (statement == NULL)
        return NULL;
    sql_bind_number(statement, 1, batch->rule.events[batch->rule.items[i].event].id);
    sql_bind_bytes(statement, 2, batch->rule.decisions[i].item->order.bytes, 16);
    return statement;
}

enum sql_result batch_read_refunded(struct batch *batch, struct sql *sql, size_t i)
{
    struct decide_item *item = &batch->rule.items[i];
    if (batch->rule.events[item->event].id == 0)
        return SQL_OK;
    struct sql_query *statement = ask_order(batch, sql, i);
    if (statement == NULL)
        return SQL_FAILED;
    if (sql_next(statement))
        item->order = batch_order_add(batch, statement, item->event);
    enum sql_result rc = sql_end(statement);
    if (rc != SQL_OK || item->order == LOOKUP_NONE)
        return rc;
    struct decide_order *order = &batch->rule.orders[item->order];
    return order->was.first_number == 0 ? SQL_OK : read_used(batch, sql, order);
}

/* The ticket in this row, as an index into the batch's list; it stands there once. */
static size_t add_ticket(struct batch *batch, struct sql_query *row, size_t order, int64_t number)
{
    struct decide_batch *rule = &batch->rule;
    const struct decide_state *sold = &rule->orders[order].was;
    int64_t offset = number - sold->first_number;
    if (offset < 0 || offset >= sold->quantity)
        return LOOKUP_NONE;
    size_t scope = order * QUANTITY_MAX + (size_t)offset;
    size_t index = lookup_find(&batch->tickets, scope, "");
    if (index != LOOKUP_NONE)
        return index;
    rule->tickets = batch_list_grow(rule->tickets, rule->ticket_count, 1, &batch->room.tickets,
                                    sizeof *rule->tickets);
    index = rule->ticket_count++;
    lookup_add(&batch->tickets, scope, "", index);
    struct decide_ticket *ticket = &rule->tickets[index];
    *ticket = (struct decide_ticket){.order = order, .number = number, .item = LOOKUP_NONE};
    ticket->at = sql_number(row, COLUMN_COUNT);
    column_text(row, COLUMN_COUNT + 1, ticket->gate, sizeof ticket->gate);
    column_text(row, COLUMN_COUNT + 2, ticket->key, sizeof ticket->key);
    return index;
}

static size_t tier_of_ticket(const struct batch *batch, size_t i)
{
    return decide_tier_named(&batch->rule, &batch->rule.events[batch->rule.items[i].event],
                             batch->rule.decisions[i].item->purchase.tier);
}

static struct sql_query *ask_ticket(const struct batch *batch, struct sql *sql, size_t i,
                                    size_t tier)
{
    struct sql_query *statement = sql_query(sql, QUERY_TICKET);
    if (statement == NULL)
        return NULL;
    sql_bind_number(statement, 1, batch->rule.events[batch->rule.items[i].event].id);
    sql_bind_number(statement, 2, batch->rule.tiers[tier].id);
    sql_bind_number(statement, 3, batch->rule.decisions[i].check_in->number);
    return statement;
}

enum sql_result batch_read_ticket(struct batch *batch, struct sql *sql, size_t i)
{
    struct decide_item *item = &batch->rule.items[i];
    const struct decision *decision = &batch->rule.decisions[i];
    size_t tier = tier_of_ticket(batch, i);
    if (tier == LOOKUP_NONE)
        return SQL_OK;
    struct sql_query *statement = ask_ticket(batch, sql, i, tier);
    if (statement == NULL)
        return SQL_FAILED;
    if (sql_next(statement)) {
        item->order = batch_order_add(batch, statement, item->event);
        if (item->order != LOOKUP_NONE)
            item->ticket = add_ticket(batch, statement, item->order, decision->check_in->number);
    }
    return sql_end(statement);
}

void batch_tell_named(const struct batch *batch, struct sql *sql, size_t i)
{
    const struct item *item = batch->rule.decisions[i].item;
    size_t tier = item->verb == VERB_CHECK_IN ? tier_of_ticket(batch, i) : LOOKUP_NONE;
    if (item->verb == VERB_CONFIRM || item->verb == VERB_RELEASE)
        sql_ahead(ask_hold(sql, item));
    else if (item->verb == VERB_REFUND && batch->rule.events[batch->rule.items[i].event].id != 0)
        sql_ahead(ask_order(batch, sql, i));
    else if (tier != LOOKUP_NONE)
        sql_ahead(ask_ticket(batch, sql, i, tier));
}

/* --- places ------------------------------------------------------------------------------------ */

/* One that waits, as it is sorted. */
struct waiting {
    size_t tier;
    int64_t row;
    size_t order;
};

static int in_line(const void *a, const void *b)
{
    const struct waiting *first = a;
    const struct waiting *second = b;
    if (first->tier != second->tier)
        return first->tier < second->tier ? -1 : 1;
    return first->row < second->row ? -1 : first->row > second->row;
}

static enum sql_result count_line(struct batch *batch, struct sql *sql, const struct waiting *from,
                                  const struct waiting *to)
{
    struct decide_order *order = &batch->rule.orders[to->order];
    bool first = from == NULL || from->tier != to->tier;
    struct sql_query *statement = sql_query(sql, QUERY_LINE_BETWEEN);
    if (statement == NULL)
        return SQL_FAILED;
    sql_bind_number(statement, 1, batch->rule.events[order->event].id);
    sql_bind_number(statement, 2, batch->rule.tiers[order->tier].id);
    sql_bind_number(statement, 3, first ? 0 : from->row);
    sql_bind_number(statement, 4, to->row);
    if (sql_next(statement))
        order->place =
            (first ? 0 : batch->rule.orders[from->order].place) + sql_number(statement, 0);
    return sql_end(statement);
}

/* However many are asked for, each line is walked once. */
enum sql_result batch_read_places(struct batch *batch, struct sql *sql)
{
    struct waiting *line = NULL;
    size_t count = 0, room = 0;
    for (size_t i = 0; i < batch->rule.count; i++) {
        const struct decide_item *item = &batch->rule.items[i];
        if (!item->known || item->order == LOOKUP_NONE)
            continue;
        const struct decide_order *order = &batch->rule.orders[item->order];
        if (order->was.state != ORDER_WAITING)
            continue;
        line = batch_list_grow(line, count, 1, &room, sizeof *line);
        line[count++] = (struct waiting){order->tier, order->row, item->order};
    }
    enum sql_result rc = SQL_OK;
    if (count > 0)
        qsort(line, count, sizeof *line, in_line);
    for (size_t i = 0; rc == SQL_OK && i < count; i++)
        rc = count_line(batch, sql, i == 0 ? NULL : &line[i - 1], &line[i]);
    free(line);
    return rc;
}
