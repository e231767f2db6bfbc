/* How SQLite means to find what a query asks for. One that no longer fits its index would still answer the
 * same: only a rush would show it. */
#include <stdio.h>
#include <string.h>

#include "db/sqlite/connection.h"
#include "db/sqlite/query.h"
#include "tests/lib/files.h"
#include "tests/lib/suite.h"

/* Who may walk through a table or sort: what has few rows, and what is asked for whole. */
static const struct {
    enum named_query query;
    const char *step;
} queries_may[] = {
    {QUERY_OWED, "SCAN CONSTANT ROW"},
    {QUERY_USED, "SCAN CONSTANT ROW"},
    {QUERY_STORE_ID, "SCAN store"},
    {QUERY_SERVER_SOLD, "SCAN totals"},
    {QUERY_READ_TIERS, "SCAN events"},
    {QUERY_READ_TIERS, "SCAN e"},
    {QUERY_READ_TIERS, "USE TEMP B-TREE FOR ORDER BY"},
    /* All tiers of an event, which are few. */
    {QUERY_TIERS_OF_EVENT, "SEARCH tiers"},
    {QUERY_READ_TIERS, "SEARCH t"},
    {QUERY_READ_EVENT_TIERS, "SEARCH t"},
    {QUERY_READ_WHOLE_EVENT, "SEARCH t"},
    {QUERY_LIST_EVENTS, "SCAN e"}, /* a page of them */
    {QUERY_LIST_EVENTS, "SEARCH t"},
    {QUERY_LIST_EVENTS, "USE TEMP B-TREE FOR ORDER BY"},
    {QUERY_PLACES, "SEARCH t"},
    {QUERY_EACH_SALE, "SCAN d"},
    {QUERY_EACH_SERVER, "SCAN v"},
    {QUERY_EACH_SERVER, "SCAN t"},
    {QUERY_COUNT_EVENTS, "SCAN events"},
    {QUERY_COUNT_DECISIONS, "SCAN (subquery-1)"},
    {QUERY_COUNT_DECISIONS, "SEARCH decisions"}, /* up to a limit, which is to come before ... */
    {QUERY_FILL_BUYERS, "SEARCH decisions"},     /* ... this, that does read all of the event */
    {QUERY_FILL_BUYERS, "USE TEMP B-TREE FOR GROUP BY"},
    {QUERY_EMPTY_BUYERS, "SEARCH buyers"},
    {QUERY_COUNT_TIERS, "SEARCH tiers"},
    {QUERY_COUNT_TOKENS, "SCAN tokens"},
    {QUERY_FORGET_TOKENS, "SCAN tokens"},
    {QUERY_FORGET_TOKENS, "USE TEMP B-TREE FOR ORDER BY"},
    {QUERY_COUNT_KEYS, "SCAN signing_keys"},
    {QUERY_FORGET_KEYS, "SCAN signing_keys"},
    {QUERY_FORGET_KEYS, "USE TEMP B-TREE FOR ORDER BY"},
    {QUERY_PLACE, "SCAN (subquery-1)"},
    {QUERY_PLACES, "SCAN (subquery-1)"},
    {QUERY_EACH_TOKEN, "SCAN tokens"},
    {QUERY_EACH_KEY, "SCAN signing_keys"},
    {QUERY_EACH_DUE, "SCAN tiers USING INDEX busy_tiers"},
    {QUERY_EACH_DUE, "SCAN t"},
    {QUERY_EACH_HOLD, "SCAN d"},
};

/* The step is that one, perhaps with the name of a covering index after it. */
static bool is(const char *step, const char *known)
{
    size_t length = strlen(known);
    return strncmp(step, known, length) == 0 && (step[length] == '\0' || step[length] == ' ');
}

static bool may(enum named_query query, const char *step)
{
    for (size_t i = 0; i < sizeof queries_may / sizeof *queries_may; i++)
        if (queries_may[i].query == query && is(step, queries_may[i].step))
            return true;
    return false;
}

/* Of an index by its event alone all rows of the event are left: without the index that it is meant for, a statement
 * takes what it finds there one by one. */
static bool walks_through(const char *step)
{
    static const char event[] = " (event=?)";
    size_t length = strlen(step), end = sizeof event - 1;
    return strncmp(step, "SCAN ", 5) == 0 || strncmp(step, "USE TEMP ", 9) == 0 ||
           (length > end && strcmp(step + length - end, event) == 0);
}

/* How often it does something else than search by an index. */
static size_t walks(struct connection *connection, enum named_query query, bool print)
{
    char explain[4096];
    const char *text = sqlite_query_text(query);
    sqlite3_stmt *plan = NULL;
    size_t count = 0;
    snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", text);
    CU_ASSERT_EQUAL_FATAL(sqlite3_prepare_v2(connection->db, explain, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(plan, 3);
        if (!walks_through(step) || may(query, step))
            continue;
        if (print)
            printf("  %s: %s\n", step, text);
        count++;
    }
    sqlite3_finalize(plan);
    return count;
}

static void with_a_store(void (*body)(struct connection *connection))
{
    char directory[FILES_PATH_SIZE], path[FILES_PATH_SIZE];
    char url[FILES_PATH_SIZE + 8], error[STORE_ERROR_SIZE];
    struct store_made made;
    struct connection connection = {0};
    files_directory(directory);
    files_path(path, directory, "tickets.db");
    snprintf(url, sizeof url, "sqlite:%s", path);
    CU_ASSERT_FATAL(store_init(url, 1, &made, error));
    CU_ASSERT_EQUAL_FATAL(connection_open(&connection, path, true, error), SQLITE_OK);
    body(&connection);
    connection_close(&connection);
    files_remove(directory);
}

static void explain(struct connection *connection)
{
    for (int i = 0; i < QUERY_COUNT; i++)
        CU_ASSERT_EQUAL(walks(connection, (enum named_query)i, true), 0);
}

/* The test above would see it: each of these needs the index before it. */
static void explain_without_indexes(struct connection *connection)
{
    static const struct {
        const char *drop;
        enum named_query first, second;
    } needed[] = {
        {"DROP INDEX refusals", QUERY_REMOVE_REFUSALS, QUERY_COUNT},
        {"DROP INDEX holds", QUERY_HOLD, QUERY_READ_HOLD},
        {"DROP INDEX orders", QUERY_ORDER, QUERY_FIND_SALE},
        {"DROP INDEX pending", QUERY_LINE_BETWEEN, QUERY_PLACE},
        {"", QUERY_LINE, QUERY_EACH_DUE},
        {"DROP INDEX owed_of_event", QUERY_LIST_OWED, QUERY_COUNT},
    };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        CU_ASSERT_TRUE(connection_execute(connection, needed[i].drop));
        CU_ASSERT(walks(connection, needed[i].first, false) > 0);
        if (needed[i].second != QUERY_COUNT)
            CU_ASSERT(walks(connection, needed[i].second, false) > 0);
    }
}

static void queries_search(void)
{
    with_a_store(explain);
}

static void missing_indexes_are_seen(void)
{
    with_a_store(explain_without_indexes);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("plan", "every query searches by an index", queries_search);
    suite_add("plan", "a missing index is seen", missing_indexes_are_seen);
}
