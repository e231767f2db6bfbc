/* A token: taken if its signature is an HMAC of it under our secret, and header and claims, read once more
 * by the grammar, keep the rules. The input: a byte that says whether a token follows as it is, or two
 * JSON texts, with a NUL between, that are signed here. */
#include "balancer/routing/jwt.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

#include "common/base64url.h"
#include "common/buffer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"
#include "tests/fuzz/input.h"

static unsigned char secret[] = "0123456789abcdef0123456789abcdef";
static char issuer[] = "box", audience[] = "tickets";
static const int64_t now = 1800000000;

static const struct jwt_rules rules = {
    .algorithm = JWT_HS256,
    .key = secret,
    .key_length = sizeof secret - 1,
    .issuer = issuer,
    .audience = audience,
};

static void add_part(struct buffer *out, const void *bytes, size_t length)
{
    base64url_encode(bytes, length, buffer_reserve(out, BASE64URL_LENGTH(length) + 1));
    out->length += BASE64URL_LENGTH(length);
}

static void add_signature(struct buffer *token)
{
    unsigned char mac[32];
    must(gnutls_hmac_fast(GNUTLS_MAC_SHA256, secret, sizeof secret - 1, token->data, token->length,
                          mac) == 0,
         "an HMAC can be made");
    buffer_add_char(token, '.');
    add_part(token, mac, sizeof mac);
}

static const char *text_of(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(value) ? value->valuestring : "";
}

static double number_of(const cJSON *object, const char *name, double otherwise)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    if (value == NULL)
        return otherwise;
    return cJSON_IsNumber(value) ? value->valuedouble : -1;
}

static bool is_for_us(const cJSON *claims)
{
    const cJSON *element, *value = cJSON_GetObjectItemCaseSensitive(claims, "aud");
    bool found = strcmp(text_of(claims, "aud"), audience) == 0;
    if (cJSON_IsArray(value))
        cJSON_ArrayForEach(element, value) found =
            found || (cJSON_IsString(element) && strcmp(element->valuestring, audience) == 0);
    return found;
}

static void check_claims(const cJSON *claims, const char *subject)
{
    double end = number_of(claims, "exp", -1), begin = number_of(claims, "nbf", 0);
    must(end > (double)now, "its end is to come");
    must(begin >= 0 && begin <= (double)now + JWT_LEEWAY_SECONDS, "it has begun");
    must(strcmp(text_of(claims, "iss"), issuer) == 0, "it is from our issuer");
    must(is_for_us(claims), "it is for us");
    must(subject[0] != '\0' && strcmp(text_of(claims, "sub"), subject) == 0, "it names a subject");
    for (; *subject != '\0'; subject++)
        must((unsigned char)*subject >= 0x20 && *subject != 0x7f, "which is one line");
}

static cJSON *read_part(const char *begin, const char *end)
{
    size_t length, size = (size_t)(end - begin);
    unsigned char *bytes = memory_new(base64url_decoded_max(size));
    must(base64url_decode(begin, size, bytes, &length), "its parts are base64url");
    cJSON *value = grammar_json((const char *)bytes, length);
    must(cJSON_IsObject(value), "of JSON objects");
    free(bytes);
    return value;
}

static void check_good(const char *token, size_t length, const char *subject)
{
    const char *first = memchr(token, '.', length);
    const char *second = memchr(first + 1, '.', length - (size_t)(first + 1 - token));
    struct buffer again = {0};
    buffer_append(&again, token, (size_t)(second - token));
    add_signature(&again);
    must(again.length == length && memcmp(again.data, token, length) == 0, "it is signed by us");
    cJSON *header = read_part(token, first), *claims = read_part(first + 1, second);
    must(strcmp(text_of(header, "alg"), "HS256") == 0, "by the pinned algorithm");
    must(!cJSON_HasObjectItem(header, "crit"), "nothing in it is critical");
    check_claims(claims, subject);
    cJSON_Delete(header);
    cJSON_Delete(claims);
    buffer_free(&again);
}

static void check(const char *token, size_t length)
{
    char subject[JWT_SUBJECT_SIZE] = "";
    char *exact = memory_new(length);
    memcpy(exact, token, length);
    enum jwt_verdict verdict = jwt_check(&rules, exact, length, now, subject);
    must(length <= JWT_TOKEN_MAX || verdict == JWT_MALFORMED, "it is of 8 KiB");
    must(strlen(jwt_verdict_text(verdict)) > 0, "every verdict has a text");
    must(verdict == JWT_GOOD || subject[0] == '\0', "only a good one has a subject");
    if (verdict == JWT_GOOD)
        check_good(exact, length, subject);
    free(exact);
}

void fuzz_jwt(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    struct buffer token = {0};
    size_t length, more;
    bool as_it_is = input_byte(&input) % 2 == 0;
    char *text = input_until(&input, '\0', &length);
    char *rest = input_rest(&input, &more);
    if (as_it_is) {
        check(text, length);
        const char *bearer = jwt_bearer(text, &length);
        must(bearer == NULL || (length > 0 && bearer[strspn(bearer, " \t")] == bearer[0]),
             "a bearer's token is not empty");
    } else {
        add_part(&token, text, length);
        buffer_add_char(&token, '.');
        add_part(&token, rest, more);
        add_signature(&token);
        check(token.data, token.length);
    }
    buffer_free(&token);
    free(text);
    free(rest);
}
