#include "tests/store/fixture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/store/clock.h"
#include "tests/store/fixture_engine.h"

static const struct fixture_engine *const engines[] = {&fixture_sqlite, &fixture_postgresql};

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
    open_on(fixture, &fixture_sqlite, capacity);
}

void fixture_open_other(struct fixture *other, const struct fixture *fixture, int64_t capacity)
{
    *other = (struct fixture){.name = NULL};
    open_on(other, fixture->engine == engines[0] ? engines[1] : engines[0], capacity);
}

static void discard(struct fixture *fixture)
{
    if (fixture->engine->discard != NULL)
        fixture->engine->discard(fixture->url);
    files_remove(fixture->directory);
}

void fixture_discard(struct fixture *fixture)
{
    clock_run();
    discard(fixture);
}

void fixture_renew(struct fixture *fixture, int64_t capacity)
{
    discard(fixture);
    open_on(fixture, fixture->engine, capacity);
}

void fixture_hasten(struct fixture *fixture, struct store *seller)
{
    if (fixture->engine->hasten != NULL)
        fixture->engine->hasten(seller);
}

void fixture_die_at(struct fixture *fixture, struct store *seller, enum fixture_moment moment,
                    int steps)
{
    fixture->engine->die_at(seller, moment, steps);
}

unsigned fixture_effort(const struct fixture *fixture)
{
    return fixture->engine->effort;
}

void fixture_settle(struct fixture *fixture)
{
    if (fixture->engine->settle != NULL)
        fixture->engine->settle();
}

void fixture_unguard(struct fixture *fixture, struct store *seller)
{
    fixture->engine->unguard(fixture->url, seller);
}

void fixture_on_insert(struct fixture *fixture, const char *table, const char *condition,
                       const char *then)
{
    fixture->engine->on_insert(fixture->url, table, condition, then);
}

void fixture_on_insert_no_more(struct fixture *fixture, const char *table)
{
    fixture->engine->on_insert_no_more(fixture->url, table);
}

bool fixture_attempt(struct fixture *fixture, const char *sql)
{
    return fixture->engine->attempt(fixture->url, sql);
}

static void expect_sound(struct fixture *fixture)
{
    char sentence[512] = "";
    unsigned broken = fixture_broken(fixture, sentence);
    if (broken > 0)
        printf("  on %s: %s\n", fixture->engine->name, sentence);
    CU_ASSERT_EQUAL(broken, 0);
}

void fixture_close(struct fixture *fixture)
{
    expect_sound(fixture);
    fixture_discard(fixture);
}

/* --- cases ------------------------------------------------------------------------------------- */

enum {
    RUNS_MAX = 1024,
    NAME_MAX = 128,
};

/* A case on an engine: a test. */
static struct run {
    const struct fixture_case *its_case;
    const struct fixture_engine *engine;
    char name[NAME_MAX];
} runs[RUNS_MAX];
static size_t run_count;

/* CUnit's tests take no argument: the run is the one of the running test's name. */
static void run_case(void)
{
    const char *name = CU_get_current_test()->pName;
    for (size_t i = 0; i < run_count; i++) {
        if (strcmp(runs[i].name, name) != 0)
            continue;
        struct fixture fixture = {.name = runs[i].its_case->name};
        open_on(&fixture, runs[i].engine, runs[i].its_case->capacity);
        runs[i].its_case->body(&fixture);
        if (!fixture.damaged)
            expect_sound(&fixture);
        fixture_discard(&fixture);
        return;
    }
    CU_FAIL("no such case");
}

static void add_run(const char *suite, const struct fixture_case *its_case,
                    const struct fixture_engine *engine)
{
    if (run_count == RUNS_MAX)
        abort();
    struct run *run = &runs[run_count];
    run->its_case = its_case;
    run->engine = engine;
    snprintf(run->name, sizeof run->name, "%s [%s]", its_case->name, engine->name);
    for (size_t k = 0; k < run_count; k++)
        if (strcmp(runs[k].name, run->name) == 0)
            abort(); /* the second one would never run */
    run_count++;
    suite_add(suite, run->name, run_case);
}

void fixture_add_on(const char *engine, const char *suite, const struct fixture_case *cases,
                    size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t e = 0; e < sizeof engines / sizeof *engines; e++)
            if ((engine == NULL || strcmp(engine, engines[e]->name) == 0) &&
                (engines[e]->built == NULL || engines[e]->built()))
                add_run(suite, &cases[i], engines[e]);
}

void fixture_add(const char *suite, const struct fixture_case *cases, size_t count)
{
    fixture_add_on(NULL, suite, cases, count);
}

/* --- behind the store's back ------------------------------------------------------------------- */

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
