#include "tests/store/fixture.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/sqlite/handle.h"
#include "tests/store/clock.h"

static void sqlite_place(const char *directory, char url[FIXTURE_URL_SIZE])
{
    snprintf(url, FIXTURE_URL_SIZE, "sqlite:%s/tickets.db", directory);
}

/* Without constraints and checkpoints: tests damage rows on purpose, and other handles may be open. */
static void sqlite_sql(const char *url, const char *sql)
{
    sqlite3 *database;
    char *error = NULL;
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(strchr(url, ':') + 1, &database), SQLITE_OK);
    sqlite3_busy_timeout(database, 5000);
    sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_exec(database, "PRAGMA ignore_check_constraints = ON; PRAGMA wal_autocheckpoint = 0",
                 NULL, NULL, NULL);
    int rc = sqlite3_exec(database, sql, NULL, NULL, &error);
    if (rc != SQLITE_OK)
        printf("  %s: %s\n", sql, error);
    CU_ASSERT_EQUAL_FATAL(rc, SQLITE_OK);
    sqlite3_free(error);
    sqlite3_close(database);
}

static void sqlite_hasten(struct store *seller)
{
    CU_ASSERT(
        connection_execute(&((struct handle *)seller)->connection, "PRAGMA synchronous = OFF"));
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

static void sqlite_die_at(struct store *seller, enum fixture_moment moment, int steps)
{
    sqlite3 *database = ((struct handle *)seller)->connection.db;
    if (moment == FIXTURE_STEPS)
        sqlite3_progress_handler(database, steps, die, NULL);
    else if (moment == FIXTURE_BEFORE_COMMIT)
        sqlite3_commit_hook(database, die, NULL);
    else
        sqlite3_wal_hook(database, die_behind, NULL);
}

static const struct fixture_engine engines[] = {
    {"sqlite", sqlite_place, sqlite_sql, sqlite_hasten, sqlite_die_at}};

static void open_on(struct fixture *fixture, const struct fixture_engine *engine, int64_t capacity)
{
    char error[STORE_ERROR_SIZE] = "";
    struct store_made made;
    clock_run();
    fixture->engine = engine;
    files_directory(fixture->directory);
    engine->place(fixture->directory, fixture->url);
    bool done = store_init(fixture->url, capacity, &made, error);
    if (!done)
        printf("  %s\n", error);
    CU_ASSERT_FATAL(done);
}

void fixture_open(struct fixture *fixture, int64_t capacity)
{
    open_on(fixture, &engines[0], capacity);
}

void fixture_discard(struct fixture *fixture)
{
    clock_run();
    files_remove(fixture->directory);
}

void fixture_renew(struct fixture *fixture, int64_t capacity)
{
    files_remove(fixture->directory);
    open_on(fixture, fixture->engine, capacity);
}

void fixture_hasten(struct fixture *fixture, struct store *seller)
{
    fixture->engine->hasten(seller);
}

void fixture_die_at(struct fixture *fixture, struct store *seller, enum fixture_moment moment,
                    int steps)
{
    fixture->engine->die_at(seller, moment, steps);
}

void fixture_close(struct fixture *fixture)
{
    char sentence[512] = "";
    unsigned broken = fixture_broken(fixture, sentence);
    if (broken > 0)
        printf("  on %s: %s\n", fixture->engine->name, sentence);
    CU_ASSERT_EQUAL(broken, 0);
    fixture_discard(fixture);
}

enum {
    CASES_MAX = 256,
};
static const struct fixture_case *registered[CASES_MAX];
static size_t registered_count;

/* CUnit's tests take no argument: the case is the one of the running test's name. */
static void run_case(void)
{
    const char *name = CU_get_current_test()->pName;
    for (size_t i = 0; i < registered_count; i++) {
        if (strcmp(registered[i]->name, name) != 0)
            continue;
        for (size_t e = 0; e < sizeof engines / sizeof *engines; e++) {
            struct fixture fixture;
            open_on(&fixture, &engines[e], registered[i]->capacity);
            registered[i]->body(&fixture);
            fixture_close(&fixture);
        }
        return;
    }
    CU_FAIL("no such case");
}

void fixture_add(const char *suite, const struct fixture_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < registered_count; k++)
            if (strcmp(registered[k]->name, cases[i].name) == 0)
                abort(); /* the second one would never run */
        if (registered_count == CASES_MAX)
            abort();
        registered[registered_count++] = &cases[i];
        suite_add(suite, cases[i].name, run_case);
    }
}

void fixture_sql(struct fixture *fixture, const char *format, ...)
{
    char sql[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    fixture->engine->sql(fixture->url, sql);
}

void fixture_tier(struct fixture *fixture, int event, const char *event_name, int tier,
                  const char *tier_name, int64_t capacity)
{
    if (tier == 1)
        fixture_sql(fixture, "INSERT INTO events (event, name) VALUES (%d, '%s')", event,
                    event_name);
    fixture_sql(fixture,
                "INSERT INTO tiers (event, tier, name, price, currency, capacity, order_limit)"
                " VALUES (%d, %d, '%s', 1000, 'EUR', %lld, 10)",
                event, tier, tier_name, (long long)capacity);
}

static struct store *opened(struct store *store, const char *error)
{
    if (store == NULL)
        printf("  %s\n", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    return store;
}

struct store *fixture_seller(struct fixture *fixture, const char *server)
{
    char error[STORE_ERROR_SIZE] = "";
    return opened(store_open_seller(fixture->url, server, error), error);
}

struct store *fixture_reader(struct fixture *fixture)
{
    char error[STORE_ERROR_SIZE] = "";
    return opened(store_open_reader(fixture->url, error), error);
}

struct wanted {
    const char *event, *tier;
    int64_t sold;
};

static void note_sold(void *context, const struct tier_counts *counts)
{
    struct wanted *wanted = context;
    if (strcmp(counts->event, wanted->event) == 0 && strcmp(counts->tier, wanted->tier) == 0)
        wanted->sold = counts->sold;
}

int64_t fixture_sold(struct fixture *fixture, const char *event, const char *tier)
{
    struct wanted wanted = {event, tier, -1};
    struct store *reader = fixture_reader(fixture);
    CU_ASSERT_NOT_EQUAL(store_read_tiers(reader, event, note_sold, &wanted), STORE_UNREADABLE);
    store_close(reader);
    return wanted.sold;
}

struct broken {
    unsigned count;
    char *sentence;
};

static void note_broken(void *context, bool ok, const char *sentence)
{
    struct broken *broken = context;
    if (ok)
        return;
    broken->count++;
    if (broken->sentence != NULL)
        snprintf(broken->sentence, 512, "%s", sentence);
}

unsigned fixture_broken(struct fixture *fixture, char sentence[512])
{
    struct broken broken = {0, sentence};
    struct store *reader = fixture_reader(fixture);
    if (store_audit(reader, note_broken, &broken) != STORE_FOUND)
        note_broken(&broken, false, store_error(reader));
    store_close(reader);
    return broken.count;
}
