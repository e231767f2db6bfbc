/* What cannot sell from PostgreSQL says why in one line and exits; and nobody gets to see a password. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/audit.h"
#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/postgres.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

#define PASSWORD         "Schlüssel-0815"
#define PASSWORD_ENCODED "Schl%C3%BCssel-0815"

enum {
    URL_SIZE = 512,
    SECONDS = 60, /* what may pass by itself is waited for, for 10 s */
    PROCESSES = 32,
};

struct scene {
    struct pg_server database;
    char dir[FILES_PATH_SIZE];
};

/* The role `keeper` has a password and a store in the schema `kept`; `poor` has nothing. */
static void scene_open(struct scene *scene)
{
    process_sweep();
    files_directory(scene->dir);
    pg_server_start(&scene->database, &(struct pg_server_terms){.password = true});
    process_spare(scene->database.process.pid);
    pg_server_sql(&scene->database, "CREATE ROLE keeper LOGIN PASSWORD '" PASSWORD "';"
                                    "CREATE ROLE poor LOGIN PASSWORD '" PASSWORD "';"
                                    "GRANT CREATE ON DATABASE box_office TO keeper;"
                                    "CREATE SCHEMA foreigners;"
                                    "CREATE TABLE foreigners.store (id int);"
                                    "CREATE TABLE foreigners.events (id int);"
                                    "GRANT USAGE ON SCHEMA foreigners TO keeper;"
                                    "GRANT SELECT ON ALL TABLES IN SCHEMA foreigners TO keeper");
    pg_server_sql(&scene->database, "CREATE DATABASE replica OWNER keeper");
    pg_server_sql(&scene->database,
                  "ALTER DATABASE replica SET default_transaction_read_only = on");
}

static void scene_close(struct scene *scene)
{
    CU_ASSERT(process_none_left(SECONDS));
    pg_server_discard(&scene->database);
    files_remove(scene->dir);
}

/* Ticket servers that start at the same time, as some of them wait. */
struct attempt {
    const char *user, *password, *place, *text;
    bool init;
};

static const struct attempt attempts[] = {
    {"keeper", "wrong", "127.0.0.1:%d/box_office?schema=kept", "password authentication failed",
     false},
    {"keeper", "wrong", "127.0.0.1:%d/box_office?schema=kept", "password authentication failed",
     true},
    {"nobody", PASSWORD_ENCODED, "127.0.0.1:%d/box_office", "password authentication failed",
     false},
    {"keeper", PASSWORD_ENCODED, "127.0.0.1:%d/nowhere", "database \"nowhere\" does not exist",
     false},
    {"keeper", PASSWORD_ENCODED, "127.0.0.1:%d/box_office?schema=empty", "ticket_server --init",
     false},
    {"keeper", PASSWORD_ENCODED, "127.0.0.1:%d/box_office?schema=9", "schema=NAME", false},
    {"keeper", PASSWORD_ENCODED, "127.0.0.1:%d/box_office?schema=a;b", "schema=NAME", true},
    {"keeper", PASSWORD_ENCODED, "127.0.0.1:%d/box_office?schema=", "schema=NAME", true},
    {"keeper", PASSWORD_ENCODED, "127.0.0.1:%d/box_office?schema=foreigners", "another program's",
     false},
    {"keeper", PASSWORD_ENCODED, "127.0.0.1:%d/box_office?schema=foreigners", "another program's",
     true},
    {"keeper", PASSWORD_ENCODED, "127.0.0.1:%d/box_office?schema=newer", "newer version", false},
    {"keeper", PASSWORD_ENCODED, "127.0.0.1:%d/box_office?schema=newer", "newer version", true},
    {"poor", PASSWORD_ENCODED, "127.0.0.1:%d/box_office?schema=kept", "another user's", false},
    {"poor", PASSWORD_ENCODED, "127.0.0.1:%d/box_office?schema=poor", "permission denied", true},
    {"keeper", PASSWORD_ENCODED, "127.0.0.1:%d/replica", "read-only", false},
    {"keeper", PASSWORD_ENCODED, "127.0.0.1:%d/replica", "read-only", true},
    {"keeper", PASSWORD_ENCODED, "127.0.0.1:%d/box_office?target_session_attrs=any", "replica",
     false},
    {"keeper", PASSWORD_ENCODED, "127.0.0.1:%d/box_office?sslmodus=x", "cannot be understood",
     false},
    {"keeper", PASSWORD_ENCODED, "127.0.0.1:1/box_office", "Connection refused", false},
    {"keeper", PASSWORD_ENCODED, "no-such-host.invalid/box_office", "no-such-host.invalid", false},
};

enum {
    ATTEMPTS = sizeof attempts / sizeof *attempts,
};

static void url_of(const struct scene *scene, const struct attempt *attempt, char url[URL_SIZE])
{
    char place[URL_SIZE / 2];
    const char *port = strstr(attempt->place, "%d");
    if (port == NULL)
        snprintf(place, sizeof place, "%s", attempt->place);
    else
        snprintf(place, sizeof place, "%.*s%d%s", (int)(port - attempt->place), attempt->place,
                 scene->database.port, port + 2);
    snprintf(url, URL_SIZE, "postgresql://%s:%s@%s", attempt->user, attempt->password, place);
}

static void begin(struct scene *scene, const struct attempt *attempt, struct process *process,
                  char dir[FILES_PATH_SIZE])
{
    char url[URL_SIZE];
    const char *init[] = {"ticket_server", "--init", "--store", url, NULL};
    const char *sell[] = {"ticket_server", "--listen", "127.0.0.1:0", "--log-dir",
                          scene->dir,      "--store",  url,           NULL};
    url_of(scene, attempt, url);
    files_directory(dir);
    process_start(process, dir, attempt->init ? init : sell);
}

static bool tells_password(const char *text)
{
    return strstr(text, "0815") != NULL || strstr(text, ":wrong") != NULL;
}

/* Behind the line that warns of the password: one, which says why. */
static void expect(const struct attempt *attempt, struct process *process)
{
    static const char warning[] = "has a password, which others can see";
    struct buffer err = {0};
    int status = process_wait(process, SECONDS);
    files_read(process->err, &err);
    const char *first = buffer_text(&err), *line = strchr(first, '\n');
    const char *end = line == NULL ? NULL : strchr(line + 1, '\n');
    bool fine = status == 1 && strstr(first, warning) != NULL && strstr(first, warning) < line &&
                end != NULL && end[1] == '\0' && strstr(line, attempt->text) != NULL &&
                !tells_password(first);
    CU_ASSERT(fine);
    if (!fine)
        printf("  %s %s%s: status %d, %s", attempt->user, attempt->place,
               attempt->init ? " --init" : "", status, first);
    buffer_free(&err);
}

static void make_store(struct scene *scene, const char *schema)
{
    char url[URL_SIZE], place[64];
    struct process process;
    const char *argv[] = {"ticket_server", "--init", "--demo", "10", "--store", url, NULL};
    snprintf(place, sizeof place, "127.0.0.1:%%d/box_office?schema=%s", schema);
    url_of(scene, &(struct attempt){"keeper", PASSWORD_ENCODED, place, "", true}, url);
    process_run(&process, scene->dir, argv, 0);
}

static void one_line_tells_why(void)
{
    struct scene scene;
    struct process processes[ATTEMPTS];
    char dirs[ATTEMPTS][FILES_PATH_SIZE];
    scene_open(&scene);
    make_store(&scene, "kept");
    make_store(&scene, "newer");
    pg_server_sql(&scene.database, "UPDATE newer.store SET version = version + 1");
    for (size_t i = 0; i < ATTEMPTS; i++)
        begin(&scene, &attempts[i], &processes[i], dirs[i]);
    for (size_t i = 0; i < ATTEMPTS; i++) {
        expect(&attempts[i], &processes[i]);
        files_remove(dirs[i]);
    }
    scene_close(&scene);
}

/* --- nobody sees it ---------------------------------------------------------------------------- */

static void expect_hidden(const char *where, const char *text, size_t length)
{
    bool hidden = memmem(text, length, "0815", 4) == NULL;
    CU_ASSERT(hidden);
    if (!hidden)
        printf("  the password is told in %s\n", where);
}

/* The command lines of a process and its children. */
static void look_at_process(pid_t pid)
{
    pid_t children[PROCESSES];
    char path[64], line[4096];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    FILE *file = fopen(path, "re");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    size_t length = fread(line, 1, sizeof line, file);
    fclose(file);
    CU_ASSERT(length > 0);
    expect_hidden(path, line, length);
    size_t count = process_children(pid, children, PROCESSES);
    for (size_t i = 0; i < count && i < PROCESSES; i++)
        look_at_process(children[i]);
}

static void look_at_file(const char *path)
{
    struct buffer text = {0};
    files_read(path, &text);
    expect_hidden(path, buffer_text(&text), text.length);
    buffer_free(&text);
}

static void look_at_directory(const char *directory)
{
    DIR *entries = opendir(directory);
    CU_ASSERT_PTR_NOT_NULL_FATAL(entries);
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        char path[FILES_PATH_SIZE];
        struct stat about;
        files_path(path, directory, entry->d_name);
        if (stat(path, &about) == 0 && S_ISREG(about.st_mode))
            look_at_file(path);
    }
    closedir(entries);
}

static void look_at_answer(struct client *client, const struct cluster *cluster, const char *path)
{
    struct response response = {0};
    const struct query query = {.url = cluster->admin, .path = path, .token = cluster->token};
    CU_ASSERT(client_ask(client, &query, &response));
    expect_hidden(path, buffer_text(&response.body), response.body.length);
    response_free(&response);
}

struct buyer {
    struct client *client;
    const char *url;
};

static bool is_sold(void *context)
{
    const struct buyer *buyer = context;
    struct bought bought;
    return client_buy(buyer->client, buyer->url, "event=demo", NULL, &bought) &&
           bought.status == 201;
}

/* Also where the store cannot be reached for a while, and somebody writes about that; nor in a spelling that only libpq
 * understands. */
static void nobody_sees_a_password(void)
{
    static const struct attempt spelt = {
        "keeper", "0815-before",
        "127.0.0.1:%d/box_office?p%61ssword=" PASSWORD_ENCODED "&ssl%70assword=0815", "", false};
    struct scene scene;
    struct cluster cluster;
    struct bought bought;
    char url[URL_SIZE];
    struct client *client = client_open();
    scene_open(&scene);
    url_of(&scene, &spelt, url);
    cluster_open_store(&cluster, url, 10, 1);
    CU_ASSERT(client_buy(client, cluster.url, "event=demo", NULL, &bought));
    CU_ASSERT_EQUAL(bought.status, 201);
    look_at_process(cluster.master.pid);
    pg_server_kill(&scene.database);
    CU_ASSERT(client_buy(client, cluster.url, "event=demo", NULL, &bought));
    CU_ASSERT_EQUAL(bought.status, 503);
    static const char *const paths[] = {"/servers", "/config", "/metrics"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        look_at_answer(client, &cluster, paths[i]);
    pg_server_restart(&scene.database);
    process_spare(scene.database.process.pid);
    CU_ASSERT(wait_until(is_sold, &(struct buyer){client, cluster.url}, SECONDS));
    audit_clean(&cluster, NULL);
    cluster_stop(&cluster, SIGTERM);
    look_at_directory(cluster.dir);
    look_at_directory(cluster.logs);
    client_close(client);
    cluster_close(&cluster);
    scene_close(&scene);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("postgres start", "one_line_tells_why", one_line_tells_why);
    suite_add("postgres start", "nobody_sees_a_password", nobody_sees_a_password);
}
