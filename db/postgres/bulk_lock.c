#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "db/postgres/array.h"
#include "db/postgres/bulk.h"
#include "db/postgres/connection.h"
#include "db/postgres/value.h"

/* What the decisions are about: events by their names, those that follow each other once; and orders by their ids. */
static void list_subjects(const struct decision *decisions, size_t n, struct array *names,
                          struct array *orders)
{
    const char *before = NULL;
    array_begin(names, ARRAY_TEXT);
    array_begin(orders, ARRAY_BYTEA);
    for (size_t i = 0; i < n; i++) {
        const struct item *item = decisions[i].item;
        if (verb_names_order(item->verb)) {
            array_bytes(orders, item->order.bytes, sizeof item->order.bytes);
            continue;
        }
        if (before == NULL || strcmp(before, item->purchase.event) != 0)
            array_text(names, item->purchase.event);
        before = item->purchase.event;
    }
}

static enum sql_result lock_tiers(struct sql *sql, struct array *names, struct array *orders)
{
    struct sql_query *query =
        postgres_own(sql, orders->count == 0 ? OWN_LOCK_EVENTS : OWN_LOCK_ORDERS);
    if (query == NULL)
        return SQL_FAILED;
    array_bind(names, query, 1);
    if (orders->count > 0)
        array_bind(orders, query, 2);
    return postgres_run_lock(query);
}

_Static_assert(STORE_BATCH_MAX <= 4096, "the sequence decision_numbers goes on by 4096 each time");

/* Numbers for as many decisions as a batch may have. They are drawn under the locks, so that those of an event
 * grow in the order in which they are committed: whoever has read an event's orders up to one has missed none. */
static enum sql_result draw_numbers(struct sql *sql)
{
    struct postgres *postgres = (struct postgres *)sql;
    struct sql_query *query = postgres_own(sql, OWN_NUMBERS);
    if (query != NULL && sql_next(query))
        postgres->decision = sql_number(query, 0);
    return sql_end(query);
}

/* --- what a batch reads first ------------------------------------------------------------------ */

enum {
    EVENTS_AHEAD = 16, /* the others of a batch are asked one by one */
};

/* An event and its tiers, which are read as soon as the locks are there. */
struct event_ahead {
    struct ahead_rows *event, *tiers;
};

static size_t ask_ahead(struct sql *sql, const struct decision *decisions, size_t n,
                        struct event_ahead asked[EVENTS_AHEAD])
{
    const char *before = NULL;
    size_t count = 0;
    for (size_t i = 0; i < n && count < EVENTS_AHEAD; i++) {
        const struct item *item = decisions[i].item;
        const char *event = item->purchase.event;
        if (verb_names_order(item->verb) || (before != NULL && strcmp(before, event) == 0))
            continue;
        before = event;
        asked[count].event = postgres_ahead_one(postgres_query(sql, QUERY_EVENT), event);
        if (asked[count].event == NULL)
            continue;
        asked[count++].tiers = postgres_ahead_one(postgres_own(sql, OWN_TIERS_OF_NAME), event);
    }
    return count;
}

/* Tiers will be asked for by their event's number, which is the first of EVENT_COLUMNS. */
static void name_tiers(const struct event_ahead *asked)
{
    const PGresult *row = asked->event->rows;
    char number[24];
    if (row == NULL || asked->tiers == NULL || PQntuples(row) == 0)
        return;
    int length = snprintf(number, sizeof number, "%" PRId64, postgres_number_in(row, 0, 0));
    asked->tiers->key = (struct ahead_key){.number = QUERY_TIERS_OF_EVENT};
    ahead_key_add(&asked->tiers->key, number, (size_t)length);
}

/* --- the locks --------------------------------------------------------------------------------- */

enum sql_result bulk_lock(struct sql *sql, const struct decision *decisions, size_t n)
{
    struct array names = {0}, orders = {0};
    list_subjects(decisions, n, &names, &orders);
    enum sql_result result = lock_tiers(sql, &names, &orders);
    array_free(&names);
    array_free(&orders);
    if (result != SQL_OK)
        return result;
    struct event_ahead asked[EVENTS_AHEAD];
    size_t count = ask_ahead(sql, decisions, n, asked);
    result = draw_numbers(sql);
    for (size_t i = 0; result == SQL_OK && i < count; i++)
        name_tiers(&asked[i]);
    return result;
}

/* Whether this row of what is locked comes before that tier. */
static bool comes_before(const PGresult *locked, int row, int64_t event, int64_t tier)
{
    int64_t at = postgres_number_in(locked, row, 0);
    return at < event || (at == event && postgres_number_in(locked, row, 1) < tier);
}

static bool is_locked(const PGresult *locked, int64_t event, int64_t tier)
{
    int low = 0, high = PQntuples(locked);
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (comes_before(locked, middle, event, tier))
            low = middle + 1;
        else
            high = middle;
    }
    return low < PQntuples(locked) && postgres_number_in(locked, low, 0) == event &&
           (tier == 0 || postgres_number_in(locked, low, 1) == tier);
}

enum sql_result bulk_expect_locked(struct sql *sql, int64_t event, int64_t tier)
{
    struct postgres *postgres = (struct postgres *)sql;
    if (postgres->locked != NULL && is_locked(postgres->locked, event, tier))
        return SQL_OK;
    snprintf(sql->error, STORE_ERROR_SIZE,
             "the store at %.200s: event %" PRId64 " has a tier that came as its tiers were locked",
             postgres->place.plain, event);
    postgres->again = true;
    return SQL_FAILED;
}

enum sql_result bulk_lock_event(struct sql *sql, const char *event)
{
    struct array names = {0}, orders = {0};
    if (event == NULL) {
        enum sql_result result = sql_run(postgres_own(sql, OWN_LOCK_STORE));
        return result == SQL_OK ? sql_settle(sql) : result;
    }
    array_begin(&names, ARRAY_TEXT);
    array_text(&names, event);
    enum sql_result result = lock_tiers(sql, &names, &orders);
    array_free(&names);
    return result == SQL_OK ? sql_settle(sql) : result;
}
