/* Every call of the disk's fails once, also those around SQLite, while a store is made, or an old one is brought up
 * to date: it is refused with a reason or done, and done once the disk works. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buffer.h"
#include "db/sqlite/connection.h"
#include "db/sqlite/schema.h"
#include "tests/store/faulty_vfs.h"
#include "tests/store/fixture.h"
#include "tests/store/forgetful_vfs.h"
#include "tests/store/own_calls.h"

enum {
    CAPACITY = 10,
    RUNS_MAX = 1000, /* of one kind of call */
};

/* What version 1 held after one sale of two tickets. */
static const char key_of_version_1[] = "a-key-of-a-buyer";
static const char sale_of_version_1[] =
    "INSERT INTO store (one, id) VALUES (1, '0193b0aa-0000-7000-8000-000000000001');"
    "INSERT INTO servers (server, boot) VALUES ('server-1', 7);"
    "INSERT INTO events (event, name) VALUES (1, 'demo');"
    "INSERT INTO tiers (event, tier, name, price, currency, capacity, sold, order_limit,"
    "                   next_number) VALUES (1, 1, 'standard', 2500, 'EUR', 10, 2, 10, 3);"
    "INSERT INTO decisions (event, key, fingerprint, created_at, id, tier, quantity, first_number,"
    "                       amount, currency, buyer, server, router) VALUES"
    "  (1, 'a-key-of-a-buyer', zeroblob(16), 1764000000000001,"
    "   x'0193b0aa111170008000000000000003', 1, 2, 1, 5000, 'EUR', '', 'server-1', '');"
    "INSERT INTO tickets (event, tier, number, sale) VALUES"
    "  (1, 1, 1, x'0193b0aa111170008000000000000003'),"
    "  (1, 1, 2, x'0193b0aa111170008000000000000003');"
    "INSERT INTO totals (event, tier, server, sold) VALUES (1, 1, 'server-1', 2);";

struct scene {
    struct fixture fixture;
    struct buffer old; /* a store of version 1; owned */
    bool migrates;
    unsigned runs, refused;
};

static const char *path_of(const struct scene *scene)
{
    return strchr(scene->fixture.url, ':') + 1;
}

static void clear_place(const struct scene *scene)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-lock"};
    char path[FIXTURE_URL_SIZE + 8];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(path, sizeof path, "%s%s", path_of(scene), endings[i]);
        unlink(path);
    }
}

static void make_version_1(struct scene *scene)
{
    char error[STORE_ERROR_SIZE] = "";
    struct connection connection;
    clear_place(scene);
    files_write(path_of(scene), "", 0);
    CU_ASSERT_EQUAL_FATAL(connection_open(&connection, path_of(scene), true, error), SQLITE_OK);
    CU_ASSERT_FATAL(connection_execute(&connection, "PRAGMA journal_mode = WAL; BEGIN") &&
                    schema_migrate(&connection, 1) &&
                    connection_execute(&connection, sale_of_version_1) &&
                    connection_execute(&connection, "COMMIT"));
    CU_ASSERT_EQUAL(connection_fold(&connection), SQLITE_OK);
    connection_close(&connection);
    files_read(path_of(scene), &scene->old);
}

static void scene_open(struct scene *scene, bool migrates)
{
    *scene = (struct scene){.migrates = migrates};
    fixture_open(&scene->fixture, 0);
    if (migrates)
        make_version_1(scene);
}

static void scene_close(struct scene *scene)
{
    printf("  %u runs, %u times refused\n", scene->runs, scene->refused);
    CU_ASSERT(scene->refused > 0);
    buffer_free(&scene->old);
    fixture_discard(&scene->fixture);
}

static void prepare(struct scene *scene)
{
    clear_place(scene);
    if (scene->migrates)
        files_write(path_of(scene), scene->old.data, scene->old.length);
    scene->runs++;
}

static bool attempt(struct scene *scene, struct store_made *made)
{
    char error[STORE_ERROR_SIZE] = "";
    bool done = store_init(scene->fixture.url, CAPACITY, made, error);
    CU_ASSERT(done || error[0] != '\0');
    scene->refused += !done;
    return done;
}

/* The disk works: the store is there, if need be at the second try, and what it was told to be. */
static void expect_made(struct scene *scene, bool told, const struct store_made *first)
{
    struct store_made made;
    char error[STORE_ERROR_SIZE] = "";
    bool done = store_init(scene->fixture.url, CAPACITY, &made, error);
    if (!done)
        printf("  run %u: %s\n", scene->runs, error);
    CU_ASSERT_FATAL(done);
    CU_ASSERT(!told || (!made.created && strcmp(made.id, first->id) == 0));
    CU_ASSERT_EQUAL(made.tickets, scene->migrates ? 2 : 0);
    struct store *store = fixture_seller(&scene->fixture, "server-2");
    if (scene->migrates) /* the key is known: it stands for another purchase */
        CU_ASSERT_EQUAL(buy(store, key_of_version_1, 3).problem, PROBLEM_KEY_REUSED);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).sale.first_number, scene->migrates ? 3 : 1);
    store_close(store);
    CU_ASSERT_EQUAL(fixture_broken(&scene->fixture, NULL), 0);
}

/* False where it met no fault. Every second time the power fails behind it. */
static bool fail_call(struct scene *scene, enum faulty_call call, int n)
{
    struct store_made made;
    if (!faulty_take_turns(&call, n))
        return false;
    prepare(scene);
    forgetful_install((uint64_t)n);
    faulty_install();
    faulty_arm(call, n, n % 4 < 2); /* once, or from then on */
    bool told = attempt(scene, &made);
    faulty_mend();
    bool met = faulty_met() > 0;
    CU_ASSERT(told || met);
    if (n % 2 == 0)
        forgetful_cut((unsigned)n * 5 % 9);
    expect_made(scene, told, &made);
    faulty_remove();
    forgetful_remove();
    return met;
}

static void every_call(bool migrates)
{
    struct scene scene;
    scene_open(&scene, migrates);
    for (enum faulty_call call = 0; call < FAULTY_CALLS; call++) {
        int n = 1;
        while (n < RUNS_MAX && fail_call(&scene, call, n))
            n++;
        CU_ASSERT(n < RUNS_MAX);
    }
    scene_close(&scene);
}

static void a_store_in_the_making(void)
{
    every_call(false);
}

static void an_old_store(void)
{
    every_call(true);
}

/* One that is closed, opened, sells and is read; what fails is refused, or ends the seller. */
static void use(struct scene *scene, int64_t *sold)
{
    char error[STORE_ERROR_SIZE] = "";
    struct store *store = store_open_seller(scene->fixture.url, "server-1", error);
    CU_ASSERT(store != NULL || error[0] != '\0');
    for (int i = 0; store != NULL && i < 2; i++) {
        struct basket basket = {0};
        basket_add(&basket, NULL, 1);
        enum store_result result = basket_decide(&basket, store);
        CU_ASSERT_NOT_EQUAL(result, STORE_UNKNOWN);
        *sold += result == STORE_DURABLE;
        basket_free(&basket);
    }
    if (store != NULL)
        store_close(store);
    store = store_open_reader(scene->fixture.url, error);
    CU_ASSERT(store != NULL || error[0] != '\0');
    if (store != NULL)
        store_close(store);
}

static bool fail_own_call(struct scene *scene, int n, bool dead)
{
    struct store_made made;
    int64_t sold = 0;
    prepare(scene);
    own_calls_arm(n, dead);
    if (attempt(scene, &made))
        use(scene, &sold);
    bool met = own_calls_mend() > 0;
    char error[STORE_ERROR_SIZE] = "";
    bool done = store_init(scene->fixture.url, CAPACITY, &made, error);
    if (!done)
        printf("  the %d. call%s: %s\n", n, dead ? " and all later ones" : "", error);
    CU_ASSERT_FATAL(done);
    CU_ASSERT_EQUAL(made.tickets, sold + (scene->migrates ? 2 : 0));
    int64_t before = made.tickets;
    use(scene, &before);
    CU_ASSERT_EQUAL(before, made.tickets + 2);
    CU_ASSERT_EQUAL(fixture_broken(&scene->fixture, NULL), 0);
    return met;
}

/* Once, and from then on: in turn, or both. */
static bool fail_own_call_in_turn(struct scene *scene, int n)
{
    bool met = false;
    for (int dead = 0; dead < 2; dead++)
        if (faulty_every() || dead == (n + scene->migrates) % 2)
            met |= fail_own_call(scene, n, dead);
    return met;
}

static void calls_around_sqlite(void)
{
    for (int migrates = 0; migrates < 2; migrates++) {
        struct scene scene;
        scene_open(&scene, migrates);
        int n = 1;
        while (n < RUNS_MAX && fail_own_call_in_turn(&scene, n))
            n++;
        CU_ASSERT(n > 10 && n < RUNS_MAX);
        scene_close(&scene);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("sqlite faults", "every call fails while a store is made", a_store_in_the_making);
    suite_add("sqlite faults", "every call fails while an old store is migrated", an_old_store);
    suite_add("sqlite faults", "every call around SQLite fails", calls_around_sqlite);
}
