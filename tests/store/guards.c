/* What the database itself refuses, whatever a seller believes: each of its guards with the others out
 * of the way. */
#include <sqlite3.h>
#include <string.h>

#include "db/sqlite/handle.h"
#include "tests/store/fixture.h"

/* A seller on whose connection no CHECK is checked. */
static struct store *unchecked_seller(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    CU_ASSERT(connection_execute(&((struct handle *)store)->connection,
                                 "PRAGMA ignore_check_constraints = ON"));
    return store;
}

/* Somebody else changes the tier between the counting and the taking. */
static void expect_refused_after(const char *change)
{
    struct fixture fixture;
    fixture_open(&fixture, 10);
    struct store *store = unchecked_seller(&fixture);
    fixture_sql(&fixture, "CREATE TRIGGER late AFTER INSERT ON tickets BEGIN %s; END", change);
    CU_ASSERT_EQUAL(buy(store, NULL, 3).problem, PROBLEM_STORE_UNAVAILABLE);
    fixture_sql(&fixture, "DROP TRIGGER late");
    CU_ASSERT_EQUAL(buy(store, NULL, 3).problem, PROBLEM_NONE);
    store_close(store);
    fixture_close(&fixture);
}

static void taking_needs_room(void)
{
    expect_refused_after("UPDATE tiers SET held = capacity - sold");
    expect_refused_after("UPDATE tiers SET capacity = 2");
}

static void taking_needs_the_number(void)
{
    expect_refused_after("UPDATE tiers SET next_number = next_number + 1");
}

/* The result of an SQL text, which is undone. */
static int attempt(struct fixture *fixture, const char *sql)
{
    sqlite3 *database;
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(strchr(fixture->url, ':') + 1, &database), SQLITE_OK);
    sqlite3_extended_result_codes(database, 1);
    sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    CU_ASSERT_EQUAL(sqlite3_exec(database, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    int rc = sqlite3_exec(database, sql, NULL, NULL, NULL);
    sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(database);
    return rc;
}

static void tables_refuse(void)
{
    struct fixture fixture;
    fixture_open(&fixture, 10);
    struct store *store = fixture_seller(&fixture, "server-1");
    buy(store, "key-of-a-sale-0001", 3);
    store_close(store);
    CU_ASSERT_EQUAL(attempt(&fixture, "UPDATE tiers SET sold = 11"), SQLITE_CONSTRAINT_CHECK);
    CU_ASSERT_EQUAL(attempt(&fixture, "UPDATE tiers SET held = 8"), SQLITE_CONSTRAINT_CHECK);
    CU_ASSERT_EQUAL(attempt(&fixture, "UPDATE tiers SET capacity = 2"), SQLITE_CONSTRAINT_CHECK);
    CU_ASSERT_EQUAL(attempt(&fixture, "UPDATE tiers SET sold = 10"), SQLITE_OK);
    CU_ASSERT_EQUAL(attempt(&fixture, "INSERT INTO tickets SELECT * FROM tickets") & 0xff,
                    SQLITE_CONSTRAINT);
    CU_ASSERT_EQUAL(attempt(&fixture, "INSERT INTO decisions SELECT * FROM decisions") & 0xff,
                    SQLITE_CONSTRAINT);
    fixture_close(&fixture);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("sqlite guards", "taking needs room", taking_needs_room);
    suite_add("sqlite guards", "taking needs the number that was counted", taking_needs_the_number);
    suite_add("sqlite guards", "the tables refuse to oversell", tables_refuse);
}
