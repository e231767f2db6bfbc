/* What is read of a PostgreSQL store: of one moment, one list at a time, and within the time that it has. */
#include <string.h>

#include "common/clock.h"
#include "db/postgres/connection.h"
#include "db/sql/handle.h"
#include "tests/store/basket.h"
#include "tests/store/fixture.h"

static void ignore_tier(void *context, const struct tier_counts *tier)
{
    (void)context, (void)tier;
}

static bool reads(struct store *store)
{
    return store_read_tiers(store, "demo", ignore_tier, NULL) == STORE_FOUND;
}

static int64_t count_events(struct sql *sql)
{
    int64_t count = -1;
    struct sql_query *query = sql_query(sql, QUERY_COUNT_EVENTS);
    if (query != NULL && sql_next(query))
        count = sql_number(query, 0);
    CU_ASSERT_EQUAL(sql_end(query), SQL_OK);
    return count;
}

static void of_one_moment(struct fixture *fixture)
{
    struct store *store = fixture_reader(fixture);
    struct sql *sql = ((struct sql_handle *)store)->sql;
    CU_ASSERT_FATAL(sql_begin_reading(sql));
    CU_ASSERT_EQUAL(count_events(sql), 1);
    fixture_tier(fixture, 2, "opera", 1, "stalls", 5);
    CU_ASSERT_EQUAL(count_events(sql), 1);
    sql_end_reading(sql);
    CU_ASSERT_EQUAL(count_events(sql), 2);
    store_close(store);
}

/* What was asked ahead and is answered behind a write is kept nowhere: it may be old. */
static void asked_ahead_of_a_write(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct postgres *postgres = (struct postgres *)((struct sql_handle *)store)->sql;
    CU_ASSERT_EQUAL(sql_run_named(&postgres->sql, QUERY_BEGIN_WRITING), SQL_OK);
    sql_ahead(sql_query(&postgres->sql, QUERY_COUNT_EVENTS));
    CU_ASSERT_EQUAL_FATAL(postgres->ahead.count, 1);
    CU_ASSERT_EQUAL(sql_run_named(&postgres->sql, QUERY_SAVEPOINT), SQL_OK);
    CU_ASSERT_EQUAL(sql_settle(&postgres->sql), SQL_OK);
    CU_ASSERT_EQUAL(postgres->ahead.count, 0);
    CU_ASSERT_PTR_NULL(postgres->ahead.list[0].rows);
    postgres_leave(postgres);
    buy(store, NULL, 1);
    store_close(store);
}

static void ask_meanwhile(void *context, const struct store_sale_row *row)
{
    struct store *store = context;
    CU_ASSERT_EQUAL(row->sale.quantity, 1);
    CU_ASSERT_FALSE(reads(store));
    CU_ASSERT_PTR_NOT_NULL(strstr(store_error(store), "while a list"));
}

/* What streams has the connection for itself. */
static void one_list_at_a_time(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    for (int i = 0; i < 3; i++)
        buy(store, NULL, 1);
    store_close(store);
    store = fixture_reader(fixture);
    CU_ASSERT_EQUAL(store_each_sale(store, ask_meanwhile, store), STORE_FOUND);
    CU_ASSERT(reads(store));
    store_close(store);
}

static void count_order(void *context, int64_t place_in_list, const struct order *order)
{
    (void)place_in_list, (void)order;
    ++*(size_t *)context;
}

/* A second is for all of a page: not for each of the queries that it takes. */
static void a_page_has_one_time(struct fixture *fixture)
{
    size_t told = 0;
    struct store *store = fixture_seller(fixture, "server-1");
    buy(store, NULL, 1);
    store_close(store);
    store = fixture_reader(fixture);
    CU_ASSERT_EQUAL(store_list_orders(store, "demo", 0, 10, count_order, &told), STORE_FOUND);
    fixture_sql(fixture, "ALTER TABLE events RENAME TO quick;"
                         "CREATE VIEW events AS SELECT q.* FROM quick q, pg_sleep(0.7)");
    CU_ASSERT_EQUAL(store_list_orders(store, "demo", 0, 10, count_order, &told), STORE_UNREADABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(store_error(store), "in time"));
    fixture_sql(fixture, "DROP VIEW events; ALTER TABLE quick RENAME TO events");
    store_close(store);
}

/* A copy of a table of any size ends, as long as its rows come. */
static void rows_that_come_are_waited_for(struct fixture *fixture)
{
    struct store *store = fixture_reader(fixture);
    struct postgres *postgres = (struct postgres *)((struct sql_handle *)store)->sql;
    CU_ASSERT_EQUAL(sql_run(sql_query(&postgres->sql, QUERY_BEGIN_READING)), SQL_OK);
    postgres->inside = true;
    struct sql_query *query =
        sql_ask(&postgres->sql, "SELECT repeat('x', 20000), pg_sleep(0.1)::text"
                                "  FROM generate_series(1, 6)");
    CU_ASSERT_FATAL(query != NULL && sql_next(query));
    postgres->until = clock_monotonic() + 3 * CLOCK_SECOND / 10;
    int rows = 1;
    while (sql_next(query))
        rows++;
    CU_ASSERT_EQUAL(rows, 6);
    CU_ASSERT_EQUAL(sql_end(query), SQL_OK);
    store_close(store);
}

static const struct fixture_case cases[] = {
    {"what is read is of one moment", 20, of_one_moment},
    {"asked ahead of a write", 20, asked_ahead_of_a_write},
    {"one list at a time", 20, one_list_at_a_time},
    {"a page has one time", 20, a_page_has_one_time},
    {"rows that come are waited for", 20, rows_that_come_are_waited_for},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add_on("postgresql", "postgresql reads", cases, sizeof cases / sizeof *cases);
}
