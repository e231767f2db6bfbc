#include "common/ticket_code.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define HEADER_BEGIN "{\"alg\":\"EdDSA\",\"kid\":\""
#define HEADER_END   "\"}"

enum {
    KEY_ID_BYTES = 8, /* of the thumbprint */
    KEY_ID_LENGTH = TICKET_KEY_ID_SIZE - 1,
    HEADER_LENGTH = sizeof HEADER_BEGIN - 1 + KEY_ID_LENGTH + sizeof HEADER_END - 1,
    HEADER_TEXT = BASE64URL_LENGTH(HEADER_LENGTH),
    SIGNATURE_TEXT = BASE64URL_LENGTH(TICKET_SIGNATURE_SIZE),
    DIGITS_MAX = 16, /* of TICKET_NUMBER_MAX */
};

_Static_assert((int)HEADER_LENGTH == (int)TICKET_HEADER_MAX, "the header's length is told");
_Static_assert((int)BASE64URL_LENGTH(KEY_ID_BYTES) == (int)KEY_ID_LENGTH, "an id is eight bytes");
_Static_assert(TICKET_SEED_SIZE == crypto_sign_SEEDBYTES, "libsodium's seeds");
_Static_assert(TICKET_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES, "libsodium's public keys");
_Static_assert(TICKET_SIGNATURE_SIZE == crypto_sign_BYTES, "libsodium's signatures");

/* It chooses what this machine does best, once; more calls do nothing. */
static void start_library(void)
{
    if (sodium_init() < 0)
        die(EXIT_TROUBLE, "libsodium cannot be used");
}

/* --- keys -------------------------------------------------------------------------------------- */

void ticket_key_public(const uint8_t seed[TICKET_SEED_SIZE], uint8_t public_key[TICKET_PUBLIC_SIZE])
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    start_library();
    crypto_sign_seed_keypair(public_key, secret, seed);
    sodium_memzero(secret, sizeof secret);
}

void ticket_key_id(const uint8_t public_key[TICKET_PUBLIC_SIZE], char id[TICKET_KEY_ID_SIZE])
{
    char x[BASE64URL_LENGTH(TICKET_PUBLIC_SIZE) + 1], jwk[128];
    uint8_t digest[crypto_hash_sha256_BYTES];
    base64url_encode(public_key, TICKET_PUBLIC_SIZE, x);
    snprintf(jwk, sizeof jwk, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}", x);
    crypto_hash_sha256(digest, (const unsigned char *)jwk, strlen(jwk));
    base64url_encode(digest, KEY_ID_BYTES, id);
}

void ticket_key_make(struct ticket_signer *key)
{
    start_library();
    randombytes_buf(key->seed, sizeof key->seed);
    ticket_key_public(key->seed, key->public_key);
    ticket_key_id(key->public_key, key->id);
}

bool ticket_key_id_valid(const char *id)
{
    unsigned char bytes[KEY_ID_BYTES];
    size_t length;
    return strlen(id) == KEY_ID_LENGTH && base64url_decode(id, KEY_ID_LENGTH, bytes, &length);
}

/* --- making ------------------------------------------------------------------------------------ */

static size_t print_payload(const struct ticket_name *ticket, char payload[TICKET_PAYLOAD_MAX + 1])
{
    return (size_t)snprintf(payload, TICKET_PAYLOAD_MAX + 1,
                            "{\"event\":\"%s\",\"tier\":\"%s\",\"number\":%lld}", ticket->event,
                            ticket->tier, (long long)ticket->number);
}

static void sign(const struct ticket_signer *key, const char *text, size_t length,
                 uint8_t signature[TICKET_SIGNATURE_SIZE])
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES]; /* seed and public key, as libsodium has it */
    start_library();
    memcpy(secret, key->seed, TICKET_SEED_SIZE);
    memcpy(secret + TICKET_SEED_SIZE, key->public_key, TICKET_PUBLIC_SIZE);
    crypto_sign_detached(signature, NULL, (const unsigned char *)text, length, secret);
    sodium_memzero(secret, sizeof secret);
}

void ticket_code_make(const struct ticket_signer *key, const struct ticket_name *ticket,
                      char code[TICKET_CODE_SIZE])
{
    char header[HEADER_LENGTH + 1], payload[TICKET_PAYLOAD_MAX + 1];
    uint8_t signature[TICKET_SIGNATURE_SIZE];
    snprintf(header, sizeof header, HEADER_BEGIN "%s" HEADER_END, key->id);
    base64url_encode((const unsigned char *)header, HEADER_LENGTH, code);
    code[HEADER_TEXT] = '.';
    size_t length = print_payload(ticket, payload);
    base64url_encode((const unsigned char *)payload, length, code + HEADER_TEXT + 1);
    size_t signed_length = HEADER_TEXT + 1 + BASE64URL_LENGTH(length);
    sign(key, code, signed_length, signature);
    code[signed_length] = '.';
    base64url_encode(signature, sizeof signature, code + signed_length + 1);
}

/* --- checking ---------------------------------------------------------------------------------- */

/* The bytes of one part of a code, with a NUL; false where they are not exactly so many characters'
 * worth, or more than there is room for. */
static bool decode_text(const char *part, size_t length, char *text, size_t size)
{
    size_t decoded;
    if (base64url_decoded_max(length) >= size ||
        !base64url_decode(part, length, (unsigned char *)text, &decoded))
        return false;
    text[decoded] = '\0';
    return strlen(text) == decoded;
}

static bool read_header(const char *part, char id[TICKET_KEY_ID_SIZE])
{
    char header[HEADER_LENGTH + 1], again[HEADER_LENGTH + 1];
    if (!decode_text(part, HEADER_TEXT, header, sizeof header))
        return false;
    memcpy(id, header + sizeof HEADER_BEGIN - 1, KEY_ID_LENGTH);
    id[KEY_ID_LENGTH] = '\0';
    snprintf(again, sizeof again, HEADER_BEGIN "%s" HEADER_END, id);
    return strcmp(header, again) == 0 && ticket_key_id_valid(id);
}

/* Cuts a name out, which ends at a quote; NULL where it is none. */
static char *take_name(char *at, char name[NAME_SIZE])
{
    size_t length = strcspn(at, "\"");
    if (at[length] == '\0' || length >= NAME_SIZE)
        return NULL;
    memcpy(name, at, length);
    name[length] = '\0';
    return purchase_name_valid(name) ? at + length + 1 : NULL;
}

static char *skip(char *at, const char *text)
{
    size_t length = strlen(text);
    return at != NULL && strncmp(at, text, length) == 0 ? at + length : NULL;
}

static bool take_number(const char *at, int64_t *number)
{
    size_t digits = strspn(at, "0123456789");
    if (digits == 0 || digits > DIGITS_MAX || at[0] == '0' || strcmp(at + digits, "}") != 0)
        return false;
    *number = strtoll(at, NULL, 10);
    return *number <= TICKET_NUMBER_MAX;
}

static bool read_payload(const char *part, size_t length, struct ticket_name *ticket)
{
    char payload[TICKET_PAYLOAD_MAX + 1];
    if (!decode_text(part, length, payload, sizeof payload))
        return false;
    char *at = skip(payload, "{\"event\":\"");
    at = at != NULL ? take_name(at, ticket->event) : NULL;
    at = skip(at, ",\"tier\":\"");
    at = at != NULL ? take_name(at, ticket->tier) : NULL;
    at = skip(at, ",\"number\":");
    return at != NULL && take_number(at, &ticket->number);
}

bool ticket_code_check(const char *code, size_t length, ticket_key_find *find, void *context,
                       struct ticket_name *ticket)
{
    char id[TICKET_KEY_ID_SIZE];
    uint8_t signature[TICKET_SIGNATURE_SIZE];
    size_t decoded, around = HEADER_TEXT + 1 + 1 + SIGNATURE_TEXT;
    if (length <= around || length >= TICKET_CODE_SIZE)
        return false;
    size_t signed_length = length - 1 - SIGNATURE_TEXT;
    if (code[HEADER_TEXT] != '.' || code[signed_length] != '.' || !read_header(code, id) ||
        !read_payload(code + HEADER_TEXT + 1, length - around, ticket) ||
        !base64url_decode(code + signed_length + 1, SIGNATURE_TEXT, signature, &decoded))
        return false;
    const uint8_t *public_key = find(context, id);
    start_library();
    return public_key != NULL && crypto_sign_verify_detached(signature, (const unsigned char *)code,
                                                             signed_length, public_key) == 0;
}
