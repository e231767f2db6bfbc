#include "db/postgres/make.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "db/postgres/handle.h"
#include "db/postgres/schema.h"
#include "db/postgres/session.h"
#include "db/sql/change_part.h"
#include "db/sql/column.h"

enum {
    MAKE_RUNS_MAX = 10, /* where others make it at the same time */
};

static const int64_t make_wait = 10 * CLOCK_SECOND;
static const int64_t migrate_wait = 600 * CLOCK_SECOND; /* one that holds much may take its time */

static bool read_one(struct sql_query *query, int64_t *number)
{
    struct change_row row;
    bool read = change_read(query, &row);
    *number = row.first;
    return read;
}

static bool make_demo(struct sql *sql, int64_t capacity, bool *made)
{
    int64_t events;
    char text[360];
    if (!read_one(sql_query(sql, QUERY_COUNT_EVENTS), &events))
        return false;
    if (capacity <= 0 || events > 0)
        return true;
    *made = true;
    snprintf(text, sizeof text,
             "INSERT INTO events (event, name, title) VALUES (1, 'demo', 'Demo');"
             "INSERT INTO tiers"
             "  (event, tier, name, price, currency, capacity, order_limit, next_number)"
             "  SELECT 1, 1, 'standard', 2500, 'EUR', %lld, %d, first_number FROM store",
             (long long)capacity, STORE_ORDER_LIMIT);
    return postgres_execute((struct postgres *)sql, text) == SQL_OK;
}

/* Where no key was ever made: a store is never without one that signs. */
static bool make_first_key(struct postgres *postgres)
{
    int64_t keys;
    return read_one(postgres_core(postgres, CORE_COUNT_ALL_KEYS), &keys) &&
           (keys > 0 || change_first_key(&postgres->sql));
}

static bool tell(struct postgres *postgres, struct store_made *made)
{
    struct sql_query *query = sql_query(&postgres->sql, QUERY_STORE_ID);
    if (query != NULL && sql_next(query))
        column_text(query, 0, made->id, sizeof made->id);
    return sql_end(query) == SQL_OK &&
           read_one(postgres_core(postgres, CORE_TICKETS), &made->tickets);
}

/* The session's own bound for a statement is that of a seller's, whose buyers wait. */
static bool allow_time(struct postgres *postgres)
{
    char text[64];
    postgres->until = clock_monotonic() + migrate_wait;
    snprintf(text, sizeof text, "SET LOCAL statement_timeout = %lld",
             (long long)(migrate_wait / CLOCK_MILLISECOND));
    return postgres_execute(postgres, text) == SQL_OK;
}

/* In one transaction. Where there is a store, others that make it wait for its row; where there is none, only one of
 * them can make the tables, and the others then find them. */
static bool make(struct postgres *postgres, int64_t demo_capacity, struct store_made *made)
{
    bool there;
    struct sql *sql = &postgres->sql;
    *made = (struct store_made){.created = false};
    enum tables_state state = tables_inspect(postgres, &there);
    if (state == TABLES_REFUSED || state == TABLES_UNREADABLE)
        return false;
    made->created = state == TABLES_NONE;
    return sql_run(sql_query(sql, QUERY_BEGIN_WRITING)) == SQL_OK &&
           (state != TABLES_OLD || allow_time(postgres)) &&
           (state == TABLES_NONE || sql_lock_event(sql, NULL) == SQL_OK) &&
           tables_migrate(postgres, state, there) == SQL_OK && make_first_key(postgres) &&
           make_demo(sql, demo_capacity, &made->demo_created) && tell(postgres, made) &&
           sql_run_named(sql, QUERY_COMMIT) == SQL_OK && sql_settle(sql) == SQL_OK;
}

/* Somebody else made at the same time what this was about to make. */
static bool met(const struct postgres *postgres)
{
    static const char *const codes[] = {"23505", "42P06", "42P07", "40001", "40P01", "XX000"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(postgres->code, codes[i]) == 0)
            return true;
    return postgres->lost;
}

bool postgres_make(const char *rest, int64_t demo_capacity, struct store_made *made,
                   char error[STORE_ERROR_SIZE])
{
    struct postgres_handle *handle = postgres_handle_new(rest, "init", true, error);
    if (handle == NULL)
        return false;
    struct postgres *postgres = &handle->postgres;
    int64_t until = clock_monotonic() + make_wait;
    bool done = false;
    for (int attempt = 0; !done && attempt < MAKE_RUNS_MAX; attempt++) {
        postgres->store[0] = '\0';
        if (!session_reach(postgres, until))
            break;
        postgres_forget(postgres);
        postgres->until = until;
        done = make(postgres, demo_capacity, made);
        if (!done && !met(postgres))
            break;
        if (!done)
            postgres_drop(postgres); /* with its transaction */
    }
    postgres_give_up(handle, error);
    return done;
}
