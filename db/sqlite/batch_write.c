#include "db/sqlite/batch_write.h"

#include "db/sqlite/batch_count.h"
#include "db/sqlite/bind.h"

/* What every decision's row begins with. */
static void bind_head(const struct batch *batch, sqlite3_stmt *statement, size_t i)
{
    const struct decision *decision = &batch->rule.decisions[i];
    sqlite3_bind_int64(statement, 1, batch->rule.events[batch->rule.items[i].event].id);
    bind_key(statement, 2, decision->item->key);
    bind_bytes(statement, 3, decision->fingerprint);
    sqlite3_bind_int64(statement, 4, batch->rule.now);
}

/* What a sale and a hold have in common. */
static void bind_order(const struct batch *batch, sqlite3_stmt *statement, size_t i)
{
    const struct decision *decision = &batch->rule.decisions[i];
    const struct sale *sale = &decision->outcome.sale;
    bind_head(batch, statement, i);
    bind_bytes(statement, 5, sale->id.bytes);
    sqlite3_bind_int64(statement, 6, batch->rule.tiers[batch->rule.items[i].tier].id);
    sqlite3_bind_int(statement, 7, sale->quantity);
    sqlite3_bind_int64(statement, 8, sale->amount);
    bind_text(statement, 9, sale->currency);
    bind_text(statement, 10, sale->buyer);
    bind_text(statement, 11, sale->server);
    bind_text(statement, 12, decision->router);
}

static int add_sale(const struct batch *batch, struct connection *connection, size_t i)
{
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_ADD_SALE);
    if (statement == NULL)
        return SQLITE_ERROR;
    bind_order(batch, statement, i);
    sqlite3_bind_int64(statement, 13, batch->rule.decisions[i].outcome.sale.first_number);
    return connection_run(connection, statement);
}

/* Held, or with expires_at 0 waiting. */
static int add_hold(const struct batch *batch, struct connection *connection, size_t i)
{
    const struct sale *sale = &batch->rule.decisions[i].outcome.sale;
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_ADD_HOLD);
    if (statement == NULL)
        return SQLITE_ERROR;
    bind_order(batch, statement, i);
    sqlite3_bind_int(statement, 13, (int)sale->state);
    sqlite3_bind_int64(statement, 14, sale->expires_at);
    return connection_run(connection, statement);
}

static int add_refusal(const struct batch *batch, struct connection *connection, size_t i)
{
    const struct outcome *outcome = &batch->rule.decisions[i].outcome;
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_ADD_REFUSAL);
    if (statement == NULL)
        return SQLITE_ERROR;
    bind_head(batch, statement, i);
    bind_text(statement, 5, problem_code(outcome->problem));
    sqlite3_bind_int64(statement, 6, outcome->remaining);
    return connection_run(connection, statement);
}

/* Of an order that was sold, whose row they name. */
static int add_tickets(struct connection *connection, int64_t event, int64_t tier, int64_t decision,
                       int64_t first, int64_t quantity)
{
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_ADD_TICKET);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, event);
    sqlite3_bind_int64(statement, 2, tier);
    sqlite3_bind_int64(statement, 4, decision);
    for (int64_t n = 0; n < quantity; n++) {
        sqlite3_bind_int64(statement, 3, first + n);
        int rc = connection_run(connection, statement);
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}

/* The row of an order that this batch adds. */
static int add_order(struct batch *batch, struct connection *connection, size_t i)
{
    const struct decide_item *item = &batch->rule.items[i];
    const struct sale *sale = &batch->rule.decisions[i].outcome.sale;
    int rc = item->write == DECIDE_SALE ? add_sale(batch, connection, i)
                                        : add_hold(batch, connection, i);
    if (rc != SQLITE_OK)
        return rc;
    int64_t event = batch->rule.events[item->event].id;
    int64_t row = sqlite3_last_insert_rowid(connection->db);
    rc = spans_note(&batch->span, connection, event, row);
    if (rc != SQLITE_OK)
        return rc;
    if (item->subject != LOOKUP_NONE)
        batch->rule.orders[item->subject].row = row;
    if (item->write == DECIDE_HOLD)
        return SQLITE_OK;
    return add_tickets(connection, event, batch->rule.tiers[item->tier].id, row, sale->first_number,
                       sale->quantity);
}

static int add_item(struct batch *batch, struct connection *connection, size_t i)
{
    switch (batch->rule.items[i].write) {
    case DECIDE_SALE:
    case DECIDE_HOLD:
        batch->dirty = true;
        return add_order(batch, connection, i);
    case DECIDE_REFUSAL:
        batch->dirty = true;
        return add_refusal(batch, connection, i);
    default:
        return SQLITE_OK;
    }
}

/* --- orders that move -------------------------------------------------------------------------- */

/* A statement that moves the order from one state into another, with its first values. */
static sqlite3_stmt *moving(const struct decide_order *order, struct connection *connection,
                            enum statement which, enum order_state from, enum order_state to)
{
    sqlite3_stmt *statement = connection_statement(connection, which);
    if (statement == NULL)
        return NULL;
    sqlite3_bind_int64(statement, 1, order->row);
    sqlite3_bind_int(statement, 2, (int)from);
    sqlite3_bind_int(statement, 3, (int)to);
    sqlite3_bind_int64(statement, 4, order->now.changed_at);
    return statement;
}

static int run_moving(const struct batch *batch, struct connection *connection,
                      const struct decide_order *order, sqlite3_stmt *statement)
{
    int rc = connection_run(connection, statement);
    return rc == SQLITE_OK
               ? batch_expect_one(connection, "orders of tier", batch->rule.tiers[order->tier].name)
               : rc;
}

static int offer(const struct batch *batch, struct connection *connection,
                 const struct decide_order *order)
{
    sqlite3_stmt *statement =
        moving(order, connection, STATEMENT_OFFER_ORDER, order->was.state, ORDER_HELD);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int(statement, 5, order->now.quantity);
    sqlite3_bind_int64(statement, 6, order->now.amount);
    sqlite3_bind_int64(statement, 7, order->now.expires_at);
    return run_moving(batch, connection, order, statement);
}

static int sell(const struct batch *batch, struct connection *connection,
                const struct decide_order *order, enum order_state from)
{
    const struct decide_state *now = &order->now;
    sqlite3_stmt *statement = moving(order, connection, STATEMENT_SELL_ORDER, from, ORDER_SOLD);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 5, now->first_number);
    bind_text(statement, 6, now->server);
    bind_text(statement, 7, now->router);
    bind_text(statement, 8, now->payment);
    bind_bytes(statement, 9, now->request.bytes);
    if (now->late)
        sqlite3_bind_int(statement, 10, 1);
    else
        sqlite3_bind_null(statement, 10);
    int rc = run_moving(batch, connection, order, statement);
    if (rc != SQLITE_OK)
        return rc;
    return add_tickets(connection, batch->rule.events[order->event].id,
                       batch->rule.tiers[order->tier].id, order->row, now->first_number,
                       now->quantity);
}

/* By the steps that it took: it may have been offered, sold and refunded in one batch. */
static int move_order(const struct batch *batch, struct connection *connection,
                      const struct decide_order *order)
{
    enum order_state state = order->was.state;
    int rc = SQLITE_OK;
    if (order->now.expires_at != order->was.expires_at) {
        rc = offer(batch, connection, order);
        state = ORDER_HELD;
    }
    if (rc == SQLITE_OK && order->now.first_number != order->was.first_number) {
        rc = sell(batch, connection, order, state);
        state = ORDER_SOLD;
    }
    if (rc != SQLITE_OK || state == order->now.state)
        return rc;
    sqlite3_stmt *statement =
        moving(order, connection, STATEMENT_MOVE_ORDER, state, order->now.state);
    return statement == NULL ? SQLITE_ERROR : run_moving(batch, connection, order, statement);
}

static int move_orders(struct batch *batch, struct connection *connection)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < batch->rule.order_count + batch->rule.added; i++) {
        const struct decide_order *order = &batch->rule.orders[i];
        if (order->now.state == order->was.state)
            continue;
        batch->dirty = true;
        rc = move_order(batch, connection, order);
    }
    return rc;
}

/* --- what hangs on orders ---------------------------------------------------------------------- */

static int add_owed(struct batch *batch, struct connection *connection, size_t i,
                    const char *reference, const char *reason)
{
    const struct decide_order *order = &batch->rule.orders[batch->rule.items[i].subject];
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_ADD_OWED);
    if (statement == NULL)
        return SQLITE_ERROR;
    batch->dirty = true;
    sqlite3_bind_int64(statement, 1, batch->rule.events[order->event].id);
    sqlite3_bind_int64(statement, 2, order->row);
    bind_text(statement, 3, reference);
    sqlite3_bind_int64(statement, 4, batch->rule.now);
    bind_text(statement, 5, reason);
    return connection_run(connection, statement);
}

static int add_refund(struct batch *batch, struct connection *connection, size_t i)
{
    const char *payment = decide_payment(&batch->rule.orders[batch->rule.items[i].subject]);
    return payment[0] == '\0' ? SQLITE_OK : add_owed(batch, connection, i, payment, "");
}

static int check_in(struct batch *batch, struct connection *connection, size_t i)
{
    const struct decision *decision = &batch->rule.decisions[i];
    const struct decide_ticket *ticket = &batch->rule.tickets[batch->rule.items[i].ticket];
    const struct decide_order *order = &batch->rule.orders[ticket->order];
    const struct decide_tier *tier = &batch->rule.tiers[order->tier];
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_CHECK_IN);
    if (statement == NULL)
        return SQLITE_ERROR;
    batch->dirty = true;
    sqlite3_bind_int64(statement, 1, batch->rule.events[order->event].id);
    sqlite3_bind_int64(statement, 2, tier->id);
    sqlite3_bind_int64(statement, 3, ticket->number);
    sqlite3_bind_int64(statement, 4, decision->check_in->at);
    bind_text(statement, 5, decision->check_in->where);
    bind_text(statement, 6, decision->item->key);
    int rc = connection_run(connection, statement);
    return rc == SQLITE_OK ? batch_expect_one(connection, "tickets of tier", tier->name) : rc;
}

static int write_rest(struct batch *batch, struct connection *connection, size_t i)
{
    switch (batch->rule.items[i].write) {
    case DECIDE_OWED:
        return add_owed(batch, connection, i, batch->rule.decisions[i].item->key,
                        problem_code(batch->rule.decisions[i].outcome.problem));
    case DECIDE_REFUND:
        return add_refund(batch, connection, i);
    case DECIDE_CHECK_IN:
        return check_in(batch, connection, i);
    default:
        return SQLITE_OK;
    }
}

int batch_write(struct batch *batch, struct connection *connection)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < batch->rule.count; i++)
        rc = add_item(batch, connection, i);
    if (rc == SQLITE_OK)
        rc = move_orders(batch, connection);
    for (size_t i = 0; rc == SQLITE_OK && i < batch->rule.count; i++)
        rc = write_rest(batch, connection, i);
    return rc == SQLITE_OK ? batch_write_counts(batch, connection) : rc;
}
