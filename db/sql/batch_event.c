#include "db/sql/batch_event.h"

#include <string.h>

#include "common/clock.h"
#include "db/sql/batch_list.h"
#include "db/sql/batch_order.h"
#include "db/sql/column.h"

static size_t new_event(struct batch *batch, struct sql_query *row)
{
    struct decide_batch *rule = &batch->rule;
    rule->events = batch_list_grow(rule->events, rule->event_count, 1, &batch->room.events,
                                   sizeof *rule->events);
    batch->removed = batch_list_grow(batch->removed, rule->event_count, 1, &batch->room.removed,
                                     sizeof *batch->removed);
    struct decide_event *event = &rule->events[rule->event_count];
    batch->removed[rule->event_count] = 0;
    *event = (struct decide_event){.first_tier = rule->tier_count};
    if (row == NULL)
        return rule->event_count++;
    event->id = sql_number(row, 0);
    event->refusals = sql_number(row, 1);
    column_text(row, 2, event->name, sizeof event->name);
    event->sale_from = sql_number(row, 3);
    event->sale_until = sql_number(row, 4);
    event->buyer_limit = sql_number(row, 5);
    event->hold_seconds = sql_number(row, 6);
    event->waiting_list = (int)sql_number(row, 7) != 0;
    event->closed = (int)sql_number(row, 8) != 0;
    return rule->event_count++;
}

static void new_tier(struct batch *batch, struct sql_query *row)
{
    struct decide_batch *rule = &batch->rule;
    rule->tiers =
        batch_list_grow(rule->tiers, rule->tier_count, 1, &batch->room.tiers, sizeof *rule->tiers);
    struct decide_tier *tier = &rule->tiers[rule->tier_count++];
    *tier = (struct decide_tier){
        .id = sql_number(row, 0),
        .price = sql_number(row, 3),
        .capacity = sql_number(row, 4),
        .limit = sql_number(row, 7),
        .was = {.sold = sql_number(row, 5),
                .held = sql_number(row, 6),
                .waiting = sql_number(row, 9),
                .next_number = sql_number(row, 8)},
        .line = LOOKUP_NONE,
        .line_end = LOOKUP_NONE,
    };
    tier->line_whole = tier->was.waiting == 0;
    column_text(row, 1, tier->name, sizeof tier->name);
    column_text(row, 2, tier->currency, sizeof tier->currency);
}

static enum sql_result read_tiers(struct batch *batch, struct sql *sql, size_t index)
{
    struct sql_query *statement = sql_query(sql, QUERY_TIERS_OF_EVENT);
    if (statement == NULL)
        return SQL_FAILED;
    sql_bind_number(statement, 1, batch->rule.events[index].id);
    while (sql_next(statement))
        new_tier(batch, statement);
    struct decide_event *event = &batch->rule.events[index];
    event->tiers = batch->rule.tier_count - event->first_tier;
    enum sql_result rc = sql_end(statement);
    for (size_t i = 0; rc == SQL_OK && i < event->tiers; i++)
        rc = sql_expect_locked(sql, event->id, batch->rule.tiers[event->first_tier + i].id);
    return rc;
}

static enum sql_result remove_expired(struct batch *batch, struct sql *sql, size_t index)
{
    struct decide_event *event = &batch->rule.events[index];
    struct sql_query *statement = sql_query(sql, QUERY_REMOVE_REFUSALS);
    if (statement == NULL)
        return SQL_FAILED;
    sql_bind_number(statement, 1, event->id);
    sql_bind_number(statement, 2, batch->rule.now - STORE_REFUSAL_SECONDS * CLOCK_SECOND);
    sql_bind_number(statement, 3, 64 + 2 * (int64_t)batch->rule.count);
    enum sql_result rc = sql_run_counting(statement, &batch->removed[index]);
    if (rc != SQL_OK)
        return rc;
    event->refusals -= batch->removed[index];
    return SQL_OK;
}

static bool anything_held(const struct batch *batch, const struct decide_event *event)
{
    for (size_t i = event->first_tier; i < event->first_tier + event->tiers; i++)
        if (batch->rule.tiers[i].was.held > 0)
            return true;
    return false;
}

/* Those that expire, and whether there are more. */
static enum sql_result read_due(struct batch *batch, struct sql *sql, size_t index)
{
    size_t left = DECIDE_TIDY_MAX - batch->due;
    size_t most = left < STORE_TIDY_MAX ? left : STORE_TIDY_MAX;
    size_t count = 0;
    if (!anything_held(batch, &batch->rule.events[index]))
        return SQL_OK;
    struct sql_query *statement = sql_query(sql, QUERY_DUE);
    if (statement == NULL)
        return SQL_FAILED;
    sql_bind_number(statement, 1, batch->rule.events[index].id);
    sql_bind_number(statement, 2, batch->rule.now);
    sql_bind_number(statement, 3, (int64_t)most + 1);
    while (sql_next(statement)) {
        size_t order = count++ < most ? batch_order_add(batch, statement, index) : LOOKUP_NONE;
        if (order != LOOKUP_NONE)
            batch->rule.orders[order].due = true;
    }
    batch->rule.events[index].overdue = count > most;
    batch->due += count < most ? count : most;
    return sql_end(statement);
}

static enum sql_result read_contents(struct batch *batch, struct sql *sql, size_t index)
{
    enum sql_result rc = read_tiers(batch, sql, index);
    if (rc == SQL_OK && batch->rule.events[index].refusals > 0)
        rc = remove_expired(batch, sql, index);
    return rc == SQL_OK ? read_due(batch, sql, index) : rc;
}

/* Runs the statement that finds the event; one that the batch has by another way is not read twice. */
static enum sql_result read_event(struct batch *batch, struct sql *sql, struct sql_query *statement,
                                  size_t *index)
{
    bool found = sql_next(statement);
    size_t row = found ? (size_t)sql_number(statement, 0) : 0;
    *index = found ? lookup_find(&batch->rows, row, "") : LOOKUP_NONE;
    bool is_new = *index == LOOKUP_NONE;
    if (is_new)
        *index = new_event(batch, found ? statement : NULL);
    enum sql_result rc = sql_end(statement);
    if (rc != SQL_OK || !found || !is_new)
        return rc;
    lookup_add(&batch->rows, row, "", *index);
    return read_contents(batch, sql, *index);
}

enum sql_result batch_event_named(struct batch *batch, struct sql *sql, const char *name,
                                  size_t *index)
{
    *index = lookup_find(&batch->names, 0, name);
    if (*index != LOOKUP_NONE)
        return SQL_OK;
    struct sql_query *statement = sql_query(sql, QUERY_EVENT);
    if (statement == NULL)
        return SQL_FAILED;
    sql_bind_text(statement, 1, name);
    enum sql_result rc = read_event(batch, sql, statement, index);
    if (rc == SQL_OK)
        lookup_add(&batch->names, 0, name, *index);
    return rc;
}

enum sql_result batch_event_at(struct batch *batch, struct sql *sql, int64_t row, size_t *index)
{
    *index = lookup_find(&batch->rows, (size_t)row, "");
    if (*index != LOOKUP_NONE)
        return SQL_OK;
    struct sql_query *statement = sql_query(sql, QUERY_EVENT_BY_ROW);
    if (statement == NULL)
        return SQL_FAILED;
    sql_bind_number(statement, 1, row);
    return read_event(batch, sql, statement, index);
}

/* --- lines ------------------------------------------------------------------------------------- */

/* How many of a tier's line can be offered something: no more than there are tickets free, or may be after what
 * this batch does to the orders that it knows. Each of those in line that it names may give up its place. Nor more
 * than one batch may write: a line that is not read waits. */
static int64_t turns(const struct batch *batch, size_t index)
{
    const struct decide_tier *tier = &batch->rule.tiers[index];
    int64_t turns = tier->capacity - tier->was.sold - tier->was.held;
    if (turns < 0)
        turns = 0;
    turns += tier->named;
    int64_t left = DECIDE_TIDY_MAX - (int64_t)batch->in_lines;
    int64_t most = left < STORE_TIDY_MAX ? left : STORE_TIDY_MAX;
    return turns < most ? turns : most;
}

static enum sql_result read_line(struct batch *batch, struct sql *sql, size_t event, size_t index)
{
    int64_t most = turns(batch, index);
    if (most == 0)
        return SQL_OK;
    struct sql_query *statement = sql_query(sql, QUERY_LINE);
    if (statement == NULL)
        return SQL_FAILED;
    struct decide_tier *tier = &batch->rule.tiers[index];
    int64_t count = 0;
    sql_bind_number(statement, 1, batch->rule.events[event].id);
    sql_bind_number(statement, 2, tier->id);
    sql_bind_number(statement, 3, most);
    for (; sql_next(statement); count++) {
        size_t order = batch_order_add(batch, statement, event);
        if (tier->line == LOOKUP_NONE)
            tier->line = order;
        else
            batch->rule.orders[tier->line_end].behind = order;
        tier->line_end = order;
    }
    tier->line_whole = count == tier->was.waiting;
    batch->in_lines += (size_t)count;
    return sql_end(statement);
}

enum sql_result batch_read_lines(struct batch *batch, struct sql *sql)
{
    enum sql_result rc = SQL_OK;
    for (size_t i = 0; i < batch->rule.event_count; i++) {
        const struct decide_event *event = &batch->rule.events[i];
        if (!decide_offers(&batch->rule, event))
            continue;
        for (size_t k = event->first_tier; k < event->first_tier + event->tiers; k++) {
            if (rc == SQL_OK && batch->rule.tiers[k].was.waiting > 0)
                rc = read_line(batch, sql, i, k);
        }
    }
    return rc;
}

/* --- buyers ------------------------------------------------------------------------------------ */

static struct sql_query *ask_buyer(const struct batch *batch, struct sql *sql,
                                   const struct decide_buyer *buyer)
{
    struct sql_query *statement = sql_query(sql, QUERY_BUYER);
    if (statement == NULL)
        return NULL;
    sql_bind_number(statement, 1, batch->rule.events[buyer->event].id);
    sql_bind_text(statement, 2, buyer->name);
    return statement;
}

static enum sql_result read_buyer(const struct batch *batch, struct sql *sql,
                                  struct decide_buyer *buyer)
{
    struct sql_query *statement = ask_buyer(batch, sql, buyer);
    if (statement == NULL)
        return SQL_FAILED;
    if (sql_next(statement))
        buyer->was = sql_number(statement, 0);
    return sql_end(statement);
}

/* The buyer of this name, in the list, where the event has a limit. There must be room for one more. */
static size_t find_buyer(struct batch *batch, size_t event, const char *name)
{
    if (event == LOOKUP_NONE || batch->rule.events[event].buyer_limit == 0 || name[0] == '\0')
        return LOOKUP_NONE;
    struct decide_buyer *buyer = &batch->rule.buyers[batch->rule.buyer_count];
    *buyer = (struct decide_buyer){.event = event};
    for (size_t i = 0; name[i] != '\0'; i++)
        buyer->name[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
    size_t index = lookup_find(&batch->buyers, event, buyer->name);
    if (index != LOOKUP_NONE)
        return index;
    index = batch->rule.buyer_count++;
    lookup_add(&batch->buyers, event, buyer->name, index);
    return index;
}

static bool any_limit(const struct batch *batch)
{
    for (size_t i = 0; i < batch->rule.event_count; i++)
        if (batch->rule.events[i].buyer_limit > 0)
            return true;
    return false;
}

enum sql_result batch_read_buyers(struct batch *batch, struct sql *sql)
{
    struct decide_batch *rule = &batch->rule;
    if (!any_limit(batch))
        return SQL_OK;
    /* Room for all at once: the table of buyers points to their names. */
    rule->buyers = batch_list_grow(rule->buyers, 0, rule->count + rule->order_count + 1,
                                   &batch->room.buyers, sizeof *rule->buyers);
    for (size_t i = 0; i < rule->count; i++) {
        const struct item *item = rule->decisions[i].item;
        if (verb_has_key(item->verb))
            rule->items[i].buyer = find_buyer(batch, rule->items[i].event, item->purchase.buyer);
    }
    for (size_t i = 0; i < rule->order_count; i++)
        rule->orders[i].buyer = find_buyer(batch, rule->orders[i].event, rule->orders[i].name);
    for (size_t i = 0; sql_asks_ahead(sql) && i < rule->buyer_count; i++)
        sql_ahead(ask_buyer(batch, sql, &rule->buyers[i]));
    enum sql_result rc = SQL_OK;
    for (size_t i = 0; rc == SQL_OK && i < rule->buyer_count; i++)
        rc = read_buyer(batch, sql, &rule->buyers[i]);
    return rc;
}
