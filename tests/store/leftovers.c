/* A copy is put where a database was lost and its journal was not; and what is told to be done survives a power cut. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/store/fixture.h"
#include "tests/store/steps.h"

/* Where a store is that sold 5 tickets, and a copy from when it was 2. */
struct scene {
    struct fixture fixture;
    char database[FIXTURE_URL_SIZE], journal[FIXTURE_URL_SIZE + 8], copy[FIXTURE_URL_SIZE];
    struct buffer written; /* what the journal held before it was folded in */
    struct store_restored restored;
    char error[STORE_ERROR_SIZE];
};

static bool there(const char *path, const char *ending)
{
    char whole[STORE_PLACE_SIZE + 16];
    struct stat file;
    snprintf(whole, sizeof whole, "%s%s", path, ending);
    return lstat(whole, &file) == 0;
}

static void scene_open(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    fixture_open(&scene->fixture, 50);
    strcpy(scene->database, strchr(scene->fixture.url, ':') + 1);
    snprintf(scene->journal, sizeof scene->journal, "%s-wal", scene->database);
    snprintf(scene->copy, sizeof scene->copy, "%s/copy.db", scene->fixture.directory);
    struct store *store = fixture_seller(&scene->fixture, "server-1");
    buy(store, NULL, 2);
    CU_ASSERT(store_backup(scene->fixture.url, scene->copy, NULL, NULL, scene->error));
    buy(store, NULL, 3);
    files_read(scene->journal, &scene->written);
    CU_ASSERT(scene->written.length > 0);
    store_close(store);
}

/* Everything was killed, and then the database was lost. */
static void lose_the_database(struct scene *scene)
{
    CU_ASSERT_EQUAL(unlink(scene->database), 0);
    files_write(scene->journal, scene->written.data, scene->written.length);
}

static bool restore(struct scene *scene)
{
    return store_restore(scene->fixture.url, scene->copy, NULL, NULL, &scene->restored,
                         scene->error);
}

static void scene_close(struct scene *scene)
{
    CU_ASSERT_FALSE(there(scene->database, ".part"));
    fixture_close(&scene->fixture);
    buffer_free(&scene->written);
}

static void a_journal_without_its_database_is_kept_aside(void)
{
    struct scene scene;
    struct buffer kept = {0};
    char aside[STORE_PLACE_SIZE + 8];
    scene_open(&scene);
    lose_the_database(&scene);
    CU_ASSERT(restore(&scene));
    CU_ASSERT(scene.restored.journal_only);
    CU_ASSERT_FALSE(there(scene.restored.aside, ""));
    snprintf(aside, sizeof aside, "%s-wal", scene.restored.aside);
    files_read(aside, &kept);
    CU_ASSERT_EQUAL(kept.length, scene.written.length);
    CU_ASSERT_EQUAL(fixture_sold(&scene.fixture, "demo", "standard"), 2);
    struct store *store = fixture_seller(&scene.fixture, "server-1");
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_NONE);
    store_close(store);
    buffer_free(&kept);
    scene_close(&scene);
}

static void so_is_any_kind_of_journal(void)
{
    static const char *const endings[] = {"-journal", "-shm"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct scene scene;
        char path[FIXTURE_URL_SIZE + 8];
        scene_open(&scene);
        snprintf(path, sizeof path, "%s%s", scene.database, endings[i]);
        files_write(path, "left behind", 11);
        CU_ASSERT(restore(&scene)); /* in the place of a database */
        CU_ASSERT_FALSE(there(scene.database, endings[i]));
        CU_ASSERT_FALSE(scene.restored.journal_only);
        CU_ASSERT_EQUAL(unlink(scene.database), 0);
        files_write(path, "left behind", 11);
        CU_ASSERT(restore(&scene)); /* and of none */
        CU_ASSERT_FALSE(there(scene.database, endings[i]));
        CU_ASSERT(there(scene.restored.aside, endings[i]));
        scene_close(&scene);
    }
}

/* Else the next store of that name would be told of the old one's sales, or SQLite would remove them. */
static void a_reset_moves_it_as_well(void)
{
    static const char *const endings[] = {"-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct scene scene;
        char path[FIXTURE_URL_SIZE + 8], aside[STORE_PLACE_SIZE] = "";
        struct store_made made;
        scene_open(&scene);
        struct store *store = fixture_seller(&scene.fixture, "server-1");
        CU_ASSERT_EQUAL(unlink(scene.database), 0);
        snprintf(path, sizeof path, "%s%s", scene.database, endings[i]);
        files_write(path, "left behind", 11);
        CU_ASSERT_FALSE(store_reset(scene.fixture.url, aside, scene.error));
        CU_ASSERT_PTR_NOT_NULL(strstr(scene.error, "in use"));
        store_close(store);
        CU_ASSERT(store_reset(scene.fixture.url, aside, scene.error));
        CU_ASSERT_FALSE(there(aside, "") || there(path, "") || there(scene.database, "-lock"));
        CU_ASSERT(there(aside, endings[i]));
        CU_ASSERT(store_reset(scene.fixture.url, aside, scene.error));
        CU_ASSERT_STRING_EQUAL(aside, "");
        CU_ASSERT(store_init(scene.fixture.url, 10, &made, scene.error));
        scene_close(&scene);
    }
}

/* A cluster that only waits for its database to come back is a user all the same. */
static void nothing_is_put_where_others_are(void)
{
    struct scene scene;
    scene_open(&scene);
    struct store *store = fixture_seller(&scene.fixture, "server-1");
    lose_the_database(&scene);
    CU_ASSERT_FALSE(restore(&scene));
    CU_ASSERT_PTR_NOT_NULL(strstr(scene.error, "in use"));
    CU_ASSERT(there(scene.journal, ""));
    store_close(store);
    CU_ASSERT(restore(&scene));
    scene_close(&scene);
}

static void never_told(void *context, int64_t done, int64_t total)
{
    (void)context;
    (void)done;
    (void)total;
    CU_FAIL("it copies in vain");
}

static void no_copy_is_made_beside_a_journal(void)
{
    static const char *const endings[] = {"-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct scene scene;
        char other[FIXTURE_URL_SIZE + 8], path[FIXTURE_URL_SIZE + 16];
        scene_open(&scene);
        snprintf(other, sizeof other, "%s.2", scene.copy);
        snprintf(path, sizeof path, "%s%s", other, endings[i]);
        files_write(path, "of another", 10);
        CU_ASSERT_FALSE(store_backup(scene.fixture.url, other, never_told, NULL, scene.error));
        CU_ASSERT_PTR_NOT_NULL(strstr(scene.error, path));
        CU_ASSERT_FALSE(there(other, ""));
        CU_ASSERT_FALSE(there(other, ".part"));
        CU_ASSERT_EQUAL(unlink(path), 0);
        CU_ASSERT(store_backup(scene.fixture.url, other, NULL, NULL, scene.error));
        scene_close(&scene);
    }
}

static void expect_steps(const char *expected)
{
    const char *steps = steps_end();
    if (strstr(steps, expected) == NULL)
        printf("  %s\n  does not hold\n  %s\n", steps, expected);
    CU_ASSERT_PTR_NOT_NULL(strstr(steps, expected));
}

/* What is told to be done must not be undone by a power cut, nor may a journal meet another database behind one. */
static void all_is_durable_in_this_order(void)
{
    struct scene scene;
    scene_open(&scene);
    CU_ASSERT_EQUAL(unlink(scene.copy), 0);
    steps_begin(0);
    CU_ASSERT(store_backup(scene.fixture.url, scene.copy, NULL, NULL, scene.error));
    expect_steps("save copy.db.part; move copy.db.part; save directory; ");
    steps_begin(0);
    CU_ASSERT(restore(&scene));
    expect_steps("save tickets.db.part; move tickets.db-wal; move tickets.db-shm; save directory; "
                 "link tickets.db; save directory; move tickets.db.part; save directory; ");
    lose_the_database(&scene);
    CU_ASSERT(!there(scene.database, "-shm"));
    steps_begin(0);
    CU_ASSERT(restore(&scene));
    expect_steps("save tickets.db.part; move tickets.db-wal; save directory; "
                 "move tickets.db.part; save directory; ");
    scene_close(&scene);
}

/* Else a power cut brings the store back that somebody was told is gone. */
static void a_reset_is_durable(void)
{
    struct scene scene;
    int failing = 1;
    char aside[STORE_PLACE_SIZE];
    scene_open(&scene);
    for (bool done = false; !done; failing++) {
        steps_begin(failing);
        done = store_reset(scene.fixture.url, aside, scene.error);
        if (!done)
            steps_end();
        CU_ASSERT(done || strstr(scene.error, "cannot save") != NULL);
        CU_ASSERT(done || fixture_sold(&scene.fixture, "demo", "standard") == 5);
    }
    CU_ASSERT(failing > 2); /* one at least was refused */
    expect_steps("move tickets.db; save directory; ");
    CU_ASSERT(restore(&scene)); /* for the audit of scene_close */
    scene_close(&scene);
}

static void what_cannot_be_made_durable_is_no_copy(void)
{
    struct scene scene;
    scene_open(&scene);
    CU_ASSERT_EQUAL(unlink(scene.copy), 0);
    for (int failing = 1; failing <= 2; failing++) {
        steps_begin(failing);
        CU_ASSERT_FALSE(store_backup(scene.fixture.url, scene.copy, NULL, NULL, scene.error));
        steps_end();
        CU_ASSERT_PTR_NOT_NULL(strstr(scene.error, "cannot save"));
        CU_ASSERT_FALSE(there(scene.copy, ""));
        CU_ASSERT_FALSE(there(scene.copy, ".part"));
    }
    scene_close(&scene);
}

/* Whichever step fails, what was there is there as before: the database, or its journal alone. */
static void what_cannot_be_made_durable_is_not_put_back(void)
{
    for (int lost = 0; lost < 2; lost++) {
        bool done = false;
        for (int failing = 1; !done; failing++) {
            struct scene scene;
            scene_open(&scene);
            if (lost)
                lose_the_database(&scene);
            steps_begin(failing);
            done = restore(&scene);
            const char *steps = steps_end();
            CU_ASSERT(done ? failing > 3 : strstr(scene.error, "cannot") != NULL);
            if (!done)
                CU_ASSERT_EQUAL(there(scene.database, ""), !lost);
            if (!done && !lost)
                CU_ASSERT_EQUAL(fixture_sold(&scene.fixture, "demo", "standard"), 5);
            if (!done && lost && !there(scene.journal, ""))
                printf("  %d: %s\n", failing, steps);
            if (!done && lost)
                CU_ASSERT(there(scene.journal, "") && restore(&scene));
            scene_close(&scene);
        }
    }
}

static __attribute__((constructor)) void add(void)
{
    static const char suite[] = "store leftovers";
    suite_add(suite, "a journal without its database is kept aside",
              a_journal_without_its_database_is_kept_aside);
    suite_add(suite, "so is any kind of journal", so_is_any_kind_of_journal);
    suite_add(suite, "a reset moves it as well", a_reset_moves_it_as_well);
    suite_add(suite, "nothing is put where others are", nothing_is_put_where_others_are);
    suite_add(suite, "no copy is made beside a journal", no_copy_is_made_beside_a_journal);
    suite_add(suite, "all is durable in this order", all_is_durable_in_this_order);
    suite_add(suite, "a reset is durable", a_reset_is_durable);
    suite_add(suite, "what cannot be made durable is no copy",
              what_cannot_be_made_durable_is_no_copy);
    suite_add(suite, "what cannot be made durable is not put back",
              what_cannot_be_made_durable_is_not_put_back);
}
