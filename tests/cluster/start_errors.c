/* What cannot start says why in one line, says what to do, and exits: 2 when asked wrongly, else 1. */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/socket.h"
#include "db/store.h"
#include "tests/lib/cluster.h"
#include "tests/lib/suite.h"

enum {
    WORDS_MAX = 16,
};

struct place {
    char dir[FILES_PATH_SIZE];
    char logs[FILES_PATH_SIZE];
    char database[FILES_PATH_SIZE];
    char store[FILES_PATH_SIZE + 8];
    char token[FILES_PATH_SIZE];
};

static void place_open(struct place *place)
{
    process_sweep();
    files_directory(place->dir);
    files_path(place->logs, place->dir, "logs");
    files_path(place->database, place->dir, "tickets.db");
    files_path(place->token, place->dir, "token");
    snprintf(place->store, sizeof place->store, "sqlite:%s", place->database);
    CU_ASSERT_EQUAL(mkdir(place->logs, 0755), 0);
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

/* One line on stderr, that holds `text`. */
static void expect_line(const struct process *process, const char *text)
{
    struct buffer err = {0};
    files_read(process->err, &err);
    const char *line = buffer_text(&err);
    bool fine = lines_of(line) == 1 && strstr(line, text) != NULL;
    CU_ASSERT(fine);
    if (!fine)
        printf("  expected one line with \"%s\", got:\n%s", text, line);
    buffer_free(&err);
}

static void fails(struct place *place, const char *const *argv, int status, const char *text)
{
    struct process process;
    process_run(&process, place->dir, argv, status);
    expect_line(&process, text);
    CU_ASSERT(process_none_left(5));
}

static void init_fails(struct place *place, const char *store, const char *text)
{
    const char *argv[] = {"ticket_server", "--init", "--demo", "10", "--store", store, NULL};
    fails(place, argv, 1, text);
}

static void seller_fails(struct place *place, const char *store, const char *logs, const char *text)
{
    const char *argv[] = {"ticket_server", "--id", "server-1",  "--listen", "127.0.0.1:0",
                          "--store",       store,  "--log-dir", logs,       NULL};
    fails(place, argv, 1, text);
}

static void balancer_fails(struct place *place, const char *listen, const char *logs,
                           const char *token, const char *text)
{
    const char *argv[] = {"balancer",    "--listen",     listen,       "--admin",
                          "127.0.0.1:0", "--store",      place->store, "--log-dir",
                          logs,          "--token-file", token,        NULL};
    fails(place, argv, 1, text);
}

static void make_store(struct place *place)
{
    struct process process;
    const char *argv[] = {"ticket_server", "--init", "--demo", "10", "--store", place->store, NULL};
    process_run(&process, place->dir, argv, 0);
}

static bool kept_store_says(struct place *place, const char *capacity, const char *text)
{
    struct process process;
    struct buffer out = {0};
    const char *argv[] = {
        "ticket_server", "--init", "--store", place->store, capacity ? "--demo" : NULL,
        capacity,        NULL};
    process_run(&process, place->dir, argv, 0);
    files_read(process.out, &out);
    bool said = strcmp(buffer_text(&out), text) == 0;
    buffer_free(&out);
    return said;
}

static void a_kept_store_keeps_its_capacity(void)
{
    struct place place;
    place_open(&place);
    make_store(&place);
    CU_ASSERT(kept_store_says(&place, "20",
                              "store kept: 0 tickets sold; CAPACITY is for a new store: "
                              "`make reset` starts anew\n"));
    CU_ASSERT(
        kept_store_says(&place, NULL, "store kept: 0 tickets sold; `make reset` starts anew\n"));
    files_remove(place.dir);
}

static void run_sql(struct place *place, const char *sql)
{
    sqlite3 *database;
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(place->database, &database), SQLITE_OK);
    CU_ASSERT_EQUAL(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

static void store_cannot_be_had(void)
{
    struct place place;
    char other[FILES_PATH_SIZE + 40];
    place_open(&place);
    seller_fails(&place, place.store, place.logs, "--init");
    snprintf(other, sizeof other, "sqlite:%s/missing/tickets.db", place.dir);
    init_fails(&place, other, "missing");
    seller_fails(&place, other, place.logs, "missing");
    snprintf(other, sizeof other, "sqlite:%s", place.logs);
    init_fails(&place, other, "logs");
    init_fails(&place, "oracle:tickets", "oracle");
    files_write(place.database, "this is no database, but a letter to a friend\n", 46);
    init_fails(&place, place.store, "tickets.db");
    seller_fails(&place, place.store, place.logs, "tickets.db");
    balancer_fails(&place, "127.0.0.1:0", place.logs, place.token, "tickets.db");
    unlink(place.database);
    run_sql(&place, "CREATE TABLE recipes (name TEXT)");
    init_fails(&place, place.store, "tickets.db");
    seller_fails(&place, place.store, place.logs, "tickets.db");
    unlink(place.database);
    make_store(&place);
    run_sql(&place, "PRAGMA user_version = 999");
    init_fails(&place, place.store, "newer");
    seller_fails(&place, place.store, place.logs, "newer");
    files_remove(place.dir);
}

static void place_cannot_be_used(void)
{
    struct place place;
    char missing[FILES_PATH_SIZE], token[FILES_PATH_SIZE + 8];
    place_open(&place);
    make_store(&place);
    files_path(missing, place.dir, "missing");
    snprintf(token, sizeof token, "%s/token", missing);
    seller_fails(&place, place.store, missing, "missing");
    seller_fails(&place, place.store, place.database, "tickets.db");
    balancer_fails(&place, "127.0.0.1:0", missing, place.token, "missing");
    balancer_fails(&place, "127.0.0.1:0", place.logs, token, "missing");
    balancer_fails(&place, "127.0.0.1:0", place.logs, place.logs, "logs");
    balancer_fails(&place, "192.0.2.1:80", place.logs, place.token, "192.0.2.1:80");
    files_remove(place.dir);
}

/* It waits 6 s for the one before it to go, which is why this test takes so long. */
static void port_in_use(void)
{
    struct place place;
    char address[ADDRESS_SIZE];
    int fd = socket_listen("127.0.0.1:0");
    socket_address(fd, address);
    place_open(&place);
    make_store(&place);
    balancer_fails(&place, address, place.logs, place.token, "another store");
    close(fd);
    files_remove(place.dir);
}

static void asked_wrongly(void)
{
    static const char *const calls[][WORDS_MAX] = {
        {"balancer", "--nope"},
        {"balancer", "stray"},
        {"balancer", "--servers", "many"},
        {"balancer", "--servers", "-1"},
        {"balancer", "--servers", "1", "--servers", "2"},
        {"balancer", "--servers"},
        {"balancer", "--listen", "nowhere"},
        {"balancer", "--policy", "best"},
        {"balancer", "--policy", "random", "--config", "x.json"},
        {"balancer", "--check-config"},
        {"balancer", "--trusted-proxy", "everybody"},
        {"balancer", "--listen", "127.0.0.1:70000"},
        {"ticket_server", "--nope"},
        {"ticket_server", "--id", "Server 1", "--listen", "127.0.0.1:0"},
        {"ticket_server", "--init", "--demo", "-5"},
        {"rush", "--buyers", "0"},
        {"rush", "--event", "no/name"},
        {"report", "--nope"},
        {"audit", "--nope"},
        {"audit", "--store", "sqlite:/nowhere/tickets.db"},
        {"backup", "--to", "/nowhere/a", "--restore", "/nowhere/b"},
        {"watch", "--nope"},
    };
    struct place place;
    place_open(&place);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        fails(&place, calls[i], 2, calls[i][0]);
    files_remove(place.dir);
}

/* Empties the journal, which would hide what is damaged in the file: a seller that closes does so. */
static void fold(const struct place *place)
{
    char error[STORE_ERROR_SIZE];
    struct store *store = store_open_seller(place->store, "server-1", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    store_close(store);
}

static void put_over(const struct place *place, long at, const char *bytes, size_t length)
{
    FILE *file = fopen(place->database, "r+b");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fseek(file, at, SEEK_SET), 0);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, length, file), length);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

/* A watch over the store waits for 1: the worst damage must not pass for wrong usage. */
static void a_store_too_damaged_to_open_is_broken(void)
{
    static const char nonsense[3996] = "no page";
    enum {
        FIRST_PAGE = 100, /* behind the file's header */
    };
    struct place place;
    place_open(&place);
    const char *audit[] = {"audit", "--store", place.store, NULL};
    fails(&place, audit, 2, "there is no store");
    make_store(&place);
    fold(&place);
    put_over(&place, FIRST_PAGE, nonsense, sizeof nonsense);
    fails(&place, audit, 1, "damaged");
    put_over(&place, 0, nonsense, sizeof nonsense);
    fails(&place, audit, 1, "not a database");
    files_write(place.database, "", 0);
    fails(&place, audit, 1, "holds no store yet");
    files_remove(place.dir);
}

/* By the scripts and settings of `make`. */
static void a_copy_must_be_named_and_be_there(void)
{
    struct place place;
    place_open(&place);
    const char *unnamed[] = {"backup", "--store", place.store, "--to", "", NULL};
    const char *missing[] = {
        "/bin/sh", ".ci/restore", "build/backup", place.store, place.logs, "/nowhere/copy", NULL};
    fails(&place, unnamed, 2, "make backup TO=FILE");
    fails(&place, missing, 1, "no file /nowhere/copy");
    files_remove(place.dir);
}

static void expect_output(const struct process *process, const char *text)
{
    struct buffer out = {0};
    files_read(process->out, &out);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), text));
    buffer_free(&out);
}

static void write_config(const char *file, const char *text)
{
    files_write(file, text, strlen(text));
}

static void config_is_checked(void)
{
    struct place place;
    struct process process;
    char file[FILES_PATH_SIZE], text[2 * FILES_PATH_SIZE];
    place_open(&place);
    files_path(file, place.dir, "x.json");
    const char *check[] = {"balancer", "--config", file, "--check-config", NULL};
    const char *print[] = {"balancer", "--config", file, "--print-config", NULL};
    const char *start[] = {"balancer", "--config", file, NULL};
    const char *const *const calls[] = {check, print, start};
    write_config(file, "{\"routes\": [\n  {\"name\": \"all\", \"pool\": \"files\"}\n]}\n");
    snprintf(text, sizeof text, "%s:2: no pool is named \"files\"", file);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        fails(&place, calls[i], 1, text);
    write_config(file, "{\"routes\": [\n  {\"name\": \"all\", \"pool\": \"tickets\"}\n]}\n");
    snprintf(text, sizeof text, "%s: 1 route, 1 pool, 0 servers\n", file);
    process_run(&process, place.dir, check, 0);
    expect_output(&process, text);
    process_run(&process, place.dir, print, 0);
    expect_output(&process, "\"policy\": \"round-robin\"");
    CU_ASSERT(process_none_left(5));
    files_remove(place.dir);
}

static void expect_help(struct place *place, const char *program, const char *const *options)
{
    struct process process;
    struct buffer text = {0};
    const char *argv[] = {program, "--help", NULL};
    process_run(&process, place->dir, argv, 0);
    files_read(process.out, &text);
    for (size_t i = 0; options[i] != NULL; i++) {
        CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&text), options[i]));
        if (strstr(buffer_text(&text), options[i]) == NULL)
            printf("  %s --help does not tell of %s\n", program, options[i]);
    }
    buffer_free(&text);
}

static void helps(void)
{
    struct place place;
    place_open(&place);
    expect_help(&place, "balancer",
                (const char *const[]){"--listen", "--admin", "--servers", "--store", "--workers",
                                      "--log-dir", "--token-file", "--config", "--policy",
                                      "--check-config", NULL});
    expect_help(&place, "ticket_server",
                (const char *const[]){"--id", "--listen", "--store", "--log-dir", "--init",
                                      "--demo", NULL});
    expect_help(
        &place, "rush",
        (const char *const[]){"--url", "--buyers", "--event", "--quantity", "--concurrency", NULL});
    expect_help(&place, "report", (const char *const[]){"--store", "--log-dir", NULL});
    expect_help(&place, "audit", (const char *const[]){"--store", NULL});
    expect_help(&place, "watch", (const char *const[]){"--log-dir", NULL});
    files_remove(place.dir);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("start_errors", "a_kept_store_keeps_its_capacity", a_kept_store_keeps_its_capacity);
    suite_add("start_errors", "store_cannot_be_had", store_cannot_be_had);
    suite_add("start_errors", "place_cannot_be_used", place_cannot_be_used);
    suite_add("start_errors", "port_in_use", port_in_use);
    suite_add("start_errors", "asked_wrongly", asked_wrongly);
    suite_add("start_errors", "a_store_too_damaged_to_open_is_broken",
              a_store_too_damaged_to_open_is_broken);
    suite_add("start_errors", "a_copy_must_be_named_and_be_there",
              a_copy_must_be_named_and_be_there);
    suite_add("start_errors", "config_is_checked", config_is_checked);
    suite_add("start_errors", "helps", helps);
}
