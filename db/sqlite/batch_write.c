#include "db/sqlite/batch_write.h"

#include <stdio.h>

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

static int add_sale(const struct batch *batch, struct connection *connection, size_t i)
{
    const struct decision *decision = &batch->rule.decisions[i];
    const struct sale *sale = &decision->outcome.sale;
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_ADD_SALE);
    if (statement == NULL)
        return SQLITE_ERROR;
    bind_head(batch, statement, i);
    bind_bytes(statement, 5, sale->id.bytes);
    sqlite3_bind_int64(statement, 6, batch->rule.tiers[batch->rule.items[i].tier].id);
    sqlite3_bind_int(statement, 7, sale->quantity);
    sqlite3_bind_int64(statement, 8, sale->first_number);
    sqlite3_bind_int64(statement, 9, sale->amount);
    bind_text(statement, 10, sale->currency);
    bind_text(statement, 11, sale->buyer);
    bind_text(statement, 12, sale->server);
    bind_text(statement, 13, decision->router);
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

/* After its sale, whose row they name. */
static int add_tickets(const struct batch *batch, struct connection *connection, size_t i)
{
    const struct sale *sale = &batch->rule.decisions[i].outcome.sale;
    sqlite3_int64 decision = sqlite3_last_insert_rowid(connection->db);
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_ADD_TICKET);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, batch->rule.events[batch->rule.items[i].event].id);
    sqlite3_bind_int64(statement, 2, batch->rule.tiers[batch->rule.items[i].tier].id);
    sqlite3_bind_int64(statement, 4, decision);
    for (int64_t n = 0; n < sale->quantity; n++) {
        sqlite3_bind_int64(statement, 3, sale->first_number + n);
        int rc = connection_run(connection, statement);
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}

static int write_item(struct batch *batch, struct connection *connection, size_t i)
{
    if (batch->rule.items[i].write == DECIDE_NOTHING)
        return SQLITE_OK;
    batch->dirty = true;
    if (batch->rule.items[i].write == DECIDE_REFUSAL)
        return add_refusal(batch, connection, i);
    int rc = add_sale(batch, connection, i);
    return rc == SQLITE_OK ? add_tickets(batch, connection, i) : rc;
}

/* The update is conditional, so that nothing could be oversold even if no lock held. */
static int take_from_tier(struct connection *connection, int64_t event,
                          const struct decide_tier *tier)
{
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_TAKE_FROM_TIER);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, event);
    sqlite3_bind_int64(statement, 2, tier->id);
    sqlite3_bind_int64(statement, 3, tier->taken);
    sqlite3_bind_int64(statement, 4, tier->next_number);
    int rc = connection_run(connection, statement);
    if (rc != SQLITE_OK || sqlite3_changes(connection->db) == 1)
        return rc;
    snprintf(connection->error, STORE_ERROR_SIZE,
             "the tickets of tier '%s' were changed by somebody else during the transaction",
             tier->name);
    return SQLITE_CONSTRAINT;
}

static int add_total(const struct batch *batch, struct connection *connection, int64_t event,
                     const struct decide_tier *tier)
{
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_ADD_TOTAL);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, event);
    sqlite3_bind_int64(statement, 2, tier->id);
    bind_text(statement, 3, batch->rule.server);
    sqlite3_bind_int64(statement, 4, tier->taken);
    return connection_run(connection, statement);
}

static int write_tiers(struct batch *batch, struct connection *connection,
                       const struct decide_event *event)
{
    for (size_t i = event->first_tier; i < event->first_tier + event->tiers; i++) {
        const struct decide_tier *tier = &batch->rule.tiers[i];
        if (tier->taken == 0)
            continue;
        int rc = take_from_tier(connection, event->id, tier);
        if (rc == SQLITE_OK)
            rc = add_total(batch, connection, event->id, tier);
        if (rc != SQLITE_OK)
            return rc;
        batch->sold += tier->taken;
    }
    return SQLITE_OK;
}

static int write_refusals(struct batch *batch, struct connection *connection, size_t index)
{
    const struct decide_event *event = &batch->rule.events[index];
    if (event->refused == 0 && batch->removed[index] == 0)
        return SQLITE_OK;
    batch->dirty = true;
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_COUNT_REFUSALS);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, event->id);
    sqlite3_bind_int64(statement, 2, event->refused - batch->removed[index]);
    return connection_run(connection, statement);
}

int batch_write(struct batch *batch, struct connection *connection)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < batch->rule.count; i++)
        rc = write_item(batch, connection, i);
    for (size_t i = 0; rc == SQLITE_OK && i < batch->rule.event_count; i++) {
        rc = write_tiers(batch, connection, &batch->rule.events[i]);
        if (rc == SQLITE_OK)
            rc = write_refusals(batch, connection, i);
    }
    return rc;
}
