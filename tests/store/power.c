/* The power fails, on a disk that forgets what was not synced: what was answered is there afterwards,
 * once, and nothing else is. SEED=N repeats a run. */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/sqlite/handle.h"
#include "tests/lib/dice.h"
#include "tests/lib/load.h"
#include "tests/store/fixture.h"
#include "tests/store/forgetful_vfs.h"

enum {
    CUTS = 80,
    SELLERS = 2,
    BATCH = 12,
    SALES = 20, /* in a row, where what was lost is counted */
};

/* What a buyer was told. */
struct told {
    char key[KEY_SIZE];
    int quantity;
    enum problem problem;
    struct id id;
    int64_t first;
};

struct run {
    struct fixture fixture;
    uint64_t seed;
    struct dice dice;
    struct store *sellers[SELLERS];
    struct told *told; /* owned */
    size_t count, room;
    size_t asked;           /* keys */
    int64_t sold, in_doubt; /* tickets; of a batch of which nobody was told */
    unsigned lost;
};

/* --- asking -------------------------------------------------------------------------------- */

static void tell(struct run *run, const struct item *item, const struct outcome *outcome)
{
    if (run->count == run->room) {
        run->room = 2 * run->room + 64;
        run->told = realloc(run->told, run->room * sizeof *run->told);
        CU_ASSERT_PTR_NOT_NULL_FATAL(run->told);
    }
    struct told *told = &run->told[run->count++];
    *told = (struct told){.quantity = item->purchase.quantity, .problem = outcome->problem};
    strcpy(told->key, item->key);
    if (outcome->problem != PROBLEM_NONE)
        return;
    told->id = outcome->sale.id;
    told->first = outcome->sale.first_number;
    run->sold += outcome->replayed ? 0 : outcome->sale.quantity;
}

/* Purchases with keys of their own, and some that were asked before. */
static void fill(struct run *run, struct basket *basket)
{
    unsigned count = 1 + dice_roll(&run->dice, BATCH);
    for (unsigned i = 0; i < count; i++) {
        char key[KEY_SIZE];
        bool again = run->asked > 0 && dice_roll(&run->dice, 5) == 0;
        size_t number = again ? dice_roll(&run->dice, (unsigned)run->asked) : run->asked++;
        snprintf(key, sizeof key, "power-cut-key-%zu", number);
        basket_add(basket, key, 1 + (int)(number % 4));
    }
}

static int64_t tickets_in(const struct basket *basket)
{
    int64_t tickets = 0;
    for (size_t i = 0; i < basket->count; i++) {
        const struct outcome *outcome = basket_outcome(basket, i);
        if (outcome->problem == PROBLEM_NONE && !outcome->replayed)
            tickets += outcome->sale.quantity;
    }
    return tickets;
}

/* One batch. Where it is refused nothing changes; where the outcome is unknown, all or nothing. */
static void sell(struct run *run)
{
    struct basket basket = {0};
    fill(run, &basket);
    enum store_result result = basket_decide(&basket, run->sellers[dice_roll(&run->dice, SELLERS)]);
    CU_ASSERT(result == STORE_DURABLE || forgetful_failed());
    for (size_t i = 0; result == STORE_DURABLE && i < basket.count; i++)
        tell(run, &basket.items[i], basket_outcome(&basket, i));
    if (result == STORE_UNKNOWN)
        run->in_doubt = tickets_in(&basket);
    basket_free(&basket);
}

/* --- cutting ------------------------------------------------------------------------------- */

/* False where the power failed meanwhile. */
static bool open_sellers(struct run *run)
{
    char error[STORE_ERROR_SIZE] = "";
    for (int i = 0; i < SELLERS; i++) {
        char server[SERVER_SIZE];
        snprintf(server, sizeof server, "server-%d", i + 1);
        run->sellers[i] = store_open_seller(run->fixture.url, server, error);
        if (run->sellers[i] != NULL)
            continue;
        if (!forgetful_failed())
            printf("  %s\n", error);
        CU_ASSERT_FATAL(forgetful_failed());
        return false;
    }
    return true;
}

static void close_sellers(struct run *run)
{
    for (int i = 0; i < SELLERS; i++)
        store_close(run->sellers[i]);
    memset(run->sellers, 0, sizeof run->sellers);
}

static void choose_failure(struct run *run)
{
    unsigned kind = dice_roll(&run->dice, 5);
    if (kind < 2)
        forgetful_fail_after(1 + (int)dice_roll(&run->dice, 250));
    else if (kind < 4) /* then all may be there, though nobody knows */
        forgetful_fail_in_sync(1 + (int)dice_roll(&run->dice, 20));
}

static void sell_until_the_power_fails(struct run *run)
{
    if (dice_roll(&run->dice, 4) == 0) /* perhaps while the last failure is being recovered from */
        forgetful_fail_after(1 + (int)dice_roll(&run->dice, 40));
    if (open_sellers(run)) {
        choose_failure(run);
        for (unsigned batches = dice_roll(&run->dice, 40); batches > 0 && !forgetful_failed();
             batches--)
            sell(run);
    }
    close_sellers(run);
}

/* --- what is there afterwards -------------------------------------------------------------- */

static void miss(struct run *run, const struct told *told, const char *what)
{
    if (run->lost++ == 0)
        printf("  SEED=%" PRIu64 ": %s: %s\n", run->seed, told->key, what);
}

static void expect(struct run *run, const struct told *told, const struct outcome *again)
{
    if (!again->replayed)
        miss(run, told, "the key is forgotten");
    else if (again->problem != told->problem)
        miss(run, told, "another outcome");
    else if (told->problem == PROBLEM_NONE &&
             (!id_equal(&again->sale.id, &told->id) || again->sale.first_number != told->first))
        miss(run, told, "another sale");
}

/* Asked again, everybody is told the same. */
static void repeat(struct run *run, struct store *store, const struct told *told, size_t count)
{
    struct basket basket = {0};
    for (size_t i = 0; i < count; i++)
        basket_add(&basket, told[i].key, told[i].quantity);
    basket_settle(&basket, store);
    for (size_t i = 0; i < count; i++)
        expect(run, &told[i], basket_outcome(&basket, i));
    basket_free(&basket);
}

static void compare(struct run *run)
{
    char sentence[512] = "";
    int64_t sold = fixture_sold(&run->fixture, "demo", "standard");
    if (sold != run->sold && sold != run->sold + run->in_doubt)
        printf("  SEED=%" PRIu64 ": %" PRId64 " sold, told %" PRId64 " (and perhaps %" PRId64 ")\n",
               run->seed, sold, run->sold, run->in_doubt);
    CU_ASSERT(sold == run->sold || sold == run->sold + run->in_doubt);
    run->sold = sold;
    run->in_doubt = 0;
    CU_ASSERT_EQUAL(fixture_broken(&run->fixture, sentence), 0);
    struct store *store = fixture_seller(&run->fixture, "server-9");
    for (size_t i = 0; i < run->count; i += STORE_BATCH_MAX)
        repeat(run, store, &run->told[i],
               run->count - i < STORE_BATCH_MAX ? run->count - i : STORE_BATCH_MAX);
    store_close(store);
}

static void run_open(struct run *run, int64_t capacity)
{
    *run = (struct run){.seed = dice_seed()};
    run->dice = dice_new(run->seed);
    forgetful_install(run->seed);
    fixture_open(&run->fixture, capacity);
}

static void run_close(struct run *run)
{
    CU_ASSERT_EQUAL(run->lost, 0);
    free(run->told);
    fixture_close(&run->fixture);
    forgetful_remove();
}

static void what_was_told_survives(void)
{
    struct run run;
    run_open(&run, 0);
    fixture_tier(&run.fixture, 1, "demo", 1, "standard", 100);
    for (int i = 0; i < load_scaled(CUTS) && run.lost == 0; i++) {
        sell_until_the_power_fails(&run);
        forgetful_cut(dice_roll(&run.dice, 3) == 0 ? 8 : dice_roll(&run.dice, 9));
        compare(&run);
        fixture_sql(&run.fixture, "UPDATE tiers SET capacity = capacity + 100");
    }
    printf("  %zu were told, %" PRId64 " tickets\n", run.count, run.sold);
    run_close(&run);
}

/* Makes a store until the power fails, and then again; false where it did not fail. */
static bool make_twice(struct fixture *fixture, int operations)
{
    struct store_made made;
    char error[STORE_ERROR_SIZE] = "";
    forgetful_fail_after(operations);
    bool done = store_init(fixture->url, 10, &made, error);
    bool failed = forgetful_failed();
    CU_ASSERT(done || failed);
    forgetful_cut((unsigned)operations * 5 % 9);
    bool again = store_init(fixture->url, 10, &made, error);
    if (!again)
        printf("  after %d operations: %s\n", operations, error);
    CU_ASSERT_FATAL(again);
    CU_ASSERT(!done || !made.created);
    return failed;
}

/* The store itself is made while the power fails, at each operation of its making in turn. */
static void a_store_in_the_making(void)
{
    uint64_t seed = dice_seed();
    bool failed = true;
    for (int operations = 1; failed; operations++) {
        char aside[STORE_PLACE_SIZE], error[STORE_ERROR_SIZE];
        struct fixture fixture;
        fixture_open(&fixture, 0);
        CU_ASSERT_FATAL(store_reset(fixture.url, aside, error));
        forgetful_install(seed + (uint64_t)operations);
        failed = make_twice(&fixture, operations);
        struct store *store = fixture_seller(&fixture, "server-1");
        CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_NONE);
        store_close(store);
        fixture_close(&fixture);
        forgetful_remove();
        CU_ASSERT(failed || operations > 10);
    }
}

/* How many of the tickets that were sold are lost by a power cut. */
static int64_t lost_with(const char *setting)
{
    struct run run;
    run_open(&run, 100);
    struct store *store = fixture_seller(&run.fixture, "server-1");
    CU_ASSERT(connection_execute(&((struct handle *)store)->connection, setting));
    for (int i = 0; i < SALES; i++)
        CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_NONE);
    forgetful_fail_after(1); /* nor is anything saved by closing */
    store_close(store);
    forgetful_cut(0);
    int64_t lost = SALES - fixture_sold(&run.fixture, "demo", "standard");
    run_close(&run);
    return lost;
}

/* The cut does lose what was not synced, or the tests here would prove nothing. */
static void synchronous_normal_loses_sales(void)
{
    CU_ASSERT_EQUAL(lost_with("PRAGMA synchronous = NORMAL"), SALES);
    CU_ASSERT_EQUAL(lost_with("PRAGMA synchronous = FULL"), 0);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("sqlite power", "what was told survives power cuts", what_was_told_survives);
    suite_add("sqlite power", "a store in the making survives a power cut", a_store_in_the_making);
    suite_add("sqlite power", "synchronous NORMAL loses sales", synchronous_normal_loses_sales);
}
