#include "db/sqlite/batch_read.h"

#include <stdio.h>
#include <string.h>

#include "db/sqlite/batch_event.h"
#include "db/sqlite/batch_list.h"
#include "db/sqlite/batch_order.h"
#include "db/sqlite/bind.h"
#include "db/sqlite/column.h"

enum {
    COLUMN_ID = 3, /* of an order; NULL: a refusal */
    COLUMN_FINGERPRINT = 16,
    COLUMN_PROBLEM,
    COLUMN_REMAINING,
};

static bool names_event(const struct item *item)
{
    return item->verb != VERB_CONFIRM && item->verb != VERB_RELEASE;
}

/* Most batches are about one event: the one before is tried first. */
static int find_event(struct batch *batch, struct connection *connection, size_t i)
{
    const struct item *item = batch->rule.decisions[i].item;
    const struct item *before = i == 0 ? NULL : batch->rule.decisions[i - 1].item;
    if (before == NULL || !names_event(before) ||
        strcmp(item->purchase.event, before->purchase.event) != 0)
        return batch_event_named(batch, connection, item->purchase.event,
                                 &batch->rule.items[i].event);
    batch->rule.items[i].event = batch->rule.items[i - 1].event;
    return SQLITE_OK;
}

/* What the store knows of a key. */
static int read_known(struct batch *batch, struct connection *connection, sqlite3_stmt *row,
                      struct decide_item *item)
{
    item->known = true;
    column_bytes(row, COLUMN_FINGERPRINT, item->fingerprint, sizeof item->fingerprint);
    if (sqlite3_column_type(row, COLUMN_ID) == SQLITE_NULL) {
        item->refused = column_problem(row, COLUMN_PROBLEM);
        item->remaining = sqlite3_column_int64(row, COLUMN_REMAINING);
        return SQLITE_OK;
    }
    item->order = batch_order_add(batch, row, item->event);
    if (item->order != LOOKUP_NONE)
        return SQLITE_OK;
    snprintf(connection->error, STORE_ERROR_SIZE,
             "the store is damaged: an order without its tier");
    return SQLITE_CORRUPT;
}

int batch_read_key(struct batch *batch, struct connection *connection, size_t i)
{
    struct decide_item *item = &batch->rule.items[i];
    if (batch->rule.events[item->event].id == 0)
        return SQLITE_OK;
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_KEY);
    if (statement == NULL)
        return SQLITE_ERROR;
    int rc = SQLITE_OK;
    sqlite3_bind_int64(statement, 1, batch->rule.events[item->event].id);
    bind_key(statement, 2, batch->rule.decisions[i].item->key);
    if (sqlite3_step(statement) == SQLITE_ROW)
        rc = read_known(batch, connection, statement, item);
    int done = connection_done(connection, statement);
    return rc == SQLITE_OK ? done : rc;
}

bool batch_key_is_new(const struct item *item)
{
    return item->key_made && item->attempt == 1;
}

static int read_item(struct batch *batch, struct connection *connection, enum batch_keys keys,
                     size_t i)
{
    const struct item *item = batch->rule.decisions[i].item;
    int rc = names_event(item) ? find_event(batch, connection, i) : SQLITE_OK;
    if (rc != SQLITE_OK)
        return rc;
    switch (item->verb) {
    case VERB_CONFIRM:
    case VERB_RELEASE:
        return batch_read_hold(batch, connection, i);
    case VERB_REFUND:
        return batch_read_refunded(batch, connection, i);
    case VERB_CHECK_IN:
        return batch_read_ticket(batch, connection, i);
    case VERB_TIDY:
        return SQLITE_OK;
    default:
        return keys == BATCH_KEYS_ALL || !batch_key_is_new(item)
                   ? batch_read_key(batch, connection, i)
                   : SQLITE_OK;
    }
}

void batch_make_room_for_orders(struct batch *batch)
{
    struct decide_batch *rule = &batch->rule;
    rule->orders = batch_list_grow(rule->orders, rule->order_count, rule->count,
                                   &batch->room.orders, sizeof *rule->orders);
}

int batch_read(struct batch *batch, struct connection *connection, enum batch_keys keys)
{
    lookup_begin(&batch->names, 1);
    lookup_begin(&batch->rows, 1);
    lookup_begin(&batch->orders, 1);
    lookup_begin(&batch->tickets, 1);
    lookup_begin(&batch->buyers, 1);
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < batch->rule.count; i++) {
        struct decide_item *item = &batch->rule.items[i];
        item->known = false;
        item->refused = PROBLEM_NONE;
        item->event = item->order = item->buyer = item->ticket = LOOKUP_NONE;
        rc = read_item(batch, connection, keys, i);
    }
    if (rc == SQLITE_OK)
        rc = batch_read_places(batch, connection);
    if (rc == SQLITE_OK)
        rc = batch_read_lines(batch, connection);
    if (rc == SQLITE_OK)
        rc = batch_read_buyers(batch, connection);
    batch_make_room_for_orders(batch);
    return rc;
}
