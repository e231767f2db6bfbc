/* Tokens, signing keys, and payments that were given back. */
#include <sodium.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/changes.h"
#include "tests/store/clock.h"
#include "tests/store/peek.h"

static void token_is_found_by_its_hash(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct change change = token_change(7);
    struct token_terms token;
    clock_stop(clock_now());
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    CU_ASSERT_EQUAL(store_find_token(store, change.token.hash, &token), STORE_FOUND);
    CU_ASSERT(id_equal(&token.id, &change.token.id));
    CU_ASSERT_STRING_EQUAL(token.name, "Kasse");
    CU_ASSERT_EQUAL(token.scopes, SCOPE_SALES);
    CU_ASSERT_EQUAL(token.created_at, clock_now());
    CU_ASSERT_EQUAL(token.revoked_at, 0);
    memset(token.hash, 8, sizeof token.hash);
    CU_ASSERT_EQUAL(store_find_token(store, token.hash, &token), STORE_ABSENT);
    clock_run();
    store_close(store);
}

static void token_is_revoked_once(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct change change = token_change(7);
    struct token_terms token;
    clock_stop(clock_now());
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    change.kind = CHANGE_TOKEN_REVOKE;
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    int64_t at = clock_now();
    clock_step(CLOCK_SECOND);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    CU_ASSERT_EQUAL(change.token.revoked_at, at);
    CU_ASSERT_EQUAL(store_find_token(store, change.token.hash, &token), STORE_FOUND);
    CU_ASSERT_EQUAL(token.revoked_at, at);
    change.token.id = id_make();
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NO_SUCH_TOKEN);
    clock_run();
    store_close(store);
}

static void fill_tokens(struct fixture *fixture, const char *revoked_at)
{
    fixture_sql(fixture,
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                " INSERT INTO tokens (id, name, hash, scopes, created_at, revoked_at)"
                " SELECT randomblob(16), 'x', randomblob(32), 1, 1, %s FROM n",
                STORE_TOKENS_MAX, revoked_at);
}

static void count_token(void *context, const struct token_terms *token)
{
    size_t *count = context;
    (void)token;
    ++*count;
}

static void tokens_are_bounded(struct fixture *fixture)
{
    fill_tokens(fixture, "NULL");
    struct store *store = fixture_seller(fixture, "server-1");
    struct change change = token_change(7);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_TOO_MANY);
    store_close(store);
}

static void revoked_tokens_are_forgotten(struct fixture *fixture)
{
    size_t count = 0;
    fill_tokens(fixture, "i");
    struct store *store = fixture_seller(fixture, "server-1");
    struct change change = token_change(7);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    change.kind = CHANGE_TOKEN_REVOKE;
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    change = token_change(8);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    CU_ASSERT_EQUAL(store_each_token(store, count_token, &count), STORE_FOUND);
    CU_ASSERT_EQUAL(count, STORE_TOKENS_MAX + 1);
    store_close(store);
}

struct keys {
    size_t count;
    struct signing_key key[8];
};

static void note_key(void *context, const struct signing_key *key)
{
    struct keys *keys = context;
    if (keys->count < 8)
        keys->key[keys->count] = *key;
    keys->count++;
}

static struct keys all_keys(struct store *store)
{
    struct keys keys = {.count = 0};
    CU_ASSERT_EQUAL(store_each_key(store, note_key, &keys), STORE_FOUND);
    return keys;
}

/* A new store has one; made again, it keeps that one. */
static void store_begins_with_a_key(struct fixture *fixture)
{
    char error[STORE_ERROR_SIZE];
    struct store_made made;
    const uint8_t nothing[SIGNING_SEED_SIZE] = {0};
    struct store *store = fixture_reader(fixture);
    struct keys keys = all_keys(store);
    CU_ASSERT_EQUAL_FATAL(keys.count, 1);
    CU_ASSERT_EQUAL(strlen(keys.key[0].id), KEY_ID_SIZE - 1);
    CU_ASSERT_NOT_EQUAL(memcmp(keys.key[0].seed, nothing, sizeof nothing), 0);
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(public_key, secret, keys.key[0].seed);
    CU_ASSERT_EQUAL(memcmp(keys.key[0].public_key, public_key, sizeof public_key), 0);
    CU_ASSERT_EQUAL(keys.key[0].retired_at, 0);
    CU_ASSERT(store_init(fixture->url, 0, &made, error));
    CU_ASSERT_EQUAL(all_keys(store).count, 1);
    store_close(store);
}

static void keys_are_rotated(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct keys first = all_keys(store);
    struct change change = {.kind = CHANGE_KEY_RETIRE, .key = first.key[0]};
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_LAST_KEY);
    struct change next = key_change();
    CU_ASSERT_EQUAL(changed(store, &next), PROBLEM_NONE);
    struct keys keys = all_keys(store);
    CU_ASSERT_EQUAL_FATAL(keys.count, 2);
    CU_ASSERT_STRING_EQUAL(keys.key[0].id, next.key.id);
    next.kind = CHANGE_KEY_RETIRE;
    CU_ASSERT_EQUAL(changed(store, &next), PROBLEM_LAST_KEY);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    int64_t at = change.key.retired_at;
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    CU_ASSERT_EQUAL(change.key.retired_at, at);
    CU_ASSERT_EQUAL(all_keys(store).key[1].retired_at, at);
    change = key_change();
    change.kind = CHANGE_KEY_RETIRE;
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NO_SUCH_KEY);
    store_close(store);
}

static void keys_are_bounded(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    for (int i = 1; i <= STORE_KEYS_MAX; i++) {
        struct change change = key_change();
        CU_ASSERT_EQUAL(changed(store, &change),
                        i < STORE_KEYS_MAX ? PROBLEM_NONE : PROBLEM_TOO_MANY);
    }
    store_close(store);
}

static void payment_is_settled_once(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct change change = {.kind = CHANGE_OWED_SETTLE, .reference = "paid-twice"};
    struct owed owed[PEEK_MAX];
    clock_stop(clock_now());
    change.order = hold(store, NULL, 2).sale.id;
    CU_ASSERT_EQUAL(confirm(store, &change.order, "paid-once").problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(confirm(store, &change.order, "paid-twice").problem, PROBLEM_ALREADY_PAID);
    strcpy(change.event.name, "gala");
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NO_SUCH_PURCHASE);
    strcpy(change.event.name, "demo");
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    int64_t at = clock_now();
    clock_step(CLOCK_SECOND);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    CU_ASSERT_EQUAL_FATAL(peek_owed(fixture, owed), 1);
    CU_ASSERT_EQUAL(owed[0].settled_at, at);
    CU_ASSERT_EQUAL(owed[0].reason, PROBLEM_ALREADY_PAID);
    strcpy(change.reference, "paid-once");
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NO_SUCH_PURCHASE);
    change.order = id_make();
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NO_SUCH_PURCHASE);
    clock_run();
    store_close(store);
}

static const struct fixture_case cases[] = {
    {"a token is found by its hash", 0, token_is_found_by_its_hash},
    {"a token is revoked once", 0, token_is_revoked_once},
    {"tokens are bounded", 0, tokens_are_bounded},
    {"revoked tokens are forgotten", 0, revoked_tokens_are_forgotten},
    {"a store begins with a key", 0, store_begins_with_a_key},
    {"keys are rotated", 0, keys_are_rotated},
    {"keys are bounded", 0, keys_are_bounded},
    {"a payment is settled once", 10, payment_is_settled_once},
};

static __attribute__((constructor)) void add(void)
{
    fixture_add("store access", cases, sizeof cases / sizeof *cases);
}
