#include "db/sqlite/inherit.h"

#include <stdio.h>
#include <string.h>

#include "db/sqlite/audit.h"
#include "db/sqlite/column.h"
#include "db/sqlite/schema.h"

enum {
    VALUE_MAX = 65536,                  /* bytes; a damaged store may claim anything */
    TOKENS_MOST = 2 * STORE_TOKENS_MAX, /* good ones, and revoked ones that are remembered */
    KEYS_MOST = 2 * STORE_KEYS_MAX,
};

/* Where numbers have got to; NULL where that is absurd. */
static const char read_number[] =
    "SELECT iif(typeof(n) = 'integer' AND n BETWEEN 1 AND 1 << 52, n, NULL) FROM"
    "  (SELECT max(first_number, coalesce((SELECT max(next_number) FROM tiers), 1)) AS n FROM "
    "store)";
static const char write_number[] = "UPDATE store SET first_number = max(first_number, ?1)";

static const char read_tokens[] =
    "SELECT id, name, hash, scopes, created_at, revoked_at FROM tokens";
static const char write_token[] =
    "INSERT INTO tokens (id, name, hash, scopes, created_at, revoked_at)"
    "  VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

static const char read_keys[] =
    "SELECT number, id, seed, public_key, created_at, retired_at FROM signing_keys";
static const char write_key[] =
    "INSERT INTO signing_keys (number, id, seed, public_key, created_at, retired_at)"
    "  VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

static bool write_row(sqlite3_stmt *row, sqlite3_stmt *write)
{
    for (int i = 0; i < sqlite3_column_count(row); i++)
        sqlite3_bind_value(write, i + 1, sqlite3_column_value(row, i));
    return sqlite3_step(write) == SQLITE_DONE && sqlite3_reset(write) == SQLITE_OK;
}

/* Every row that one statement reads of the old store is the other's values, in the heir; at most so many. */
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
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_STORE_ID);
    bool found = statement != NULL && sqlite3_step(statement) == SQLITE_ROW;
    if (found)
        column_text(statement, 0, id, ID_TEXT_SIZE);
    return statement != NULL && sqlite3_reset(statement) == SQLITE_OK && found;
}

static bool same_store(struct connection *heir, struct connection *old)
{
    char id[ID_TEXT_SIZE];
    char old_id[ID_TEXT_SIZE];
    return schema_inspect(old) == SCHEMA_PRESENT && read_id(heir, id) && read_id(old, old_id) &&
           strcmp(id, old_id) == 0;
}

static bool take_all(struct connection *heir, struct connection *old)
{
    return take(heir, write_number, old, read_number, 1) &&
           connection_execute(heir, "DELETE FROM tokens; DELETE FROM signing_keys") &&
           take(heir, write_token, old, read_tokens, TOKENS_MOST) &&
           take(heir, write_key, old, read_keys, KEYS_MOST) && audit_access_holds(heir);
}

bool inherit_from(struct connection *heir, const char *path)
{
    char why[STORE_ERROR_SIZE];
    struct connection old;
    if (connection_open(&old, path, false, why) != SQLITE_OK)
        return false;
    sqlite3_limit(old.db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
    bool taken = same_store(heir, &old) && connection_execute(heir, "BEGIN") &&
                 take_all(heir, &old) && connection_execute(heir, "COMMIT");
    connection_rollback(heir);
    connection_close(&old);
    return taken;
}
