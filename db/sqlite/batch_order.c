#include "db/sqlite/batch_order.h"

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "db/sqlite/batch_event.h"
#include "db/sqlite/batch_list.h"
#include "db/sqlite/bind.h"
#include "db/sqlite/column.h"

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

static void read_state(sqlite3_stmt *row, const struct decide_order *order,
                       struct decide_state *state)
{
    state->state = (enum order_state)sqlite3_column_int(row, COLUMN_STATE);
    state->quantity = sqlite3_column_int(row, COLUMN_QUANTITY);
    state->first_number = sqlite3_column_int64(row, COLUMN_FIRST_NUMBER);
    state->amount = sqlite3_column_int64(row, COLUMN_AMOUNT);
    state->expires_at = sqlite3_column_int64(row, COLUMN_EXPIRES_AT);
    state->changed_at = sqlite3_column_int64(row, COLUMN_CHANGED_AT);
    state->late = sqlite3_column_int(row, COLUMN_LATE) != 0;
    state->request = order->id;
    if (sqlite3_column_type(row, COLUMN_REQUEST) == SQLITE_BLOB)
        column_bytes(row, COLUMN_REQUEST, state->request.bytes, sizeof state->request.bytes);
}

static void read_order(sqlite3_stmt *row, struct decide_order *order)
{
    column_bytes(row, COLUMN_ID, order->id.bytes, sizeof order->id.bytes);
    order->was_held = sqlite3_column_type(row, COLUMN_EXPIRES_AT) != SQLITE_NULL;
    order->created_at = sqlite3_column_int64(row, COLUMN_CREATED_AT);
    column_text(row, COLUMN_BUYER, order->name, sizeof order->name);
    column_text(row, COLUMN_SERVER, order->server, sizeof order->server);
    column_text(row, COLUMN_PAYMENT, order->payment, sizeof order->payment);
    read_state(row, order, &order->was);
}

size_t batch_order_add(struct batch *batch, sqlite3_stmt *row, size_t event)
{
    struct decide_batch *rule = &batch->rule;
    int64_t decision = sqlite3_column_int64(row, COLUMN_DECISION);
    size_t tier = tier_at(batch, event, sqlite3_column_int64(row, COLUMN_TIER));
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
static int read_owed(struct batch *batch, struct connection *connection, size_t i)
{
    struct decide_item *item = &batch->rule.items[i];
    struct decide_order *order = &batch->rule.orders[item->order];
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_OWED);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, batch->rule.events[order->event].id);
    sqlite3_bind_int64(statement, 2, order->row);
    bind_text(statement, 3, batch->rule.decisions[i].item->key);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        order->was.owed = sqlite3_column_int(statement, 0);
        if (sqlite3_column_type(statement, 1) != SQLITE_NULL)
            item->refused = column_problem(statement, 1);
    }
    return connection_done(connection, statement);
}

int batch_read_hold(struct batch *batch, struct connection *connection, size_t i)
{
    struct decide_item *item = &batch->rule.items[i];
    const struct item *asked = batch->rule.decisions[i].item;
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_HOLD);
    if (statement == NULL)
        return SQLITE_ERROR;
    int rc = SQLITE_OK;
    bool owes = false;
    bind_bytes(statement, 1, asked->order.bytes);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        owes = sqlite3_column_int(statement, COLUMN_COUNT) != 0;
        rc = batch_event_at(batch, connection, sqlite3_column_int64(statement, COLUMN_EVENT),
                            &item->event);
        if (rc == SQLITE_OK)
            item->order = batch_order_add(batch, statement, item->event);
    }
    int done = connection_done(connection, statement);
    if (rc == SQLITE_OK)
        rc = done;
    if (rc == SQLITE_OK && item->order != LOOKUP_NONE && asked->verb == VERB_CONFIRM && owes)
        rc = read_owed(batch, connection, i);
    return rc;
}

/* Whether a ticket of the order was checked in. */
static int read_used(struct batch *batch, struct connection *connection, struct decide_order *order)
{
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_USED);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, batch->rule.events[order->event].id);
    sqlite3_bind_int64(statement, 2, batch->rule.tiers[order->tier].id);
    sqlite3_bind_int64(statement, 3, order->was.first_number);
    sqlite3_bind_int64(statement, 4, order->was.first_number + order->was.quantity);
    if (sqlite3_step(statement) == SQLITE_ROW)
        order->was.used = sqlite3_column_int(statement, 0) != 0;
    return connection_done(connection, statement);
}

int batch_read_refunded(struct batch *batch, struct connection *connection, size_t i)
{
    struct decide_item *item = &batch->rule.items[i];
    if (batch->rule.events[item->event].id == 0)
        return SQLITE_OK;
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_ORDER);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, batch->rule.events[item->event].id);
    bind_bytes(statement, 2, batch->rule.decisions[i].item->order.bytes);
    if (sqlite3_step(statement) == SQLITE_ROW)
        item->order = batch_order_add(batch, statement, item->event);
    int rc = connection_done(connection, statement);
    if (rc != SQLITE_OK || item->order == LOOKUP_NONE)
        return rc;
    struct decide_order *order = &batch->rule.orders[item->order];
    return order->was.first_number == 0 ? SQLITE_OK : read_used(batch, connection, order);
}

/* The ticket in this row, as an index into the batch's list; it stands there once. */
static size_t add_ticket(struct batch *batch, sqlite3_stmt *row, size_t order, int64_t number)
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
    ticket->at = sqlite3_column_int64(row, COLUMN_COUNT);
    column_text(row, COLUMN_COUNT + 1, ticket->gate, sizeof ticket->gate);
    column_text(row, COLUMN_COUNT + 2, ticket->key, sizeof ticket->key);
    return index;
}

int batch_read_ticket(struct batch *batch, struct connection *connection, size_t i)
{
    struct decide_item *item = &batch->rule.items[i];
    const struct decision *decision = &batch->rule.decisions[i];
    size_t tier = decide_tier_named(&batch->rule, &batch->rule.events[item->event],
                                    decision->item->purchase.tier);
    if (tier == LOOKUP_NONE)
        return SQLITE_OK;
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_TICKET);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, batch->rule.events[item->event].id);
    sqlite3_bind_int64(statement, 2, batch->rule.tiers[tier].id);
    sqlite3_bind_int64(statement, 3, decision->check_in->number);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        item->order = batch_order_add(batch, statement, item->event);
        if (item->order != LOOKUP_NONE)
            item->ticket = add_ticket(batch, statement, item->order, decision->check_in->number);
    }
    return connection_done(connection, statement);
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

static int count_line(struct batch *batch, struct connection *connection,
                      const struct waiting *from, const struct waiting *to)
{
    struct decide_order *order = &batch->rule.orders[to->order];
    bool first = from == NULL || from->tier != to->tier;
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_LINE_BETWEEN);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, batch->rule.events[order->event].id);
    sqlite3_bind_int64(statement, 2, batch->rule.tiers[order->tier].id);
    sqlite3_bind_int64(statement, 3, first ? 0 : from->row);
    sqlite3_bind_int64(statement, 4, to->row);
    if (sqlite3_step(statement) == SQLITE_ROW)
        order->place = (first ? 0 : batch->rule.orders[from->order].place) +
                       sqlite3_column_int64(statement, 0);
    return connection_done(connection, statement);
}

/* However many are asked for, each line is walked once. */
int batch_read_places(struct batch *batch, struct connection *connection)
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
    int rc = SQLITE_OK;
    if (count > 0)
        qsort(line, count, sizeof *line, in_line);
    for (size_t i = 0; rc == SQLITE_OK && i < count; i++)
        rc = count_line(batch, connection, i == 0 ? NULL : &line[i - 1], &line[i]);
    free(line);
    return rc;
}
