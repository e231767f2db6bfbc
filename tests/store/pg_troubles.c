/* What a PostgreSQL server may do to a seller in the middle of a batch: each batch has one outcome all the same. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "db/postgres/connection.h"
#include "db/postgres/schema.h"
#include "db/sql/handle.h"
#include "tests/lib/postgres.h"
#include "tests/lib/wait.h"
#include "tests/store/changes.h"
#include "tests/store/fixture.h"
#include "tests/store/peek.h"

#define LOSE "PERFORM pg_terminate_backend(pg_backend_pid())"

/* The first so many decisions that are written run into trouble: at once, or only as they are committed. */
static void make_trouble(struct fixture *fixture, bool at_commit, int times, const char *trouble)
{
    fixture_sql(fixture,
                "CREATE SEQUENCE tries;"
                "CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$"
                "  BEGIN IF nextval('tries') <= %d THEN %s; END IF; RETURN NULL; END$$;"
                "CREATE %s TRIGGER trouble AFTER INSERT ON decisions %s"
                "  FOR EACH ROW EXECUTE FUNCTION trouble()",
                times, trouble, at_commit ? "CONSTRAINT" : "",
                at_commit ? "DEFERRABLE INITIALLY DEFERRED" : "");
}

static void expect_figures(struct store *store, int64_t sold)
{
    struct figures figures;
    store_figures(store, &figures);
    CU_ASSERT_EQUAL(figures.sold, sold);
}

/* Whatever the trouble is: sold once. */
static void sells_all_the_same(struct fixture *fixture, bool at_commit, int times,
                               const char *trouble)
{
    struct store *store = fixture_seller(fixture, "server-1");
    make_trouble(fixture, at_commit, times, trouble);
    struct outcome outcome = buy(store, NULL, 2);
    expect_order(&outcome, ORDER_SOLD, 2);
    CU_ASSERT_FALSE(outcome.replayed);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 2);
    expect_figures(store, 2);
    store_close(store);
}

static void given_up_for_another(struct fixture *fixture)
{
    sells_all_the_same(fixture, false, 3, "RAISE SQLSTATE '40001'");
}

static void given_up_at_commit(struct fixture *fixture)
{
    sells_all_the_same(fixture, true, 3, "RAISE SQLSTATE '40P01'");
}

static void lost_on_the_way(struct fixture *fixture)
{
    sells_all_the_same(fixture, false, 2, LOSE);
}

static void lost_before_it_is_committed(struct fixture *fixture)
{
    sells_all_the_same(fixture, true, 2, LOSE);
}

static void given_up_for_ever(struct fixture *fixture)
{
    struct basket basket = {0};
    struct store *store = fixture_seller(fixture, "server-1");
    make_trouble(fixture, false, 1000, "RAISE SQLSTATE '40001'");
    basket_add(&basket, NULL, 1);
    CU_ASSERT_EQUAL(basket_decide(&basket, store), STORE_REFUSED);
    CU_ASSERT_PTR_NOT_NULL(strstr(store_error(store), "40001"));
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 0);
    fixture_sql(fixture, "DROP TRIGGER trouble ON decisions");
    basket_settle(&basket, store);
    expect_figures(store, 1);
    basket_free(&basket);
    store_close(store);
}

/* --- answers that are lost --------------------------------------------------------------------- */

/* A store on a server of its own, opened for selling. */
struct own {
    struct pg_server server;
    struct store *store;
    char url[FIXTURE_URL_SIZE];
};

static void own_open(struct own *own)
{
    char url[PG_SERVER_URL_SIZE], error[STORE_ERROR_SIZE];
    struct store_made made;
    pg_server_start(&own->server, &(struct pg_server_terms){.durable = false});
    pg_server_url(&own->server, url);
    snprintf(own->url, sizeof own->url, "%s", url);
    CU_ASSERT_FATAL(store_init(own->url, 50, &made, error));
    own->store = store_open_seller(own->url, "server-1", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(own->store);
}

static void own_close(struct own *own)
{
    store_close(own->store);
    pg_server_discard(&own->server);
}

static bool waits_for_a_standby(void *context)
{
    char value[PG_SERVER_VALUE_SIZE];
    pg_server_ask(context, value,
                  "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    return strcmp(value, "1") == 0;
}

/* Ends the wait of whoever's commit waits for a standby, and lets nobody wait any more. */
static int interrupt_commit(struct pg_server *server, const char *how)
{
    bool waits = wait_until(waits_for_a_standby, server, FIXTURE_SECONDS);
    pg_server_sql(server, "ALTER SYSTEM SET synchronous_standby_names = ''");
    pg_server_sql(server, "SELECT %s(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", how);
    pg_server_sql(server, "SELECT pg_reload_conf()");
    return waits ? 0 : 1;
}

static bool is_set(void *context)
{
    char value[PG_SERVER_VALUE_SIZE];
    pg_server_ask(context, value, "SHOW synchronous_standby_names");
    return strcmp(value, "nobody") == 0;
}

/* Lets the next commit wait for a standby that there is not, until another process, which is told, interrupts it. */
static pid_t spoil_next_commit(struct own *own, const char *how)
{
    pg_server_sql(&own->server, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    pg_server_sql(&own->server, "SELECT pg_reload_conf()");
    CU_ASSERT(wait_until(is_set, &own->server, FIXTURE_SECONDS));
    pid_t other = fork();
    if (other == 0)
        _exit(interrupt_commit(&own->server, how));
    return other;
}

static void expect_spoilt(pid_t other)
{
    int status;
    CU_ASSERT_EQUAL(waitpid(other, &status, 0), other);
    CU_ASSERT_EQUAL(status, 0);
}

/* Committed, but the answer does not say so for certain: the second run finds its own key. */
static void loses_the_answer(const char *how)
{
    struct own own;
    struct basket basket = {0};
    own_open(&own);
    buy(own.store, NULL, 1);
    pid_t other = spoil_next_commit(&own, how);
    basket_add(&basket, NULL, 3);
    basket_hold(&basket, NULL, "", 2);
    basket_settle(&basket, own.store);
    expect_spoilt(other);
    CU_ASSERT_STRING_NOT_EQUAL(store_error(own.store), "");
    expect_order(basket_outcome(&basket, 0), ORDER_SOLD, 3);
    expect_order(basket_outcome(&basket, 1), ORDER_HELD, 2);
    CU_ASSERT(basket_outcome(&basket, 0)->replayed && basket_outcome(&basket, 1)->replayed);
    expect_figures(own.store, 4);
    buy(own.store, NULL, 1);
    expect_figures(own.store, 5);
    basket_free(&basket);
    own_close(&own);
}

static void answer_is_lost(void)
{
    loses_the_answer("pg_terminate_backend");
}

static void answer_is_doubtful(void)
{
    loses_the_answer("pg_cancel_backend");
}

/* It has no key: that the event is there now does not tell who has made it. */
static void change_is_in_doubt(void)
{
    struct own own;
    const struct tier_terms tier = {"standard", "EUR", 1000, 10, 5};
    struct change change = event_change("gala", &tier, 1);
    own_open(&own);
    pid_t other = spoil_next_commit(&own, "pg_terminate_backend");
    CU_ASSERT_EQUAL(store_change(own.store, &change), STORE_IN_DOUBT);
    expect_spoilt(other);
    CU_ASSERT_EQUAL(store_change(own.store, &change), STORE_DURABLE);
    CU_ASSERT_EQUAL(change.problem, PROBLEM_EVENT_EXISTS);
    own_close(&own);
}

/* Done, and nobody has said so: whoever reads the reason finds the store by it. */
static void answer_to_a_reset_is_lost(void)
{
    struct own own;
    char aside[STORE_PLACE_SIZE], error[STORE_ERROR_SIZE] = "", schema[PG_SERVER_VALUE_SIZE];
    own_open(&own);
    store_close(own.store);
    pid_t other = spoil_next_commit(&own, "pg_terminate_backend");
    CU_ASSERT_FALSE(store_reset(own.url, aside, error));
    expect_spoilt(other);
    pg_server_ask(&own.server, schema,
                  "SELECT nspname FROM pg_namespace WHERE nspname ~ '_[0-9]{8}t[0-9_]*$'");
    CU_ASSERT_NOT_EQUAL(schema[0], '\0');
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "it is not known whether the store was put aside"));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, schema));
    CU_ASSERT_PTR_NULL(strchr(error, '\n'));
    if (strstr(error, schema) == NULL)
        printf("  not '%s': %s\n", schema, error);
    pg_server_discard(&own.server);
}

/* PostgreSQL ends a transaction in which something has failed with a COMMIT that goes well. */
static void commit_of_a_failure(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct sql *sql = ((struct sql_handle *)store)->sql;
    CU_ASSERT_EQUAL(sql_run(sql_query(sql, QUERY_BEGIN_WRITING)), SQL_OK);
    CU_ASSERT_EQUAL(postgres_execute((struct postgres *)sql, "SELECT 1 / 0"), SQL_CONFLICT);
    sql_run(sql_query(sql, QUERY_COMMIT));
    CU_ASSERT_EQUAL(sql_settle(sql), SQL_FAILED);
    CU_ASSERT_STRING_EQUAL(store_error(store), "the transaction was rolled back");
    buy(store, NULL, 1);
    store_close(store);
}

/* --- a server that stands still ---------------------------------------------------------------- */

static void ignore_tier(void *context, const struct tier_counts *tier)
{
    (void)context;
    (void)tier;
}

static bool reads(void *context)
{
    return store_read_tiers(context, "demo", ignore_tier, NULL) == STORE_FOUND;
}

static bool sells(void *context)
{
    struct basket basket = {0};
    basket_add(&basket, NULL, 1);
    bool sold = basket_decide(&basket, context) == STORE_DURABLE;
    basket_free(&basket);
    return sold;
}

/* Who reads in an event loop waits once, and not again until it is back. */
static void stands_still(void)
{
    struct own own;
    struct basket basket = {0};
    char error[STORE_ERROR_SIZE];
    own_open(&own);
    struct store *reader = store_open_reader(own.url, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reader);
    pg_server_freeze(&own.server);
    int64_t begin = clock_monotonic();
    CU_ASSERT_FALSE(reads(reader));
    CU_ASSERT(clock_monotonic() - begin < 5 * CLOCK_SECOND);
    begin = clock_monotonic();
    for (int i = 0; i < 20; i++)
        CU_ASSERT_FALSE(reads(reader));
    CU_ASSERT(clock_monotonic() - begin < 5 * CLOCK_SECOND); /* each would take one second */
    basket_add(&basket, NULL, 1)->deadline = clock_now() + CLOCK_SECOND / 2;
    begin = clock_monotonic();
    CU_ASSERT_EQUAL(basket_decide(&basket, own.store), STORE_REFUSED);
    CU_ASSERT(clock_monotonic() - begin < 5 * CLOCK_SECOND);
    pg_server_thaw(&own.server);
    CU_ASSERT(wait_until(reads, reader, FIXTURE_SECONDS));
    CU_ASSERT(wait_until(sells, own.store, FIXTURE_SECONDS));
    pg_server_kill(&own.server);
    CU_ASSERT_FALSE(reads(reader));
    CU_ASSERT(store_present(reader));
    pg_server_restart(&own.server);
    CU_ASSERT(wait_until(reads, reader, FIXTURE_SECONDS));
    CU_ASSERT(wait_until(sells, own.store, FIXTURE_SECONDS));
    store_close(reader);
    basket_free(&basket);
    own_close(&own);
}

/* While nobody is reached, and nothing has failed yet. */
static void silence_has_words(void)
{
    struct own own;
    struct basket basket = {0};
    char error[STORE_ERROR_SIZE];
    own_open(&own);
    struct store *reader = store_open_reader(own.url, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reader);
    struct store *const both[] = {own.store, reader};
    for (size_t i = 0; i < 2; i++)
        postgres_drop((struct postgres *)((struct sql_handle *)both[i])->sql);
    CU_ASSERT_STRING_EQUAL(store_error(own.store), "");
    pg_server_freeze(&own.server);
    basket_add(&basket, NULL, 1)->deadline = clock_now();
    CU_ASSERT_EQUAL(basket_decide(&basket, own.store), STORE_REFUSED);
    CU_ASSERT_FALSE(reads(reader));
    for (size_t i = 0; i < 2; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(store_error(both[i]), "it has not answered yet"));
    pg_server_thaw(&own.server);
    store_close(reader);
    basket_free(&basket);
    own_close(&own);
}

/* --- moved aside ------------------------------------------------------------------------------- */

static void moved_aside(struct fixture *fixture)
{
    char aside[STORE_PLACE_SIZE], error[STORE_ERROR_SIZE];
    struct store_made made;
    struct store *reader = fixture_reader(fixture);
    CU_ASSERT_FALSE(store_reset(fixture->url, aside, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "in use"));
    store_close(reader);
    struct store *store = fixture_seller(fixture, "server-1");
    buy(store, NULL, 2);
    /* As if its connection had been away for a moment. */
    fixture_sql(fixture, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                         "  WHERE application_name LIKE 'box_office/%%/server-1'");
    CU_ASSERT_FATAL(store_reset(fixture->url, aside, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(aside, "schema="));
    CU_ASSERT(store_init(fixture->url, 5, &made, error));
    struct store *other = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_add(&basket, NULL, 1);
    CU_ASSERT_EQUAL(basket_decide(&basket, store), STORE_FENCED);
    CU_ASSERT_FALSE(store_present(store));
    store_close(store);
    store_close(other);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 0);
    reader = store_open_reader(aside, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reader);
    CU_ASSERT(reads(reader));
    store_close(reader);
    basket_free(&basket);
}

/* --- what takes its time ------------------------------------------------------------------------ */

/* Tables that hold much are brought up to date by statements that take longer than a sale's may. */
static void migration_has_its_own_time(struct fixture *fixture)
{
    char error[STORE_ERROR_SIZE] = "";
    struct store_made made;
    store_close(fixture_seller(fixture, "server-1"));
    fixture_sql(fixture, "UPDATE store SET version = 0;"
                         "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
                         "  RAISE '%%', 'bound: ' || current_setting('statement_timeout'); END$$;"
                         "CREATE TRIGGER tell BEFORE UPDATE ON servers"
                         "  FOR EACH ROW EXECUTE FUNCTION tell()");
    CU_ASSERT_FALSE(store_init(fixture->url, 1, &made, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "bound: 10min"));
    fixture_sql(fixture, "DROP TRIGGER tell ON servers; UPDATE store SET version = %d",
                TABLES_VERSION);
}

static const struct fixture_case cases[] = {
    {"given up for another one", 20, given_up_for_another},
    {"given up as it is committed", 20, given_up_at_commit},
    {"given up for ever", 20, given_up_for_ever},
    {"lost on the way", 20, lost_on_the_way},
    {"lost before it is committed", 20, lost_before_it_is_committed},
    {"a commit of what has failed", 20, commit_of_a_failure},
    {"moved aside", 20, moved_aside},
    {"a migration has its own time", 20, migration_has_its_own_time},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add_on("postgresql", "postgresql troubles", cases, sizeof cases / sizeof *cases);
    suite_add("postgresql troubles", "the answer to a commit is lost", answer_is_lost);
    suite_add("postgresql troubles", "the answer to a commit is doubtful", answer_is_doubtful);
    suite_add("postgresql troubles", "a change whose answer is lost is in doubt",
              change_is_in_doubt);
    suite_add("postgresql troubles", "the answer to a reset is lost", answer_to_a_reset_is_lost);
    suite_add("postgresql troubles", "the server stands still", stands_still);
    suite_add("postgresql troubles", "a server's silence has words", silence_has_words);
}
