#include "db/sql/batch_write.h"

#include "db/sql/batch_count.h"

/* Orders and refusals, if there are any. */
static enum sql_result add_new(struct batch *batch, struct sql *sql)
{
    for (size_t i = 0; i < batch->rule.count; i++) {
        enum decide_write write = batch->rule.items[i].write;
        if (write != DECIDE_SALE && write != DECIDE_HOLD && write != DECIDE_REFUSAL)
            continue;
        batch->dirty = true;
        return sql->methods->add(sql, batch);
    }
    return SQL_OK;
}

/* --- orders that move -------------------------------------------------------------------------- */

/* A statement that moves the order from one state into another, with its first values. */
static struct sql_query *moving(const struct batch *batch, struct sql *sql,
                                const struct decide_order *order, enum named_query which,
                                enum order_state from, enum order_state to)
{
    struct sql_query *statement = sql_query(sql, which);
    if (statement == NULL)
        return NULL;
    sql_bind_number(statement, 1, order->row);
    sql_bind_number(statement, 2, (int)from);
    sql_bind_number(statement, 3, (int)to);
    sql_bind_number(statement, 4, order->now.changed_at);
    sql_bind_number(statement, 5, batch->rule.events[order->event].id);
    return statement;
}

static enum sql_result run_moving(const struct batch *batch, const struct decide_order *order,
                                  struct sql_query *statement)
{
    return sql_run_one(statement, "orders of tier", batch->rule.tiers[order->tier].name);
}

static enum sql_result offer(const struct batch *batch, struct sql *sql,
                             const struct decide_order *order)
{
    struct sql_query *statement =
        moving(batch, sql, order, QUERY_OFFER_ORDER, order->was.state, ORDER_HELD);
    if (statement == NULL)
        return SQL_FAILED;
    sql_bind_number(statement, 6, order->now.quantity);
    sql_bind_number(statement, 7, order->now.amount);
    sql_bind_number(statement, 8, order->now.expires_at);
    return run_moving(batch, order, statement);
}

static enum sql_result sell(const struct batch *batch, struct sql *sql,
                            const struct decide_order *order, enum order_state from)
{
    const struct decide_state *now = &order->now;
    struct sql_query *statement = moving(batch, sql, order, QUERY_SELL_ORDER, from, ORDER_SOLD);
    if (statement == NULL)
        return SQL_FAILED;
    sql_bind_number(statement, 6, now->first_number);
    sql_bind_text(statement, 7, now->server);
    sql_bind_text(statement, 8, now->router);
    sql_bind_text(statement, 9, now->payment);
    sql_bind_bytes(statement, 10, now->request.bytes, 16);
    if (now->late)
        sql_bind_number(statement, 11, 1);
    else
        sql_bind_null(statement, 11);
    enum sql_result rc = run_moving(batch, order, statement);
    if (rc != SQL_OK)
        return rc;
    return sql->methods->add_tickets(sql, batch->rule.events[order->event].id,
                                     batch->rule.tiers[order->tier].id, order->row,
                                     now->first_number, now->quantity);
}

/* By the steps that it took: it may have been offered, sold and refunded in one batch. */
static enum sql_result move_order(const struct batch *batch, struct sql *sql,
                                  const struct decide_order *order)
{
    enum order_state state = order->was.state;
    enum sql_result rc = SQL_OK;
    if (order->now.expires_at != order->was.expires_at) {
        rc = offer(batch, sql, order);
        state = ORDER_HELD;
    }
    if (rc == SQL_OK && order->now.first_number != order->was.first_number) {
        rc = sell(batch, sql, order, state);
        state = ORDER_SOLD;
    }
    if (rc != SQL_OK || state == order->now.state)
        return rc;
    struct sql_query *statement =
        moving(batch, sql, order, QUERY_MOVE_ORDER, state, order->now.state);
    return statement == NULL ? SQL_FAILED : run_moving(batch, order, statement);
}

static enum sql_result move_orders(struct batch *batch, struct sql *sql)
{
    enum sql_result rc = SQL_OK;
    for (size_t i = 0; rc == SQL_OK && i < batch->rule.order_count + batch->rule.added; i++) {
        const struct decide_order *order = &batch->rule.orders[i];
        if (order->now.state == order->was.state)
            continue;
        batch->dirty = true;
        rc = move_order(batch, sql, order);
    }
    return rc;
}

/* --- what hangs on orders ---------------------------------------------------------------------- */

static enum sql_result add_owed(struct batch *batch, struct sql *sql, size_t i,
                                const char *reference, const char *reason)
{
    const struct decide_order *order = &batch->rule.orders[batch->rule.items[i].subject];
    struct sql_query *statement = sql_query(sql, QUERY_ADD_OWED);
    if (statement == NULL)
        return SQL_FAILED;
    batch->dirty = true;
    sql_bind_number(statement, 1, batch->rule.events[order->event].id);
    sql_bind_number(statement, 2, order->row);
    sql_bind_text(statement, 3, reference);
    sql_bind_number(statement, 4, batch->rule.now);
    sql_bind_text(statement, 5, reason);
    return sql_run(statement);
}

static enum sql_result add_refund(struct batch *batch, struct sql *sql, size_t i)
{
    const char *payment = decide_payment(&batch->rule.orders[batch->rule.items[i].subject]);
    return payment[0] == '\0' ? SQL_OK : add_owed(batch, sql, i, payment, "");
}

static enum sql_result check_in(struct batch *batch, struct sql *sql, size_t i)
{
    const struct decision *decision = &batch->rule.decisions[i];
    const struct decide_ticket *ticket = &batch->rule.tickets[batch->rule.items[i].ticket];
    const struct decide_order *order = &batch->rule.orders[ticket->order];
    const struct decide_tier *tier = &batch->rule.tiers[order->tier];
    struct sql_query *statement = sql_query(sql, QUERY_CHECK_IN);
    if (statement == NULL)
        return SQL_FAILED;
    batch->dirty = true;
    sql_bind_number(statement, 1, batch->rule.events[order->event].id);
    sql_bind_number(statement, 2, tier->id);
    sql_bind_number(statement, 3, ticket->number);
    sql_bind_number(statement, 4, decision->check_in->at);
    sql_bind_text(statement, 5, decision->check_in->where);
    sql_bind_text(statement, 6, decision->item->key);
    return sql_run_one(statement, "tickets of tier", tier->name);
}

static enum sql_result write_rest(struct batch *batch, struct sql *sql, size_t i)
{
    switch (batch->rule.items[i].write) {
    case DECIDE_OWED:
        return add_owed(batch, sql, i, batch->rule.decisions[i].item->key,
                        problem_code(batch->rule.decisions[i].outcome.problem));
    case DECIDE_REFUND:
        return add_refund(batch, sql, i);
    case DECIDE_CHECK_IN:
        return check_in(batch, sql, i);
    default:
        return SQL_OK;
    }
}

enum sql_result batch_write(struct batch *batch, struct sql *sql)
{
    enum sql_result rc = add_new(batch, sql);
    if (rc == SQL_OK)
        rc = move_orders(batch, sql);
    for (size_t i = 0; rc == SQL_OK && i < batch->rule.count; i++)
        rc = write_rest(batch, sql, i);
    if (rc == SQL_OK)
        rc = batch_write_counts(batch, sql);
    return rc == SQL_OK ? sql_settle(sql) : rc;
}
