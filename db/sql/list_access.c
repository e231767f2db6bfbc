#include <string.h>

#include "db/sql/column.h"
#include "db/sql/list.h"
#include "db/sql/list_part.h"

static void column_token(struct sql_query *row, struct token_terms *token)
{
    memset(token, 0, sizeof *token);
    column_bytes(row, 0, token->id.bytes, sizeof token->id.bytes);
    column_text(row, 1, token->name, sizeof token->name);
    column_bytes(row, 2, token->hash, sizeof token->hash);
    token->scopes = (uint32_t)sql_number(row, 3);
    token->created_at = sql_number(row, 4);
    token->revoked_at = sql_number(row, 5);
}

enum store_found list_find_token(struct store *store, const uint8_t hash[TOKEN_HASH_SIZE],
                                 struct token_terms *token)
{
    struct sql_query *query = list_query(store, QUERY_FIND_TOKEN);
    if (query == NULL)
        return STORE_UNREADABLE;
    sql_bind_bytes(query, 1, hash, TOKEN_HASH_SIZE);
    enum store_found found = STORE_ABSENT;
    if (sql_next(query)) {
        column_token(query, token);
        found = STORE_FOUND;
    }
    return list_finish(query, found);
}

enum store_found list_each_token(struct store *store, store_token_call *call, void *context)
{
    struct sql_query *query = list_query(store, QUERY_EACH_TOKEN);
    if (query == NULL)
        return STORE_UNREADABLE;
    while (sql_next(query)) {
        struct token_terms token;
        column_token(query, &token);
        call(context, &token);
    }
    return list_finish(query, STORE_FOUND);
}

enum store_found list_each_key(struct store *store, store_key_call *call, void *context)
{
    struct sql_query *query = list_query(store, QUERY_EACH_KEY);
    if (query == NULL)
        return STORE_UNREADABLE;
    while (sql_next(query)) {
        struct signing_key key;
        column_text(query, 0, key.id, sizeof key.id);
        column_bytes(query, 1, key.seed, sizeof key.seed);
        column_bytes(query, 2, key.public_key, sizeof key.public_key);
        key.created_at = sql_number(query, 3);
        key.retired_at = sql_number(query, 4);
        call(context, &key);
    }
    return list_finish(query, STORE_FOUND);
}
