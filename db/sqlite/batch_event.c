#include "db/sqlite/batch_event.h"

#include <string.h>

#include "common/clock.h"
#include "db/sqlite/batch_list.h"
#include "db/sqlite/batch_order.h"
#include "db/sqlite/bind.h"
#include "db/sqlite/column.h"

static size_t new_event(struct batch *batch, sqlite3_stmt *row)
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
    event->id = sqlite3_column_int64(row, 0);
    event->refusals = sqlite3_column_int64(row, 1);
    column_text(row, 2, event->name, sizeof event->name);
    event->sale_from = sqlite3_column_int64(row, 3);
    event->sale_until = sqlite3_column_int64(row, 4);
    event->buyer_limit = sqlite3_column_int64(row, 5);
    event->hold_seconds = sqlite3_column_int64(row, 6);
    event->waiting_list = sqlite3_column_int(row, 7) != 0;
    event->closed = sqlite3_column_int(row, 8) != 0;
    return rule->event_count++;
}

static void new_tier(struct batch *batch, sqlite3_stmt *row)
{
    struct decide_batch *rule = &batch->rule;
    rule->tiers =
        batch_list_grow(rule->tiers, rule->tier_count, 1, &batch->room.tiers, sizeof *rule->tiers);
    struct decide_tier *tier = &rule->tiers[rule->tier_count++];
    *tier = (struct decide_tier){
        .id = sqlite3_column_int64(row, 0),
        .price = sqlite3_column_int64(row, 3),
        .capacity = sqlite3_column_int64(row, 4),
        .limit = sqlite3_column_int64(row, 7),
        .was = {.sold = sqlite3_column_int64(row, 5),
                .held = sqlite3_column_int64(row, 6),
                .waiting = sqlite3_column_int64(row, 9),
                .next_number = sqlite3_column_int64(row, 8)},
        .line = LOOKUP_NONE,
        .line_end = LOOKUP_NONE,
    };
    tier->line_whole = tier->was.waiting == 0;
    column_text(row, 1, tier->name, sizeof tier->name);
    column_text(row, 2, tier->currency, sizeof tier->currency);
}

static int read_tiers(struct batch *batch, struct connection *connection, size_t index)
{
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_TIERS_OF_EVENT);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, batch->rule.events[index].id);
    while (sqlite3_step(statement) == SQLITE_ROW)
        new_tier(batch, statement);
    struct decide_event *event = &batch->rule.events[index];
    event->tiers = batch->rule.tier_count - event->first_tier;
    return connection_done(connection, statement);
}

static int remove_expired(struct batch *batch, struct connection *connection, size_t index)
{
    struct decide_event *event = &batch->rule.events[index];
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_REMOVE_REFUSALS);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, event->id);
    sqlite3_bind_int64(statement, 2, batch->rule.now - STORE_REFUSAL_SECONDS * CLOCK_SECOND);
    sqlite3_bind_int64(statement, 3, 64 + 2 * (sqlite3_int64)batch->rule.count);
    int rc = connection_run(connection, statement);
    if (rc != SQLITE_OK)
        return rc;
    batch->removed[index] = sqlite3_changes(connection->db);
    event->refusals -= batch->removed[index];
    return SQLITE_OK;
}

static bool anything_held(const struct batch *batch, const struct decide_event *event)
{
    for (size_t i = event->first_tier; i < event->first_tier + event->tiers; i++)
        if (batch->rule.tiers[i].was.held > 0)
            return true;
    return false;
}

/* Those that expire, and whether there are more. */
static int read_due(struct batch *batch, struct connection *connection, size_t index)
{
    size_t left = DECIDE_TIDY_MAX - batch->due;
    size_t most = left < STORE_TIDY_MAX ? left : STORE_TIDY_MAX;
    size_t count = 0;
    if (!anything_held(batch, &batch->rule.events[index]))
        return SQLITE_OK;
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_DUE);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, batch->rule.events[index].id);
    sqlite3_bind_int64(statement, 2, batch->rule.now);
    sqlite3_bind_int64(statement, 3, (sqlite3_int64)most + 1);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        size_t order = count++ < most ? batch_order_add(batch, statement, index) : LOOKUP_NONE;
        if (order != LOOKUP_NONE)
            batch->rule.orders[order].due = true;
    }
    batch->rule.events[index].overdue = count > most;
    batch->due += count < most ? count : most;
    return connection_done(connection, statement);
}

static int read_contents(struct batch *batch, struct connection *connection, size_t index)
{
    int rc = read_tiers(batch, connection, index);
    if (rc == SQLITE_OK && batch->rule.events[index].refusals > 0)
        rc = remove_expired(batch, connection, index);
    return rc == SQLITE_OK ? read_due(batch, connection, index) : rc;
}

/* Runs the statement that finds the event; one that the batch has by another way is not read twice. */
static int read_event(struct batch *batch, struct connection *connection, sqlite3_stmt *statement,
                      size_t *index)
{
    bool found = sqlite3_step(statement) == SQLITE_ROW;
    size_t row = found ? (size_t)sqlite3_column_int64(statement, 0) : 0;
    *index = found ? lookup_find(&batch->rows, row, "") : LOOKUP_NONE;
    bool is_new = *index == LOOKUP_NONE;
    if (is_new)
        *index = new_event(batch, found ? statement : NULL);
    int rc = connection_done(connection, statement);
    if (rc != SQLITE_OK || !found || !is_new)
        return rc;
    lookup_add(&batch->rows, row, "", *index);
    return read_contents(batch, connection, *index);
}

int batch_event_named(struct batch *batch, struct connection *connection, const char *name,
                      size_t *index)
{
    *index = lookup_find(&batch->names, 0, name);
    if (*index != LOOKUP_NONE)
        return SQLITE_OK;
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_EVENT);
    if (statement == NULL)
        return SQLITE_ERROR;
    bind_text(statement, 1, name);
    int rc = read_event(batch, connection, statement, index);
    if (rc == SQLITE_OK)
        lookup_add(&batch->names, 0, name, *index);
    return rc;
}

int batch_event_at(struct batch *batch, struct connection *connection, int64_t row, size_t *index)
{
    *index = lookup_find(&batch->rows, (size_t)row, "");
    if (*index != LOOKUP_NONE)
        return SQLITE_OK;
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_EVENT_BY_ROW);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, row);
    return read_event(batch, connection, statement, index);
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

static int read_line(struct batch *batch, struct connection *connection, size_t event, size_t index)
{
    int64_t most = turns(batch, index);
    if (most == 0)
        return SQLITE_OK;
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_LINE);
    if (statement == NULL)
        return SQLITE_ERROR;
    struct decide_tier *tier = &batch->rule.tiers[index];
    int64_t count = 0;
    sqlite3_bind_int64(statement, 1, batch->rule.events[event].id);
    sqlite3_bind_int64(statement, 2, tier->id);
    sqlite3_bind_int64(statement, 3, most);
    for (; sqlite3_step(statement) == SQLITE_ROW; count++) {
        size_t order = batch_order_add(batch, statement, event);
        if (tier->line == LOOKUP_NONE)
            tier->line = order;
        else
            batch->rule.orders[tier->line_end].behind = order;
        tier->line_end = order;
    }
    tier->line_whole = count == tier->was.waiting;
    batch->in_lines += (size_t)count;
    return connection_done(connection, statement);
}

int batch_read_lines(struct batch *batch, struct connection *connection)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < batch->rule.event_count; i++) {
        const struct decide_event *event = &batch->rule.events[i];
        if (!decide_offers(&batch->rule, event))
            continue;
        for (size_t k = event->first_tier; k < event->first_tier + event->tiers; k++) {
            if (rc == SQLITE_OK && batch->rule.tiers[k].was.waiting > 0)
                rc = read_line(batch, connection, i, k);
        }
    }
    return rc;
}

/* --- buyers ------------------------------------------------------------------------------------ */

static int read_buyer(struct batch *batch, struct connection *connection,
                      struct decide_buyer *buyer)
{
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_BUYER);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, batch->rule.events[buyer->event].id);
    bind_text(statement, 2, buyer->name);
    if (sqlite3_step(statement) == SQLITE_ROW)
        buyer->was = sqlite3_column_int64(statement, 0);
    return connection_done(connection, statement);
}

/* The buyer of this name, in the list, where the event has a limit. There must be room for one more. */
static int find_buyer(struct batch *batch, struct connection *connection, size_t event,
                      const char *name, size_t *index)
{
    *index = LOOKUP_NONE;
    if (event == LOOKUP_NONE || batch->rule.events[event].buyer_limit == 0 || name[0] == '\0')
        return SQLITE_OK;
    struct decide_buyer *buyer = &batch->rule.buyers[batch->rule.buyer_count];
    *buyer = (struct decide_buyer){.event = event};
    for (size_t i = 0; name[i] != '\0'; i++)
        buyer->name[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
    *index = lookup_find(&batch->buyers, event, buyer->name);
    if (*index != LOOKUP_NONE)
        return SQLITE_OK;
    *index = batch->rule.buyer_count++;
    lookup_add(&batch->buyers, event, buyer->name, *index);
    return read_buyer(batch, connection, buyer);
}

static bool any_limit(const struct batch *batch)
{
    for (size_t i = 0; i < batch->rule.event_count; i++)
        if (batch->rule.events[i].buyer_limit > 0)
            return true;
    return false;
}

int batch_read_buyers(struct batch *batch, struct connection *connection)
{
    struct decide_batch *rule = &batch->rule;
    if (!any_limit(batch))
        return SQLITE_OK;
    /* Room for all at once: the table of buyers points to their names. */
    rule->buyers = batch_list_grow(rule->buyers, 0, rule->count + rule->order_count + 1,
                                   &batch->room.buyers, sizeof *rule->buyers);
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < rule->count; i++) {
        const struct item *item = rule->decisions[i].item;
        if (verb_has_key(item->verb))
            rc = find_buyer(batch, connection, rule->items[i].event, item->purchase.buyer,
                            &rule->items[i].buyer);
    }
    for (size_t i = 0; rc == SQLITE_OK && i < rule->order_count; i++)
        rc = find_buyer(batch, connection, rule->orders[i].event, rule->orders[i].name,
                        &rule->orders[i].buyer);
    return rc;
}
