/* The suite's SQLite stores: files in the test's directory. */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "db/sqlite/handle.h"
#include "tests/store/fixture_engine.h"

static void place(const char *directory, char url[FIXTURE_URL_SIZE])
{
    snprintf(url, FIXTURE_URL_SIZE, "sqlite:%s/tickets.db", directory);
}

static void key_text(sqlite3_context *call, int count, sqlite3_value **values)
{
    (void)count;
    sqlite3_result_value(call, values[0]);
}

/* Without checkpoints: other handles may be open. */
static sqlite3 *open_behind(const char *url)
{
    sqlite3 *database;
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(strchr(url, ':') + 1, &database), SQLITE_OK);
    sqlite3_busy_timeout(database, 5000);
    sqlite3_extended_result_codes(database, 1);
    sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_exec(database, "PRAGMA wal_autocheckpoint = 0", NULL, NULL, NULL);
    sqlite3_create_function(database, "key_text", 1, SQLITE_UTF8, NULL, key_text, NULL, NULL);
    return database;
}

/* Without constraints: tests damage rows on purpose. */
static void run_sql(const char *url, const char *sql)
{
    sqlite3 *database = open_behind(url);
    char *error = NULL;
    sqlite3_exec(database, "PRAGMA ignore_check_constraints = ON", NULL, NULL, NULL);
    int rc = sqlite3_exec(database, sql, NULL, NULL, &error);
    if (rc != SQLITE_OK)
        printf("  %s: %s\n", sql, error);
    CU_ASSERT_EQUAL_FATAL(rc, SQLITE_OK);
    sqlite3_free(error);
    sqlite3_close(database);
}

static bool attempt(const char *url, const char *sql)
{
    sqlite3 *database = open_behind(url);
    CU_ASSERT_EQUAL(sqlite3_exec(database, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    int rc = sqlite3_exec(database, sql, NULL, NULL, NULL);
    CU_ASSERT(rc == SQLITE_OK || (rc & 0xff) == SQLITE_CONSTRAINT);
    sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(database);
    return rc == SQLITE_OK;
}

static bool run_in(struct store *seller, const char *sql)
{
    return connection_execute(&((struct handle *)seller)->connection, sql);
}

static void unguard(const char *url, struct store *seller)
{
    (void)url;
    CU_ASSERT(seller == NULL || run_in(seller, "PRAGMA ignore_check_constraints = ON"));
}

static void on_insert(const char *url, const char *table, const char *condition, const char *then)
{
    char sql[1024];
    snprintf(sql, sizeof sql, "CREATE TRIGGER late AFTER INSERT ON %s WHEN %s BEGIN %s; END", table,
             condition, then != NULL ? then : "SELECT raise(ABORT, 'spoilt')");
    run_sql(url, sql);
}

static void on_insert_no_more(const char *url, const char *table)
{
    (void)table;
    run_sql(url, "DROP TRIGGER late");
}

static void hasten(struct store *seller)
{
    CU_ASSERT(run_in(seller, "PRAGMA synchronous = OFF"));
}

static int die(void *context)
{
    (void)context;
    return raise(SIGKILL);
}

static int die_behind(void *context, sqlite3 *database, const char *name, int pages)
{
    (void)database;
    (void)name;
    (void)pages;
    return die(context);
}

static void die_at(struct store *seller, enum fixture_moment moment, int steps)
{
    sqlite3 *database = ((struct handle *)seller)->connection.db;
    if (moment == FIXTURE_STEPS)
        sqlite3_progress_handler(database, steps, die, NULL);
    else if (moment == FIXTURE_BEFORE_COMMIT)
        sqlite3_commit_hook(database, die, NULL);
    else
        sqlite3_wal_hook(database, die_behind, NULL);
}

const struct fixture_engine fixture_sqlite = {
    .name = "sqlite",
    .effort = 1,
    .place = place,
    .sql = run_sql,
    .attempt = attempt,
    .unguard = unguard,
    .on_insert = on_insert,
    .on_insert_no_more = on_insert_no_more,
    .hasten = hasten,
    .die_at = die_at,
};
