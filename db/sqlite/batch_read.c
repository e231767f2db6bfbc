#include "db/sqlite/batch_read.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "db/sqlite/bind.h"
#include "db/sqlite/column.h"

/* A list with room for one more than `count`; its content is kept. */
static void *grow(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;
    size_t more = *room == 0 ? 16 : 2 * *room;
    void *grown = realloc(list, more * size);
    if (grown == NULL)
        abort();
    *room = more;
    return grown;
}

static struct decide_event *new_event(struct batch *batch)
{
    size_t room = batch->event_room;
    batch->rule.events = grow(batch->rule.events, batch->rule.event_count, &batch->event_room,
                              sizeof *batch->rule.events);
    batch->removed = grow(batch->removed, batch->rule.event_count, &room, sizeof *batch->removed);
    struct decide_event *event = &batch->rule.events[batch->rule.event_count];
    *event = (struct decide_event){.first_tier = batch->rule.tier_count};
    batch->removed[batch->rule.event_count++] = 0;
    return event;
}

static void read_tier(struct batch *batch, sqlite3_stmt *row)
{
    batch->rule.tiers = grow(batch->rule.tiers, batch->rule.tier_count, &batch->tier_room,
                             sizeof *batch->rule.tiers);
    struct decide_tier *tier = &batch->rule.tiers[batch->rule.tier_count++];
    *tier = (struct decide_tier){
        .id = sqlite3_column_int64(row, 0),
        .price = sqlite3_column_int64(row, 3),
        .capacity = sqlite3_column_int64(row, 4),
        .sold = sqlite3_column_int64(row, 5),
        .held = sqlite3_column_int64(row, 6),
        .limit = sqlite3_column_int64(row, 7),
        .next_number = sqlite3_column_int64(row, 8),
    };
    column_text(row, 1, tier->name, sizeof tier->name);
    column_text(row, 2, tier->currency, sizeof tier->currency);
}

static int read_tiers(struct batch *batch, struct connection *connection,
                      struct decide_event *event)
{
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_TIERS_OF_EVENT);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, event->id);
    while (sqlite3_step(statement) == SQLITE_ROW)
        read_tier(batch, statement);
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

static int read_event(struct batch *batch, struct connection *connection, const char *name)
{
    size_t index = batch->rule.event_count;
    struct decide_event *event = new_event(batch);
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_EVENT);
    if (statement == NULL)
        return SQLITE_ERROR;
    bind_text(statement, 1, name);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        event->id = sqlite3_column_int64(statement, 0);
        event->refusals = sqlite3_column_int64(statement, 1);
    }
    int rc = connection_done(connection, statement);
    if (rc == SQLITE_OK && event->id != 0)
        rc = read_tiers(batch, connection, event);
    if (rc == SQLITE_OK && event->refusals > 0)
        rc = remove_expired(batch, connection, index);
    return rc;
}

/* Most batches are about one event: the one before is tried first. */
static int find_event(struct batch *batch, struct connection *connection, size_t i)
{
    const char *name = batch->rule.decisions[i].item->purchase.event;
    struct decide_item *item = &batch->rule.items[i];
    if (i > 0 && strcmp(name, batch->rule.decisions[i - 1].item->purchase.event) == 0) {
        item->event = batch->rule.items[i - 1].event;
        return SQLITE_OK;
    }
    item->event = lookup_find(&batch->names, 0, name);
    if (item->event != LOOKUP_NONE)
        return SQLITE_OK;
    item->event = batch->rule.event_count;
    lookup_add(&batch->names, 0, name, item->event);
    return read_event(batch, connection, name);
}

/* The name of a tier of the event; "" where it is gone. */
static const char *tier_name(const struct batch *batch, const struct decide_event *event,
                             int64_t tier)
{
    for (size_t i = event->first_tier; i < event->first_tier + event->tiers; i++)
        if (batch->rule.tiers[i].id == tier)
            return batch->rule.tiers[i].name;
    return "";
}

/* The first outcome of a key that the store knows. */
static void read_outcome(const struct batch *batch, sqlite3_stmt *row, struct decide_item *item,
                         struct decision *decision)
{
    struct outcome *outcome = &decision->outcome;
    memset(outcome, 0, sizeof *outcome);
    item->known = true;
    column_bytes(row, 10, item->fingerprint, sizeof item->fingerprint);
    if (sqlite3_column_type(row, 0) == SQLITE_NULL) {
        outcome->problem = column_problem(row, 11);
        outcome->remaining = sqlite3_column_int64(row, 12);
        return;
    }
    const struct decide_event *event = &batch->rule.events[item->event];
    column_sale(row, &outcome->sale);
    strcpy(outcome->sale.event, decision->item->purchase.event);
    strcpy(outcome->sale.tier, tier_name(batch, event, sqlite3_column_int64(row, 13)));
}

int batch_read_key(struct batch *batch, struct connection *connection, size_t i)
{
    struct decide_item *item = &batch->rule.items[i];
    struct decision *decision = &batch->rule.decisions[i];
    if (batch->rule.events[item->event].id == 0)
        return SQLITE_OK;
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_KEY);
    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, batch->rule.events[item->event].id);
    bind_key(statement, 2, decision->item->key);
    if (sqlite3_step(statement) == SQLITE_ROW)
        read_outcome(batch, statement, item, decision);
    return connection_done(connection, statement);
}

bool batch_key_is_new(const struct item *item)
{
    return item->key_made && item->attempt == 1;
}

int batch_read(struct batch *batch, struct connection *connection, enum batch_keys keys)
{
    lookup_begin(&batch->names, batch->rule.count);
    for (size_t i = 0; i < batch->rule.count; i++) {
        int rc = find_event(batch, connection, i);
        batch->rule.items[i].known = false;
        if (rc == SQLITE_OK &&
            (keys == BATCH_KEYS_ALL || !batch_key_is_new(batch->rule.decisions[i].item)))
            rc = batch_read_key(batch, connection, i);
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}
