/* What a SQLite store's files may look like when it is opened, and what happens to them later. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/sqlite/handle.h"
#include "tests/store/child.h"
#include "tests/store/fixture.h"

static void path_of(const struct fixture *fixture, const char *ending, char path[FIXTURE_URL_SIZE])
{
    snprintf(path, FIXTURE_URL_SIZE, "%s/tickets.db%s", fixture->directory, ending);
}

static bool exists(const struct fixture *fixture, const char *ending)
{
    char path[FIXTURE_URL_SIZE];
    path_of(fixture, ending, path);
    return access(path, F_OK) == 0;
}

/* None of the ways in is open, and each says why in one line that names `word`. */
static void expect_refused(const char *url, const char *word)
{
    char errors[3][STORE_ERROR_SIZE] = {"", "", ""};
    struct store_made made;
    CU_ASSERT_FALSE(store_init(url, 1, &made, errors[0]));
    CU_ASSERT_PTR_NULL(store_open_seller(url, "server-1", errors[1]));
    CU_ASSERT_PTR_NULL(store_open_reader(url, errors[2]));
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_PTR_NOT_NULL(strstr(errors[i], word));
        CU_ASSERT_PTR_NULL(strchr(errors[i], '\n'));
        if (strstr(errors[i], word) == NULL)
            printf("  not '%s': %s\n", word, errors[i]);
    }
}

static void directory_missing(struct fixture *fixture)
{
    char url[FIXTURE_URL_SIZE + 32];
    snprintf(url, sizeof url, "sqlite:%s/missing/tickets.db", fixture->directory);
    char error[STORE_ERROR_SIZE];
    struct store_made made;
    CU_ASSERT_FALSE(store_init(url, 1, &made, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "make that directory"));
    CU_ASSERT_PTR_NULL(store_open_seller(url, "server-1", error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "ticket_server --init"));
}

static void directory_instead_of_a_file(struct fixture *fixture)
{
    char url[FIXTURE_URL_SIZE];
    snprintf(url, sizeof url, "sqlite:%s", fixture->directory);
    expect_refused(url, "is not a file");
}

static void store_missing(struct fixture *fixture)
{
    char url[FIXTURE_URL_SIZE + 32], error[STORE_ERROR_SIZE];
    snprintf(url, sizeof url, "sqlite:%s/none.db", fixture->directory);
    CU_ASSERT_PTR_NULL(store_open_seller(url, "server-1", error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "there is no store"));
    CU_ASSERT_PTR_NULL(store_open_reader(url, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "there is no store"));
    CU_ASSERT_NOT_EQUAL(access(strchr(url, ':') + 1, F_OK), 0);
}

/* As a user who may not write there: status 0 where it is refused in the right words. */
static int make_unwritable(struct fixture *fixture, int number, int parent)
{
    char url[FIXTURE_URL_SIZE + 32], error[STORE_ERROR_SIZE];
    struct store_made made;
    (void)number, (void)parent;
    snprintf(url, sizeof url, "sqlite:%s/none.db", fixture->directory);
    if (geteuid() == 0 && seteuid(65534) != 0)
        return 1;
    if (store_init(url, 1, &made, error) || strstr(error, "may write") == NULL)
        return 2;
    if (store_open_seller(fixture->url, "server-1", error) != NULL)
        return 3;
    return strstr(error, "Permission denied") != NULL ? 0 : 4;
}

static void directory_unwritable(struct fixture *fixture)
{
    struct child child;
    CU_ASSERT_EQUAL(chmod(fixture->directory, 0555), 0);
    child_start(&child, make_unwritable, fixture, 1);
    child_open_gate();
    CU_ASSERT_EQUAL(child_wait(&child), 0);
    CU_ASSERT_EQUAL(chmod(fixture->directory, 0755), 0);
}

/* A database of another program is left as it is, and nothing is put beside it. */
static void foreign_database(struct fixture *fixture)
{
    char aside[STORE_PLACE_SIZE], error[STORE_ERROR_SIZE];
    CU_ASSERT_TRUE(store_reset(fixture->url, aside, error));
    fixture_sql(fixture, "CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('soup')");
    expect_refused(fixture->url, "another program");
    CU_ASSERT_FALSE(exists(fixture, "-lock"));
    CU_ASSERT_FALSE(exists(fixture, "-wal"));
    fixture_sql(fixture, "DROP TABLE recipes; PRAGMA application_id = 7");
    expect_refused(fixture->url, "another program");
}

static void no_database(struct fixture *fixture)
{
    static const char letter[] = "this is no database, but a letter to a friend\n";
    char path[FIXTURE_URL_SIZE], aside[STORE_PLACE_SIZE], error[STORE_ERROR_SIZE];
    CU_ASSERT_TRUE(store_reset(fixture->url, aside, error));
    path_of(fixture, "", path);
    files_write(path, letter, sizeof letter - 1);
    expect_refused(fixture->url, "not a database");
    CU_ASSERT_FALSE(exists(fixture, "-lock"));
}

static void newer_schema(struct fixture *fixture)
{
    fixture_sql(fixture, "PRAGMA user_version = 999");
    expect_refused(fixture->url, "newer version");
}

static void empty_file(struct fixture *fixture)
{
    char path[FIXTURE_URL_SIZE], aside[STORE_PLACE_SIZE], error[STORE_ERROR_SIZE];
    struct store_made made;
    CU_ASSERT_TRUE(store_reset(fixture->url, aside, error));
    path_of(fixture, "", path);
    files_write(path, "", 0);
    CU_ASSERT_PTR_NULL(store_open_seller(fixture->url, "server-1", error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "holds no store yet"));
    CU_ASSERT_PTR_NULL(store_open_reader(fixture->url, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "holds no store yet"));
    CU_ASSERT_TRUE(store_init(fixture->url, 1, &made, error));
    CU_ASSERT_TRUE(made.created);
    fixture_close(fixture);
}

/* Overwrites whole pages of the database file with nonsense, from the given one to the end. */
static void damage(struct fixture *fixture, off_t from)
{
    char path[FIXTURE_URL_SIZE], page[4096];
    struct stat file;
    memset(page, 0xa5, sizeof page);
    path_of(fixture, "", path);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    CU_ASSERT_EQUAL_FATAL(fstat(fd, &file), 0);
    for (off_t at = from * 4096; at < file.st_size; at += 4096)
        CU_ASSERT_EQUAL(pwrite(fd, page, sizeof page, at), sizeof page);
    close(fd);
}

static void damaged_header(struct fixture *fixture)
{
    store_close(fixture_seller(fixture, "server-1")); /* folds the journal */
    damage(fixture, 0);
    expect_refused(fixture->url, "not a database");
}

/* Selling is refused with a reason, and the audit finds it. */
/* From its third page on: what tables there are is told in some of these, too. */
static void damaged_tables(struct fixture *fixture)
{
    char error[STORE_ERROR_SIZE];
    struct store *store = fixture_seller(fixture, "server-1");
    buy(store, NULL, 1);
    store_close(store);
    damage(fixture, 2);
    store = store_open_reader(fixture->url, error);
    if (store != NULL) {
        store_close(store);
        CU_ASSERT(fixture_broken(fixture, NULL) > 0);
    } else {
        CU_ASSERT_PTR_NOT_NULL(strstr(error, "damaged"));
    }
    store = store_open_seller(fixture->url, "server-1", error);
    if (store != NULL) {
        struct basket basket = {0};
        basket_add(&basket, NULL, 1);
        CU_ASSERT_EQUAL(basket_decide(&basket, store), STORE_REFUSED);
        basket_free(&basket);
        store_close(store);
        return;
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "damaged"));
}

/* It would be sold from by its counts. */
static void impossible_counts(struct fixture *fixture)
{
    char error[STORE_ERROR_SIZE] = "";
    fixture_sql(fixture, "UPDATE tiers SET sold = capacity + 1");
    CU_ASSERT_PTR_NULL(store_open_seller(fixture->url, "server-1", error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "damaged where it counts"));
    fixture_sql(fixture, "UPDATE tiers SET sold = 0");
    store_close(fixture_seller(fixture, "server-1"));
}

/* Two names of one store are one store: they share the lock. */
static void symbolic_link(struct fixture *fixture)
{
    char link[FIXTURE_URL_SIZE], url[FIXTURE_URL_SIZE + 8], error[STORE_ERROR_SIZE];
    path_of(fixture, "-link", link);
    CU_ASSERT_EQUAL(symlink("tickets.db", link), 0);
    snprintf(url, sizeof url, "sqlite:%s", link);
    struct store *a = fixture_seller(fixture, "server-1");
    struct store *b = store_open_seller(url, "server-2", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    buy(a, NULL, 1);
    buy(b, NULL, 1);
    CU_ASSERT_FALSE(exists(fixture, "-link-lock"));
    CU_ASSERT_FALSE(exists(fixture, "-link-wal"));
    store_close(a);
    store_close(b);
}

/* A file that is taken away under a seller's feet: it must not go on selling into nowhere. */
static void taken_away(struct fixture *fixture, const char *ending)
{
    char path[FIXTURE_URL_SIZE], other[FIXTURE_URL_SIZE];
    struct basket basket = {0};
    struct store *store = fixture_seller(fixture, "server-1");
    path_of(fixture, ending, path);
    path_of(fixture, "-elsewhere", other);
    CU_ASSERT_EQUAL(rename(path, other), 0);
    basket_add(&basket, NULL, 1);
    CU_ASSERT_EQUAL(basket_decide(&basket, store), STORE_FENCED);
    CU_ASSERT_PTR_NOT_NULL(strstr(store_error(store), "moved or replaced"));
    CU_ASSERT_EQUAL(rename(other, path), 0);
    CU_ASSERT_EQUAL(basket_decide(&basket, store), STORE_DURABLE);
    basket_free(&basket);
    store_close(store);
}

static void database_taken_away(struct fixture *fixture)
{
    taken_away(fixture, "");
}

static void lock_taken_away(struct fixture *fixture)
{
    taken_away(fixture, "-lock");
}

static off_t size_of(struct fixture *fixture, const char *ending)
{
    char path[FIXTURE_URL_SIZE];
    struct stat file;
    path_of(fixture, ending, path);
    return stat(path, &file) == 0 ? file.st_size : -1;
}

static void clean_stop_folds_the_journal(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    buy(store, NULL, 1);
    CU_ASSERT(size_of(fixture, "-wal") > 0);
    store_close(store);
    CU_ASSERT_EQUAL(size_of(fixture, "-wal"), 0);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 1);
}

/* Readers neither fold the journal nor wait. */
static void readers_leave_the_journal(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    buy(store, NULL, 1);
    off_t size = size_of(fixture, "-wal");
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 1);
    CU_ASSERT_EQUAL(size_of(fixture, "-wal"), size);
    store_close(store);
}

/* Replays and unstored refusals cost no commit. */
static void nothing_to_write_writes_nothing(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    buy(store, "the-key-of-a-client", 2);
    off_t size = size_of(fixture, "-wal");
    CU_ASSERT_TRUE(buy(store, "the-key-of-a-client", 2).replayed);
    CU_ASSERT_EQUAL(buy(store, NULL, 9).problem, PROBLEM_SOLD_OUT);
    CU_ASSERT_EQUAL(buy(store, NULL, 11).problem, PROBLEM_OVER_LIMIT);
    CU_ASSERT_EQUAL(size_of(fixture, "-wal"), size);
    buy(store, NULL, 1);
    CU_ASSERT(size_of(fixture, "-wal") > size);
    store_close(store);
}

/* No test but a power cut can see a commit that did not reach the disk: so the settings are checked. */
static void settings_are_durable(struct fixture *fixture)
{
    static const struct {
        const char *pragma;
        sqlite3_int64 value;
    } rows[] = {
        {"PRAGMA synchronous", 2},
        {"PRAGMA secure_delete", 0},
        {"PRAGMA journal_size_limit", 67108864},
        {"SELECT journal_mode = 'wal' FROM pragma_journal_mode", 1},
    };
    struct handle *handle = (struct handle *)fixture_seller(fixture, "server-1");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sqlite3_int64 value = -1;
        CU_ASSERT_TRUE(connection_number(&handle->connection, rows[i].pragma, &value));
        CU_ASSERT_EQUAL(value, rows[i].value);
    }
    store_close(&handle->common.base);
}

static void reset_moves_the_store_aside(struct fixture *fixture)
{
    char aside[STORE_PLACE_SIZE], error[STORE_ERROR_SIZE];
    char url[STORE_PLACE_SIZE + 8];
    struct store_made made;
    struct store *store = fixture_seller(fixture, "server-1");
    buy(store, NULL, 3);
    store_close(store);
    CU_ASSERT_TRUE(store_reset(fixture->url, aside, error));
    CU_ASSERT_FALSE(exists(fixture, "") || exists(fixture, "-wal") || exists(fixture, "-shm") ||
                    exists(fixture, "-lock"));
    snprintf(url, sizeof url, "sqlite:%s", aside);
    CU_ASSERT_TRUE(store_init(url, 1, &made, error));
    CU_ASSERT_FALSE(made.created);
    CU_ASSERT_EQUAL(made.tickets, 3);
    CU_ASSERT_TRUE(store_reset(fixture->url, aside, error));
    CU_ASSERT_STRING_EQUAL(aside, "");
    CU_ASSERT_TRUE(store_init(fixture->url, 1, &made, error));
    CU_ASSERT_TRUE(made.created);
    CU_ASSERT_EQUAL(made.tickets, 0);
    fixture_close(fixture);
}

static void reset_is_refused_in_use(struct fixture *fixture)
{
    char aside[STORE_PLACE_SIZE], error[STORE_ERROR_SIZE];
    struct store *seller = fixture_seller(fixture, "server-1");
    CU_ASSERT_FALSE(store_reset(fixture->url, aside, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "in use"));
    CU_ASSERT_EQUAL(buy(seller, NULL, 1).problem, PROBLEM_NONE);
    store_close(seller);
    struct store *reader = fixture_reader(fixture);
    CU_ASSERT_FALSE(store_reset(fixture->url, aside, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "in use"));
    store_close(reader);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 1);
}

/* Sells until a file may not grow any more: EFBIG, which SQLite tells as an I/O error in COMMIT. */
static int sell_past_file_limit(struct fixture *fixture, int number, int parent)
{
    char error[STORE_ERROR_SIZE];
    struct store *store = store_open_seller(fixture->url, "server-1", error);
    struct basket basket = {0};
    (void)number, (void)parent;
    basket_add(&basket, NULL, 1);
    if (store == NULL || basket_decide(&basket, store) != STORE_DURABLE)
        return 100;
    rlim_t limit = (rlim_t)size_of(fixture, "-wal") + 100;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){limit, limit});
    basket.items[0].request = id_make();
    id_format(&basket.items[0].request, basket.items[0].key);
    return (int)basket_decide(&basket, store);
}

static void error_in_commit_is_unknown(struct fixture *fixture)
{
    struct child child;
    child_start(&child, sell_past_file_limit, fixture, 1);
    child_open_gate();
    CU_ASSERT_EQUAL(child_wait(&child), STORE_UNKNOWN);
    struct store *store = fixture_seller(fixture, "server-1");
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_NONE);
    store_close(store);
    int64_t sold = fixture_sold(fixture, "demo", "standard");
    CU_ASSERT(sold == 2 || sold == 3);
}

/* On a file system of 1 MiB of our own: refused while it is full, and selling again afterwards. */
static void full_disk(struct fixture *fixture)
{
    char other[FILES_PATH_SIZE + 16], url[FIXTURE_URL_SIZE + 32], ballast[FIXTURE_URL_SIZE + 32];
    char error[STORE_ERROR_SIZE], block[4096] = "";
    struct store_made made;
    struct basket basket = {0};
    snprintf(other, sizeof other, "%s/small", fixture->directory);
    snprintf(url, sizeof url, "sqlite:%s/tickets.db", other);
    snprintf(ballast, sizeof ballast, "%s/ballast", other);
    CU_ASSERT_EQUAL(mkdir(other, 0755), 0);
    if (mount("tmpfs", other, "tmpfs", 0, "size=1m") != 0) {
        suite_skip("a file system of our own needs root");
        return;
    }
    CU_ASSERT_TRUE(store_init(url, 100000, &made, error));
    struct store *store = store_open_seller(url, "server-1", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_NONE);
    int fd = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    while (write(fd, block, sizeof block) == sizeof block)
        continue;
    close(fd);
    for (int i = 0; i < 300; i++)
        basket_add(&basket, NULL, 1);
    CU_ASSERT_EQUAL(basket_decide(&basket, store), STORE_REFUSED);
    CU_ASSERT_PTR_NOT_NULL(strstr(store_error(store), "make room"));
    CU_ASSERT_EQUAL(unlink(ballast), 0);
    CU_ASSERT_EQUAL(basket_decide(&basket, store), STORE_DURABLE);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 0)->sale.first_number, 2);
    basket_free(&basket);
    store_close(store);
    CU_ASSERT_EQUAL(umount(other), 0);
}

/* `sound`: the store is whole at the end, and is audited. */
static const struct place_case {
    const char *name;
    bool sound;
    void (*body)(struct fixture *fixture);
} cases[] = {
    {"directory missing", true, directory_missing},
    {"directory instead of a file", true, directory_instead_of_a_file},
    {"store missing", true, store_missing},
    {"directory unwritable", true, directory_unwritable},
    {"foreign database", false, foreign_database},
    {"no database", false, no_database},
    {"newer schema", false, newer_schema},
    {"empty file", false, empty_file},
    {"damaged header", false, damaged_header},
    {"damaged tables", false, damaged_tables},
    {"impossible counts", true, impossible_counts},
    {"symbolic link", true, symbolic_link},
    {"database taken away", true, database_taken_away},
    {"lock taken away", true, lock_taken_away},
    {"a clean stop folds the journal", true, clean_stop_folds_the_journal},
    {"readers leave the journal", true, readers_leave_the_journal},
    {"nothing to write writes nothing", true, nothing_to_write_writes_nothing},
    {"settings are durable", true, settings_are_durable},
    {"reset moves the store aside", false, reset_moves_the_store_aside},
    {"reset is refused in use", true, reset_is_refused_in_use},
    {"an error in commit is unknown", true, error_in_commit_is_unknown},
    {"full disk", true, full_disk},
};

static void run_case(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture fixture;
        if (strcmp(cases[i].name, CU_get_current_test()->pName) != 0)
            continue;
        fixture_open(&fixture, 10);
        cases[i].body(&fixture);
        if (cases[i].sound)
            fixture_close(&fixture);
        else
            fixture_discard(&fixture);
    }
}

static __attribute__((constructor)) void suite(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        suite_add("sqlite places", cases[i].name, run_case);
}
