/* How SQLite means to find what a statement asks for. One that no longer fits its index would still answer the
 * same: only a rush would show it. */
#include <stdio.h>
#include <string.h>

#include "db/sqlite/connection.h"
#include "tests/lib/files.h"
#include "tests/lib/suite.h"

/* Who may walk through a table or sort: what has few rows, and what is asked for whole. */
static const struct {
    enum statement statement;
    const char *step;
} statements_may[] = {
    {STATEMENT_OWED, "SCAN CONSTANT ROW"},
    {STATEMENT_USED, "SCAN CONSTANT ROW"},
    {STATEMENT_STORE_ID, "SCAN store"},
    {STATEMENT_SERVER_SOLD, "SCAN totals"},
    {STATEMENT_READ_TIERS, "SCAN events"},
    {STATEMENT_READ_TIERS, "SCAN e"},
    {STATEMENT_READ_TIERS, "USE TEMP B-TREE FOR ORDER BY"},
    {STATEMENT_EACH_SALE, "SCAN d"},
    {STATEMENT_EACH_SERVER, "SCAN v"},
    {STATEMENT_EACH_SERVER, "SCAN t"},
};

static const struct {
    enum store_query query;
    const char *step;
} queries_may[] = {
    {QUERY_COUNT_EVENTS, "SCAN events"},
    {QUERY_COUNT_DECISIONS, "SCAN (subquery-1)"},
    {QUERY_FILL_BUYERS, "USE TEMP B-TREE FOR GROUP BY"},
    {QUERY_COUNT_TOKENS, "SCAN tokens"},
    {QUERY_FORGET_TOKENS, "SCAN tokens"},
    {QUERY_FORGET_TOKENS, "USE TEMP B-TREE FOR ORDER BY"},
    {QUERY_COUNT_KEYS, "SCAN signing_keys"},
    {QUERY_FORGET_KEYS, "SCAN signing_keys"},
    {QUERY_FORGET_KEYS, "USE TEMP B-TREE FOR ORDER BY"},
    {QUERY_PLACE, "SCAN (subquery-1)"},
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

static bool statement_may(int statement, const char *step)
{
    for (size_t i = 0; i < sizeof statements_may / sizeof *statements_may; i++)
        if ((int)statements_may[i].statement == statement && is(step, statements_may[i].step))
            return true;
    return false;
}

static bool query_may(int query, const char *step)
{
    for (size_t i = 0; i < sizeof queries_may / sizeof *queries_may; i++)
        if ((int)queries_may[i].query == query && is(step, queries_may[i].step))
            return true;
    return false;
}

/* Prints what it does besides searching by an index. */
static size_t walks(struct connection *connection, const char *text, int number,
                    bool (*may)(int number, const char *step))
{
    char explain[4096];
    sqlite3_stmt *plan = NULL;
    size_t count = 0;
    snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", text);
    CU_ASSERT_EQUAL_FATAL(sqlite3_prepare_v2(connection->db, explain, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(plan, 3);
        if ((strncmp(step, "SCAN ", 5) != 0 && strncmp(step, "USE TEMP ", 9) != 0) ||
            may(number, step))
            continue;
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

static void explain_statements(struct connection *connection)
{
    for (int i = 0; i < STATEMENT_COUNT; i++)
        CU_ASSERT_EQUAL(walks(connection, statement_text((enum statement)i), i, statement_may), 0);
}

static void explain_queries(struct connection *connection)
{
    for (int i = 0; i < QUERY_COUNT; i++)
        CU_ASSERT_EQUAL(walks(connection, query_text((enum store_query)i), i, query_may), 0);
}

static void statements_search(void)
{
    with_a_store(explain_statements);
}

static void queries_search(void)
{
    with_a_store(explain_queries);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("plan", "the statements of selling search by an index", statements_search);
    suite_add("plan", "what is listed and changed is searched by an index", queries_search);
}
