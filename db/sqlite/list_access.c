#include <string.h>

#include "db/sqlite/column.h"
#include "db/sqlite/list.h"
#include "db/sqlite/list_part.h"

static void column_token(sqlite3_stmt *row, struct token_terms *token)
{
    memset(token, 0, sizeof *token);
    column_bytes(row, 0, token->id.bytes, sizeof token->id.bytes);
    column_text(row, 1, token->name, sizeof token->name);
    column_bytes(row, 2, token->hash, sizeof token->hash);
    token->scopes = (uint32_t)sqlite3_column_int64(row, 3);
    token->created_at = sqlite3_column_int64(row, 4);
    token->revoked_at = sqlite3_column_int64(row, 5);
}

enum store_found list_find_token(struct store *store, const uint8_t hash[TOKEN_HASH_SIZE],
                                 struct token_terms *token)
{
    sqlite3_stmt *query = list_query(store, QUERY_FIND_TOKEN);
    if (query == NULL)
        return STORE_UNREADABLE;
    sqlite3_bind_blob(query, 1, hash, TOKEN_HASH_SIZE, SQLITE_STATIC);
    enum store_found found = STORE_ABSENT;
    if (sqlite3_step(query) == SQLITE_ROW) {
        column_token(query, token);
        found = STORE_FOUND;
    }
    return list_finish(store, query, found);
}

enum store_found list_each_token(struct store *store, store_token_call *call, void *context)
{
    sqlite3_stmt *query = list_query(store, QUERY_EACH_TOKEN);
    if (query == NULL)
        return STORE_UNREADABLE;
    while (sqlite3_step(query) == SQLITE_ROW) {
        struct token_terms token;
        column_token(query, &token);
        call(context, &token);
    }
    return list_finish(store, query, STORE_FOUND);
}

enum store_found list_each_key(struct store *store, store_key_call *call, void *context)
{
    sqlite3_stmt *query = list_query(store, QUERY_EACH_KEY);
    if (query == NULL)
        return STORE_UNREADABLE;
    while (sqlite3_step(query) == SQLITE_ROW) {
        struct signing_key key;
        column_text(query, 0, key.id, sizeof key.id);
        column_bytes(query, 1, key.seed, sizeof key.seed);
        column_bytes(query, 2, key.public_key, sizeof key.public_key);
        key.created_at = sqlite3_column_int64(query, 3);
        key.retired_at = sqlite3_column_int64(query, 4);
        call(context, &key);
    }
    return list_finish(store, query, STORE_FOUND);
}
