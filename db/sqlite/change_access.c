#include "db/sqlite/bind.h"
#include "db/sqlite/change_part.h"

/* Whether a further one may be added; else the change's problem says so. */
static bool check_room(struct connection *connection, enum store_query count, int64_t most,
                       struct change *change)
{
    struct change_row there;
    if (!change_read(connection, connection_query(connection, count), &there))
        return false;
    return there.first < most || change_refuse(change, PROBLEM_TOO_MANY);
}

/* Of those revoked the latest are remembered, so that revoking twice is answered alike. */
static bool forget(struct connection *connection, enum store_query oldest, int64_t keep)
{
    sqlite3_stmt *query = connection_query(connection, oldest);
    if (query != NULL)
        sqlite3_bind_int64(query, 1, keep);
    return change_write(connection, query);
}

static bool add_token(struct connection *connection, const struct token_terms *token)
{
    sqlite3_stmt *query = connection_query(connection, QUERY_ADD_TOKEN);
    if (query == NULL)
        return false;
    bind_bytes(query, 1, token->id.bytes);
    bind_text(query, 2, token->name);
    sqlite3_bind_blob(query, 3, token->hash, sizeof token->hash, SQLITE_STATIC);
    sqlite3_bind_int64(query, 4, token->scopes);
    sqlite3_bind_int64(query, 5, token->created_at);
    return change_write(connection, query);
}

bool change_token_add(struct connection *connection, int64_t now, struct change *change)
{
    if (!check_room(connection, QUERY_COUNT_TOKENS, STORE_TOKENS_MAX, change))
        return false;
    if (change->problem != PROBLEM_NONE)
        return true;
    change->token.created_at = now;
    change->token.revoked_at = 0;
    return add_token(connection, &change->token) &&
           forget(connection, QUERY_FORGET_TOKENS, STORE_TOKENS_MAX);
}

bool change_token_revoke(struct connection *connection, int64_t now, struct change *change)
{
    struct change_row token;
    sqlite3_stmt *query = connection_query(connection, QUERY_REVOKED_AT);
    if (query != NULL)
        bind_bytes(query, 1, change->token.id.bytes);
    if (!change_read(connection, query, &token))
        return false;
    if (!token.found)
        return change_refuse(change, PROBLEM_NO_SUCH_TOKEN);
    change->token.revoked_at = token.first != 0 ? token.first : now;
    if (token.first != 0)
        return true;
    query = connection_query(connection, QUERY_REVOKE_TOKEN);
    if (query == NULL)
        return false;
    bind_bytes(query, 1, change->token.id.bytes);
    sqlite3_bind_int64(query, 2, now);
    return change_write(connection, query);
}

bool change_key_add(struct connection *connection, int64_t now, struct change *change)
{
    struct signing_key *key = &change->key;
    if (!check_room(connection, QUERY_COUNT_KEYS, STORE_KEYS_MAX, change))
        return false;
    if (change->problem != PROBLEM_NONE)
        return true;
    sqlite3_stmt *query = connection_query(connection, QUERY_ADD_KEY);
    if (query == NULL)
        return false;
    key->created_at = now;
    key->retired_at = 0;
    bind_text(query, 1, key->id);
    sqlite3_bind_blob(query, 2, key->seed, sizeof key->seed, SQLITE_STATIC);
    sqlite3_bind_blob(query, 3, key->public_key, sizeof key->public_key, SQLITE_STATIC);
    sqlite3_bind_int64(query, 4, now);
    return change_write(connection, query) && forget(connection, QUERY_FORGET_KEYS, STORE_KEYS_MAX);
}

/* The second number: whether it is the one that signs. */
static bool find_key(struct connection *connection, const char *id, struct change_row *key)
{
    sqlite3_stmt *query = connection_query(connection, QUERY_FIND_KEY);
    if (query != NULL)
        bind_text(query, 1, id);
    return change_read(connection, query, key);
}

bool change_key_retire(struct connection *connection, int64_t now, struct change *change)
{
    struct change_row key;
    if (!find_key(connection, change->key.id, &key))
        return false;
    if (!key.found)
        return change_refuse(change, PROBLEM_NO_SUCH_KEY);
    if (key.second != 0)
        return change_refuse(change, PROBLEM_LAST_KEY);
    change->key.retired_at = key.first != 0 ? key.first : now;
    if (key.first != 0)
        return true;
    sqlite3_stmt *query = connection_query(connection, QUERY_RETIRE_KEY);
    if (query == NULL)
        return false;
    bind_text(query, 1, change->key.id);
    sqlite3_bind_int64(query, 2, now);
    return change_write(connection, query);
}

bool change_owed_settle(struct connection *connection, int64_t now, struct change *change)
{
    struct change_row owed;
    sqlite3_stmt *query = connection_query(connection, QUERY_FIND_OWED);
    if (query == NULL)
        return false;
    bind_bytes(query, 1, change->order.bytes);
    bind_text(query, 2, change->reference);
    bind_text(query, 3, change->event.name);
    if (!change_read(connection, query, &owed))
        return false;
    if (!owed.found)
        return change_refuse(change, PROBLEM_NO_SUCH_PURCHASE);
    if (owed.second != 0)
        return true;
    query = connection_query(connection, QUERY_SETTLE);
    if (query == NULL)
        return false;
    sqlite3_bind_int64(query, 1, owed.first);
    sqlite3_bind_int64(query, 2, now);
    return change_write(connection, query);
}
