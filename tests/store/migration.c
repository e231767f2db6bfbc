/* A store of an older version is brought up to date with all that it holds. */
#include <stdio.h>
#include <string.h>

#include "db/sqlite/lock_file.h"
#include "db/sqlite/place.h"
#include "db/sqlite/schema.h"
#include "tests/store/fixture.h"

/* What version 1 held after two sales, one under the id that the balancer made, and a refusal. */
static const char sales_of_version_1[] =
    "INSERT INTO store (one, id) VALUES (1, '0193b0aa-0000-7000-8000-000000000001');"
    "INSERT INTO servers (server, boot) VALUES ('server-1', 7);"
    "INSERT INTO events (event, name, refusals) VALUES (1, 'demo', 1);"
    "INSERT INTO tiers (event, tier, name, price, currency, capacity, sold, order_limit, "
    "next_number)"
    "  VALUES (1, 1, 'standard', 2500, 'EUR', 5, 5, 10, 6);"
    "INSERT INTO decisions (event, key, fingerprint, created_at, id, tier, quantity, first_number,"
    "                       amount, currency, buyer, server, router) VALUES"
    "  (1, '0193b0aa-1111-7000-8000-000000000002', zeroblob(16), 1764000000000000,"
    "   x'0193b0aa111170008000000000000002', 1, 2, 1, 5000, 'EUR', '', 'server-1', ''),"
    "  (1, 'a-key-of-a-buyer', zeroblob(16), 1764000000000001,"
    "   x'0193b0aa111170008000000000000003', 1, 3, 3, 7500, 'EUR', 'ann', 'server-1', '');"
    "INSERT INTO decisions (event, key, fingerprint, created_at, problem, remaining)"
    "  VALUES (1, 'a-key-that-came-late', zeroblob(16), 4102444800000000, 'sold_out', 0);"
    "INSERT INTO tickets (event, tier, number, sale)"
    "  SELECT event, tier, first_number + n.value, d.id FROM decisions d,"
    "    json_each('[0,1,2]') n WHERE n.value < quantity;"
    "INSERT INTO totals (event, tier, server, sold) VALUES (1, 1, 'server-1', 5);";

static void make_version_1(const struct fixture *fixture)
{
    char error[STORE_ERROR_SIZE] = "";
    struct connection connection;
    files_write(strchr(fixture->url, ':') + 1, "", 0);
    int rc = connection_open(&connection, strchr(fixture->url, ':') + 1, true, error);
    if (rc != SQLITE_OK)
        printf("  %s\n", error);
    CU_ASSERT_EQUAL_FATAL(rc, SQLITE_OK);
    bool made = connection_execute(&connection, "PRAGMA journal_mode = WAL; BEGIN") &&
                schema_migrate(&connection, 1) &&
                connection_execute(&connection, sales_of_version_1) &&
                connection_execute(&connection, "COMMIT");
    if (!made)
        printf("  %s\n", error);
    CU_ASSERT_FATAL(made);
    connection_close(&connection);
}

/* The key is known: another purchase under it is refused for that reason. */
static void check_key(struct store *store, const char *key, enum problem problem)
{
    CU_ASSERT_EQUAL(buy(store, key, 9).problem, problem);
}

static void keeps_what_it_holds(void)
{
    struct fixture fixture;
    char error[STORE_ERROR_SIZE] = "";
    struct store_made made;
    struct id id;
    struct sale sale;
    fixture_open(&fixture, 0);
    char *path = strchr(fixture.url, ':') + 1;
    strcat(path, ".1"); /* beside the one that the fixture made */
    make_version_1(&fixture);
    CU_ASSERT_FATAL(store_init(fixture.url, 100, &made, error));
    CU_ASSERT_FALSE(made.created);
    CU_ASSERT_FALSE(made.demo_created);
    CU_ASSERT_EQUAL(made.tickets, 5);
    CU_ASSERT_STRING_EQUAL(made.id, "0193b0aa-0000-7000-8000-000000000001");
    struct store *store = fixture_seller(&fixture, "server-1");
    CU_ASSERT(id_parse("0193b0aa-1111-7000-8000-000000000002", &id));
    CU_ASSERT_EQUAL(store_read_sale(store, "demo", &id, &sale), STORE_FOUND);
    CU_ASSERT_EQUAL(sale.amount, 5000);
    id.bytes[15] = 3;
    CU_ASSERT_EQUAL(store_read_sale(store, "demo", &id, &sale), STORE_FOUND);
    CU_ASSERT_STRING_EQUAL(sale.buyer, "ann");
    check_key(store, "0193b0aa-1111-7000-8000-000000000002", PROBLEM_KEY_REUSED);
    check_key(store, "a-key-of-a-buyer", PROBLEM_KEY_REUSED);
    check_key(store, "a-key-that-came-late", PROBLEM_KEY_REUSED);
    check_key(store, "a-key-never-seen-before", PROBLEM_SOLD_OUT);
    store_close(store);
    fixture_close(&fixture);
}

/* A server of the older version that still runs keeps to its boot number, 7, and to the old tables: it
 * would not find a key that is kept in another way now, and refuse what it has sold. */
static void fences_who_sells_by_the_old_tables(void)
{
    struct fixture fixture;
    char error[STORE_ERROR_SIZE] = "";
    struct store_made made;
    struct figures figures;
    fixture_open(&fixture, 0);
    strcat(strchr(fixture.url, ':'), ".1");
    make_version_1(&fixture);
    CU_ASSERT_FATAL(store_init(fixture.url, 100, &made, error));
    CU_ASSERT_FATAL(store_init(fixture.url, 100, &made, error)); /* fences nobody any more */
    struct store *store = fixture_seller(&fixture, "server-1");
    store_figures(store, &figures);
    CU_ASSERT_EQUAL(figures.boot, 9);
    store_close(store);
    fixture_close(&fixture);
}

static void leaves_a_store_in_use_alone(void)
{
    struct fixture fixture;
    char error[STORE_ERROR_SIZE] = "";
    struct store_made made;
    struct place place;
    struct lock_file user;
    bool absent;
    fixture_open(&fixture, 0);
    strcat(strchr(fixture.url, ':'), ".1");
    make_version_1(&fixture);
    CU_ASSERT_FATAL(place_find(&place, strchr(fixture.url, ':') + 1, false, &absent, error));
    CU_ASSERT_FATAL(lock_file_open(&user, &place, LOCK_USE_WRITE, error));
    CU_ASSERT_FALSE(store_init(fixture.url, 100, &made, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "in use"));
    fixture_sql(&fixture, "SELECT sale FROM tickets"); /* nothing was changed */
    lock_file_close(&user);
    CU_ASSERT(store_init(fixture.url, 100, &made, error));
    CU_ASSERT_FATAL(lock_file_open(&user, &place, LOCK_USE_WRITE, error));
    CU_ASSERT(store_init(fixture.url, 100, &made, error)); /* which has nothing to migrate */
    lock_file_close(&user);
    fixture_close(&fixture);
}

static void refuses_a_damaged_one(void)
{
    struct fixture fixture;
    char error[STORE_ERROR_SIZE] = "";
    struct store_made made;
    fixture_open(&fixture, 0);
    strcat(strchr(fixture.url, ':'), ".1");
    make_version_1(&fixture);
    fixture_sql(&fixture, "UPDATE tickets SET sale = zeroblob(16) WHERE number = 3");
    CU_ASSERT_FALSE(store_init(fixture.url, 100, &made, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "NOT NULL"));
    fixture_sql(&fixture, "SELECT sale FROM tickets"); /* nothing was changed */
    fixture_discard(&fixture);
}

static __attribute__((constructor)) void add(void)
{
    suite_add("store migration", "keeps what version 1 held", keeps_what_it_holds);
    suite_add("store migration", "fences who sells by the old tables",
              fences_who_sells_by_the_old_tables);
    suite_add("store migration", "leaves a store in use alone", leaves_a_store_in_use_alone);
    suite_add("store migration", "refuses a damaged store unchanged", refuses_a_damaged_one);
}
