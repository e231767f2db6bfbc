#include "db/postgres/reset.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "db/postgres/schema.h"
#include "db/sql/column.h"

/* The server lists a session for a moment after it was closed, and within a transaction what it listed first. */
static const int64_t gone_wait = 2 * CLOCK_SECOND;
static const int gone_rest = 20; /* milliseconds */

/* Whoever else has a session of this store: its process, and what it calls itself; 0: nobody. */
static bool find_other(struct postgres *postgres, char other[SCHEMA_NAME_SIZE], int64_t *process)
{
    char prefix[2 * SCHEMA_NAME_SIZE];
    struct sql_query *query = postgres_core(postgres, CORE_OTHERS);
    if (query == NULL)
        return false;
    snprintf(prefix, sizeof prefix, "box_office/%s/", postgres->place.schema);
    sql_bind_text(query, 1, prefix);
    *process = 0;
    if (sql_next(query)) {
        column_text(query, 0, other, SCHEMA_NAME_SIZE);
        *process = sql_number(query, 1);
    }
    return sql_end(query) == SQL_OK;
}

bool reset_alone(struct postgres *postgres)
{
    char other[SCHEMA_NAME_SIZE] = "";
    int64_t process;
    int64_t until = clock_monotonic() + gone_wait;
    if (!find_other(postgres, other, &process))
        return false;
    while (process != 0 && clock_monotonic() < until) {
        poll(NULL, 0, gone_rest);
        if (postgres_execute(postgres, "SELECT pg_stat_clear_snapshot()") != SQL_OK ||
            !find_other(postgres, other, &process))
            return false;
    }
    if (process == 0)
        return true;
    snprintf(postgres->sql.error, STORE_ERROR_SIZE,
             "the store at %.200s is in use (%.64s, process %lld of the database): stop whoever "
             "uses it first",
             postgres->place.plain, other, (long long)process);
    return false;
}

/* NAME_20261122t101112_123456, as long as there is room for. */
static void name_aside(const struct postgres *postgres, char aside[SCHEMA_NAME_SIZE])
{
    char time[CLOCK_TEXT_SIZE];
    char stamp[CLOCK_TEXT_SIZE];
    size_t length = 0;
    clock_format(clock_now(), time);
    for (const char *from = time; *from != '\0'; from++) {
        if (*from >= '0' && *from <= '9')
            stamp[length++] = *from;
        else if (*from == 'T' || *from == '.')
            stamp[length++] = *from == 'T' ? 't' : '_';
    }
    stamp[length] = '\0';
    snprintf(aside, SCHEMA_NAME_SIZE, "%.*s_%s", SCHEMA_NAME_SIZE - 2 - (int)length,
             postgres->place.schema, stamp);
}

/* Whoever comes meanwhile waits for the table, and then finds none of that name. */
bool reset_move(struct postgres *postgres, char aside[SCHEMA_NAME_SIZE])
{
    char text[3 * SCHEMA_NAME_SIZE + 64];
    name_aside(postgres, aside);
    snprintf(text, sizeof text, "ALTER SCHEMA \"%s\" RENAME TO \"%s\"", postgres->place.schema,
             aside);
    return postgres_execute(postgres, "LOCK TABLE store, servers IN ACCESS EXCLUSIVE MODE;"
                                      "UPDATE servers SET boot = boot + 1") == SQL_OK &&
           reset_alone(postgres) && postgres_execute(postgres, text) == SQL_OK;
}

bool reset_commit(struct postgres *postgres, const char *what, const char *aside)
{
    char *error = postgres->sql.error, where[SCHEMA_NAME_SIZE + 64] = "", why[STORE_ERROR_SIZE];
    error[0] = '\0';
    postgres->doubted = false;
    if (sql_run_named(&postgres->sql, QUERY_COMMIT) == SQL_OK &&
        sql_settle(&postgres->sql) == SQL_OK && !postgres->doubted)
        return true;
    if (!postgres->lost && !postgres->doubted)
        return false;
    snprintf(why, sizeof why, "%s", error);
    if (aside[0] != '\0')
        snprintf(where, sizeof where, ", and if it was, what was there is in the schema %s", aside);
    int length =
        snprintf(error, STORE_ERROR_SIZE,
                 "it is not known whether %s: make audit says what is there now%s", what, where);
    if (why[0] != '\0')
        snprintf(error + length, STORE_ERROR_SIZE - (size_t)length, " (%.*s)",
                 STORE_ERROR_SIZE - length - 4, why);
    return false;
}

static bool move(struct postgres *postgres, char url[STORE_PLACE_SIZE])
{
    char aside[SCHEMA_NAME_SIZE];
    struct sql *sql = &postgres->sql;
    if (sql_run(sql_query(sql, QUERY_BEGIN_WRITING)) != SQL_OK || !reset_move(postgres, aside) ||
        !reset_commit(postgres, "the store was put aside", aside))
        return false;
    postgres_place_beside(&postgres->place, aside, url);
    return true;
}

bool postgres_reset(const char *rest, char aside[STORE_PLACE_SIZE], char error[STORE_ERROR_SIZE])
{
    bool there;
    struct postgres_handle *handle = postgres_handle_new(rest, "reset", true, error);
    if (handle == NULL)
        return false;
    struct postgres *postgres = &handle->postgres;
    enum tables_state state = tables_inspect(postgres, &there);
    bool done = state == TABLES_NONE;
    if (state == TABLES_OLD || state == TABLES_PRESENT)
        done = reset_alone(postgres) && move(postgres, aside);
    postgres_give_up(handle, error);
    return done;
}
