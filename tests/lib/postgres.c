#include "tests/lib/postgres.h"

#include <arpa/inet.h>
#include <glob.h>
#include <netinet/in.h>
#include <postgresql/libpq-fe.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/plain_user.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    READY_SECONDS = 60,
    STOP_SECONDS = 30,
    PROCESSES_MAX = 256, /* of one server */
    SETTING_SIZE = 64,
    SQL_SIZE = 4096,
    FIRST_PORT =
        20000, /* below those that the kernel gives to clients: a port stays free while its server is down */
    PORTS = 10000,
};

static char template[FILES_PATH_SIZE]; /* data as initdb leaves them; "": none yet */
static pid_t template_owner;           /* not a child of it, which has inherited its atexit */

/* Of the newest version that is installed. */
static void begin(struct plain_user_command *command, const char *name)
{
    char pattern[SETTING_SIZE], program[FILES_PATH_SIZE];
    glob_t found = {0};
    snprintf(pattern, sizeof pattern, "/usr/lib/postgresql/*/bin/%s", name);
    if (glob(pattern, 0, NULL, &found) == 0)
        snprintf(program, sizeof program, "%s", found.gl_pathv[found.gl_pathc - 1]);
    else
        process_find(program, name);
    globfree(&found);
    plain_user_begin(command, program);
}

/* --- SQL --------------------------------------------------------------------------------------- */

static void socket_place(const struct pg_server *server, const char *database,
                         char place[PG_SERVER_URL_SIZE + FILES_PATH_SIZE])
{
    snprintf(place, PG_SERVER_URL_SIZE + FILES_PATH_SIZE,
             "host=%s port=%d user=postgres dbname=%s connect_timeout=10", server->directory,
             server->port, database);
}

static void run_sql(const struct pg_server *server, const char *database, const char *sql,
                    char value[PG_SERVER_VALUE_SIZE])
{
    char place[PG_SERVER_URL_SIZE + FILES_PATH_SIZE];
    socket_place(server, database, place);
    PGconn *connection = PQconnectdb(place);
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!done)
        printf("  %s: %s\n", sql, PQerrorMessage(connection));
    if (value != NULL)
        snprintf(value, PG_SERVER_VALUE_SIZE, "%s",
                 PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    PQfinish(connection);
    CU_ASSERT_FATAL(done);
}

void pg_server_sql(const struct pg_server *server, const char *format, ...)
{
    char sql[SQL_SIZE];
    va_list arguments;
    va_start(arguments, format);
    CU_ASSERT_FATAL(vsnprintf(sql, sizeof sql, format, arguments) < SQL_SIZE);
    va_end(arguments);
    run_sql(server, "box_office", sql, NULL);
}

void pg_server_ask(const struct pg_server *server, char value[PG_SERVER_VALUE_SIZE],
                   const char *format, ...)
{
    char sql[SQL_SIZE];
    va_list arguments;
    va_start(arguments, format);
    CU_ASSERT_FATAL(vsnprintf(sql, sizeof sql, format, arguments) < SQL_SIZE);
    va_end(arguments);
    run_sql(server, "box_office", sql, value);
}

/* --- making ------------------------------------------------------------------------------------ */

static void remove_template(void)
{
    if (getpid() == template_owner)
        files_discard(template);
}

static void make_template(void)
{
    struct plain_user_command command;
    char data[FILES_PATH_SIZE];
    plain_user_directory(template);
    template_owner = getpid();
    atexit(remove_template);
    files_path(data, template, "data");
    begin(&command, "initdb");
    plain_user_add(&command,
                   (const char *const[]){"-D", data, "-U", "postgres", "-A", "trust", "-N", "-E",
                                         "UTF8", "--locale=C.UTF-8", "--locale-provider=icu",
                                         "--icu-locale=en-US", NULL});
    plain_user_run(&command, template);
}

static void copy_template(struct pg_server *server)
{
    struct plain_user_command command;
    char from[FILES_PATH_SIZE], to[FILES_PATH_SIZE], cp[FILES_PATH_SIZE];
    if (template[0] == '\0')
        make_template();
    files_path(from, template, "data");
    files_path(to, server->directory, "data");
    process_find(cp, "cp");
    plain_user_begin(&command, cp);
    plain_user_add(&command, (const char *const[]){"-a", from, to, NULL});
    plain_user_run(&command, server->directory);
}

static void ask_for_password(const struct pg_server *server)
{
    static const char rules[] = "local all all trust\n"
                                "host all all 127.0.0.1/32 scram-sha-256\n"
                                "host replication all 127.0.0.1/32 trust\n";
    char path[FILES_PATH_SIZE];
    files_path(path, server->directory, "data/pg_hba.conf");
    files_write(path, rules, sizeof rules - 1);
}

static void append_settings(const struct pg_server *server, const char *settings)
{
    char path[FILES_PATH_SIZE];
    files_path(path, server->directory, "data/postgresql.conf");
    FILE *file = fopen(path, "a");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_FATAL(fprintf(file, "\n%s\n", settings) > 0);
    CU_ASSERT_EQUAL_FATAL(fclose(file), 0);
}

static bool port_is_free(int port)
{
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bool is_free = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return is_free;
}

/* A directory, a name and a port. */
static void lay_out(struct pg_server *server, bool durable, bool password)
{
    static int count;
    static int next;
    if (next == 0)
        next = getpid() * 16 % PORTS; /* other test programs run beside this one */
    *server = (struct pg_server){.durable = durable, .password = password};
    plain_user_directory(server->directory);
    snprintf(server->name, sizeof server->name, "node-%d", ++count);
    for (int tries = 0; server->port == 0 && tries < PORTS; tries++, next++)
        if (port_is_free(FIRST_PORT + next % PORTS))
            server->port = FIRST_PORT + next % PORTS;
    CU_ASSERT_FATAL(server->port != 0);
}

/* --- running ----------------------------------------------------------------------------------- */

struct awaited {
    struct pg_server *server;
    const char *sql; /* that answers "t" in the end */
};

static bool answers(void *context)
{
    struct pg_server *server = context;
    char place[PG_SERVER_URL_SIZE + FILES_PATH_SIZE];
    socket_place(server, "postgres", place);
    return PQping(place) == PQPING_OK || process_wait(&server->process, 0) != PROCESS_RUNNING;
}

static bool holds_true(void *context)
{
    const struct awaited *awaited = context;
    char value[PG_SERVER_VALUE_SIZE];
    run_sql(awaited->server, "postgres", awaited->sql, value);
    return strcmp(value, "t") == 0;
}

static void wait_for(struct pg_server *server, const char *sql)
{
    struct awaited awaited = {server, sql};
    CU_ASSERT_FATAL(wait_until(holds_true, &awaited, READY_SECONDS));
}

/* All that it needs of memory outside its processes is in its directory, but for one small segment. */
static void launch(struct pg_server *server)
{
    struct plain_user_command command;
    char data[FILES_PATH_SIZE], port[SETTING_SIZE], name[SETTING_SIZE],
        sockets[FILES_PATH_SIZE + SETTING_SIZE];
    files_path(data, server->directory, "data");
    snprintf(port, sizeof port, "port=%d", server->port);
    snprintf(name, sizeof name, "cluster_name=%s", server->name);
    snprintf(sockets, sizeof sockets, "unix_socket_directories=%s", server->directory);
    const char *fsync = server->durable ? "fsync=on" : "fsync=off";
    const char *pages = server->durable ? "full_page_writes=on" : "full_page_writes=off";
    const char *settings[] = {port,
                              name,
                              sockets,
                              fsync,
                              pages,
                              "listen_addresses=127.0.0.1",
                              "shared_buffers=64MB",
                              "dynamic_shared_memory_type=mmap",
                              "max_connections=100",
                              "wal_level=replica",
                              "wal_keep_size=256MB",
                              "logging_collector=off",
                              NULL};
    begin(&command, "postgres");
    plain_user_add(&command, (const char *const[]){"-D", data, NULL});
    for (const char **setting = settings; *setting != NULL; setting++)
        plain_user_add(&command, (const char *const[]){"-c", *setting, NULL});
    process_start(&server->process, server->directory, command.words);
    bool ready = wait_until(answers, server, READY_SECONDS) && server->process.pid != 0;
    if (!ready)
        process_show(&server->process);
    CU_ASSERT_FATAL(ready);
}

void pg_server_start(struct pg_server *server, const struct pg_server_terms *terms)
{
    lay_out(server, terms->durable, terms->password);
    copy_template(server);
    if (terms->password)
        ask_for_password(server);
    if (terms->settings != NULL)
        append_settings(server, terms->settings);
    launch(server);
    run_sql(server, "postgres", "CREATE ROLE box_office LOGIN PASSWORD 'ticket'", NULL);
    run_sql(server, "postgres", "CREATE DATABASE box_office OWNER box_office", NULL);
}

/* The segment by which PostgreSQL knows whether processes of an earlier start are still there: they are not. */
static void free_segment(const struct pg_server *server)
{
    char path[FILES_PATH_SIZE];
    files_path(path, server->directory, "data/postmaster.pid");
    FILE *file = fopen(path, "r");
    char line[FILES_PATH_SIZE + SETTING_SIZE];
    int segment;
    for (int i = 0; file != NULL && i < 7 && fgets(line, sizeof line, file) != NULL; i++)
        if (i == 6 && sscanf(line, "%*d %d", &segment) == 1)
            shmctl(segment, IPC_RMID, NULL);
    if (file != NULL)
        fclose(file);
}

void pg_server_kill(struct pg_server *server)
{
    pid_t children[PROCESSES_MAX], first = server->process.pid;
    CU_ASSERT_FATAL(first > 1);
    process_freeze(first); /* so that it starts nobody else meanwhile */
    size_t count = process_children(first, children, PROCESSES_MAX);
    CU_ASSERT_FATAL(count <= PROCESSES_MAX);
    for (size_t i = 0; i < count; i++)
        kill(children[i], SIGKILL);
    kill(first, SIGKILL);
    CU_ASSERT_NOT_EQUAL(process_wait(&server->process, STOP_SECONDS), PROCESS_RUNNING);
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_NOT_EQUAL(process_wait_orphan(children[i], STOP_SECONDS), PROCESS_RUNNING);
    free_segment(server);
}

void pg_server_freeze(struct pg_server *server)
{
    pid_t children[PROCESSES_MAX];
    process_freeze(server->process.pid);
    size_t count = process_children(server->process.pid, children, PROCESSES_MAX);
    for (size_t i = 0; i < count && i < PROCESSES_MAX; i++)
        kill(children[i], SIGSTOP);
}

void pg_server_thaw(struct pg_server *server)
{
    pid_t children[PROCESSES_MAX];
    size_t count = process_children(server->process.pid, children, PROCESSES_MAX);
    for (size_t i = 0; i < count && i < PROCESSES_MAX; i++)
        kill(children[i], SIGCONT);
    process_signal(server->process.pid, SIGCONT);
}

static void end(struct pg_server *server, int signal)
{
    if (server->process.pid == 0 || process_wait(&server->process, 0) != PROCESS_RUNNING)
        return;
    process_signal(server->process.pid, signal);
    bool ended = process_wait(&server->process, STOP_SECONDS) != PROCESS_RUNNING;
    if (!ended)
        pg_server_kill(server);
    CU_ASSERT(ended);
}

void pg_server_stop(struct pg_server *server)
{
    end(server, SIGINT);
}

void pg_server_restart(struct pg_server *server)
{
    pg_server_stop(server);
    launch(server);
}

void pg_server_discard(struct pg_server *server)
{
    if (server->process.pid != 0)
        pg_server_thaw(server);
    end(server, SIGQUIT);
    files_remove(server->directory);
}

/* --- standbys ---------------------------------------------------------------------------------- */

static void copy_primary(struct pg_server *standby, const struct pg_server *primary)
{
    struct plain_user_command command;
    char data[FILES_PATH_SIZE], port[SETTING_SIZE];
    files_path(data, standby->directory, "data");
    snprintf(port, sizeof port, "%d", primary->port);
    begin(&command, "pg_basebackup");
    plain_user_add(&command, (const char *const[]){"-D", data, "-h", "127.0.0.1", "-p", port, "-U",
                                                   "postgres", "-R", "-N", "-c", "fast", "-X",
                                                   "stream", "--no-manifest", NULL});
    plain_user_run(&command, standby->directory);
}

/* `state`: how the primary counts it, as SQL has it. */
static void wait_for_standby(const struct pg_server *standby, struct pg_server *primary,
                             const char *state)
{
    char sql[SETTING_SIZE * 4];
    snprintf(sql, sizeof sql,
             "SELECT count(*) > 0 FROM pg_stat_replication WHERE application_name = '%s'"
             " AND state = 'streaming' AND sync_state %s",
             standby->name, state);
    wait_for(primary, sql);
}

void pg_server_follow(struct pg_server *standby, struct pg_server *primary)
{
    lay_out(standby, primary->durable, primary->password);
    copy_primary(standby, primary);
    launch(standby);
    pg_server_sql(primary, "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'");
    pg_server_sql(primary, "SELECT pg_reload_conf()");
    wait_for_standby(standby, primary, "= 'quorum'");
}

void pg_server_rejoin(struct pg_server *former, struct pg_server *primary)
{
    char data[FILES_PATH_SIZE];
    files_path(data, former->directory, "data");
    files_discard(data);
    copy_primary(former, primary);
    launch(former);
    wait_for_standby(former, primary, "IS NOT NULL");
}

void pg_server_promote(struct pg_server *standby)
{
    pg_server_sql(standby, "SELECT pg_promote(false)");
    wait_for(standby, "SELECT NOT pg_is_in_recovery()");
    pg_server_sql(standby, "ALTER SYSTEM RESET synchronous_standby_names");
    pg_server_sql(standby, "SELECT pg_reload_conf()");
}

/* --- URLs and the shared one ------------------------------------------------------------------- */

void pg_server_url(const struct pg_server *server, char url[PG_SERVER_URL_SIZE])
{
    pg_servers_url(&server, 1, url);
}

void pg_servers_url(const struct pg_server *const *servers, size_t count,
                    char url[PG_SERVER_URL_SIZE])
{
    int length = snprintf(url, PG_SERVER_URL_SIZE, "postgresql://box_office%s@",
                          servers[0]->password ? ":ticket" : "");
    for (size_t i = 0; i < count; i++)
        length += snprintf(url + length, PG_SERVER_URL_SIZE - (size_t)length, "%s127.0.0.1:%d",
                           i > 0 ? "," : "", servers[i]->port);
    length += snprintf(url + length, PG_SERVER_URL_SIZE - (size_t)length, "/box_office%s",
                       count > 1 ? "?target_session_attrs=read-write" : "");
    CU_ASSERT_FATAL(length < PG_SERVER_URL_SIZE);
}

static struct pg_server shared;

/* At the end no test runs, so nothing may be asserted. */
static void discard_shared(void)
{
    if (getpid() != template_owner || shared.process.pid == 0)
        return;
    kill(shared.process.pid, SIGQUIT);
    process_wait(&shared.process, STOP_SECONDS);
    files_discard(shared.directory);
}

struct pg_server *pg_server_shared(void)
{
    if (shared.process.pid == 0 || process_wait(&shared.process, 0) != PROCESS_RUNNING) {
        if (shared.port == 0)
            atexit(discard_shared);
        else
            files_discard(shared.directory);
        pg_server_start(&shared, &(struct pg_server_terms){.durable = false});
        process_spare(shared.process.pid);
    }
    return &shared;
}
