#include "db/sqlite/batch_count.h"

#include <stdio.h>

#include "db/sqlite/bind.h"

int batch_expect_one(struct connection *connection, const char *what, const char *name)
{
    if (sqlite3_changes(connection->db) == 1)
        return SQLITE_OK;
    snprintf(connection->error, STORE_ERROR_SIZE,
             "%s '%s' were changed by somebody else during the transaction", what, name);
    return SQLITE_CONSTRAINT;
}

/* The update is conditional, so that nothing could be oversold even if no lock held. */
static int write_tier(struct connection *connection, int64_t event, const struct decide_tier *tier)
{
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_COUNT_TIER);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, event);
    sqlite3_bind_int64(statement, 2, tier->id);
    sqlite3_bind_int64(statement, 3, tier->now.sold);
    sqlite3_bind_int64(statement, 4, tier->now.held);
    sqlite3_bind_int64(statement, 5, tier->now.waiting);
    sqlite3_bind_int64(statement, 6, tier->now.next_number);
    sqlite3_bind_int64(statement, 7, tier->was.sold);
    sqlite3_bind_int64(statement, 8, tier->was.held);
    sqlite3_bind_int64(statement, 9, tier->was.waiting);
    sqlite3_bind_int64(statement, 10, tier->was.next_number);
    int rc = connection_run(connection, statement);
    return rc == SQLITE_OK ? batch_expect_one(connection, "the tickets of tier", tier->name) : rc;
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

static bool tier_changed(const struct decide_tier *tier)
{
    return tier->now.sold != tier->was.sold || tier->now.held != tier->was.held ||
           tier->now.waiting != tier->was.waiting || tier->now.next_number != tier->was.next_number;
}

static int write_tiers(struct batch *batch, struct connection *connection,
                       const struct decide_event *event)
{
    for (size_t i = event->first_tier; i < event->first_tier + event->tiers; i++) {
        const struct decide_tier *tier = &batch->rule.tiers[i];
        int rc = SQLITE_OK;
        if (tier_changed(tier))
            rc = write_tier(connection, event->id, tier);
        if (rc == SQLITE_OK && tier->taken > 0)
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

static int write_buyer(const struct batch *batch, struct connection *connection,
                       const struct decide_buyer *buyer)
{
    if (buyer->now == buyer->was)
        return SQLITE_OK;
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_COUNT_BUYER);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, batch->rule.events[buyer->event].id);
    bind_text(statement, 2, buyer->name);
    sqlite3_bind_int64(statement, 3, buyer->now);
    sqlite3_bind_int64(statement, 4, buyer->was);
    int rc = connection_run(connection, statement);
    return rc == SQLITE_OK ? batch_expect_one(connection, "the tickets of a buyer of",
                                              batch->rule.events[buyer->event].name)
                           : rc;
}

int batch_write_counts(struct batch *batch, struct connection *connection)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < batch->rule.event_count; i++) {
        rc = write_tiers(batch, connection, &batch->rule.events[i]);
        if (rc == SQLITE_OK)
            rc = write_refusals(batch, connection, i);
    }
    for (size_t i = 0; rc == SQLITE_OK && i < batch->rule.buyer_count; i++)
        rc = write_buyer(batch, connection, &batch->rule.buyers[i]);
    return rc;
}
