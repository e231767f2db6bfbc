#include "db/postgres/inherit.h"

#include <stdio.h>
#include <string.h>

#include "db/sql/audit.h"
#include "db/sql/column.h"

enum {
    TEXT_SIZE = 2048,
};

/* In all of these, "old" is where the other store lies. How far numbers have got, of what is no absurdity: */
#define SANE(column) "WHERE " column " BETWEEN 1 AND 4503599627370496"
static const char first_number[] =
    "UPDATE store SET first_number = greatest(first_number,"
    "  (SELECT max(first_number) FROM \"old\".store " SANE("first_number") "))";
static const char next_number[] =
    "UPDATE store SET first_number = greatest(first_number,"
    "  (SELECT max(next_number) FROM \"old\".tiers " SANE("next_number") "))";

/* Whoever follows a list of orders goes on behind the last one that he has seen there. */
static const char decision_numbers[] =
    "SELECT setval('decision_numbers', last_value + 4096, false) FROM \"old\".decision_numbers"
    "  " SANE("last_value");

/* Who sold there must find itself fenced, and never sell with the boot of one who sells here. */
static const char boots[] =
    "INSERT INTO servers (server, boot) SELECT server, boot FROM \"old\".servers"
    "  ON CONFLICT (server) DO UPDATE SET boot = greatest(servers.boot, excluded.boot)";

_Static_assert(STORE_TOKENS_MAX == 10000 && STORE_KEYS_MAX == 100, "these say so, too");

/* A store that remembers as many as it may may have forgotten one that is still good in the copy. Such a one was made
 * before the first revocation that is remembered. */
static const char tokens[] =
    "DELETE FROM tokens WHERE revoked_at IS NULL AND created_at <="
    "  (SELECT CASE WHEN count(revoked_at) >= 10000 THEN min(revoked_at) END FROM \"old\".tokens);"
    "INSERT INTO tokens (id, name, hash, scopes, created_at, revoked_at)"
    "  SELECT id, name, hash, scopes, created_at, revoked_at FROM \"old\".tokens"
    "  ON CONFLICT (id) DO UPDATE SET revoked_at ="
    "    least(tokens.revoked_at, excluded.revoked_at)";

/* The last made of both stores signs. By way of numbers below 0, as no two may ever be alike. */
static const char keys[] =
    "DELETE FROM signing_keys WHERE retired_at IS NULL AND created_at <="
    "  (SELECT CASE WHEN count(retired_at) >= 100 THEN min(retired_at) END"
    "     FROM \"old\".signing_keys);"
    "INSERT INTO signing_keys (number, id, seed, public_key, created_at, retired_at)"
    "  SELECT (SELECT coalesce(max(number), 0) FROM signing_keys)"
    "           + row_number() OVER (ORDER BY number),"
    "         id, seed, public_key, created_at, retired_at FROM \"old\".signing_keys"
    "  ON CONFLICT (id) DO UPDATE SET retired_at ="
    "    least(signing_keys.retired_at, excluded.retired_at);"
    "UPDATE signing_keys AS k SET number = -n.rank FROM"
    "  (SELECT id, row_number() OVER (ORDER BY created_at, number) AS rank FROM signing_keys) AS n"
    "  WHERE n.id = k.id;"
    "UPDATE signing_keys SET number = -number";

/* The text with the schema's name for "old". */
static bool run(struct postgres *postgres, const char *text, const char *aside)
{
    char named[TEXT_SIZE];
    size_t length = 0;
    for (const char *old; (old = strstr(text, "\"old\"")) != NULL; text = old + 5)
        length += (size_t)snprintf(named + length, sizeof named - length, "%.*s\"%s\"",
                                   (int)(old - text), text, aside);
    snprintf(named + length, sizeof named - length, "%s", text);
    return postgres_execute(postgres, named) == SQL_OK;
}

/* A failure inside ends no more than what began here. */
static bool begin(struct postgres *postgres)
{
    return postgres_execute(postgres, "SAVEPOINT inherit") == SQL_OK;
}

static bool end(struct postgres *postgres, bool keep)
{
    return postgres_execute(postgres, keep ? "RELEASE inherit"
                                           : "ROLLBACK TO inherit; RELEASE inherit") == SQL_OK;
}

static bool attempt(struct postgres *postgres, const char *text, const char *aside)
{
    return begin(postgres) && end(postgres, run(postgres, text, aside));
}

static bool forget(struct sql *sql, enum named_query which, int remembered)
{
    struct sql_query *query = sql_query(sql, which);
    if (query == NULL)
        return false;
    sql_bind_number(query, 1, remembered);
    return sql_run(query) == SQL_OK && sql_settle(sql) == SQL_OK;
}

static bool same_store(struct sql *sql, const char *aside)
{
    char text[TEXT_SIZE];
    snprintf(text, sizeof text,
             "SELECT count(*) FROM store s JOIN \"%s\".store o ON o.id = s.id AND o.one = s.one",
             aside);
    struct sql_query *query = sql_ask(sql, text);
    bool same = query != NULL && sql_next(query) && sql_number(query, 0) == 1;
    return sql_end(query) == SQL_OK && same;
}

/* A damaged store may claim anything: at most those that are good of several copies, and what is remembered. */
static bool bounded(struct sql *sql, const char *aside)
{
    char text[TEXT_SIZE];
    snprintf(text, sizeof text,
             "SELECT (SELECT count(*) FROM \"%s\".tokens) <= %d"
             "   AND (SELECT count(*) FROM \"%s\".signing_keys) <= %d"
             "   AND NOT EXISTS (SELECT 1 FROM \"%s\".tokens WHERE length(name) > %d)",
             aside, 4 * STORE_TOKENS_MAX, aside, 4 * STORE_KEYS_MAX, aside, TITLE_SIZE - 1);
    struct sql_query *query = sql_ask(sql, text);
    bool is = query != NULL && sql_next(query) && sql_number(query, 0) != 0;
    return sql_end(query) == SQL_OK && is;
}

static bool look_into(struct postgres *postgres, const char *schema)
{
    char text[SCHEMA_NAME_SIZE + 64];
    snprintf(text, sizeof text, "SET LOCAL search_path TO \"%s\"", schema);
    return postgres_execute(postgres, text) == SQL_OK;
}

/* Where that fails, what was looked into last goes with the savepoint. */
static bool old_holds(struct postgres *postgres, const char *aside)
{
    return look_into(postgres, aside) && audit_access_holds(&postgres->sql) &&
           look_into(postgres, postgres->place.schema);
}

static bool take_access(struct postgres *postgres, const char *aside)
{
    struct sql *sql = &postgres->sql;
    return same_store(sql, aside) && bounded(sql, aside) && old_holds(postgres, aside) &&
           run(postgres, tokens, aside) && run(postgres, keys, aside) &&
           forget(sql, QUERY_FORGET_TOKENS, STORE_TOKENS_MAX) &&
           forget(sql, QUERY_FORGET_KEYS, STORE_KEYS_MAX) && audit_access_holds(sql);
}

bool inherit_from_schema(struct postgres *postgres, const char *aside, bool *access_kept)
{
    if (!attempt(postgres, first_number, aside) || !attempt(postgres, next_number, aside) ||
        !attempt(postgres, decision_numbers, aside) || !attempt(postgres, boots, aside) ||
        !begin(postgres))
        return false;
    *access_kept = take_access(postgres, aside);
    return end(postgres, *access_kept);
}
