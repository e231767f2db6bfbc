#include "db/sqlite/inherit.h"

#include <stdio.h>
#include <string.h>

#include "db/sql/audit.h"
#include "db/sql/column.h"
#include "db/sqlite/schema.h"

enum {
    VALUE_MAX = 65536, /* bytes; a damaged store may claim anything */
};

/* How far numbers have got, of what is no absurdity: a version before the fourth knows its tiers' only. */
#define SANE(column) " WHERE typeof(" column ") = 'integer' AND " column " BETWEEN 1 AND 1 << 52"
static const char read_first_number[] =
    "SELECT coalesce(max(first_number), 1) FROM store" SANE("first_number");
static const char read_next_number[] =
    "SELECT coalesce(max(next_number), 1) FROM tiers" SANE("next_number");
static const char write_number[] = "UPDATE store SET first_number = max(first_number, ?1)";

/* Who was given access, of either store. What is no longer good in either is not good in the heir. */
struct access {
    const char *read, *write;
    const char *read_forgotten, *remove_forgotten;
    enum named_query forget;
    int remembered; /* that are no longer good */
    int most;       /* those, and the good ones, which may be of several copies */
};

_Static_assert(STORE_TOKENS_MAX == 10000 && STORE_KEYS_MAX == 100, "read_forgotten says so, too");

/* A store that remembers as many as it may may have forgotten one that is still good in the copy. Such a one was made
 * before the first revocation that is remembered. */
static const struct access tokens = {
    .read = "SELECT id, name, hash, scopes, created_at, revoked_at FROM tokens",
    .write = "INSERT INTO tokens (id, name, hash, scopes, created_at, revoked_at)"
             "  VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET revoked_at ="
             "  coalesce(min(revoked_at, excluded.revoked_at), revoked_at, excluded.revoked_at)",
    .read_forgotten = "SELECT iif(count(revoked_at) >= 10000, min(revoked_at), NULL) FROM tokens",
    .remove_forgotten = "DELETE FROM tokens WHERE revoked_at IS NULL AND created_at <= ?1",
    .forget = QUERY_FORGET_TOKENS,
    .remembered = STORE_TOKENS_MAX,
    .most = 4 * STORE_TOKENS_MAX,
};
static const struct access keys = {
    .read = "SELECT id, seed, public_key, created_at, retired_at FROM signing_keys ORDER BY number",
    .write = "INSERT INTO signing_keys (id, seed, public_key, created_at, retired_at)"
             "  VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO UPDATE SET retired_at ="
             "  coalesce(min(retired_at, excluded.retired_at), retired_at, excluded.retired_at)",
    .read_forgotten =
        "SELECT iif(count(retired_at) >= 100, min(retired_at), NULL) FROM signing_keys",
    .remove_forgotten = "DELETE FROM signing_keys WHERE retired_at IS NULL AND created_at <= ?1",
    .forget = QUERY_FORGET_KEYS,
    .remembered = STORE_KEYS_MAX,
    .most = 4 * STORE_KEYS_MAX,
};

/* The last made of both stores signs. By way of numbers below 0, as no two may ever be alike. */
static const char number_keys[] =
    "UPDATE signing_keys AS k SET number = -n.rank FROM"
    "  (SELECT id, row_number() OVER (ORDER BY created_at, number) AS rank FROM signing_keys) n"
    "  WHERE n.id = k.id;"
    "UPDATE signing_keys SET number = -number";

static bool write_row(sqlite3_stmt *row, sqlite3_stmt *write)
{
    for (int i = 0; i < sqlite3_column_count(row); i++)
        sqlite3_bind_value(write, i + 1, sqlite3_column_value(row, i));
    return sqlite3_step(write) == SQLITE_DONE && sqlite3_reset(write) == SQLITE_OK;
}

/* Every row that one statement reads of the old store is what the other writes into the heir; at most so many. */
static bool take(struct connection *heir, const char *write, struct connection *old,
                 const char *read, int most)
{
    sqlite3_stmt *rows = NULL;
    sqlite3_stmt *row = NULL;
    bool taken = sqlite3_prepare_v2(old->db, read, -1, &rows, NULL) == SQLITE_OK &&
                 sqlite3_prepare_v2(heir->db, write, -1, &row, NULL) == SQLITE_OK;
    int rc = SQLITE_ROW;
    while (taken && (rc = sqlite3_step(rows)) == SQLITE_ROW)
        taken = most-- > 0 && write_row(rows, row);
    sqlite3_finalize(rows);
    sqlite3_finalize(row);
    return taken && rc == SQLITE_DONE;
}

static bool read_id(struct connection *connection, char id[ID_TEXT_SIZE])
{
    struct sql_query *query = sql_query(&connection->base, QUERY_STORE_ID);
    bool found = query != NULL && sql_next(query);
    if (found)
        column_text(query, 0, id, ID_TEXT_SIZE);
    return sql_end(query) == SQL_OK && found;
}

static bool same_store(struct connection *heir, struct connection *old)
{
    char id[ID_TEXT_SIZE];
    char old_id[ID_TEXT_SIZE];
    enum schema_state state = schema_inspect(old);
    return (state == SCHEMA_PRESENT || state == SCHEMA_OLD) && read_id(heir, id) &&
           read_id(old, old_id) && strcmp(id, old_id) == 0;
}

/* Each is committed at once, and of whatever store it is: whatever else is damaged there, no number may be given again,
 * while one that is too high harms nobody. */
static void take_numbers(struct connection *heir, struct connection *old)
{
    take(heir, write_number, old, read_first_number, 1);
    take(heir, write_number, old, read_next_number, 1);
}

static bool take_access(struct connection *heir, const struct access *of, struct connection *old)
{
    if (!take(heir, of->remove_forgotten, old, of->read_forgotten, 1) ||
        !take(heir, of->write, old, of->read, of->most))
        return false;
    sqlite3_stmt *forget = connection_query(heir, of->forget);
    if (forget != NULL)
        sqlite3_bind_int64(forget, 1, of->remembered);
    return connection_run(heir, forget) == SQLITE_OK;
}

static bool take_all_access(struct connection *heir, struct connection *old)
{
    bool taken = same_store(heir, old) && audit_access_holds(&old->base) &&
                 connection_execute(heir, "BEGIN") && take_access(heir, &tokens, old) &&
                 take_access(heir, &keys, old) && connection_execute(heir, number_keys) &&
                 audit_access_holds(&heir->base) && connection_execute(heir, "COMMIT");
    connection_rollback(heir);
    return taken;
}

bool inherit_from(struct connection *heir, const char *path)
{
    char why[STORE_ERROR_SIZE];
    struct connection old;
    if (connection_open(&old, path, false, why) != SQLITE_OK)
        return false;
    sqlite3_limit(old.db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
    take_numbers(heir, &old);
    bool taken = take_all_access(heir, &old);
    connection_close(&old);
    return taken;
}
