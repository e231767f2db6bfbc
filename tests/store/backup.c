/* Copies of a store: of one moment, proved, for nobody else's eyes, and put back. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/store/fixture.h"

enum {
    BATCHES = 4,   /* of sales, which make the store larger than what is copied at one go */
    PURCHASES = 2, /* meanwhile */
};

/* A path beside the store. */
static void beside(const struct fixture *fixture, const char *name, char path[FIXTURE_URL_SIZE])
{
    snprintf(path, FIXTURE_URL_SIZE, "%s/%s", fixture->directory, name);
}

static bool there(const char *path)
{
    struct stat file;
    return lstat(path, &file) == 0;
}

static mode_t mode_of(const char *path)
{
    struct stat file = {.st_mode = 0};
    CU_ASSERT_EQUAL(stat(path, &file), 0);
    return file.st_mode & 0777;
}

static bool is_file(const struct fixture *fixture)
{
    return strncmp(fixture->url, "sqlite:", 7) == 0;
}

static void back_up(struct fixture *fixture, const char *to)
{
    char error[STORE_ERROR_SIZE] = "";
    bool done = store_backup(fixture->url, to, NULL, NULL, error);
    if (!done)
        printf("  %s\n", error);
    CU_ASSERT_FATAL(done);
}

/* Refused, with this in the reason, and nothing is left of it. */
static void expect_no_backup(struct fixture *fixture, const char *to, const char *why)
{
    char error[STORE_ERROR_SIZE] = "";
    char part[FIXTURE_URL_SIZE + 8];
    bool before = there(to);
    snprintf(part, sizeof part, "%s.part", to);
    CU_ASSERT_FALSE(store_backup(fixture->url, to, NULL, NULL, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, why));
    if (strstr(error, why) == NULL)
        printf("  %s\n", error);
    CU_ASSERT_EQUAL(there(to), before);
    CU_ASSERT_FALSE(there(part));
}

/* Of a copy, or of what was moved aside: a path, or the URL of a schema. */
static int64_t sold_in(const char *place)
{
    struct fixture copy = {.engine = NULL};
    snprintf(copy.url, sizeof copy.url, "%s%.300s", strstr(place, "://") == NULL ? "sqlite:" : "",
             place);
    return fixture_sold(&copy, "demo", "standard");
}

struct meanwhile {
    struct store *store;
    int64_t told, total;
    int times;
};

static void sell_meanwhile(void *context, int64_t done, int64_t total)
{
    struct meanwhile *meanwhile = context;
    CU_ASSERT(done > meanwhile->told && done <= total);
    meanwhile->told = done;
    meanwhile->total = total;
    meanwhile->times++;
    if (meanwhile->times <= PURCHASES)
        CU_ASSERT_EQUAL(buy(meanwhile->store, NULL, 1).problem, PROBLEM_NONE);
}

static void is_of_one_moment(struct fixture *fixture)
{
    char copy[FIXTURE_URL_SIZE];
    char error[STORE_ERROR_SIZE] = "";
    struct basket basket = {0};
    beside(fixture, "copy.db", copy);
    struct meanwhile meanwhile = {.store = fixture_seller(fixture, "server-1")};
    fixture_hasten(fixture, meanwhile.store);
    for (int i = 0; i < BATCHES; i++) {
        basket_clear(&basket);
        for (int k = 0; k < STORE_BATCH_MAX; k++)
            basket_add(&basket, NULL, 10);
        basket_settle(&basket, meanwhile.store);
    }
    CU_ASSERT(store_backup(fixture->url, copy, sell_meanwhile, &meanwhile, error));
    CU_ASSERT_EQUAL(meanwhile.told, meanwhile.total);
    CU_ASSERT(meanwhile.times >= PURCHASES); /* it is not copied at one go */
    store_close(meanwhile.store);
    CU_ASSERT_EQUAL(sold_in(copy), BATCHES * STORE_BATCH_MAX * 10);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"),
                    BATCHES * STORE_BATCH_MAX * 10 + PURCHASES);
    basket_free(&basket);
}

static void is_for_nobody_else(struct fixture *fixture)
{
    char copy[FIXTURE_URL_SIZE];
    beside(fixture, "copy.db", copy);
    mode_t mask = umask(0);
    back_up(fixture, copy);
    umask(mask);
    CU_ASSERT_EQUAL(mode_of(copy), 0600);
    if (is_file(fixture))
        CU_ASSERT_EQUAL(mode_of(strchr(fixture->url, ':') + 1), 0600);
}

static void replaces_nothing(struct fixture *fixture)
{
    char copy[FIXTURE_URL_SIZE];
    beside(fixture, "copy.db", copy);
    files_write(copy, "mine", 4);
    expect_no_backup(fixture, copy, "exists already");
    CU_ASSERT_EQUAL(unlink(copy), 0);
    CU_ASSERT_EQUAL(symlink("nowhere", copy), 0);
    expect_no_backup(fixture, copy, "exists already");
    beside(fixture, "none/copy.db", copy);
    expect_no_backup(fixture, copy, "No such file");
}

/* What another one writes is left alone; what a killed one left is written over. */
static void takes_over_what_was_left(struct fixture *fixture)
{
    char copy[FIXTURE_URL_SIZE];
    char part[FIXTURE_URL_SIZE];
    char error[STORE_ERROR_SIZE] = "";
    beside(fixture, "copy.db", copy);
    beside(fixture, "copy.db.part", part);
    files_write(part, "half a copy", 11);
    int other = open(part, O_RDWR | O_CLOEXEC);
    CU_ASSERT_EQUAL(flock(other, LOCK_EX), 0);
    CU_ASSERT_FALSE(store_backup(fixture->url, copy, NULL, NULL, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "another process"));
    CU_ASSERT(there(part));
    close(other);
    back_up(fixture, copy);
    CU_ASSERT_FALSE(there(part));
    CU_ASSERT_EQUAL(sold_in(copy), 0);
}

static void is_not_made_of_an_unsound_store(struct fixture *fixture)
{
    char copy[FIXTURE_URL_SIZE];
    beside(fixture, "copy.db", copy);
    fixture_unguard(fixture, NULL);
    fixture_sql(fixture, "UPDATE tiers SET sold = 6");
    expect_no_backup(fixture, copy, "not sound");
    fixture->damaged = true;
}

static void leaves_nothing_on_a_full_disk(struct fixture *fixture)
{
    char small[FIXTURE_URL_SIZE];
    char copy[FIXTURE_URL_SIZE];
    struct basket basket = {0};
    beside(fixture, "small", small);
    beside(fixture, "small/copy.db", copy);
    CU_ASSERT_EQUAL(mkdir(small, 0755), 0);
    if (mount("tmpfs", small, "tmpfs", 0, "size=256k") != 0) {
        suite_skip("a file system of our own needs root");
        return;
    }
    struct store *store = fixture_seller(fixture, "server-1");
    for (int i = 0; i < 2000; i++)
        basket_add(&basket, NULL, 1);
    basket_settle(&basket, store);
    store_close(store);
    expect_no_backup(fixture, copy, "make room");
    CU_ASSERT_EQUAL(umount(small), 0);
    basket_free(&basket);
}

static bool restore(struct fixture *fixture, const char *from, struct store_restored *restored,
                    char error[STORE_ERROR_SIZE])
{
    error[0] = '\0';
    return store_restore(fixture->url, from, NULL, NULL, restored, error);
}

static void is_put_back(struct fixture *fixture)
{
    char copy[FIXTURE_URL_SIZE];
    struct store_restored restored;
    char error[STORE_ERROR_SIZE];
    beside(fixture, "copy.db", copy);
    struct store *store = fixture_seller(fixture, "server-1");
    buy(store, "a-key-before-the-copy", 2);
    back_up(fixture, copy);
    buy(store, "a-key-behind-the-copy", 3);
    CU_ASSERT_FALSE(restore(fixture, copy, &restored, error)); /* it is in use */
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "in use"));
    store_close(store);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 5);
    CU_ASSERT(restore(fixture, copy, &restored, error));
    CU_ASSERT_EQUAL(sold_in(restored.aside), 5);
    if (is_file(fixture))
        CU_ASSERT_EQUAL(mode_of(strchr(fixture->url, ':') + 1), 0600);
    store = fixture_seller(fixture, "server-1");
    CU_ASSERT(buy(store, "a-key-before-the-copy", 2).replayed);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).sale.first_number, 6 + STORE_NUMBERS_SKIPPED);
    store_close(store);
    CU_ASSERT_EQUAL(sold_in(copy), 2);
}

static void is_put_where_nothing_was(struct fixture *fixture)
{
    char copy[FIXTURE_URL_SIZE];
    struct store_restored restored;
    char error[STORE_ERROR_SIZE];
    beside(fixture, "copy.db", copy);
    back_up(fixture, copy);
    struct fixture fresh = *fixture;
    strcat(fresh.url, "_new");
    CU_ASSERT(restore(&fresh, copy, &restored, error));
    CU_ASSERT_STRING_EQUAL(restored.aside, "");
    struct store *store = fixture_seller(&fresh, "server-1");
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_NONE);
    store_close(store);
    CU_ASSERT_EQUAL(fixture_broken(&fresh, NULL), 0);
}

static void expect_no_restore(struct fixture *fixture, const char *from, const char *why)
{
    struct store_restored restored;
    char error[STORE_ERROR_SIZE];
    char part[FIXTURE_URL_SIZE + 8];
    snprintf(part, sizeof part, "%s.part", strchr(fixture->url, ':') + 1);
    CU_ASSERT_FALSE(restore(fixture, from, &restored, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, why));
    if (strstr(error, why) == NULL)
        printf("  %s\n", error);
    CU_ASSERT_FALSE(there(part));
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 0);
}

static void what_is_no_sound_copy_is_refused(struct fixture *fixture)
{
    struct fixture copy;
    char path[FIXTURE_URL_SIZE];
    fixture_open(&copy, 50);
    beside(fixture, "copy.db", path);
    expect_no_restore(fixture, path, "not there");
    if (is_file(fixture))
        expect_no_restore(fixture, strchr(fixture->url, ':') + 1, "the store itself");
    files_write(path, "no database at all, but some text", 33);
    expect_no_restore(fixture, path, "not a database");
    files_write(path, "", 0);
    expect_no_restore(fixture, path, "holds no store");
    fixture_sql(&copy, "UPDATE tiers SET sold = 1");
    expect_no_restore(fixture, strchr(copy.url, ':') + 1, "not sound");
    fixture_sql(&copy, "UPDATE tiers SET sold = 0; PRAGMA user_version = 99");
    expect_no_restore(fixture, strchr(copy.url, ':') + 1, "newer version");
    fixture_sql(&copy, "PRAGMA application_id = 5");
    expect_no_restore(fixture, strchr(copy.url, ':') + 1, "another program");
    fixture_discard(&copy);
}

static const struct fixture_case cases[] = {
    {"is of one moment while others buy", 1000000, is_of_one_moment},
    {"is for nobody else to read", 5, is_for_nobody_else},
    {"replaces nothing", 5, replaces_nothing},
    {"takes over what was left", 5, takes_over_what_was_left},
    {"is not made of an unsound store", 5, is_not_made_of_an_unsound_store},
    {"leaves nothing on a full disk", 100000, leaves_nothing_on_a_full_disk},
    {"is put back", 50, is_put_back},
    {"is put where nothing was", 50, is_put_where_nothing_was},
    {"what is no sound copy is refused", 50, what_is_no_sound_copy_is_refused},
};

static __attribute__((constructor)) void add(void)
{
    fixture_add("store backup", cases, sizeof cases / sizeof *cases);
}
