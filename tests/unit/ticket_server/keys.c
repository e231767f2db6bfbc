#include "ticket_server/keys.h"

#include <string.h>

#include "tests/lib/suite.h"
#include "tests/unit/ticket_server/place.h"

/* A store whose keys change while a server knows them. */
struct shop {
    struct place place;
    struct store *store; /* another server's */
    struct keys keys;
};

static void shop_open(struct shop *shop)
{
    char error[STORE_ERROR_SIZE] = "";
    *shop = (struct shop){0};
    place_open(&shop->place, 10);
    shop->store = store_open_seller(shop->place.url, "server-9", error);
    shop->keys.catalog = catalog_open(shop->place.url, error);
    CU_ASSERT_STRING_EQUAL(error, "");
    CU_ASSERT_FATAL(shop->store != NULL && shop->keys.catalog != NULL);
    CU_ASSERT_EQUAL(keys_refresh(&shop->keys), PROBLEM_NONE);
}

static void shop_close(struct shop *shop)
{
    store_close(shop->store);
    catalog_close(shop->keys.catalog);
    keys_close(&shop->keys);
    place_close(&shop->place);
}

static struct ticket_signer add_key(struct shop *shop)
{
    struct change change = {.kind = CHANGE_KEY_ADD};
    struct ticket_signer key;
    ticket_key_make(&key);
    memcpy(change.key.id, key.id, sizeof key.id);
    memcpy(change.key.seed, key.seed, sizeof key.seed);
    memcpy(change.key.public_key, key.public_key, sizeof key.public_key);
    CU_ASSERT_EQUAL(store_change(shop->store, &change), STORE_DURABLE);
    CU_ASSERT_EQUAL(change.problem, PROBLEM_NONE);
    return key;
}

static void retire_key(struct shop *shop, const char *id)
{
    struct change change = {.kind = CHANGE_KEY_RETIRE};
    strcpy(change.key.id, id);
    CU_ASSERT_EQUAL(store_change(shop->store, &change), STORE_DURABLE);
    CU_ASSERT_EQUAL(change.problem, PROBLEM_NONE);
}

/* As if they had been read so long ago. */
static void let_age(struct shop *shop, int64_t age)
{
    shop->keys.read_at = clock_monotonic() - age;
}

static void a_new_store_has_a_key_that_signs(void)
{
    struct shop shop;
    shop_open(&shop);
    const struct ticket_signer *signer = keys_signer(&shop.keys);
    const struct ticket_name ticket = {.event = "demo", .tier = "standard", .number = 1};
    struct ticket_name read;
    char code[TICKET_CODE_SIZE], id[TICKET_KEY_ID_SIZE];
    CU_ASSERT_EQUAL(shop.keys.count, 1);
    ticket_key_id(signer->public_key, id);
    CU_ASSERT_STRING_EQUAL(signer->id, id);
    ticket_code_make(signer, &ticket, code);
    CU_ASSERT(ticket_code_check(code, strlen(code), keys_find, &shop.keys, &read));
    CU_ASSERT_EQUAL(read.number, 1);
    shop_close(&shop);
}

static void the_newest_signs_and_all_are_known(void)
{
    struct shop shop;
    shop_open(&shop);
    struct ticket_signer first = *keys_signer(&shop.keys), second = add_key(&shop);
    let_age(&shop, KEYS_AGE_MAX);
    CU_ASSERT_EQUAL(keys_refresh(&shop.keys), PROBLEM_NONE);
    CU_ASSERT_STRING_EQUAL(keys_signer(&shop.keys)->id, second.id);
    CU_ASSERT_PTR_NOT_NULL(keys_find(&shop.keys, first.id));
    CU_ASSERT_PTR_NOT_NULL(keys_find(&shop.keys, second.id));
    shop_close(&shop);
}

static void a_retired_key_is_known_no_longer_than_keys_are_kept(void)
{
    struct shop shop;
    shop_open(&shop);
    struct ticket_signer first = *keys_signer(&shop.keys);
    add_key(&shop);
    retire_key(&shop, first.id);
    let_age(&shop, KEYS_AGE_MAX - CLOCK_SECOND / 10);
    CU_ASSERT_EQUAL(keys_refresh(&shop.keys), PROBLEM_NONE);
    CU_ASSERT_PTR_NOT_NULL(keys_find(&shop.keys, first.id));
    let_age(&shop, KEYS_AGE_MAX);
    CU_ASSERT_EQUAL(keys_refresh(&shop.keys), PROBLEM_NONE);
    CU_ASSERT_PTR_NULL(keys_find(&shop.keys, first.id));
    CU_ASSERT(KEYS_AGE_MAX < CLOCK_SECOND);
    shop_close(&shop);
}

static void a_key_that_another_server_made_is_found_at_once(void)
{
    struct shop shop;
    shop_open(&shop);
    struct ticket_signer made = add_key(&shop);
    CU_ASSERT_PTR_NOT_NULL(keys_find(&shop.keys, made.id));
    shop_close(&shop);
}

/* Whoever makes up ids has the store read so often, and no more; until some time has passed. */
static void unknown_ids_are_looked_up_so_often(void)
{
    struct shop shop;
    shop_open(&shop);
    for (int i = 0; i < KEYS_LOOKUPS_MAX; i++)
        CU_ASSERT_PTR_NULL(keys_find(&shop.keys, "AAAAAAAAAAA"));
    struct ticket_signer made = add_key(&shop);
    shop.keys.looked_up_at = clock_monotonic();
    CU_ASSERT_PTR_NULL(keys_find(&shop.keys, made.id));
    shop.keys.looked_up_at = clock_monotonic() - KEYS_AGE_MAX;
    CU_ASSERT_PTR_NOT_NULL(keys_find(&shop.keys, made.id));
    shop_close(&shop);
}

static void a_set_of_keys_tells_no_secret(void)
{
    struct shop shop;
    struct buffer out = {0};
    char seed[BASE64URL_LENGTH(TICKET_SEED_SIZE) + 1], x[BASE64URL_LENGTH(TICKET_PUBLIC_SIZE) + 1];
    shop_open(&shop);
    const struct ticket_signer *signer = keys_signer(&shop.keys);
    base64url_encode(signer->seed, sizeof signer->seed, seed);
    base64url_encode(signer->public_key, sizeof signer->public_key, x);
    keys_append(&shop.keys, &out);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(buffer_text(&out), "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(out.data, x));
    CU_ASSERT_PTR_NOT_NULL(strstr(out.data, signer->id));
    CU_ASSERT_PTR_NULL(strstr(out.data, seed));
    CU_ASSERT_PTR_NULL(strstr(out.data, "\"d\""));
    buffer_free(&out);
    shop_close(&shop);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("keys", "a new store has a key that signs", a_new_store_has_a_key_that_signs);
    suite_add("keys", "the newest signs and all are known", the_newest_signs_and_all_are_known);
    suite_add("keys", "a retired key is known no longer than keys are kept",
              a_retired_key_is_known_no_longer_than_keys_are_kept);
    suite_add("keys", "a key that another server made is found at once",
              a_key_that_another_server_made_is_found_at_once);
    suite_add("keys", "unknown ids are looked up so often", unknown_ids_are_looked_up_so_often);
    suite_add("keys", "a set of keys tells no secret", a_set_of_keys_tells_no_secret);
}
