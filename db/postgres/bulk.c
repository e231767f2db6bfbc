#include "db/postgres/bulk.h"

#include <stdio.h>
#include <string.h>

#include "db/postgres/array.h"
#include "db/postgres/connection.h"
#include "db/postgres/key.h"
#include "db/sql/batch_read.h"

static void add_key(struct array *array, const char *key)
{
    uint8_t packed[KEY_PACKED_SIZE];
    array_bytes(array, packed, key_pack(key, packed));
}

/* --- keys -------------------------------------------------------------------------------------- */

enum {
    COLUMN_PLACE = 19, /* in the arrays, from 1; behind the columns of QUERY_KEY */
};

static enum sql_result read_keys(struct sql_query *query, struct batch *batch, const size_t *items,
                                 size_t n)
{
    enum sql_result result = SQL_OK;
    while (result == SQL_OK && sql_next(query)) {
        size_t place = (size_t)sql_number(query, COLUMN_PLACE);
        if (place >= 1 && place <= n) {
            result = batch_known(batch, items[place - 1], query);
            continue;
        }
        snprintf(query->sql->error, STORE_ERROR_SIZE,
                 "the store found a key that nobody asked for");
        result = SQL_FAILED;
    }
    enum sql_result end = sql_end(query);
    return result == SQL_OK ? end : result;
}

enum sql_result bulk_find_keys(struct sql *sql, struct batch *batch, const size_t *items, size_t n)
{
    struct array events = {0}, keys = {0};
    struct sql_query *query = postgres_own(sql, OWN_FIND_KEYS);
    if (query == NULL)
        return SQL_FAILED;
    array_begin(&events, ARRAY_BIGINT);
    array_begin(&keys, ARRAY_BYTEA);
    for (size_t i = 0; i < n; i++) {
        array_number(&events, batch->rule.events[batch->rule.items[items[i]].event].id);
        add_key(&keys, batch->rule.decisions[items[i]].item->key);
    }
    array_bind(&events, query, 1);
    array_bind(&keys, query, 2);
    enum sql_result result = read_keys(query, batch, items, n);
    array_free(&events);
    array_free(&keys);
    return result;
}

/* --- orders and refusals ----------------------------------------------------------------------- */

/* The arrays of OWN_ADD, in their order. */
enum {
    ADD_EVENT,
    ADD_KEY,
    ADD_FINGERPRINT,
    ADD_ID,
    ADD_STATE,
    ADD_TIER,
    ADD_QUANTITY,
    ADD_FIRST_NUMBER,
    ADD_AMOUNT,
    ADD_CURRENCY,
    ADD_BUYER,
    ADD_ROUTER,
    ADD_EXPIRES_AT,
    ADD_PROBLEM,
    ADD_REMAINING,
    ADD_ARRAYS,
    ADD_FIRST_AT = 4, /* the place of the first one among the query's values */
};

static const enum array_type add_types[ADD_ARRAYS] = {
    [ADD_EVENT] = ARRAY_BIGINT,      [ADD_KEY] = ARRAY_BYTEA,
    [ADD_FINGERPRINT] = ARRAY_BYTEA, [ADD_ID] = ARRAY_BYTEA,
    [ADD_STATE] = ARRAY_INTEGER,     [ADD_TIER] = ARRAY_BIGINT,
    [ADD_QUANTITY] = ARRAY_INTEGER,  [ADD_FIRST_NUMBER] = ARRAY_BIGINT,
    [ADD_AMOUNT] = ARRAY_BIGINT,     [ADD_CURRENCY] = ARRAY_TEXT,
    [ADD_BUYER] = ARRAY_TEXT,        [ADD_ROUTER] = ARRAY_TEXT,
    [ADD_EXPIRES_AT] = ARRAY_BIGINT, [ADD_PROBLEM] = ARRAY_TEXT,
    [ADD_REMAINING] = ARRAY_BIGINT,
};

/* The arrays of OWN_ADD_TICKETS, in their order. */
enum {
    TICKETS_EVENT,
    TICKETS_TIER,
    TICKETS_DECISION,
    TICKETS_FIRST,
    TICKETS_QUANTITY,
    TICKETS_ARRAYS,
};

/* All rows that a batch adds. */
struct rows {
    struct array add[ADD_ARRAYS];
    struct array tickets[TICKETS_ARRAYS];
    int64_t next; /* decision's number */
};

static void begin_rows(struct rows *rows)
{
    for (size_t i = 0; i < ADD_ARRAYS; i++)
        array_begin(&rows->add[i], add_types[i]);
    for (size_t i = 0; i < TICKETS_ARRAYS; i++)
        array_begin(&rows->tickets[i], ARRAY_BIGINT);
}

static void free_rows(struct rows *rows)
{
    for (size_t i = 0; i < ADD_ARRAYS; i++)
        array_free(&rows->add[i]);
    for (size_t i = 0; i < TICKETS_ARRAYS; i++)
        array_free(&rows->tickets[i]);
}

/* What every decision's row begins with. */
static void add_head(struct rows *rows, const struct batch *batch, size_t i)
{
    const struct decision *decision = &batch->rule.decisions[i];
    array_number(&rows->add[ADD_EVENT], batch->rule.events[batch->rule.items[i].event].id);
    add_key(&rows->add[ADD_KEY], decision->item->key);
    array_bytes(&rows->add[ADD_FINGERPRINT], decision->fingerprint, sizeof decision->fingerprint);
}

static void add_refusal(struct rows *rows, const struct batch *batch, size_t i)
{
    const struct outcome *outcome = &batch->rule.decisions[i].outcome;
    add_head(rows, batch, i);
    array_number(&rows->add[ADD_STATE], ORDER_SOLD); /* as the table has it where there is none */
    for (size_t column = ADD_ID; column < ADD_PROBLEM; column++)
        if (column != ADD_STATE)
            array_null(&rows->add[column]);
    array_text(&rows->add[ADD_PROBLEM], problem_code(outcome->problem));
    array_number(&rows->add[ADD_REMAINING], outcome->remaining);
}

static void add_ticket_range(struct rows *rows, int64_t event, int64_t tier, int64_t decision,
                             int64_t first, int64_t quantity)
{
    array_number(&rows->tickets[TICKETS_EVENT], event);
    array_number(&rows->tickets[TICKETS_TIER], tier);
    array_number(&rows->tickets[TICKETS_DECISION], decision);
    array_number(&rows->tickets[TICKETS_FIRST], first);
    array_number(&rows->tickets[TICKETS_QUANTITY], quantity);
}

/* Sold, with its tickets; or held, or with expires_at 0 waiting. */
static void add_order(struct rows *rows, const struct batch *batch, size_t i)
{
    const struct decide_item *item = &batch->rule.items[i];
    const struct decision *decision = &batch->rule.decisions[i];
    const struct sale *sale = &decision->outcome.sale;
    int64_t tier = batch->rule.tiers[item->tier].id;
    add_head(rows, batch, i);
    array_bytes(&rows->add[ADD_ID], sale->id.bytes, sizeof sale->id.bytes);
    array_number(&rows->add[ADD_STATE], (int64_t)sale->state);
    array_number(&rows->add[ADD_TIER], tier);
    array_number(&rows->add[ADD_QUANTITY], sale->quantity);
    array_number(&rows->add[ADD_AMOUNT], sale->amount);
    array_text(&rows->add[ADD_CURRENCY], sale->currency);
    array_text(&rows->add[ADD_BUYER], sale->buyer);
    array_text(&rows->add[ADD_ROUTER], decision->router);
    array_null(&rows->add[ADD_PROBLEM]);
    array_null(&rows->add[ADD_REMAINING]);
    if (item->write == DECIDE_HOLD) {
        array_null(&rows->add[ADD_FIRST_NUMBER]);
        array_number(&rows->add[ADD_EXPIRES_AT], sale->expires_at);
        return;
    }
    array_number(&rows->add[ADD_FIRST_NUMBER], sale->first_number);
    array_null(&rows->add[ADD_EXPIRES_AT]);
    add_ticket_range(rows, batch->rule.events[item->event].id, tier, rows->next, sale->first_number,
                     sale->quantity);
}

static void add_item(struct rows *rows, struct batch *batch, size_t i)
{
    const struct decide_item *item = &batch->rule.items[i];
    if (item->write == DECIDE_REFUSAL)
        add_refusal(rows, batch, i);
    else if (item->write == DECIDE_SALE || item->write == DECIDE_HOLD)
        add_order(rows, batch, i);
    else
        return;
    if (item->write != DECIDE_REFUSAL && item->subject != LOOKUP_NONE)
        batch->rule.orders[item->subject].row = rows->next;
    rows->next++;
}

static enum sql_result send_tickets(struct sql *sql, struct rows *rows)
{
    if (rows->tickets[0].count == 0)
        return SQL_OK;
    struct sql_query *query = postgres_own(sql, OWN_ADD_TICKETS);
    if (query == NULL)
        return SQL_FAILED;
    for (int i = 0; i < TICKETS_ARRAYS; i++)
        array_bind(&rows->tickets[i], query, 1 + i);
    return sql_run(query);
}

static enum sql_result send_decisions(struct sql *sql, struct rows *rows, const struct batch *batch,
                                      int64_t first)
{
    struct sql_query *query = postgres_own(sql, OWN_ADD);
    if (query == NULL)
        return SQL_FAILED;
    sql_bind_number(query, 1, first - 1); /* they are counted from 1 */
    sql_bind_number(query, 2, batch->rule.now);
    sql_bind_text(query, 3, batch->rule.server);
    for (int i = 0; i < ADD_ARRAYS; i++)
        array_bind(&rows->add[i], query, ADD_FIRST_AT + i);
    return sql_run(query);
}

enum sql_result bulk_add(struct sql *sql, struct batch *batch)
{
    struct postgres *postgres = (struct postgres *)sql;
    struct rows rows = {.next = postgres->decision};
    begin_rows(&rows);
    for (size_t i = 0; i < batch->rule.count; i++)
        add_item(&rows, batch, i);
    enum sql_result result = send_decisions(sql, &rows, batch, postgres->decision);
    if (result == SQL_OK)
        result = send_tickets(sql, &rows);
    postgres->decision = rows.next;
    free_rows(&rows);
    return result;
}

enum sql_result bulk_add_tickets(struct sql *sql, int64_t event, int64_t tier, int64_t decision,
                                 int64_t first, int64_t quantity)
{
    struct rows rows = {0};
    begin_rows(&rows);
    add_ticket_range(&rows, event, tier, decision, first, quantity);
    enum sql_result result = send_tickets(sql, &rows);
    free_rows(&rows);
    return result;
}
