/* What tests do to PostgreSQL servers is done to them (tests/lib/postgres.h). */
#include <postgresql/libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/postgres.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    SECONDS = 30,
};

static void expect(const struct pg_server *server, const char *sql, const char *expected)
{
    char value[PG_SERVER_VALUE_SIZE];
    pg_server_ask(server, value, "%s", sql);
    CU_ASSERT_STRING_EQUAL(value, expected);
}

/* One that goes on in the background, and what is known of it. */
struct query {
    PGconn *connection;
};

static void query_begin(struct query *query, const char *url, const char *sql)
{
    query->connection = PQconnectdb(url);
    CU_ASSERT_EQUAL_FATAL(PQstatus(query->connection), CONNECTION_OK);
    CU_ASSERT_FATAL(PQsendQuery(query->connection, sql) == 1);
}

static bool is_answered(void *context)
{
    PGconn *connection = ((struct query *)context)->connection;
    return PQconsumeInput(connection) != 1 || PQisBusy(connection) == 0;
}

static bool query_done(struct query *query)
{
    PGresult *result = PQgetResult(query->connection);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    PQfinish(query->connection);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

static void asks_for_a_password(void)
{
    struct pg_server server;
    char url[PG_SERVER_URL_SIZE], without[PG_SERVER_URL_SIZE];
    pg_server_start(
        &server, &(struct pg_server_terms){.password = true, .settings = "max_connections = 17"});
    pg_server_url(&server, url);
    snprintf(without, sizeof without, "postgresql://box_office@127.0.0.1:%d/box_office",
             server.port);
    PGconn *let_in = PQconnectdb(url), *sent_away = PQconnectdb(without);
    CU_ASSERT_EQUAL(PQstatus(let_in), CONNECTION_OK);
    CU_ASSERT_EQUAL(PQstatus(sent_away), CONNECTION_BAD);
    PQfinish(let_in);
    PQfinish(sent_away);
    pg_server_discard(&server);
}

static void dies_and_comes_back(void)
{
    struct pg_server server;
    struct query query;
    char url[PG_SERVER_URL_SIZE];
    pg_server_start(&server, &(struct pg_server_terms){.durable = true});
    int port = server.port;
    pg_server_url(&server, url);
    pg_server_sql(&server, "CREATE TABLE kept AS SELECT 7 AS number");
    query_begin(&query, url, "SELECT pg_sleep(600)");
    pg_server_kill(&server);
    CU_ASSERT(wait_until(is_answered, &query, SECONDS));
    CU_ASSERT_FALSE(query_done(&query));
    CU_ASSERT(process_none_left(SECONDS));
    pg_server_restart(&server);
    CU_ASSERT_EQUAL(server.port, port);
    expect(&server, "SELECT number FROM kept", "7");
    pg_server_restart(&server);
    expect(&server, "SELECT number FROM kept", "7");
    pg_server_discard(&server);
    CU_ASSERT(process_none_left(SECONDS));
}

/* A moment in which nothing comes back cannot be waited for; but a server that is stopped cannot answer, and one that
 * goes on does. */
static void stands_still(void)
{
    struct pg_server server;
    struct query query;
    char url[PG_SERVER_URL_SIZE];
    pg_server_start(&server, &(struct pg_server_terms){.durable = false});
    pg_server_url(&server, url);
    query_begin(&query, url, "SELECT pg_sleep(0.05)");
    pg_server_freeze(&server);
    CU_ASSERT_FALSE(wait_until(is_answered, &query, 1));
    CU_ASSERT(process_alive(server.process.pid));
    pg_server_thaw(&server);
    CU_ASSERT(wait_until(is_answered, &query, SECONDS));
    CU_ASSERT(query_done(&query));
    pg_server_freeze(&server);
    pg_server_discard(&server); /* frozen or not */
}

static bool waits_for_a_standby(void *context)
{
    char value[PG_SERVER_VALUE_SIZE];
    pg_server_ask(context, value,
                  "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    return strcmp(value, "1") == 0;
}

/* The primary's commits wait for a standby; that one takes over, and the next one follows it. */
static void a_standby_takes_over(void)
{
    struct pg_server primary, standby, next;
    char url[PG_SERVER_URL_SIZE];
    pg_server_start(&primary, &(struct pg_server_terms){.durable = false});
    pg_server_follow(&standby, &primary);
    pg_server_sql(&primary, "CREATE TABLE kept AS SELECT 1 AS number");
    pg_servers_url((const struct pg_server *const[]){&primary, &standby}, 2, url);
    struct query query;
    pg_server_kill(&standby);
    query_begin(&query, url, "CREATE SCHEMA box_office");
    CU_ASSERT(wait_until(waits_for_a_standby, &primary, SECONDS));
    CU_ASSERT_FALSE(is_answered(&query));
    pg_server_restart(&standby);
    CU_ASSERT(wait_until(is_answered, &query, SECONDS));
    CU_ASSERT(query_done(&query));
    pg_server_kill(&primary);
    expect(&standby, "SELECT pg_is_in_recovery()", "t");
    pg_server_promote(&standby);
    expect(&standby, "SELECT number FROM kept", "1");
    query_begin(&query, url, "SELECT pg_is_in_recovery()");
    CU_ASSERT(query_done(&query));
    pg_server_follow(&next, &standby);
    pg_server_sql(&standby, "INSERT INTO kept VALUES (2)");
    pg_server_discard(&standby);
    pg_server_promote(&next);
    expect(&next, "SELECT sum(number) FROM kept", "3");
    pg_server_discard(&primary);
    pg_server_discard(&next);
    CU_ASSERT(process_none_left(SECONDS));
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("postgresql servers", "ask for a password", asks_for_a_password);
    suite_add("postgresql servers", "die and come back", dies_and_comes_back);
    suite_add("postgresql servers", "stand still", stands_still);
    suite_add("postgresql servers", "a standby takes over", a_standby_takes_over);
}
