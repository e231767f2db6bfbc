/* Copies of a store go from either engine into the other, and keep every row; and a copy that is put back into
 * PostgreSQL is there as a whole or not at all. */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/store/changes.h"
#include "tests/store/child.h"
#include "tests/store/peek.h"

enum {
    MESSAGES_AT_ONCE = 251, /* from one death to the next one's */
    STEPS_OF_A_MESSAGE = 20,
    DEATHS_MIN = 5,
};

/* --- a store that has something of everything --------------------------------------------------- */

enum {
    KEYS = 4,
};

/* A text, one as long as an id, and ids as we would and would not write them. */
static const char *const keys[KEYS] = {
    "a-key-of-a-shop-1",
    "16-bytes-of-text",
    "0193b0aa-0000-7000-8000-00000000000a",
    "0193B0AA-0000-7000-8000-00000000000B",
};

static void describe(struct store *store)
{
    struct change title = {.kind = CHANGE_EVENT, .set = SET_TITLE};
    struct change token = token_change(1), revoked = token_change(2), key = key_change();
    strcpy(title.event.name, "demo");
    strcpy(title.event.title, "Zo\xc3\xab's \\N \"gala\"\\ ?1 $1; --");
    CU_ASSERT_EQUAL(changed(store, &title), PROBLEM_NONE);
    CU_ASSERT_EQUAL(changed(store, &token), PROBLEM_NONE);
    CU_ASSERT_EQUAL(changed(store, &revoked), PROBLEM_NONE);
    revoked.kind = CHANGE_TOKEN_REVOKE;
    CU_ASSERT_EQUAL(changed(store, &revoked), PROBLEM_NONE);
    CU_ASSERT_EQUAL(changed(store, &key), PROBLEM_NONE);
}

/* An order of each state and each kind of key, a refusal, tickets let in, payments owed; one ticket is left. The hold
 * is told. */
static struct id trade(struct fixture *fixture)
{
    fixture_sql(fixture, "UPDATE events SET waiting_list = 1, buyer_limit = 8");
    struct store *store = fixture_seller(fixture, "server-1");
    describe(store);
    struct outcome expired = hold_as(store, "gus", 2);
    fixture_sql(fixture, "UPDATE decisions SET expires_at = 1");
    tidy(store, "demo");
    expect_state(fixture, &expired.sale.id, ORDER_EXPIRED);
    struct outcome sold = hold_as(store, "Ann\\t", 2), refunded = hold_as(store,
                                                                          "B\xc3\xb6"
                                                                          "b",
                                                                          2);
    confirm(store, &sold.sale.id, "paid-once");
    CU_ASSERT_EQUAL(confirm(store, &sold.sale.id, "twice").problem, PROBLEM_ALREADY_PAID);
    confirm(store, &refunded.sale.id, "paid-for-nothing");
    CU_ASSERT_EQUAL(refund(store, &refunded.sale.id).problem, PROBLEM_NONE);
    struct outcome released = hold_as(store, "Cleo", 1), held = hold_as(store, "ann", 4);
    CU_ASSERT_EQUAL(release(store, &released.sale.id).problem, PROBLEM_NONE);
    struct basket basket = {0};
    for (size_t i = 0; i < KEYS; i++)
        strcpy(basket_add(&basket, keys[i], 1)->purchase.buyer, "Eve");
    strcpy(basket_add(&basket, "a-refused-purchase", 9)->purchase.buyer, "Dan");
    basket_wait(&basket, "one-waits-in-line", "Fay", 3);
    basket_settle(&basket, store);
    CU_ASSERT_EQUAL(basket_outcome(&basket, KEYS)->problem, PROBLEM_BUYER_LIMIT);
    CU_ASSERT_EQUAL(basket_outcome(&basket, KEYS + 1)->sale.state, ORDER_WAITING);
    int64_t number = basket_outcome(&basket, 0)->sale.first_number;
    basket_free(&basket);
    let_in(store, "gate-key-of-a-test", number, "north\\", NULL);
    store_close(store);
    return held.sale.id;
}

/* --- copies, and what they hold ----------------------------------------------------------------- */

static void name_copy(const struct fixture *fixture, const char *name, char copy[FIXTURE_URL_SIZE])
{
    snprintf(copy, FIXTURE_URL_SIZE, "%s/%s.db", fixture->directory, name);
}

static void back_up(struct fixture *fixture, const char *copy)
{
    char error[STORE_ERROR_SIZE] = "";
    bool done = store_backup(fixture->url, copy, NULL, NULL, error);
    if (!done)
        printf("  %s\n", error);
    CU_ASSERT_FATAL(done);
}

static struct store_restored restore(struct fixture *fixture, const char *copy)
{
    char error[STORE_ERROR_SIZE] = "";
    struct store_restored restored;
    bool done = store_restore(fixture->url, copy, NULL, NULL, &restored, error);
    if (!done)
        printf("  %s\n", error);
    CU_ASSERT_FATAL(done);
    return restored;
}

static int64_t ask(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;
    CU_ASSERT_EQUAL_FATAL(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

/* What may be otherwise: where numbers go on, and the boots. */
static const char *const columns[][2] = {
    {"events", "*"},
    {"decisions", "*"},
    {"tickets", "*"},
    {"order_spans", "*"},
    {"buyers", "*"},
    {"totals", "*"},
    {"signing_keys", "*"},
    {"owed", "*"},
    {"tokens", "*"},
    {"store", "id"},
    {"servers", "server"},
    {"tiers", "event, tier, name, price, currency, capacity, sold, held, order_limit, waiting"},
};

static void expect_same_rows(const char *copy, const char *other)
{
    sqlite3 *database;
    char sql[FIXTURE_URL_SIZE + 256];
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(copy, &database), SQLITE_OK);
    snprintf(sql, sizeof sql, "ATTACH '%s' AS other", other);
    CU_ASSERT_EQUAL(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        const char *table = columns[i][0], *of = columns[i][1];
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM (SELECT %s FROM %s EXCEPT SELECT %s FROM other.%s)", of,
                 table, of, table);
        int64_t lost = ask(database, sql);
        snprintf(sql, sizeof sql,
                 "SELECT (SELECT count(*) FROM other.%s) - (SELECT count(*) FROM main.%s)", table,
                 table);
        int64_t more = ask(database, sql);
        snprintf(sql, sizeof sql, "SELECT count(*) FROM main.%s", table);
        bool some = ask(database, sql) > 0;
        if (lost != 0 || more != 0 || !some)
            printf("  %s: %lld lost, %lld more\n", table, (long long)lost, (long long)more);
        CU_ASSERT(lost == 0 && more == 0 && some);
    }
    CU_ASSERT_EQUAL(ask(database, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"),
                    sizeof columns / sizeof *columns);
    sqlite3_close(database);
}

/* What the copy knew is known, and selling goes on: the hold is confirmed, numbers are above all that were given. */
static void expect_to_go_on(struct fixture *fixture, const struct id *held)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    for (size_t i = 0; i < KEYS; i++)
        strcpy(basket_add(&basket, keys[i], 1)->purchase.buyer, "Eve");
    basket_add(&basket, keys[0], 2);
    basket_settle(&basket, store);
    for (size_t i = 0; i < KEYS; i++)
        CU_ASSERT(basket_outcome(&basket, i)->replayed);
    CU_ASSERT_EQUAL(basket_outcome(&basket, KEYS)->problem, PROBLEM_KEY_REUSED);
    basket_free(&basket);
    struct outcome confirmed = confirm(store, held, "paid-late");
    CU_ASSERT_EQUAL(confirmed.problem, PROBLEM_NONE);
    CU_ASSERT(confirmed.sale.first_number > STORE_NUMBERS_SKIPPED);
    CU_ASSERT_EQUAL(confirm(store, held, "paid-again").problem, PROBLEM_ALREADY_PAID);
    store_close(store);
}

static void keep_every_row(struct fixture *fixture)
{
    struct fixture other;
    char first[FIXTURE_URL_SIZE], second[FIXTURE_URL_SIZE], third[FIXTURE_URL_SIZE];
    struct id held = trade(fixture);
    name_copy(fixture, "first", first);
    name_copy(fixture, "second", second);
    name_copy(fixture, "third", third);
    back_up(fixture, first);
    fixture_open_other(&other, fixture, 3);
    CU_ASSERT_FALSE(restore(&other, first).access_kept); /* that was another store */
    back_up(&other, second);
    expect_same_rows(first, second);
    expect_to_go_on(&other, &held);
    fixture_close(&other);
    struct store_restored restored = restore(fixture, second);
    CU_ASSERT(restored.access_kept && restored.aside[0] != '\0');
    back_up(fixture, third);
    expect_same_rows(second, third);
    expect_to_go_on(fixture, &held);
}

/* Whoever sold from the store whose place a copy took, or from the copied one, sells nothing more. */
static void fence_who_sold(struct fixture *fixture)
{
    char copy[FIXTURE_URL_SIZE];
    struct figures before, after;
    name_copy(fixture, "copy", copy);
    struct store *store = fixture_seller(fixture, "server-1");
    back_up(fixture, copy);
    store_close(store);
    store = fixture_seller(fixture, "server-1");
    store_figures(store, &before);
    store_close(store);
    restore(fixture, copy);
    store = fixture_seller(fixture, "server-1");
    store_figures(store, &after);
    CU_ASSERT(after.boot > before.boot);
    store_close(store);
}

/* --- into PostgreSQL ---------------------------------------------------------------------------- */

static int put_back(struct fixture *fixture, int number, int parent)
{
    char copy[FIXTURE_URL_SIZE];
    struct store_restored restored;
    char error[STORE_ERROR_SIZE];
    (void)parent;
    name_copy(fixture, "copy", copy);
    if (number < 0)
        fixture_die_at(fixture, NULL, number == -1 ? FIXTURE_BEFORE_COMMIT : FIXTURE_BEHIND_COMMIT,
                       0);
    else
        fixture_die_at(fixture, NULL, FIXTURE_STEPS,
                       number * MESSAGES_AT_ONCE * STEPS_OF_A_MESSAGE);
    return store_restore(fixture->url, copy, NULL, NULL, &restored, error) ? 0 : 1;
}

/* Whether it died; what is there is one of both stores, whole. */
static bool dies(struct fixture *fixture, int number, bool old_one, bool new_one)
{
    struct child child;
    char sentence[512] = "";
    child_start(&child, put_back, fixture, number);
    child_open_gate();
    int status = child_wait(&child);
    fixture_settle(fixture);
    CU_ASSERT(status == 0 || status == -1);
    if (status == 0)
        return false;
    int64_t sold = fixture_sold(fixture, "demo", "standard");
    CU_ASSERT((old_one && sold == 5) || (new_one && sold == 2));
    CU_ASSERT_EQUAL(fixture_broken(fixture, sentence), 0);
    if (sentence[0] != '\0')
        printf("  %s\n", sentence);
    return true;
}

static void make_copy_of_two(struct fixture *fixture, char copy[FIXTURE_URL_SIZE])
{
    name_copy(fixture, "copy", copy);
    struct store *store = fixture_seller(fixture, "server-1");
    buy(store, NULL, 2);
    back_up(fixture, copy);
    buy(store, NULL, 3);
    store_close(store);
}

static void leave_the_old_store_or_the_new(struct fixture *fixture)
{
    char copy[FIXTURE_URL_SIZE];
    int deaths = 0;
    make_copy_of_two(fixture, copy);
    CU_ASSERT(dies(fixture, -1, true, false));
    while (dies(fixture, deaths, true, true))
        deaths++;
    CU_ASSERT(deaths >= DEATHS_MIN);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 2);
    struct store *store = fixture_seller(fixture, "server-1");
    buy(store, NULL, 3);
    store_close(store);
    CU_ASSERT(dies(fixture, -2, false, true));
}

static void expect_refusal(struct fixture *fixture, const char *copy, const char *why)
{
    struct store_restored restored;
    char error[STORE_ERROR_SIZE] = "";
    CU_ASSERT_FALSE(store_restore(fixture->url, copy, NULL, NULL, &restored, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, why));
    if (strstr(error, why) == NULL)
        printf("  %s\n", error);
}

static void replace_no_schema_that_is_not_ours(struct fixture *fixture)
{
    char copy[FIXTURE_URL_SIZE];
    struct fixture fresh = *fixture;
    make_copy_of_two(fixture, copy);
    fixture_sql(fixture, "UPDATE store SET version = 99");
    expect_refusal(fixture, copy, "newer version");
    fixture_sql(fixture, "UPDATE store SET version = 1, application = 'a shop of shoes'");
    expect_refusal(fixture, copy, "another program");
    fixture_sql(fixture, "UPDATE store SET application = 'box_office'");
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 5);
    strcat(fresh.url, "_new");
    fixture_sql(fixture, "CREATE SCHEMA %s; CREATE TABLE %s.shoes (size integer)",
                strstr(fresh.url, "schema=") + 7, strstr(fresh.url, "schema=") + 7);
    expect_refusal(&fresh, copy, "another program");
    fixture_sql(fixture, "DROP TABLE %s.shoes", strstr(fresh.url, "schema=") + 7);
    CU_ASSERT_STRING_EQUAL(restore(&fresh, copy).aside, "");
    CU_ASSERT_EQUAL(fixture_sold(&fresh, "demo", "standard"), 2);
}

/* The words of it name no password. */
static void tell_no_password(struct fixture *fixture)
{
    char copy[FIXTURE_URL_SIZE], url[FIXTURE_URL_SIZE + 64], error[STORE_ERROR_SIZE] = "";
    struct store_restored restored;
    make_copy_of_two(fixture, copy);
    const char *schema = strchr(fixture->url, '?');
    snprintf(url, sizeof url, "%.*s?password=s3cret&%s", (int)(schema - fixture->url), fixture->url,
             schema + 1);
    struct store *reader = store_open_reader(url, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reader);
    CU_ASSERT_FALSE(store_restore(url, copy, NULL, NULL, &restored, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "in use"));
    CU_ASSERT_PTR_NULL(strstr(error, "s3cret"));
    store_close(reader);
    CU_ASSERT(store_restore(url, copy, NULL, NULL, &restored, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(restored.aside, "schema=case_"));
    CU_ASSERT_PTR_NULL(strstr(restored.aside, "s3cret"));
}

static const struct fixture_case both[] = {
    {"keep every row, there and back", 12, keep_every_row},
};

static const struct fixture_case into_postgresql[] = {
    {"fence who sold", 5, fence_who_sold},
    {"leave the old store or the new", 50, leave_the_old_store_or_the_new},
    {"replace no schema that is not ours", 50, replace_no_schema_that_is_not_ours},
    {"tell no password", 50, tell_no_password},
};

static __attribute__((constructor)) void add(void)
{
    fixture_add("store copies", both, sizeof both / sizeof *both);
    fixture_add_on("postgresql", "store copies", into_postgresql,
                   sizeof into_postgresql / sizeof *into_postgresql);
}
