/* The key is that of RFC 8037, appendix A.1. */
#include "common/ticket_code.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"

#define SEED_TEXT   "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define PUBLIC_TEXT "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define KEY_ID                                                                                     \
    "kPrK_qmxVWY" /* the first 8 bytes of appendix A.3's kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k */
#define HEADER  "{\"alg\":\"EdDSA\",\"kid\":\"" KEY_ID "\"}"
#define PAYLOAD "{\"event\":\"demo\",\"tier\":\"standard\",\"number\":7}"

/* Made by another library (OpenSSL, by way of Node's crypto.sign) of HEADER, PAYLOAD and that key. */
static const char good[] =
    "eyJhbGciOiJFZERTQSIsImtpZCI6ImtQcktfcW14VldZIn0"
    ".eyJldmVudCI6ImRlbW8iLCJ0aWVyIjoic3RhbmRhcmQiLCJudW1iZXIiOjd9"
    "._bTH9QqJWYHfy4ImA1mE1_P_go2SeKy2bJu9MX5fqw1yHDJVtBry5rfmF4LZ8JaXJWdkDW1JyxUJV9JbLNU2DQ";

enum {
    FORGED_SIZE = 2 * TICKET_CODE_SIZE,
};

static struct ticket_signer signer(void)
{
    struct ticket_signer key = {0};
    size_t length;
    CU_ASSERT(base64url_decode(SEED_TEXT, strlen(SEED_TEXT), key.seed, &length));
    ticket_key_public(key.seed, key.public_key);
    ticket_key_id(key.public_key, key.id);
    return key;
}

/* The context is the one key that is known; its public key where the id is its own. */
static const uint8_t *find(void *context, const char *id)
{
    const struct ticket_signer *key = context;
    return strcmp(id, key->id) == 0 ? key->public_key : NULL;
}

static bool is_good(const char *code, size_t length)
{
    struct ticket_signer key = signer();
    struct ticket_name ticket;
    return ticket_code_check(code, length, find, &key, &ticket);
}

/* What somebody who has the key could sign, whatever it says. */
static void forge(const char *header, const char *payload, size_t payload_length,
                  char code[FORGED_SIZE])
{
    struct ticket_signer key = signer();
    uint8_t public_key[TICKET_PUBLIC_SIZE], secret[crypto_sign_SECRETKEYBYTES],
        signature[TICKET_SIGNATURE_SIZE];
    crypto_sign_seed_keypair(public_key, secret, key.seed);
    base64url_encode((const unsigned char *)header, strlen(header), code);
    strcat(code, ".");
    base64url_encode((const unsigned char *)payload, payload_length, code + strlen(code));
    crypto_sign_detached(signature, NULL, (const unsigned char *)code, strlen(code), secret);
    strcat(code, ".");
    base64url_encode(signature, sizeof signature, code + strlen(code));
}

static void keys_are_those_of_the_rfc(void)
{
    struct ticket_signer key = signer(), made;
    char text[BASE64URL_LENGTH(TICKET_PUBLIC_SIZE) + 1];
    base64url_encode(key.public_key, sizeof key.public_key, text);
    CU_ASSERT_STRING_EQUAL(text, PUBLIC_TEXT);
    CU_ASSERT_STRING_EQUAL(key.id, KEY_ID);
    ticket_key_make(&made);
    CU_ASSERT(ticket_key_id_valid(made.id));
    CU_ASSERT_STRING_NOT_EQUAL(made.id, key.id);
}

static void ids_are_eleven_characters(void)
{
    CU_ASSERT(ticket_key_id_valid(KEY_ID));
    CU_ASSERT_FALSE(ticket_key_id_valid(""));
    CU_ASSERT_FALSE(ticket_key_id_valid("kPrK_qmxVW"));
    CU_ASSERT_FALSE(ticket_key_id_valid("kPrK_qmxVWYY"));
    CU_ASSERT_FALSE(ticket_key_id_valid("kPrK/qmxVWY"));
    CU_ASSERT_FALSE(ticket_key_id_valid("kPrK_qmxVWZ")); /* not canonical */
}

static void a_code_is_what_other_libraries_make(void)
{
    struct ticket_signer key = signer();
    const struct ticket_name ticket = {.event = "demo", .tier = "standard", .number = 7};
    char code[TICKET_CODE_SIZE];
    ticket_code_make(&key, &ticket, code);
    CU_ASSERT_STRING_EQUAL(code, good);
}

static void what_was_made_is_read_back(void)
{
    struct ticket_signer key = signer();
    struct ticket_name longest = {.number = TICKET_NUMBER_MAX}, read;
    char code[TICKET_CODE_SIZE];
    memset(longest.event, 'e', NAME_SIZE - 1);
    memset(longest.tier, 't', NAME_SIZE - 1);
    ticket_code_make(&key, &longest, code);
    CU_ASSERT(strlen(code) < TICKET_CODE_SIZE);
    CU_ASSERT(ticket_code_check(code, strlen(code), find, &key, &read));
    CU_ASSERT_STRING_EQUAL(read.event, longest.event);
    CU_ASSERT_STRING_EQUAL(read.tier, longest.tier);
    CU_ASSERT_EQUAL(read.number, TICKET_NUMBER_MAX);
}

static void one_altered_bit_is_enough(void)
{
    char code[sizeof good];
    CU_ASSERT(is_good(good, sizeof good - 1));
    for (size_t at = 0; at < sizeof good - 1; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(code, good, sizeof good);
            code[at] = (char)(code[at] ^ 1 << bit);
            if (is_good(code, sizeof good - 1)) {
                printf("  bit %u of byte %zu\n", bit, at);
                CU_FAIL("an altered code was taken");
            }
        }
}

/* Cut at either end, longer at either end; each in memory of just its size. */
static void its_length_is_its_own(void)
{
    for (size_t length = 0; length < sizeof good - 1; length++) {
        char *part = memcpy(malloc(length + 1), good, length);
        CU_ASSERT_FALSE(is_good(part, length));
        memcpy(part, good + sizeof good - 1 - length, length);
        CU_ASSERT_FALSE(is_good(part, length));
        free(part);
    }
    static const char *const ends[] = {"\n", " ", "=", ".", "A", "\0"};
    char longer[sizeof good + 1];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(longer, sizeof longer, "%s%c", good, ends[i][0]);
        CU_ASSERT_FALSE(is_good(longer, sizeof good));
        snprintf(longer, sizeof longer, "%c%s", ends[i][0], good);
        memcpy(longer + 1, good, sizeof good);
        CU_ASSERT_FALSE(is_good(longer, sizeof good));
    }
    static char huge[1 << 20];
    memset(huge, 'A', sizeof huge);
    CU_ASSERT_FALSE(is_good(huge, sizeof huge));
}

#define OF(event, tier, number)                                                                    \
    "{\"event\":\"" event "\",\"tier\":\"" tier "\",\"number\":" number "}"
#define NAME_16 "aaaaaaaaaaaaaaaa"

/* Soundly signed, by the right key, and yet none of ours. */
static void only_our_shape_is_read(void)
{
    static const struct {
        const char *header, *payload;
    } rows[] = {
        {"{\"alg\":\"none\",\"kid\":\"" KEY_ID "\"}", PAYLOAD},
        {"{\"alg\":\"none\" ,\"kid\":\"" KEY_ID "\"}", PAYLOAD},
        {"{\"alg\":\"ES256\",\"kid\":\"" KEY_ID "\"}", PAYLOAD},
        {"{\"alg\":\"HS256\",\"kid\":\"" KEY_ID "\"}", PAYLOAD},
        {"{\"alg\":\"eddsa\",\"kid\":\"" KEY_ID "\"}", PAYLOAD},
        {"{\"kid\":\"" KEY_ID "\",\"alg\":\"EdDSA\"}", PAYLOAD},
        {"{\"alg\":\"EdDSA\",\"kid\":\"" KEY_ID "\",\"typ\":\"JWT\"}", PAYLOAD},
        {"{\"alg\":\"EdDSA\",\"crit\":[\"b64\"],\"kid\":\"" KEY_ID "\"}", PAYLOAD},
        {"{\"alg\":\"EdDSA\"}", PAYLOAD},
        {"{\"alg\":\"EdDSA\",\"kid\":\"kPrK_qmxVWZ\"}", PAYLOAD},
        {"{\"alg\":\"EdDSA\",\"kid\":\"AAAAAAAAAAA\"}", PAYLOAD}, /* a key that nobody knows */
        {"", PAYLOAD},
        {HEADER, ""},
        {HEADER, "{}"},
        {HEADER, "7"},
        {HEADER, "{\"event\":\"demo\", \"tier\":\"standard\",\"number\":7}"},
        {HEADER, "{\"tier\":\"standard\",\"event\":\"demo\",\"number\":7}"},
        {HEADER, "{\"event\":\"demo\",\"tier\":\"standard\",\"number\":7,\"more\":1}"},
        {HEADER, PAYLOAD " "},
        {HEADER, OF("demo", "standard", "0")},
        {HEADER, OF("demo", "standard", "07")},
        {HEADER, OF("demo", "standard", "-7")},
        {HEADER, OF("demo", "standard", "+7")},
        {HEADER, OF("demo", "standard", "7.0")},
        {HEADER, OF("demo", "standard", "7e0")},
        {HEADER, OF("demo", "standard", "\"7\"")},
        {HEADER, OF("demo", "standard", "")},
        {HEADER, OF("demo", "standard", "9007199254740992")},
        {HEADER, OF("demo", "standard", "99999999999999999999")},
        {HEADER, OF("", "standard", "7")},
        {HEADER, OF("demo", "", "7")},
        {HEADER, OF("-demo", "standard", "7")},
        {HEADER, OF("de mo", "standard", "7")},
        {HEADER, OF("de\\u006do", "standard", "7")},
        {HEADER, OF(NAME_16 NAME_16 NAME_16 NAME_16 "a", "standard", "7")},
        {HEADER, OF("demo", NAME_16 NAME_16 NAME_16 NAME_16 "a", "7")},
    };
    char code[FORGED_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        forge(rows[i].header, rows[i].payload, strlen(rows[i].payload), code);
        if (is_good(code, strlen(code))) {
            printf("  %s %s\n", rows[i].header, rows[i].payload);
            CU_FAIL("another shape was taken");
        }
    }
    forge(HEADER, PAYLOAD, strlen(PAYLOAD) + 1, code); /* with its NUL */
    CU_ASSERT_FALSE(is_good(code, strlen(code)));
    forge(HEADER, PAYLOAD, strlen(PAYLOAD), code);
    CU_ASSERT(is_good(code, strlen(code)));
}

static void another_key_signs_for_itself_alone(void)
{
    struct ticket_signer ours = signer(), other, liar;
    const struct ticket_name ticket = {.event = "demo", .tier = "standard", .number = 7};
    struct ticket_name read;
    char code[TICKET_CODE_SIZE];
    ticket_key_make(&other);
    ticket_code_make(&other, &ticket, code);
    CU_ASSERT_FALSE(ticket_code_check(code, strlen(code), find, &ours, &read));
    CU_ASSERT(ticket_code_check(code, strlen(code), find, &other, &read));
    liar = other;
    memcpy(liar.id, ours.id, sizeof liar.id);
    ticket_code_make(&liar, &ticket, code);
    CU_ASSERT_FALSE(ticket_code_check(code, strlen(code), find, &ours, &read));
}

/* The signature's scalar plus the group's order: the same to who does not look (RFC 8032, 5.1.7). */
static void a_signature_has_one_spelling(void)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                      0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                      0,    0,    0,    0,    0,    0,    0,    0,
                                      0,    0,    0,    0,    0,    0,    0,    0x10};
    char code[sizeof good], *text = strrchr(strcpy(code, good), '.') + 1;
    uint8_t signature[TICKET_SIGNATURE_SIZE];
    size_t length;
    unsigned carry = 0;
    CU_ASSERT(base64url_decode(text, strlen(text), signature, &length));
    for (size_t i = 0; i < sizeof order; i++) {
        carry += (unsigned)signature[32 + i] + order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    base64url_encode(signature, sizeof signature, text);
    CU_ASSERT_FALSE(is_good(code, strlen(code)));
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("ticket code", "keys are those of the RFC", keys_are_those_of_the_rfc);
    suite_add("ticket code", "ids are eleven characters", ids_are_eleven_characters);
    suite_add("ticket code", "a code is what other libraries make",
              a_code_is_what_other_libraries_make);
    suite_add("ticket code", "what was made is read back", what_was_made_is_read_back);
    suite_add("ticket code", "one altered bit is enough", one_altered_bit_is_enough);
    suite_add("ticket code", "its length is its own", its_length_is_its_own);
    suite_add("ticket code", "only our shape is read", only_our_shape_is_read);
    suite_add("ticket code", "another key signs for itself alone",
              another_key_signs_for_itself_alone);
    suite_add("ticket code", "a signature has one spelling", a_signature_has_one_spelling);
}
