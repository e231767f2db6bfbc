#include <string.h>

#include "common/clock.h"
#include "common/ticket_code.h"
#include "db/sql/change_part.h"

/* Whether a further one may be added; else the change's problem says so. */
static bool check_room(struct sql *sql, enum named_query count, int64_t most, struct change *change)
{
    struct change_row there;
    if (!change_read(sql_query(sql, count), &there))
        return false;
    return there.first < most || change_refuse(change, PROBLEM_TOO_MANY);
}

/* Of those revoked the latest are remembered, so that revoking twice is answered alike. */
static bool forget(struct sql *sql, enum named_query oldest, int64_t keep)
{
    struct sql_query *query = sql_query(sql, oldest);
    if (query != NULL)
        sql_bind_number(query, 1, keep);
    return change_write(query);
}

static bool add_token(struct sql *sql, const struct token_terms *token)
{
    struct sql_query *query = sql_query(sql, QUERY_ADD_TOKEN);
    if (query == NULL)
        return false;
    sql_bind_bytes(query, 1, token->id.bytes, 16);
    sql_bind_text(query, 2, token->name);
    sql_bind_bytes(query, 3, token->hash, sizeof token->hash);
    sql_bind_number(query, 4, token->scopes);
    sql_bind_number(query, 5, token->created_at);
    return change_write(query);
}

bool change_token_add(struct sql *sql, int64_t now, struct change *change)
{
    if (!check_room(sql, QUERY_COUNT_TOKENS, STORE_TOKENS_MAX, change))
        return false;
    if (change->problem != PROBLEM_NONE)
        return true;
    change->token.created_at = now;
    change->token.revoked_at = 0;
    return add_token(sql, &change->token) && forget(sql, QUERY_FORGET_TOKENS, STORE_TOKENS_MAX);
}

bool change_token_revoke(struct sql *sql, int64_t now, struct change *change)
{
    struct change_row token;
    struct sql_query *query = sql_query(sql, QUERY_REVOKED_AT);
    if (query != NULL)
        sql_bind_bytes(query, 1, change->token.id.bytes, 16);
    if (!change_read(query, &token))
        return false;
    if (!token.found)
        return change_refuse(change, PROBLEM_NO_SUCH_TOKEN);
    change->token.revoked_at = token.first != 0 ? token.first : now;
    if (token.first != 0)
        return true;
    query = sql_query(sql, QUERY_REVOKE_TOKEN);
    if (query == NULL)
        return false;
    sql_bind_bytes(query, 1, change->token.id.bytes, 16);
    sql_bind_number(query, 2, now);
    return change_write(query);
}

bool change_key_add(struct sql *sql, int64_t now, struct change *change)
{
    struct signing_key *key = &change->key;
    if (!check_room(sql, QUERY_COUNT_KEYS, STORE_KEYS_MAX, change))
        return false;
    if (change->problem != PROBLEM_NONE)
        return true;
    struct sql_query *query = sql_query(sql, QUERY_ADD_KEY);
    if (query == NULL)
        return false;
    key->created_at = now;
    key->retired_at = 0;
    sql_bind_text(query, 1, key->id);
    sql_bind_bytes(query, 2, key->seed, sizeof key->seed);
    sql_bind_bytes(query, 3, key->public_key, sizeof key->public_key);
    sql_bind_number(query, 4, now);
    return change_write(query) && forget(sql, QUERY_FORGET_KEYS, STORE_KEYS_MAX);
}

bool change_first_key(struct sql *sql)
{
    struct change change = {.kind = CHANGE_KEY_ADD};
    struct ticket_signer key;
    ticket_key_make(&key);
    memcpy(change.key.id, key.id, sizeof change.key.id);
    memcpy(change.key.seed, key.seed, sizeof change.key.seed);
    memcpy(change.key.public_key, key.public_key, sizeof change.key.public_key);
    return change_key_add(sql, clock_now(), &change);
}

/* The second number: whether it is the one that signs. */
static bool find_key(struct sql *sql, const char *id, struct change_row *key)
{
    struct sql_query *query = sql_query(sql, QUERY_FIND_KEY);
    if (query != NULL)
        sql_bind_text(query, 1, id);
    return change_read(query, key);
}

bool change_key_retire(struct sql *sql, int64_t now, struct change *change)
{
    struct change_row key;
    if (!find_key(sql, change->key.id, &key))
        return false;
    if (!key.found)
        return change_refuse(change, PROBLEM_NO_SUCH_KEY);
    if (key.second != 0)
        return change_refuse(change, PROBLEM_LAST_KEY);
    change->key.retired_at = key.first != 0 ? key.first : now;
    if (key.first != 0)
        return true;
    struct sql_query *query = sql_query(sql, QUERY_RETIRE_KEY);
    if (query == NULL)
        return false;
    sql_bind_text(query, 1, change->key.id);
    sql_bind_number(query, 2, now);
    return change_write(query);
}

bool change_owed_settle(struct sql *sql, int64_t now, struct change *change)
{
    struct change_row owed;
    struct sql_query *query = sql_query(sql, QUERY_FIND_OWED);
    if (query == NULL)
        return false;
    sql_bind_bytes(query, 1, change->order.bytes, 16);
    sql_bind_text(query, 2, change->reference);
    sql_bind_text(query, 3, change->event.name);
    if (!change_read(query, &owed))
        return false;
    if (!owed.found)
        return change_refuse(change, PROBLEM_NO_SUCH_PURCHASE);
    if (owed.second != 0)
        return true;
    query = sql_query(sql, QUERY_SETTLE);
    if (query == NULL)
        return false;
    sql_bind_number(query, 1, owed.first);
    sql_bind_number(query, 2, now);
    return change_write(query);
}
