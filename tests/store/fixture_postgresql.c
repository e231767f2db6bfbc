/* The suite's PostgreSQL stores: each a schema of its own in the server that the tests share. */
#include <postgresql/libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/postgres.h"
#include "tests/lib/wait.h"
#include "tests/store/fixture_engine.h"
#include "tests/store/pg_wire.h"

enum {
    SCHEMA_SIZE = 64,
    STEPS_OF_A_MESSAGE = 20, /* of SQLite's small steps: what a message stands for */
    PORTS_MAX = 256,
};

/* What the SQL of tests may say on either engine, and the order in which a schema's guards can be dropped. */
static const char words[] =
    "CREATE SCHEMA IF NOT EXISTS words;"
    "GRANT USAGE ON SCHEMA words TO public;"
    "CREATE OR REPLACE FUNCTION words.zeroblob(n integer) RETURNS bytea LANGUAGE sql"
    "  AS $$SELECT decode(repeat('00', n), 'hex')$$;"
    "CREATE OR REPLACE FUNCTION words.randomblob(n integer) RETURNS bytea LANGUAGE sql VOLATILE"
    "  AS $$SELECT substring(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())"
    "       FOR n)$$;"
    "CREATE OR REPLACE FUNCTION words.key_text(key text) RETURNS bytea LANGUAGE sql"
    "  AS $$SELECT convert_to(key, 'UTF8')$$;"
    "CREATE OR REPLACE PROCEDURE words.unguard() LANGUAGE plpgsql AS $$"
    "  DECLARE guard record;"
    "  BEGIN"
    "    FOR guard IN SELECT conrelid::regclass AS place, conname AS name FROM pg_constraint"
    "        WHERE connamespace = current_schema()::regnamespace AND contype IN ('c', 'f') LOOP"
    "      EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', guard.place, guard.name);"
    "    END LOOP;"
    "  END$$";

/* One connection for all that is done behind a store's back. */
static struct {
    struct pg_server *server;
    PGconn *connection;
    pid_t owner;                  /* a child does not use its parent's */
    int port;                     /* that it is connected to */
    char error[STORE_ERROR_SIZE]; /* the last one */
} behind;

static bool built(void)
{
    char error[STORE_ERROR_SIZE] = "";
    store_open_seller("postgresql://nowhere", "", error);
    return strstr(error, "not the URL") == NULL;
}

static struct pg_server *server(void)
{
    struct pg_server *shared = pg_server_shared();
    if (behind.port != shared->port)
        pg_server_sql(shared, "%s", words);
    behind.port = shared->port;
    return shared;
}

static void schema_of(const char *url, char schema[SCHEMA_SIZE])
{
    const char *given = strstr(url, "schema=");
    CU_ASSERT_PTR_NOT_NULL_FATAL(given);
    snprintf(schema, SCHEMA_SIZE, "%s", given + strlen("schema="));
}

static PGconn *connection(void)
{
    char url[PG_SERVER_URL_SIZE];
    int port = behind.port;
    pg_server_url(server(), url);
    if (behind.connection != NULL && behind.owner == getpid() && behind.port == port &&
        PQstatus(behind.connection) == CONNECTION_OK)
        return behind.connection;
    if (behind.owner == getpid())
        PQfinish(behind.connection);
    behind.connection = PQconnectdb(url);
    behind.owner = getpid();
    CU_ASSERT_EQUAL_FATAL(PQstatus(behind.connection), CONNECTION_OK);
    PQclear(PQexec(behind.connection, "SET client_min_messages = warning"));
    return behind.connection;
}

/* False where a constraint refused it; any other failure is one of the test. */
static bool run(const char *sql)
{
    PGresult *result = PQexec(connection(), sql);
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    const char *code = done ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    bool refused = code != NULL && strncmp(code, "23", 2) == 0;
    if (!done)
        snprintf(behind.error, sizeof behind.error, "%s", PQerrorMessage(behind.connection));
    if (!done && !refused)
        printf("  %s: %s\n", sql, behind.error);
    PQclear(result);
    CU_ASSERT_FATAL(done || refused);
    return done;
}

static bool run_in(const char *url, const char *sql)
{
    char schema[SCHEMA_SIZE], all[2048];
    schema_of(url, schema);
    snprintf(all, sizeof all, "SET search_path TO %s, words", schema);
    CU_ASSERT(run(all));
    return run(sql);
}

static void place(const char *directory, char url[FIXTURE_URL_SIZE])
{
    static int number;
    char base[PG_SERVER_URL_SIZE];
    (void)directory;
    pg_server_url(server(), base);
    snprintf(url, FIXTURE_URL_SIZE, "%s?schema=case_%d", base, ++number);
}

/* And the ones moved aside, which have its name and an ending. */
static void discard(const char *url)
{
    char schema[SCHEMA_SIZE], sql[512];
    schema_of(url, schema);
    snprintf(sql, sizeof sql,
             "DO $$DECLARE s record; BEGIN FOR s IN SELECT nspname FROM pg_namespace"
             " WHERE nspname = '%s' OR starts_with(nspname, '%s_') LOOP"
             " EXECUTE format('DROP SCHEMA %%I CASCADE', s.nspname); END LOOP; END$$",
             schema, schema);
    CU_ASSERT(run(sql));
}

static void run_sql(const char *url, const char *sql)
{
    bool done = run_in(url, sql);
    if (!done)
        printf("  %s: %s\n", sql, behind.error);
    CU_ASSERT_FATAL(done);
}

static bool attempt(const char *url, const char *sql)
{
    CU_ASSERT(run("BEGIN"));
    bool accepted = run_in(url, sql);
    CU_ASSERT(run("ROLLBACK"));
    return accepted;
}

static void unguard(const char *url, struct store *seller)
{
    (void)seller;
    run_sql(url, "CALL unguard()");
}

static void on_insert(const char *url, const char *table, const char *condition, const char *then)
{
    char sql[1024];
    snprintf(sql, sizeof sql,
             "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN %s; RETURN NEW;"
             " END$$; CREATE TRIGGER late AFTER INSERT ON %s FOR EACH ROW WHEN (%s)"
             " EXECUTE FUNCTION late()",
             then != NULL ? then : "RAISE check_violation", table, condition);
    run_sql(url, sql);
}

static void on_insert_no_more(const char *url, const char *table)
{
    char sql[256];
    snprintf(sql, sizeof sql, "DROP TRIGGER late ON %s; DROP FUNCTION late()", table);
    run_sql(url, sql);
}

static void die_at(struct store *seller, enum fixture_moment moment, int steps)
{
    static const enum pg_wire_moment moments[FIXTURE_MOMENTS] = {
        [FIXTURE_STEPS] = PG_WIRE_MESSAGES,
        [FIXTURE_BEFORE_COMMIT] = PG_WIRE_BEFORE_COMMIT,
        [FIXTURE_BEHIND_COMMIT] = PG_WIRE_BEHIND_COMMIT,
    };
    (void)seller;
    pg_wire_die(moments[moment], steps / STEPS_OF_A_MESSAGE);
}

/* --- what a dead process has left to its server ---------------------------------------------- */

/* The ports from which living processes are connected to it. */
static size_t living(int server_port, int ports[PORTS_MAX])
{
    size_t count = 0;
    char line[256];
    unsigned port, to, state;
    FILE *file = fopen("/proc/net/tcp", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, " %*d: %*8X:%X %*8X:%X %X", &port, &to, &state) == 3 &&
            to == (unsigned)server_port && state == 1 && count < PORTS_MAX)
            ports[count++] = (int)port;
    fclose(file);
    return count;
}

static bool has(const int *ports, size_t count, int port)
{
    for (size_t i = 0; i < count; i++)
        if (ports[i] == port)
            return true;
    return false;
}

/* Asked after those who are connected, then seen who lives: who comes in between does not look dead. */
static bool is_settled(void *context)
{
    int ports[PORTS_MAX];
    bool settled = true;
    (void)context;
    PGresult *result = PQexec(connection(), "SELECT client_port FROM pg_stat_activity"
                                            " WHERE client_port > 0");
    CU_ASSERT_EQUAL_FATAL(PQresultStatus(result), PGRES_TUPLES_OK);
    size_t count = living(behind.port, ports);
    for (int i = 0; i < PQntuples(result); i++)
        settled &= has(ports, count, (int)strtol(PQgetvalue(result, i, 0), NULL, 10));
    PQclear(result);
    return settled;
}

/* A server goes on with what a process asked of it before it died, for a moment. */
static void settle(void)
{
    CU_ASSERT(wait_until(is_settled, NULL, FIXTURE_SECONDS));
}

const struct fixture_engine fixture_postgresql = {
    .name = "postgresql",
    .effort = 5,
    .built = built,
    .place = place,
    .discard = discard,
    .sql = run_sql,
    .attempt = attempt,
    .unguard = unguard,
    .on_insert = on_insert,
    .on_insert_no_more = on_insert_no_more,
    .die_at = die_at,
    .settle = settle,
};
