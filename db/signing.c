#include "db/signing.h"

#include <sodium.h>
#include <string.h>
#include <sys/random.h>

enum {
    ID_BYTES = 8, /* 11 characters of base64url */
};

/* The id is made of the public key, so that whoever has the one can tell the other. */
static void make_id(struct signing_key *key)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, key->public_key, sizeof key->public_key);
    sodium_bin2base64(key->id, sizeof key->id, hash, ID_BYTES,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool signing_key_make(struct signing_key *key)
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    memset(key, 0, sizeof *key);
    if (getrandom(key->seed, sizeof key->seed, 0) != (ssize_t)sizeof key->seed)
        return false;
    crypto_sign_seed_keypair(key->public_key, secret, key->seed);
    sodium_memzero(secret, sizeof secret);
    make_id(key);
    return true;
}
