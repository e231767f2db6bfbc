#include "db/sqlite/add.h"

#include "db/sql/batch_read.h"
#include "db/sqlite/bind.h"
#include "db/sqlite/spans.h"

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
    sqlite3_bind_int64(statement, 7, sale->quantity);
    sqlite3_bind_int64(statement, 8, sale->amount);
    bind_text(statement, 9, sale->currency);
    bind_text(statement, 10, sale->buyer);
    bind_text(statement, 11, sale->server);
    bind_text(statement, 12, decision->router);
}

static int add_sale(const struct batch *batch, struct connection *connection, size_t i)
{
    sqlite3_stmt *statement = connection_query(connection, QUERY_ADD_SALE);
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
    sqlite3_stmt *statement = connection_query(connection, QUERY_ADD_HOLD);
    if (statement == NULL)
        return SQLITE_ERROR;
    bind_order(batch, statement, i);
    sqlite3_bind_int64(statement, 13, (int)sale->state);
    sqlite3_bind_int64(statement, 14, sale->expires_at);
    return connection_run(connection, statement);
}

static int add_refusal(const struct batch *batch, struct connection *connection, size_t i)
{
    const struct outcome *outcome = &batch->rule.decisions[i].outcome;
    sqlite3_stmt *statement = connection_query(connection, QUERY_ADD_REFUSAL);
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
    sqlite3_stmt *statement = connection_query(connection, QUERY_ADD_TICKET);
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
static int add_order(struct batch *batch, struct span_noted *span, struct connection *connection,
                     size_t i)
{
    const struct decide_item *item = &batch->rule.items[i];
    const struct sale *sale = &batch->rule.decisions[i].outcome.sale;
    int rc = item->write == DECIDE_SALE ? add_sale(batch, connection, i)
                                        : add_hold(batch, connection, i);
    if (rc != SQLITE_OK)
        return rc;
    int64_t event = batch->rule.events[item->event].id;
    int64_t row = sqlite3_last_insert_rowid(connection->db);
    rc = spans_note(span, connection, event, row);
    if (rc != SQLITE_OK)
        return rc;
    if (item->subject != LOOKUP_NONE)
        batch->rule.orders[item->subject].row = row;
    if (item->write == DECIDE_HOLD)
        return SQLITE_OK;
    return add_tickets(connection, event, batch->rule.tiers[item->tier].id, row, sale->first_number,
                       sale->quantity);
}

static int add_item(struct batch *batch, struct span_noted *span, struct connection *connection,
                    size_t i)
{
    switch (batch->rule.items[i].write) {
    case DECIDE_SALE:
    case DECIDE_HOLD:
        return add_order(batch, span, connection, i);
    case DECIDE_REFUSAL:
        return add_refusal(batch, connection, i);
    default:
        return SQLITE_OK;
    }
}

enum sql_result add_all(struct sql *sql, struct batch *batch)
{
    struct connection *connection = (struct connection *)sql;
    struct span_noted span = {0};
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < batch->rule.count; i++)
        rc = add_item(batch, &span, connection, i);
    return connection_result(connection, rc);
}

enum sql_result add_tickets_of(struct sql *sql, int64_t event, int64_t tier, int64_t decision,
                               int64_t first, int64_t quantity)
{
    struct connection *connection = (struct connection *)sql;
    return connection_result(connection,
                             add_tickets(connection, event, tier, decision, first, quantity));
}

enum sql_result find_keys(struct sql *sql, struct batch *batch, const size_t *items, size_t n)
{
    enum sql_result result = SQL_OK;
    for (size_t i = 0; result == SQL_OK && i < n; i++) {
        struct sql_query *query = sql_query(sql, QUERY_KEY);
        if (query == NULL)
            return SQL_FAILED;
        sql_bind_number(query, 1, batch->rule.events[batch->rule.items[items[i]].event].id);
        sql_bind_key(query, 2, batch->rule.decisions[items[i]].item->key);
        if (sql_next(query))
            result = batch_known(batch, items[i], query);
        enum sql_result end = sql_end(query);
        if (result == SQL_OK)
            result = end;
    }
    return result;
}
