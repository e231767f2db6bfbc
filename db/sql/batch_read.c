#include "db/sql/batch_read.h"

#include <stdio.h>
#include <string.h>

#include "db/sql/batch_event.h"
#include "db/sql/batch_list.h"
#include "db/sql/batch_order.h"
#include "db/sql/column.h"

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
static enum sql_result find_event(struct batch *batch, struct sql *sql, size_t i)
{
    const struct item *item = batch->rule.decisions[i].item;
    const struct item *before = i == 0 ? NULL : batch->rule.decisions[i - 1].item;
    if (before == NULL || !names_event(before) ||
        strcmp(item->purchase.event, before->purchase.event) != 0)
        return batch_event_named(batch, sql, item->purchase.event, &batch->rule.items[i].event);
    batch->rule.items[i].event = batch->rule.items[i - 1].event;
    return SQL_OK;
}

enum sql_result batch_known(struct batch *batch, size_t i, struct sql_query *row)
{
    struct decide_item *item = &batch->rule.items[i];
    item->known = true;
    column_bytes(row, COLUMN_FINGERPRINT, item->fingerprint, sizeof item->fingerprint);
    if (sql_is_null(row, COLUMN_ID)) {
        item->refused = column_problem(row, COLUMN_PROBLEM);
        item->remaining = sql_number(row, COLUMN_REMAINING);
        return SQL_OK;
    }
    item->order = batch_order_add(batch, row, item->event);
    if (item->order != LOOKUP_NONE)
        return SQL_OK;
    snprintf(row->sql->error, STORE_ERROR_SIZE, "the store is damaged: an order without its tier");
    return SQL_FAILED;
}

bool batch_key_is_new(const struct item *item)
{
    return item->key_made && item->attempt == 1;
}

static enum sql_result read_item(struct batch *batch, struct sql *sql, enum batch_keys keys,
                                 size_t i, size_t *asked)
{
    const struct item *item = batch->rule.decisions[i].item;
    switch (item->verb) {
    case VERB_CONFIRM:
    case VERB_RELEASE:
        return batch_read_hold(batch, sql, i);
    case VERB_REFUND:
        return batch_read_refunded(batch, sql, i);
    case VERB_CHECK_IN:
        return batch_read_ticket(batch, sql, i);
    case VERB_TIDY:
        return SQL_OK;
    default:
        if ((keys == BATCH_KEYS_ALL || !batch_key_is_new(item)) &&
            batch->rule.events[batch->rule.items[i].event].id != 0)
            batch->asked[(*asked)++] = i;
        return SQL_OK;
    }
}

void batch_make_room_for_orders(struct batch *batch)
{
    struct decide_batch *rule = &batch->rule;
    rule->orders = batch_list_grow(rule->orders, rule->order_count, rule->count,
                                   &batch->room.orders, sizeof *rule->orders);
}

enum sql_result batch_read(struct batch *batch, struct sql *sql, enum batch_keys keys)
{
    lookup_begin(&batch->names, 1);
    lookup_begin(&batch->rows, 1);
    lookup_begin(&batch->orders, 1);
    lookup_begin(&batch->tickets, 1);
    lookup_begin(&batch->buyers, 1);
    size_t asked = 0;
    enum sql_result rc = SQL_OK;
    for (size_t i = 0; rc == SQL_OK && i < batch->rule.count; i++) {
        struct decide_item *item = &batch->rule.items[i];
        item->known = false;
        item->refused = PROBLEM_NONE;
        item->event = item->order = item->buyer = item->ticket = LOOKUP_NONE;
        if (names_event(batch->rule.decisions[i].item))
            rc = find_event(batch, sql, i);
    }
    for (size_t i = 0; rc == SQL_OK && sql_asks_ahead(sql) && i < batch->rule.count; i++)
        batch_tell_named(batch, sql, i);
    for (size_t i = 0; rc == SQL_OK && i < batch->rule.count; i++)
        rc = read_item(batch, sql, keys, i, &asked);
    if (rc == SQL_OK && asked > 0)
        rc = sql->methods->find_keys(sql, batch, batch->asked, asked);
    if (rc == SQL_OK)
        rc = batch_read_places(batch, sql);
    if (rc == SQL_OK)
        rc = batch_read_lines(batch, sql);
    if (rc == SQL_OK)
        rc = batch_read_buyers(batch, sql);
    batch_make_room_for_orders(batch);
    return rc;
}
