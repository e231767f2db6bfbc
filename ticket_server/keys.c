#include "ticket_server/keys.h"

#include <sodium.h>
#include <string.h>

_Static_assert((int)KEY_ID_SIZE == (int)TICKET_KEY_ID_SIZE, "the store's ids are those of codes");
_Static_assert((int)SIGNING_SEED_SIZE == (int)TICKET_SEED_SIZE, "the store's seeds too");
_Static_assert((int)SIGNING_PUBLIC_SIZE == (int)TICKET_PUBLIC_SIZE, "and its public keys");

static void add_key(void *context, const struct signing_key *key)
{
    struct keys *keys = context;
    if (key->retired_at != 0 || keys->count == KEYS_MAX)
        return;
    struct ticket_signer *signer = &keys->key[keys->count++];
    memcpy(signer->id, key->id, sizeof signer->id);
    memcpy(signer->seed, key->seed, sizeof signer->seed);
    memcpy(signer->public_key, key->public_key, sizeof signer->public_key);
}

static enum problem read_keys(struct keys *keys)
{
    keys->count = 0;
    int64_t now = clock_monotonic();
    enum store_found found = store_each_key(catalog_store(keys->catalog), add_key, keys);
    enum problem problem = catalog_problem(keys->catalog, found, PROBLEM_STORE_UNAVAILABLE);
    if (problem == PROBLEM_NONE && keys->count == 0)
        problem = PROBLEM_STORE_UNAVAILABLE; /* which a store of ours never is without */
    keys->read_at = problem == PROBLEM_NONE ? now : 0;
    return problem;
}

enum problem keys_refresh(struct keys *keys)
{
    bool young = keys->read_at != 0 && clock_monotonic() - keys->read_at < KEYS_AGE_MAX;
    return young ? PROBLEM_NONE : read_keys(keys);
}

void keys_forget(struct keys *keys)
{
    keys->read_at = 0;
}

const struct ticket_signer *keys_signer(const struct keys *keys)
{
    return &keys->key[0];
}

static const uint8_t *find_known(const struct keys *keys, const char *id)
{
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->key[i].id, id) == 0)
            return keys->key[i].public_key;
    return NULL;
}

static bool may_look_up(struct keys *keys)
{
    int64_t now = clock_monotonic();
    if (keys->lookups == 0 || now - keys->looked_up_at >= KEYS_AGE_MAX) {
        keys->looked_up_at = now;
        keys->lookups = 0;
    }
    return keys->lookups++ < KEYS_LOOKUPS_MAX;
}

const uint8_t *keys_find(void *context, const char *id)
{
    struct keys *keys = context;
    const uint8_t *known = find_known(keys, id);
    if (known != NULL || !may_look_up(keys))
        return known;
    return read_keys(keys) == PROBLEM_NONE ? find_known(keys, id) : NULL;
}

void keys_append(const struct keys *keys, struct buffer *out)
{
    char x[BASE64URL_LENGTH(TICKET_PUBLIC_SIZE) + 1];
    buffer_add(out, "{\"keys\":[");
    for (size_t i = 0; i < keys->count; i++) {
        base64url_encode(keys->key[i].public_key, TICKET_PUBLIC_SIZE, x);
        buffer_printf(out,
                      "%s{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\",\"kid\":\"%s\","
                      "\"alg\":\"EdDSA\",\"use\":\"sig\"}",
                      i > 0 ? "," : "", x, keys->key[i].id);
    }
    buffer_add(out, "]}");
}

void keys_close(struct keys *keys)
{
    sodium_memzero(keys->key, sizeof keys->key);
    keys->count = 0;
}
