#include "db/sql/batch_count.h"

/* The update is conditional, so that nothing could be oversold even if no lock held. */
static enum sql_result write_tier(struct sql *sql, int64_t event, const struct decide_tier *tier)
{
    struct sql_query *statement = sql_query(sql, QUERY_COUNT_TIER);
    if (statement == NULL)
        return SQL_FAILED;
    sql_bind_number(statement, 1, event);
    sql_bind_number(statement, 2, tier->id);
    sql_bind_number(statement, 3, tier->now.sold);
    sql_bind_number(statement, 4, tier->now.held);
    sql_bind_number(statement, 5, tier->now.waiting);
    sql_bind_number(statement, 6, tier->now.next_number);
    sql_bind_number(statement, 7, tier->was.sold);
    sql_bind_number(statement, 8, tier->was.held);
    sql_bind_number(statement, 9, tier->was.waiting);
    sql_bind_number(statement, 10, tier->was.next_number);
    return sql_run_one(statement, "the tickets of tier", tier->name);
}

static enum sql_result add_total(const struct batch *batch, struct sql *sql, int64_t event,
                                 const struct decide_tier *tier)
{
    struct sql_query *statement = sql_query(sql, QUERY_ADD_TOTAL);
    if (statement == NULL)
        return SQL_FAILED;
    sql_bind_number(statement, 1, event);
    sql_bind_number(statement, 2, tier->id);
    sql_bind_text(statement, 3, batch->rule.server);
    sql_bind_number(statement, 4, tier->taken);
    return sql_run(statement);
}

static bool tier_changed(const struct decide_tier *tier)
{
    return tier->now.sold != tier->was.sold || tier->now.held != tier->was.held ||
           tier->now.waiting != tier->was.waiting || tier->now.next_number != tier->was.next_number;
}

static enum sql_result write_tiers(struct batch *batch, struct sql *sql,
                                   const struct decide_event *event)
{
    for (size_t i = event->first_tier; i < event->first_tier + event->tiers; i++) {
        const struct decide_tier *tier = &batch->rule.tiers[i];
        enum sql_result rc = SQL_OK;
        if (tier_changed(tier))
            rc = write_tier(sql, event->id, tier);
        if (rc == SQL_OK && tier->taken > 0)
            rc = add_total(batch, sql, event->id, tier);
        if (rc != SQL_OK)
            return rc;
        batch->sold += tier->taken;
    }
    return SQL_OK;
}

static enum sql_result write_refusals(struct batch *batch, struct sql *sql, size_t index)
{
    const struct decide_event *event = &batch->rule.events[index];
    if (event->refused == 0 && batch->removed[index] == 0)
        return SQL_OK;
    batch->dirty = true;
    struct sql_query *statement = sql_query(sql, QUERY_COUNT_REFUSALS);
    if (statement == NULL)
        return SQL_FAILED;
    sql_bind_number(statement, 1, event->id);
    sql_bind_number(statement, 2, event->refused - batch->removed[index]);
    return sql_run(statement);
}

static enum sql_result write_buyer(const struct batch *batch, struct sql *sql,
                                   const struct decide_buyer *buyer)
{
    if (buyer->now == buyer->was)
        return SQL_OK;
    struct sql_query *statement = sql_query(sql, QUERY_COUNT_BUYER);
    if (statement == NULL)
        return SQL_FAILED;
    sql_bind_number(statement, 1, batch->rule.events[buyer->event].id);
    sql_bind_text(statement, 2, buyer->name);
    sql_bind_number(statement, 3, buyer->now);
    sql_bind_number(statement, 4, buyer->was);
    return sql_run_one(statement, "the tickets of a buyer of",
                       batch->rule.events[buyer->event].name);
}

enum sql_result batch_write_counts(struct batch *batch, struct sql *sql)
{
    enum sql_result rc = SQL_OK;
    for (size_t i = 0; rc == SQL_OK && i < batch->rule.event_count; i++) {
        rc = write_tiers(batch, sql, &batch->rule.events[i]);
        if (rc == SQL_OK)
            rc = write_refusals(batch, sql, i);
    }
    for (size_t i = 0; rc == SQL_OK && i < batch->rule.buyer_count; i++)
        rc = write_buyer(batch, sql, &batch->rule.buyers[i]);
    return rc;
}
