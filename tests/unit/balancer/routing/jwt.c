#include "balancer/routing/jwt.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/suite.h"
#include "tests/unit/balancer/routing/jwt_maker.h"

#define HEADER  "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define MORE(m) "{\"sub\":\"ada\",\"exp\":1800000060,\"iss\":\"box\",\"aud\":\"tickets\"" m "}"
#define CLAIMS  MORE("")

static const int64_t now = 1800000000;

static struct jwt_rules read_rules(const struct jwt_maker *maker)
{
    struct jwt_rules rules;
    char error[JWT_ERROR_SIZE] = "";
    bool good = jwt_rules_read(jwt_algorithm_name(maker->algorithm), maker->key_file, "box",
                               "tickets", &rules, error);
    if (!good)
        printf("  %s\n", error);
    CU_ASSERT_FATAL(good);
    return rules;
}

static enum jwt_verdict check(const struct jwt_rules *rules, const char *token)
{
    char subject[JWT_SUBJECT_SIZE] = "";
    enum jwt_verdict verdict = jwt_check(rules, token, strlen(token), now, subject);
    CU_ASSERT_STRING_EQUAL(subject, verdict == JWT_GOOD ? "ada" : "");
    return verdict;
}

struct row {
    const char *header, *claims;
    enum jwt_verdict verdict;
};

#define ARRAY_8     "[[[[[[[[" /* one deeper than is read, as it stands in an object */
#define ARRAY_8_END "]]]]]]]]"

static const struct row rows[] = {
    {HEADER, CLAIMS, JWT_GOOD},
    {"{\"alg\":\"HS256\"}", CLAIMS, JWT_GOOD},
    {"{\"typ\":\"jwt\",\"kid\":\"7\",\"alg\":\"HS256\"}", CLAIMS, JWT_GOOD},
    {"{\"alg\":\"HS384\"}", CLAIMS, JWT_OTHER_ALGORITHM},
    {"{\"alg\":\"RS256\"}", CLAIMS, JWT_OTHER_ALGORITHM},
    {"{\"alg\":\"hs256\"}", CLAIMS, JWT_OTHER_ALGORITHM}, /* libjwt would take it */
    {"{\"alg\":\"none\"}", CLAIMS, JWT_OTHER_ALGORITHM},
    {"{\"alg\":\"None\"}", CLAIMS, JWT_OTHER_ALGORITHM},
    {"{\"alg\":\"\"}", CLAIMS, JWT_OTHER_ALGORITHM},
    {"{\"alg\":null}", CLAIMS, JWT_OTHER_ALGORITHM},
    {"{\"alg\":[\"HS256\"]}", CLAIMS, JWT_OTHER_ALGORITHM},
    {"{\"ALG\":\"HS256\"}", CLAIMS, JWT_OTHER_ALGORITHM},
    {"{}", CLAIMS, JWT_OTHER_ALGORITHM},
    {"{\"alg\":\"none\",\"alg\":\"HS256\"}", CLAIMS, JWT_MALFORMED},
    {"{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}", CLAIMS, JWT_MALFORMED},
    {"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", CLAIMS, JWT_MALFORMED},
    {"{\"alg\":\"HS256\",\"crit\":null}", CLAIMS, JWT_MALFORMED},
    {"{\"alg\":\"HS256\"} ,", CLAIMS, JWT_MALFORMED},
    {"\"HS256\"", CLAIMS, JWT_MALFORMED},
    {"[]", CLAIMS, JWT_MALFORMED},
    {"", CLAIMS, JWT_MALFORMED},
    {HEADER, "", JWT_MALFORMED},
    {HEADER, "null", JWT_MALFORMED},
    {HEADER, "[" CLAIMS "]", JWT_MALFORMED},
    {HEADER, MORE(",\"sub\":\"eve\""), JWT_MALFORMED},
    {HEADER, MORE(",\"s\\u0075b\":\"eve\""), JWT_MALFORMED},
    {HEADER, MORE(",\"exp\":1900000000"), JWT_MALFORMED},
    {HEADER, MORE(",\"a\":\"\\u0000\""), JWT_MALFORMED},
    {HEADER, MORE(",\"a\":\"\xff\""), JWT_MALFORMED},
    {HEADER, MORE(",\"a\":" ARRAY_8 ARRAY_8_END), JWT_MALFORMED},
    {HEADER, MORE(",\"a\":[[{\"b\":[{}]}]]"), JWT_GOOD},
    {HEADER, MORE(",\"nbf\":1799999990"), JWT_GOOD},
    {HEADER, MORE(",\"nbf\":1800000030"), JWT_GOOD}, /* clocks may differ by so much */
    {HEADER, MORE(",\"nbf\":1800000031"), JWT_NOT_YET},
    {HEADER, MORE(",\"nbf\":\"1799999990\""), JWT_NOT_YET},
    {HEADER, MORE(",\"nbf\":null"), JWT_NOT_YET},
    {HEADER, MORE(",\"iat\":1900000000"), JWT_GOOD}, /* says when, not whether */
};

/* The claims one by one. */
static const struct row claims_rows[] = {
    {HEADER, "{\"sub\":\"ada\",\"iss\":\"box\",\"aud\":\"tickets\"}", JWT_EXPIRED},
    {HEADER, "{\"sub\":\"ada\",\"exp\":1800000001,\"iss\":\"box\",\"aud\":\"tickets\"}", JWT_GOOD},
    {HEADER, "{\"sub\":\"ada\",\"exp\":1800000000.5,\"iss\":\"box\",\"aud\":\"tickets\"}",
     JWT_GOOD},
    {HEADER, "{\"sub\":\"ada\",\"exp\":1800000000,\"iss\":\"box\",\"aud\":\"tickets\"}",
     JWT_EXPIRED},
    {HEADER, "{\"sub\":\"ada\",\"exp\":-1,\"iss\":\"box\",\"aud\":\"tickets\"}", JWT_EXPIRED},
    {HEADER, "{\"sub\":\"ada\",\"exp\":\"1900000000\",\"iss\":\"box\",\"aud\":\"tickets\"}",
     JWT_EXPIRED},
    {HEADER, "{\"sub\":\"ada\",\"exp\":1e300,\"iss\":\"box\",\"aud\":\"tickets\"}", JWT_EXPIRED},
    {HEADER, "{\"sub\":\"ada\",\"exp\":true,\"iss\":\"box\",\"aud\":\"tickets\"}", JWT_EXPIRED},
    {HEADER, "{\"sub\":\"ada\",\"exp\":1900000000,\"aud\":\"tickets\"}", JWT_OTHER_ISSUER},
    {HEADER, "{\"sub\":\"ada\",\"exp\":1900000000,\"iss\":\"Box\",\"aud\":\"tickets\"}",
     JWT_OTHER_ISSUER},
    {HEADER, "{\"sub\":\"ada\",\"exp\":1900000000,\"iss\":[\"box\"],\"aud\":\"tickets\"}",
     JWT_OTHER_ISSUER},
    {HEADER, "{\"sub\":\"ada\",\"exp\":1900000000,\"iss\":\"box\"}", JWT_OTHER_AUDIENCE},
    {HEADER, "{\"sub\":\"ada\",\"exp\":1900000000,\"iss\":\"box\",\"aud\":\"ticket\"}",
     JWT_OTHER_AUDIENCE},
    {HEADER, "{\"sub\":\"ada\",\"exp\":1900000000,\"iss\":\"box\",\"aud\":[]}", JWT_OTHER_AUDIENCE},
    {HEADER, "{\"sub\":\"ada\",\"exp\":1900000000,\"iss\":\"box\",\"aud\":[\"a\",[\"tickets\"],1]}",
     JWT_OTHER_AUDIENCE},
    {HEADER, "{\"sub\":\"ada\",\"exp\":1900000000,\"iss\":\"box\",\"aud\":{\"a\":\"tickets\"}}",
     JWT_OTHER_AUDIENCE},
    {HEADER, "{\"sub\":\"ada\",\"exp\":1900000000,\"iss\":\"box\",\"aud\":[1,\"a\",\"tickets\"]}",
     JWT_GOOD},
    {HEADER, "{\"exp\":1900000000,\"iss\":\"box\",\"aud\":\"tickets\"}", JWT_NO_SUBJECT},
    {HEADER, "{\"sub\":\"\",\"exp\":1900000000,\"iss\":\"box\",\"aud\":\"tickets\"}",
     JWT_NO_SUBJECT},
    {HEADER, "{\"sub\":7,\"exp\":1900000000,\"iss\":\"box\",\"aud\":\"tickets\"}", JWT_NO_SUBJECT},
    {HEADER, "{\"sub\":\"a\\nb\",\"exp\":1900000000,\"iss\":\"box\",\"aud\":\"tickets\"}",
     JWT_NO_SUBJECT},
    {HEADER, "{\"sub\":\"a\\u007f\",\"exp\":1900000000,\"iss\":\"box\",\"aud\":\"tickets\"}",
     JWT_NO_SUBJECT},
};

static void check_rows(const struct row *row, size_t count)
{
    struct jwt_maker maker;
    struct buffer token = {0};
    jwt_maker_open(&maker, JWT_HS256, 0);
    struct jwt_rules rules = read_rules(&maker);
    for (; count > 0; count--, row++) {
        enum jwt_verdict verdict =
            check(&rules, jwt_maker_token(&maker, row->header, row->claims, &token));
        if (verdict == row->verdict)
            continue;
        printf("  %s %s: %s\n", row->header, row->claims, jwt_verdict_text(verdict));
        CU_FAIL("another verdict");
    }
    buffer_free(&token);
    jwt_rules_free(&rules);
    jwt_maker_close(&maker);
}

static void a_token_is_good_or_not(void)
{
    check_rows(rows, sizeof rows / sizeof *rows);
}

static void every_claim_is_held_to_its_rule(void)
{
    check_rows(claims_rows, sizeof claims_rows / sizeof *claims_rows);
}

static void a_subject_has_at_most_255_bytes(void)
{
    struct jwt_maker maker;
    struct buffer token = {0};
    jwt_maker_open(&maker, JWT_HS256, 0);
    struct jwt_rules rules = read_rules(&maker);
    for (int length = 255; length <= 256; length++) {
        char name[JWT_SUBJECT_SIZE + 1] = "", claims[512], subject[JWT_SUBJECT_SIZE] = "";
        memset(name, 'x', (size_t)length);
        snprintf(claims, sizeof claims,
                 "{\"sub\":\"%s\",\"exp\":1900000000,\"iss\":\"box\",\"aud\":\"tickets\"}", name);
        const char *text = jwt_maker_token(&maker, HEADER, claims, &token);
        enum jwt_verdict verdict = jwt_check(&rules, text, strlen(text), now, subject);
        CU_ASSERT_EQUAL(verdict, length == 255 ? JWT_GOOD : JWT_NO_SUBJECT);
        CU_ASSERT_STRING_EQUAL(subject, length == 255 ? name : "");
    }
    buffer_free(&token);
    jwt_rules_free(&rules);
    jwt_maker_close(&maker);
}

static void without_rules_issuer_and_audience_are_free(void)
{
    struct jwt_maker maker;
    struct buffer token = {0};
    struct jwt_rules rules;
    char error[JWT_ERROR_SIZE];
    jwt_maker_open(&maker, JWT_HS256, 0);
    CU_ASSERT_FATAL(jwt_rules_read("HS256", maker.key_file, NULL, NULL, &rules, error));
    const char *bare = "{\"sub\":\"ada\",\"exp\":1900000000}";
    CU_ASSERT_EQUAL(check(&rules, jwt_maker_token(&maker, HEADER, bare, &token)), JWT_GOOD);
    buffer_free(&token);
    jwt_rules_free(&rules);
    jwt_maker_close(&maker);
}

/* Any change of any character, and any part of a token. */
static void check_tampering(const struct jwt_rules *rules, struct buffer *token)
{
    char *text = token->data;
    CU_ASSERT_EQUAL(check(rules, text), JWT_GOOD);
    for (size_t i = 0; i < token->length; i++) {
        char was = text[i];
        text[i] = was == 'A' ? 'B' : 'A';
        CU_ASSERT_NOT_EQUAL(check(rules, text), JWT_GOOD);
        text[i] = '.';
        CU_ASSERT(was == '.' || check(rules, text) == JWT_MALFORMED);
        text[i] = '\0';
        CU_ASSERT_NOT_EQUAL(check(rules, text), JWT_GOOD);
        text[i] = was;
    }
    static const char *const after[] = {"=", ".", "A", "AAAA", " ", "\n", ".AAAA"};
    for (size_t i = 0; i < sizeof after / sizeof *after; i++) {
        struct buffer longer = {0};
        buffer_append(&longer, text, token->length);
        buffer_add(&longer, after[i]);
        CU_ASSERT_NOT_EQUAL(check(rules, buffer_text(&longer)), JWT_GOOD);
        buffer_free(&longer);
    }
}

static void another_signature_is_none(void)
{
    struct jwt_maker maker;
    struct buffer token = {0};
    jwt_maker_open(&maker, JWT_HS256, 0);
    struct jwt_rules rules = read_rules(&maker);
    jwt_maker_token(&maker, HEADER, CLAIMS, &token);
    check_tampering(&rules, &token);
    jwt_maker_hs256("another secret that is long enough, too", 39, HEADER, CLAIMS, &token);
    CU_ASSERT_EQUAL(check(&rules, token.data), JWT_BAD_SIGNATURE);
    jwt_maker_hs256("", 0, HEADER, CLAIMS, &token);
    CU_ASSERT_EQUAL(check(&rules, token.data), JWT_BAD_SIGNATURE);
    strrchr(token.data, '.')[1] = '\0'; /* none at all */
    CU_ASSERT_EQUAL(check(&rules, token.data), JWT_BAD_SIGNATURE);
    CU_ASSERT_EQUAL(check(&rules, ""), JWT_MALFORMED);
    CU_ASSERT_EQUAL(check(&rules, ".."), JWT_MALFORMED);
    CU_ASSERT_EQUAL(check(&rules, "..."), JWT_MALFORMED);
    buffer_free(&token);
    jwt_rules_free(&rules);
    jwt_maker_close(&maker);
}

/* As long as it may be, and one byte longer: a claim of the right length sees to that. */
static void a_token_has_at_most_8_kib(void)
{
    struct jwt_maker maker;
    struct buffer token = {0}, claims = {0};
    bool at_the_limit = false, past_it = false;
    jwt_maker_open(&maker, JWT_HS256, 0);
    struct jwt_rules rules = read_rules(&maker);
    for (size_t filling = 5900; filling < 6100; filling++) {
        buffer_clear(&claims);
        buffer_printf(&claims, MORE(",\"a\":\"%0*d\""), (int)filling, 0);
        const char *text = jwt_maker_token(&maker, HEADER, buffer_text(&claims), &token);
        enum jwt_verdict verdict = check(&rules, text);
        CU_ASSERT_EQUAL(verdict, token.length <= JWT_TOKEN_MAX ? JWT_GOOD : JWT_MALFORMED);
        at_the_limit = at_the_limit || token.length == JWT_TOKEN_MAX;
        past_it = past_it || token.length == JWT_TOKEN_MAX + 1;
    }
    CU_ASSERT(at_the_limit && past_it);
    buffer_free(&token);
    buffer_free(&claims);
    jwt_rules_free(&rules);
    jwt_maker_close(&maker);
}

static void public_keys_verify(enum jwt_algorithm algorithm, unsigned bits, const char *header)
{
    struct jwt_maker maker, other;
    struct buffer token = {0};
    jwt_maker_open(&maker, algorithm, bits);
    jwt_maker_open(&other, algorithm, bits);
    struct jwt_rules rules = read_rules(&maker);
    for (int i = 0; i < 20; i++) /* numbers of a signature have zeros in front now and then */
        CU_ASSERT_EQUAL(check(&rules, jwt_maker_token(&maker, header, CLAIMS, &token)), JWT_GOOD);
    check_tampering(&rules, &token);
    CU_ASSERT_EQUAL(check(&rules, jwt_maker_token(&other, header, CLAIMS, &token)),
                    JWT_BAD_SIGNATURE);
    /* the public key, which everybody knows, as the secret of an HMAC */
    jwt_maker_hs256(rules.key, rules.key_length, HEADER, CLAIMS, &token);
    CU_ASSERT_EQUAL(check(&rules, token.data), JWT_OTHER_ALGORITHM);
    jwt_maker_hs256(rules.key, rules.key_length, header, CLAIMS, &token);
    CU_ASSERT_EQUAL(check(&rules, token.data), JWT_BAD_SIGNATURE);
    jwt_maker_token(&maker, "{\"alg\":\"none\"}", CLAIMS, &token);
    CU_ASSERT_EQUAL(check(&rules, token.data), JWT_OTHER_ALGORITHM);
    buffer_free(&token);
    jwt_rules_free(&rules);
    jwt_maker_close(&maker);
    jwt_maker_close(&other);
}

static void rs256_is_verified(void)
{
    public_keys_verify(JWT_RS256, 2048, "{\"alg\":\"RS256\"}");
}

static void es256_is_verified(void)
{
    public_keys_verify(JWT_ES256, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
                       "{\"alg\":\"ES256\"}");
}

/* In DER; and with longer numbers, which libjwt would take. */
static void es256_has_one_form(void)
{
    static const size_t forms[] = {0, 48, 66};
    struct jwt_maker maker;
    struct buffer token = {0};
    jwt_maker_open(&maker, JWT_ES256, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1));
    struct jwt_rules rules = read_rules(&maker);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        jwt_maker_es256(&maker, forms[i], "{\"alg\":\"ES256\"}", CLAIMS, &token);
        CU_ASSERT_EQUAL(check(&rules, token.data), JWT_BAD_SIGNATURE);
    }
    buffer_free(&token);
    jwt_rules_free(&rules);
    jwt_maker_close(&maker);
}

struct bearer {
    const char *text, *token; /* NULL: none */
};

static const struct bearer bearers[] = {
    {NULL, NULL},
    {"", NULL},
    {"Bearer", NULL},
    {"Bearer ", NULL},
    {"Bearer   ", NULL},
    {"Basic abc", NULL},
    {"Bearerabc", NULL},
    {"Bearer\tabc", NULL},
    {"Bearer abc", "abc"},
    {"bEARER abc", "abc"},
    {"Bearer   abc ", "abc"},
    {"Bearer abc def", NULL},
    {"Bearer a.b.c", "a.b.c"},
};

static void the_bearers_token_is_found(void)
{
    for (size_t i = 0; i < sizeof bearers / sizeof *bearers; i++) {
        size_t length = 0;
        const char *due = bearers[i].token;
        const char *token = jwt_bearer(bearers[i].text, &length);
        if ((token == NULL) == (due == NULL) &&
            (token == NULL || (length == strlen(due) && memcmp(token, due, length) == 0)))
            continue;
        printf("  %s\n", bearers[i].text != NULL ? bearers[i].text : "(none)");
        CU_FAIL("another view of what the token is");
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("jwt", "a token is good or not", a_token_is_good_or_not);
    suite_add("jwt", "every claim is held to its rule", every_claim_is_held_to_its_rule);
    suite_add("jwt", "a subject has at most 255 bytes", a_subject_has_at_most_255_bytes);
    suite_add("jwt", "without rules issuer and audience are free",
              without_rules_issuer_and_audience_are_free);
    suite_add("jwt", "another signature is none", another_signature_is_none);
    suite_add("jwt", "a token has at most 8 KiB", a_token_has_at_most_8_kib);
    suite_add("jwt", "RS256 is verified", rs256_is_verified);
    suite_add("jwt", "ES256 is verified", es256_is_verified);
    suite_add("jwt", "ES256 has one form", es256_has_one_form);
    suite_add("jwt", "the bearer's token is found", the_bearers_token_is_found);
}
