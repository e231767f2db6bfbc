/* How PostgreSQL means to find what a query asks for, in a session as a seller has it. One that no longer fits its
 * index would still answer the same: only a rush would show it. */
#include <postgresql/libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/postgres/bulk_query.h"
#include "db/postgres/core_query.h"
#include "db/postgres/query.h"
#include "db/store.h"
#include "tests/lib/postgres.h"
#include "tests/lib/suite.h"

enum {
    URL_SIZE = PG_SERVER_URL_SIZE + 32,
    TEXT_SIZE = 4096,
    STEP_SIZE = 512,
    OWN_FIRST = QUERY_COUNT, /* numbers of the engine's own queries begin here */
};

/* The tables that grow with what is sold. */
static const char *const growing[] = {"decisions", "tickets", "owed", "buyers"};

/* Who may walk through all of an event, or sort: what has few rows, and what is asked for whole. */
static const struct {
    int query;
    const char *step;
} may[] = {
    /* Events and tiers, of which there are few. */
    {QUERY_READ_TIERS, "Sort"},
    {QUERY_READ_TIERS, "Incremental Sort"},
    {QUERY_READ_EVENT_TIERS, "Sort"},
    {QUERY_READ_WHOLE_EVENT, "Sort"},
    {QUERY_LIST_EVENTS, "Sort Key"},
    {QUERY_LIST_EVENTS, "Incremental Sort"},
    {OWN_FIRST + OWN_LOCK_EVENTS, "Sort"},
    {OWN_FIRST + OWN_LOCK_ORDERS, "Sort"},
    {QUERY_FORGET_TOKENS, "Sort"},
    {QUERY_FORGET_KEYS, "Sort"},
    /* A page of each tier, and what one order has. */
    {QUERY_LIST_TICKETS, "Sort"},
    {QUERY_READ_TICKETS, "Sort"},
    {QUERY_COUNT_DECISIONS, "Index Only Scan"}, /* up to a limit, which is to come before ... */
    {QUERY_FILL_BUYERS, ""},                    /* ... this, that does read all of the event */
    {QUERY_EMPTY_BUYERS, "Index Scan"},
    {QUERY_EACH_SALE, ""},
    {QUERY_EACH_HOLD, ""},
};

static bool is_allowed(int query, const char *step)
{
    for (size_t i = 0; i < sizeof may / sizeof *may; i++)
        if (may[i].query == query && strncmp(step, may[i].step, strlen(may[i].step)) == 0)
            return true;
    return false;
}

/* With $1 for ?1. */
static void translate(const char *text, char out[TEXT_SIZE])
{
    CU_ASSERT_FATAL(strlen(text) < TEXT_SIZE);
    strcpy(out, text);
    for (char *at = out; (at = strchr(at, '?')) != NULL;)
        *at = '$';
}

static int values_of(const char *text)
{
    int most = 0;
    for (const char *at = text; (at = strchr(at, '?')) != NULL; at++)
        most = atoi(at + 1) > most ? atoi(at + 1) : most;
    return most;
}

static void run(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR)
        printf("  %s: %s\n", sql, PQerrorMessage(connection));
    CU_ASSERT_FATAL(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
                    status == PGRES_EMPTY_QUERY);
    PQclear(result);
}

/* --- plans ------------------------------------------------------------------------------------- */

/* A step's words, without what draws the tree. */
static const char *words(const char *line)
{
    line += strspn(line, " ");
    return strncmp(line, "->  ", 4) == 0 ? line + 4 : line;
}

static bool begins(const char *step, const char *with)
{
    return strncmp(step, with, strlen(with)) == 0;
}

/* Of an index by its event alone all rows of the event are left; without a condition, all there are. */
static bool by_event_alone(const char *condition)
{
    return !begins(condition, "Index Cond: ") ||
           (begins(condition, "Index Cond: (event = ") && strchr(condition, ')')[1] == '\0');
}

/* Whether it reads of a table that grows. */
static bool reads_what_grows(const char *step)
{
    const char *table = strstr(step, " on ");
    for (size_t i = 0; table != NULL && i < sizeof growing / sizeof *growing; i++)
        if (begins(table + 4, growing[i]))
            return true;
    return false;
}

static bool walks_through(const char *step, const char *next)
{
    if (begins(step, "Index Scan ") || begins(step, "Index Only Scan "))
        return reads_what_grows(step) && by_event_alone(next);
    return (begins(step, "Seq Scan ") && reads_what_grows(step)) || begins(step, "Bitmap ") ||
           begins(step, "Sort") || begins(step, "Incremental Sort") || begins(step, "Hash Join") ||
           begins(step, "Merge Join");
}

static PGresult *plan_of(PGconn *connection, const char *text)
{
    char sql[TEXT_SIZE], explain[256] = "EXPLAIN (COSTS OFF) EXECUTE it";
    translate(text, sql);
    PGresult *prepared = PQprepare(connection, "it", sql, 0, NULL);
    if (PQresultStatus(prepared) != PGRES_COMMAND_OK)
        printf("  %s: %s\n", sql, PQerrorMessage(connection));
    CU_ASSERT_EQUAL_FATAL(PQresultStatus(prepared), PGRES_COMMAND_OK);
    PQclear(prepared);
    int values = values_of(text);
    for (int i = 0; i < values; i++)
        strcat(explain, i == 0 ? "(NULL" : ", NULL");
    PGresult *plan = PQexec(connection, values > 0 ? strcat(explain, ")") : explain);
    CU_ASSERT_EQUAL_FATAL(PQresultStatus(plan), PGRES_TUPLES_OK);
    run(connection, "DEALLOCATE it");
    return plan;
}

/* How often it does something else than search by an index. */
static int walks(PGconn *connection, int number, const char *text, bool print)
{
    int count = 0;
    PGresult *plan = plan_of(connection, text);
    for (int i = 0; i < PQntuples(plan); i++) {
        const char *step = words(PQgetvalue(plan, i, 0));
        const char *next = i + 1 < PQntuples(plan) ? words(PQgetvalue(plan, i + 1, 0)) : "";
        if (!walks_through(step, next) || is_allowed(number, step))
            continue;
        if (print)
            printf("  %d: %s / %s: %s\n", number, step, next, text);
        count++;
    }
    PQclear(plan);
    return count;
}

/* --- a store ----------------------------------------------------------------------------------- */

/* A session as the engine begins it. */
static void begin_session(PGconn *connection)
{
    char text[TEXT_SIZE];
    const char *values[] = {"plan", "0", "off"};
    translate(core_text(CORE_SESSION), text);
    PGresult *result = PQexecParams(connection, text, 3, NULL, values, NULL, NULL, 0);
    CU_ASSERT_EQUAL_FATAL(PQresultStatus(result), PGRES_TUPLES_OK);
    PQclear(result);
}

/* Some thousand orders, of each kind some, of which the server has made its statistics. */
static void fill(PGconn *connection)
{
    run(connection,
        "INSERT INTO decisions (event, decision, created_at, tier, first_number, amount, quantity,"
        "    key, fingerprint, id, currency, buyer, server, router)"
        "  SELECT 1, n, n, 1, n, 1, 1, sha256(n::text::bytea),"
        "    substr(sha256(n::text::bytea), 1, 16), substr(sha256(n::text::bytea), 1, 16), 'EUR',"
        "    '', 's', '' FROM generate_series(1, 5000) n");
    run(connection,
        "INSERT INTO decisions (event, decision, created_at, tier, amount, quantity, expires_at,"
        "    state, key, fingerprint, id, currency, buyer, server, router)"
        "  SELECT 1, n, n, 1, 1, 1, n, 1 + n % 4, sha256(n::text::bytea),"
        "    substr(sha256(n::text::bytea), 1, 16), substr(sha256(n::text::bytea), 1, 16), 'EUR',"
        "    '', 's', '' FROM generate_series(5001, 7000) n");
    run(connection, "INSERT INTO decisions (event, decision, created_at, remaining, key,"
                    "    fingerprint, problem)"
                    "  SELECT 1, n, n, 0, sha256(n::text::bytea),"
                    "    substr(sha256(n::text::bytea), 1, 16), 'SOLD_OUT'"
                    "  FROM generate_series(7001, 8000) n");
    run(connection, "INSERT INTO tickets (event, tier, number, decision)"
                    "  SELECT 1, 1, n, n FROM generate_series(1, 5000) n");
    run(connection, "INSERT INTO owed (event, decision, reference, at, reason)"
                    "  SELECT 1, n, 'r', 1, '' FROM generate_series(1, 1000) n");
    run(connection, "INSERT INTO buyers (event, buyer, tickets)"
                    "  SELECT 1, 'b' || n, 1 FROM generate_series(1, 1000) n");
    run(connection, "ANALYZE decisions, tickets, owed, buyers");
}

static void with_a_store(void (*body)(PGconn *connection))
{
    char url[URL_SIZE], error[STORE_ERROR_SIZE];
    char base[PG_SERVER_URL_SIZE];
    struct store_made made;
    pg_server_url(pg_server_shared(), base);
    snprintf(url, sizeof url, "%s?schema=plan", base);
    CU_ASSERT_FATAL(store_init(url, 1, &made, error));
    PGconn *connection = PQconnectdb(base);
    CU_ASSERT_EQUAL_FATAL(PQstatus(connection), CONNECTION_OK);
    begin_session(connection);
    fill(connection);
    body(connection);
    run(connection, "SET client_min_messages = warning; DROP SCHEMA plan CASCADE");
    PQfinish(connection);
}

/* --- tests ------------------------------------------------------------------------------------- */

static const char *text_of(int number)
{
    return number < OWN_FIRST ? postgres_text((enum named_query)number)
                              : bulk_own_text((enum own_query)(number - OWN_FIRST));
}

static bool is_planned(const char *text)
{
    return text != NULL && (begins(text, "SELECT") || begins(text, "INSERT") ||
                            begins(text, "UPDATE") || begins(text, "DELETE"));
}

static void explain(PGconn *connection)
{
    for (int i = 0; i < OWN_FIRST + OWN_COUNT; i++)
        if (is_planned(text_of(i)))
            CU_ASSERT_EQUAL(walks(connection, i, text_of(i), true), 0);
}

static void queries_search(void)
{
    with_a_store(explain);
}

/* The test above would see it: each of these needs the index before it. */
static void explain_without_indexes(PGconn *connection)
{
    static const struct {
        const char *drop;
        int query;
    } needed[] = {
        {"DROP INDEX refusals", QUERY_REMOVE_REFUSALS},
        {"DROP INDEX holds", QUERY_HOLD},
        {"", OWN_FIRST + OWN_LOCK_ORDERS},
        {"DROP INDEX orders", QUERY_ORDER},
        {"", QUERY_FIND_SALE},
        {"DROP INDEX pending", QUERY_LINE},
        {"", QUERY_DUE},
        {"ALTER TABLE decisions DROP CONSTRAINT decisions_event_key_key",
         OWN_FIRST + OWN_FIND_KEYS},
        {"ALTER TABLE tickets DROP CONSTRAINT tickets_pkey", QUERY_TICKET},
    };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        run(connection, needed[i].drop);
        CU_ASSERT(walks(connection, needed[i].query, text_of(needed[i].query), false) > 0);
    }
}

static void missing_indexes_are_seen(void)
{
    with_a_store(explain_without_indexes);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("postgresql plan", "queries search by an index", queries_search);
    suite_add("postgresql plan", "a missing index is seen", missing_indexes_are_seen);
}
