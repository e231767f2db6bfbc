/* A store of an older version is brought up to date with all that it holds. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "db/sqlite/lock_file.h"
#include "db/sqlite/place.h"
#include "db/sqlite/schema.h"
#include "tests/store/fixture.h"
#include "tests/store/peek.h"

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

/* The same of version 2: a key that is an id is kept as one. */
static const char sales_of_version_2[] =
    "INSERT INTO store (one, id) VALUES (1, '0193b0aa-0000-7000-8000-000000000001');"
    "INSERT INTO servers (server, boot) VALUES ('server-1', 7);"
    "INSERT INTO events (event, name, refusals) VALUES (1, 'demo', 2);"
    "INSERT INTO tiers (event, tier, name, price, currency, capacity, sold, order_limit, "
    "next_number)"
    "  VALUES (1, 1, 'standard', 2500, 'EUR', 5, 5, 10, 6);"
    "INSERT INTO decisions (decision, event, key, fingerprint, created_at, id, tier, quantity,"
    "                       first_number, amount, currency, buyer, server, router) VALUES"
    "  (300, 1, x'0193b0aa111170008000000000000002', zeroblob(16), 1764000000000000,"
    "   x'0193b0aa111170008000000000000002', 1, 2, 1, 5000, 'EUR', '', 'server-1', ''),"
    "  (302, 1, 'a-key-of-a-buyer', zeroblob(16), 1764000000000001,"
    "   x'0193b0aa111170008000000000000003', 1, 3, 3, 7500, 'EUR', 'ann', 'server-1', '');"
    "INSERT INTO decisions (event, key, fingerprint, created_at, problem, remaining) VALUES"
    "  (1, 'a-key-that-came-late', zeroblob(16), 4102444800000000, 'sold_out', 0),"
    "  (1, x'0193b0aa111170008000000000000004', zeroblob(16), 4102444800000000, 'sold_out', 0);"
    "INSERT INTO tickets (event, tier, number, decision)"
    "  SELECT event, tier, first_number + n.value, decision FROM decisions d,"
    "    json_each('[0,1,2]') n WHERE n.value < quantity;"
    "INSERT INTO totals (event, tier, server, sold) VALUES (1, 1, 'server-1', 5);";

/* Version 3 had holds and lines: two tickets are sold, three were held until long ago, and one waits for two. */
static const char orders_of_version_3[] =
    "INSERT INTO store (one, id) VALUES (1, '0193b0aa-0000-7000-8000-000000000001');"
    "INSERT INTO servers (server, boot) VALUES ('server-1', 7);"
    "INSERT INTO events (event, name, title, waiting_list) VALUES (1, 'demo', 'Demo', 1);"
    "INSERT INTO tiers (event, tier, name, price, currency, capacity, sold, held, waiting,"
    "                   order_limit, next_number)"
    "  VALUES (1, 1, 'standard', 2500, 'EUR', 5, 2, 3, 1, 10, 3);"
    "INSERT INTO decisions (decision, event, key, fingerprint, created_at, id, state, tier,"
    "                       quantity, first_number, amount, currency, buyer, server, router,"
    "                       expires_at) VALUES"
    "  (300, 1, x'0193b0aa111170008000000000000002', zeroblob(16), 1764000000000000,"
    "   x'0193b0aa111170008000000000000002', 0, 1, 2, 1, 5000, 'EUR', '', 'server-1', '', NULL),"
    "  (301, 1, x'0193b0aa111170008000000000000003', zeroblob(16), 1764000000000001,"
    "   x'0193b0aa111170008000000000000003', 1, 1, 3, NULL, 7500, 'EUR', '', 'server-1', '',"
    "   1764000600000001),"
    "  (302, 1, x'0193b0aa111170008000000000000004', zeroblob(16), 1764000000000002,"
    "   x'0193b0aa111170008000000000000004', 2, 1, 2, NULL, 5000, 'EUR', '', 'server-1', '', 0);"
    "INSERT INTO tickets (event, tier, number, decision) VALUES (1, 1, 1, 300), (1, 1, 2, 300);"
    "INSERT INTO order_spans (event, span) VALUES (1, 1);"
    "INSERT INTO totals (event, tier, server, sold) VALUES (1, 1, 'server-1', 2);";

static void make_version(const struct fixture *fixture, int version, const char *sales)
{
    char error[STORE_ERROR_SIZE] = "";
    struct connection connection;
    files_write(strchr(fixture->url, ':') + 1, "", 0);
    int rc = connection_open(&connection, strchr(fixture->url, ':') + 1, true, error);
    if (rc != SQLITE_OK)
        printf("  %s\n", error);
    CU_ASSERT_EQUAL_FATAL(rc, SQLITE_OK);
    bool made = connection_execute(&connection, "PRAGMA journal_mode = WAL; BEGIN") &&
                schema_migrate(&connection, version) && connection_execute(&connection, sales) &&
                connection_execute(&connection, "COMMIT");
    if (!made)
        printf("  %s\n", error);
    CU_ASSERT_FATAL(made);
    connection_close(&connection);
}

static void make_version_1(const struct fixture *fixture)
{
    make_version(fixture, 1, sales_of_version_1);
}

/* The key is known: another purchase under it is refused for that reason. */
static void check_key(struct store *store, const char *key, enum problem problem)
{
    CU_ASSERT_EQUAL(buy(store, key, 9).problem, problem);
}

/* A store of that version, brought up to date, beside the one that the fixture made; and a seller from it. */
static struct store *migrate(struct fixture *fixture, int version, const char *orders,
                             struct store_made *made)
{
    char error[STORE_ERROR_SIZE] = "";
    fixture_open(fixture, 0);
    strcat(strchr(fixture->url, ':'), ".1");
    make_version(fixture, version, orders);
    CU_ASSERT_FATAL(store_init(fixture->url, 100, made, error));
    return fixture_seller(fixture, "server-1");
}

static void keeps_what_it_holds(void)
{
    struct fixture fixture;
    struct store_made made;
    struct id id;
    struct sale sale;
    struct store *store = migrate(&fixture, 1, sales_of_version_1, &made);
    CU_ASSERT_FALSE(made.created);
    CU_ASSERT_FALSE(made.demo_created);
    CU_ASSERT_EQUAL(made.tickets, 5);
    CU_ASSERT_STRING_EQUAL(made.id, "0193b0aa-0000-7000-8000-000000000001");
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

static void note_order(void *context, int64_t place, const struct order *order)
{
    int64_t *last = context;
    CU_ASSERT(place > *last);
    CU_ASSERT_EQUAL(order->sale.state, ORDER_SOLD);
    CU_ASSERT_EQUAL(order->sale.expires_at, 0);
    *last = place;
}

static void count_ticket(void *context, const struct ticket *ticket)
{
    size_t *count = context;
    CU_ASSERT_EQUAL(ticket->checked_in_at, 0);
    ++*count;
}

/* What was sold is listed, can be refunded, and its tickets let in; what was refused stays refused. */
static void goes_on_with_version_2(void)
{
    struct fixture fixture;
    struct store_made made;
    struct event_terms terms;
    struct id id;
    int64_t last = 0;
    size_t tickets = 0;
    struct store *store = migrate(&fixture, 2, sales_of_version_2, &made);
    CU_ASSERT_EQUAL(made.tickets, 5);
    check_key(store, "0193b0aa-1111-7000-8000-000000000002", PROBLEM_KEY_REUSED);
    check_key(store, "a-key-of-a-buyer", PROBLEM_KEY_REUSED);
    check_key(store, "a-key-that-came-late", PROBLEM_KEY_REUSED);
    check_key(store, "0193b0aa-1111-7000-8000-000000000004", PROBLEM_KEY_REUSED);
    CU_ASSERT_EQUAL(store_list_orders(store, "demo", 0, 10, note_order, &last), STORE_FOUND);
    CU_ASSERT_EQUAL(last, 302);
    CU_ASSERT_EQUAL(store_list_tickets(store, "demo", "", 0, 10, count_ticket, &tickets),
                    STORE_FOUND);
    CU_ASSERT_EQUAL(tickets, 5);
    CU_ASSERT_EQUAL(store_read_event(store, "demo", &terms), STORE_FOUND);
    CU_ASSERT_STRING_EQUAL(terms.title, "demo");
    CU_ASSERT_EQUAL(terms.hold_seconds, HOLD_SECONDS);
    CU_ASSERT(id_parse("0193b0aa-1111-7000-8000-000000000002", &id));
    CU_ASSERT_EQUAL(let_in(store, NULL, 3, "north", NULL).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(refund(store, &id).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(hold(store, NULL, 2).problem, PROBLEM_NONE);
    store_close(store);
    fixture_close(&fixture);
}

/* What was held until long ago expires, and who waits is offered it. */
static void goes_on_with_version_3(void)
{
    struct fixture fixture;
    struct store_made made;
    struct id id;
    struct store *store = migrate(&fixture, 3, orders_of_version_3, &made);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_NONE);
    expect_counts(&fixture, 3, 2, 0);
    CU_ASSERT(id_parse("0193b0aa-1111-7000-8000-000000000003", &id));
    expect_state(&fixture, &id, ORDER_EXPIRED);
    id.bytes[15] = 4;
    expect_state(&fixture, &id, ORDER_HELD);
    CU_ASSERT_EQUAL(peek_ticket(&fixture, 3).number, 3);
    store_close(store);
    fixture_close(&fixture);
}

/* Versions before the third held no keys, and were made for others to read. */
static void is_for_nobody_else_to_read(void)
{
    struct fixture fixture;
    char error[STORE_ERROR_SIZE] = "";
    struct store_made made;
    struct stat file;
    fixture_open(&fixture, 0);
    strcat(strchr(fixture.url, ':'), ".1");
    make_version(&fixture, 2, sales_of_version_2);
    const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char path[FIXTURE_URL_SIZE + 8];
        snprintf(path, sizeof path, "%s%s", strchr(fixture.url, ':') + 1, endings[i]);
        CU_ASSERT_EQUAL(chmod(path, 0644), 0);
    }
    CU_ASSERT_FATAL(store_init(fixture.url, 100, &made, error));
    struct store *store = fixture_seller(&fixture, "server-1");
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char path[FIXTURE_URL_SIZE + 8];
        snprintf(path, sizeof path, "%s%s", strchr(fixture.url, ':') + 1, endings[i]);
        CU_ASSERT_EQUAL(stat(path, &file), 0);
        CU_ASSERT_EQUAL(file.st_mode & 0777, 0600);
    }
    store_close(store);
    fixture_close(&fixture);
}

/* It is brought up to date on the way, and the copy stays as it is. */
static void restores_a_copy_of_version_2(void)
{
    struct fixture fixture;
    char error[STORE_ERROR_SIZE] = "";
    struct store_restored restored;
    char copy[FIXTURE_URL_SIZE];
    fixture_open(&fixture, 7);
    strcat(strchr(fixture.url, ':'), ".old");
    make_version(&fixture, 2, sales_of_version_2);
    strcpy(copy, strchr(fixture.url, ':') + 1);
    *strstr(fixture.url, ".old") = '\0';
    bool done = store_restore(fixture.url, copy, NULL, NULL, &restored, error);
    if (!done)
        printf("  %s\n", error);
    CU_ASSERT(done);
    struct store *store = fixture_seller(&fixture, "server-1");
    check_key(store, "a-key-of-a-buyer", PROBLEM_KEY_REUSED);
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
    suite_add("store migration", "goes on with what version 2 held", goes_on_with_version_2);
    suite_add("store migration", "goes on with what version 3 held", goes_on_with_version_3);
    suite_add("store migration", "is for nobody else to read", is_for_nobody_else_to_read);
    suite_add("store migration", "restores a copy of version 2", restores_a_copy_of_version_2);
    suite_add("store migration", "fences who sells by the old tables",
              fences_who_sells_by_the_old_tables);
    suite_add("store migration", "leaves a store in use alone", leaves_a_store_in_use_alone);
    suite_add("store migration", "refuses a damaged store unchanged", refuses_a_damaged_one);
}
