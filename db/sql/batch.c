#include "db/sql/batch.h"

#include <stdlib.h>
#include <string.h>

#include "db/sql/batch_list.h"
#include "db/sql/batch_order.h"
#include "db/sql/batch_read.h"
#include "db/sql/batch_write.h"

/* A key that was not looked up, and of which nothing will be written that proves it new. */
static bool in_doubt(const struct batch *batch, size_t i)
{
    const struct decision *decision = &batch->rule.decisions[i];
    const struct decide_item *item = &batch->rule.items[i];
    return verb_has_key(decision->item->verb) && batch_key_is_new(decision->item) &&
           item->write != DECIDE_SALE && item->write != DECIDE_HOLD && !decision->outcome.replayed;
}

/* Those in doubt took nothing, so the others' decisions stay what they are. */
static enum sql_result settle_doubts(struct batch *batch, struct sql *sql)
{
    size_t doubts = 0;
    for (size_t i = 0; i < batch->rule.count; i++)
        if (in_doubt(batch, i) && batch->rule.events[batch->rule.items[i].event].id != 0)
            batch->asked[doubts++] = i;
    if (doubts == 0)
        return SQL_OK;
    enum sql_result rc = sql->methods->find_keys(sql, batch, batch->asked, doubts);
    if (rc == SQL_OK)
        rc = batch_read_places(batch, sql);
    if (rc != SQL_OK)
        return rc;
    batch_make_room_for_orders(batch);
    decide(&batch->rule);
    return SQL_OK;
}

/* Whether any outcome tells of what the store held before, and not of what this batch writes. */
static bool relies(const struct batch *batch)
{
    for (size_t i = 0; i < batch->rule.count; i++) {
        const struct decide_item *item = &batch->rule.items[i];
        if (item->write == DECIDE_NOTHING && (item->known || item->order != LOOKUP_NONE))
            return true;
    }
    return false;
}

static void begin(struct batch *batch, const char *server, int64_t now, struct decision *decisions,
                  size_t n)
{
    struct decide_batch *rule = &batch->rule;
    rule->items = batch_list_grow(rule->items, 0, n, &batch->room.items, sizeof *rule->items);
    batch->asked = batch_list_grow(batch->asked, 0, n, &batch->room.asked, sizeof *batch->asked);
    rule->server = server;
    rule->now = now;
    rule->decisions = decisions;
    rule->count = n;
    rule->keys = &batch->keys;
    rule->event_count = rule->tier_count = rule->buyer_count = 0;
    rule->order_count = rule->added = rule->ticket_count = 0;
    batch->due = batch->in_lines = 0;
    batch->sold = 0;
    batch->dirty = batch->relied = false;
}

enum sql_result batch_process(struct batch *batch, struct sql *sql, enum batch_keys keys,
                              const char *server, int64_t now, struct decision *decisions, size_t n)
{
    begin(batch, server, now, decisions, n);
    enum sql_result rc = batch_read(batch, sql, keys);
    if (rc != SQL_OK)
        return rc;
    decide(&batch->rule);
    if (keys == BATCH_KEYS_NOT_NEW)
        rc = settle_doubts(batch, sql);
    if (rc != SQL_OK)
        return rc;
    batch->relied = relies(batch);
    return batch_write(batch, sql);
}

void batch_free(struct batch *batch)
{
    lookup_free(&batch->names);
    lookup_free(&batch->rows);
    lookup_free(&batch->orders);
    lookup_free(&batch->tickets);
    lookup_free(&batch->buyers);
    lookup_free(&batch->keys);
    free(batch->rule.items);
    free(batch->rule.events);
    free(batch->rule.tiers);
    free(batch->rule.buyers);
    free(batch->rule.orders);
    free(batch->rule.tickets);
    free(batch->removed);
    free(batch->asked);
    memset(batch, 0, sizeof *batch);
}
