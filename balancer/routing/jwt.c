#include "balancer/routing/jwt.h"

#include <jwt.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base64url.h"
#include "common/json.h"

enum {
    DECODED_MAX = JWT_TOKEN_MAX / 4 * 3 + 3,
    PARTS = 3,
};
enum { HEADER, CLAIMS, SIGNATURE };

static const struct {
    const char *name;
    jwt_alg_t of_libjwt;
    size_t signature; /* its bytes; 0: as many as the key has */
} algorithms[] = {
    [JWT_HS256] = {"HS256", JWT_ALG_HS256, 32},
    [JWT_RS256] = {"RS256", JWT_ALG_RS256, 0},
    [JWT_ES256] = {"ES256", JWT_ALG_ES256, 64}, /* the two numbers, not DER (RFC 7518, 3.4) */
};

struct part {
    const char *text;
    size_t length;
};

const char *jwt_algorithm_name(enum jwt_algorithm algorithm)
{
    return algorithms[algorithm].name;
}

static bool split(const char *token, size_t length, struct part parts[PARTS])
{
    const char *end = token + length;
    for (int i = 0; i < PARTS; i++) {
        const char *dot = memchr(token, '.', (size_t)(end - token));
        if ((dot == NULL) != (i == PARTS - 1))
            return false;
        const char *stop = dot != NULL ? dot : end;
        parts[i] = (struct part){token, (size_t)(stop - token)};
        token = stop + 1;
    }
    return true;
}

/* The object that a part is; NULL where it is none. The caller frees it. */
static cJSON *decode_object(const struct part *part)
{
    unsigned char bytes[DECODED_MAX];
    char error[JSON_ERROR_SIZE];
    size_t length;
    if (!base64url_decode(part->text, part->length, bytes, &length))
        return NULL;
    cJSON *object = json_parse((const char *)bytes, length, error);
    if (cJSON_IsObject(object))
        return object;
    cJSON_Delete(object);
    return NULL;
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static bool is_text(const cJSON *value, const char *text)
{
    return cJSON_IsString(value) && strcmp(value->valuestring, text) == 0;
}

static enum jwt_verdict check_header(const struct jwt_rules *rules, const struct part *part)
{
    cJSON *header = decode_object(part);
    enum jwt_verdict verdict = JWT_GOOD;
    if (header == NULL || member(header, "crit") != NULL) /* none is understood here */
        verdict = JWT_MALFORMED;
    else if (!is_text(member(header, "alg"), jwt_algorithm_name(rules->algorithm)))
        verdict = JWT_OTHER_ALGORITHM;
    cJSON_Delete(header);
    return verdict;
}

/* Before libjwt, which takes more spellings of the same. */
static bool is_signature(const struct jwt_rules *rules, const struct part *part)
{
    unsigned char bytes[DECODED_MAX];
    size_t length, due = algorithms[rules->algorithm].signature;
    return base64url_decode(part->text, part->length, bytes, &length) && length > 0 &&
           (due == 0 || length == due);
}

static bool verify(const struct jwt_rules *rules, const char *token, size_t length)
{
    char text[JWT_TOKEN_MAX + 1];
    jwt_t *jwt = NULL;
    memcpy(text, token, length);
    text[length] = '\0';
    if (jwt_decode(&jwt, text, rules->key, (int)rules->key_length) != 0)
        return false;
    bool pinned = jwt_get_alg(jwt) == algorithms[rules->algorithm].of_libjwt;
    jwt_free(jwt);
    return pinned;
}

/* Seconds since 1970, with or without a fraction (RFC 7519, 2); false where it is none. */
static bool read_date(const cJSON *value, double *date)
{
    static const double most = (double)(INT64_C(1) << 53);
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= 0 && value->valuedouble <= most))
        return false;
    *date = value->valuedouble;
    return true;
}

static bool is_expired(const cJSON *claims, double now)
{
    double date;
    return !read_date(member(claims, "exp"), &date) || !(now < date);
}

static bool is_early(const cJSON *claims, double now)
{
    double date;
    const cJSON *begin = member(claims, "nbf");
    return begin != NULL && (!read_date(begin, &date) || date > now + JWT_LEEWAY_SECONDS);
}

static bool is_for(const cJSON *audience, const char *us)
{
    const cJSON *element;
    if (!cJSON_IsArray(audience))
        return is_text(audience, us);
    cJSON_ArrayForEach(element, audience) if (is_text(element, us)) return true;
    return false;
}

static bool read_subject(const cJSON *value, char subject[JWT_SUBJECT_SIZE])
{
    if (!cJSON_IsString(value))
        return false;
    size_t length = strlen(value->valuestring);
    if (length == 0 || length >= JWT_SUBJECT_SIZE)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)value->valuestring[i] < 0x20 || value->valuestring[i] == 0x7f)
            return false;
    memcpy(subject, value->valuestring, length + 1);
    return true;
}

static enum jwt_verdict check_claims(const struct jwt_rules *rules, const cJSON *claims,
                                     int64_t now, char subject[JWT_SUBJECT_SIZE])
{
    if (is_expired(claims, (double)now))
        return JWT_EXPIRED;
    if (is_early(claims, (double)now))
        return JWT_NOT_YET;
    if (rules->issuer != NULL && !is_text(member(claims, "iss"), rules->issuer))
        return JWT_OTHER_ISSUER;
    if (rules->audience != NULL && !is_for(member(claims, "aud"), rules->audience))
        return JWT_OTHER_AUDIENCE;
    return read_subject(member(claims, "sub"), subject) ? JWT_GOOD : JWT_NO_SUBJECT;
}

enum jwt_verdict jwt_check(const struct jwt_rules *rules, const char *token, size_t length,
                           int64_t now, char subject[JWT_SUBJECT_SIZE])
{
    struct part parts[PARTS];
    if (length > JWT_TOKEN_MAX || !split(token, length, parts))
        return JWT_MALFORMED;
    enum jwt_verdict verdict = check_header(rules, &parts[HEADER]);
    if (verdict != JWT_GOOD)
        return verdict;
    cJSON *claims = decode_object(&parts[CLAIMS]);
    if (claims == NULL)
        verdict = JWT_MALFORMED;
    else if (!is_signature(rules, &parts[SIGNATURE]) || !verify(rules, token, length))
        verdict = JWT_BAD_SIGNATURE;
    else
        verdict = check_claims(rules, claims, now, subject);
    cJSON_Delete(claims);
    return verdict;
}

const char *jwt_verdict_text(enum jwt_verdict verdict)
{
    static const char *const texts[] = {
        [JWT_GOOD] = "the token is good",
        [JWT_MALFORMED] = "the token is malformed",
        [JWT_OTHER_ALGORITHM] = "the token is signed by another algorithm",
        [JWT_BAD_SIGNATURE] = "the token's signature is wrong",
        [JWT_EXPIRED] = "the token has expired",
        [JWT_NOT_YET] = "the token is not valid yet",
        [JWT_OTHER_ISSUER] = "the token is from another issuer",
        [JWT_OTHER_AUDIENCE] = "the token is for another audience",
        [JWT_NO_SUBJECT] = "the token names no subject",
    };
    return texts[verdict];
}

const char *jwt_bearer(const char *authorization, size_t *length)
{
    static const char scheme[] = "Bearer ";
    if (authorization == NULL || strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
        return NULL;
    const char *token = authorization + sizeof scheme - 1;
    token += strspn(token, " ");
    *length = strcspn(token, " \t");
    bool alone = token[*length + strspn(token + *length, " \t")] == '\0';
    return *length > 0 && alone ? token : NULL;
}
