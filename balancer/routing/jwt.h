/* Who a request is from, by a JSON Web Token (RFC 7519): checked by libjwt, and by what it leaves open
 * (RFC 8725). libjwt verifies with whatever algorithm a token asks for; here that is pinned by the rules
 * before any key is used, so an RSA public key never becomes the secret of an HMAC, and "none" is nothing.
 *
 * A token is good where it is at most JWT_TOKEN_MAX bytes; exactly three parts of canonical base64url;
 * header and claims JSON objects without a name that comes twice; `alg` the pinned one, `crit` absent,
 * `typ` absent or "JWT"; the signature right; `exp` there and in the future (no leeway: who issues tokens
 * adds it), `nbf`, where it is there, at most JWT_LEEWAY_SECONDS ahead; `iss` and `aud` as the rules say;
 * `sub` a string of 1 to 255 bytes without control characters.
 *
 * Tokens are secrets: nothing here writes one anywhere. A check costs (one core, claims of 180 bytes)
 * HS256 12 µs, RS256 (2,048 bits) 75 µs, ES256 400 µs. */
#ifndef BOX_OFFICE_JWT_H
#define BOX_OFFICE_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JWT_TOKEN_MAX = 8192,
    JWT_SUBJECT_SIZE = 256,
    JWT_LEEWAY_SECONDS = 30, /* clocks of issuer and balancer may be so far apart */
    JWT_SECRET_MIN = 32,     /* bytes (RFC 7518, 3.2) */
    JWT_RSA_BITS_MIN = 2048, /* RFC 7518, 3.3 */
    JWT_KEY_FILE_MAX = 16384,
    JWT_ERROR_SIZE = 512,
};

enum jwt_algorithm {
    JWT_HS256, /* HMAC with a secret that the issuer has too */
    JWT_RS256, /* RSASSA-PKCS1-v1_5 */
    JWT_ES256, /* ECDSA over P-256 */
    JWT_ALGORITHM_COUNT
};

/* What tokens are held against. Made by jwt_rules_read; never changes then, so any thread may use it. */
struct jwt_rules {
    enum jwt_algorithm algorithm;
    unsigned char *key; /* owned: the secret, or the public key in PEM */
    size_t key_length;
    char *issuer;   /* owned; NULL: any, or none */
    char *audience; /* owned; NULL: any, or none */
};

enum jwt_verdict {
    JWT_GOOD,
    JWT_MALFORMED,       /* no token that anybody could have meant for us */
    JWT_OTHER_ALGORITHM, /* than the pinned one */
    JWT_BAD_SIGNATURE,   /* or libjwt does not take what it holds */
    JWT_EXPIRED,         /* or it has no `exp` */
    JWT_NOT_YET,
    JWT_OTHER_ISSUER,
    JWT_OTHER_AUDIENCE,
    JWT_NO_SUBJECT,
};

/* Reads the key and keeps the rules. `algorithm` is its name in tokens: "HS256", "RS256" or "ES256".
 * `issuer` and `audience` may be NULL. A secret's file is of mode 0600, and what is in it is the secret but
 * for one newline at its end; a public key is in PEM. False with a sentence in `error` otherwise. */
bool jwt_rules_read(const char *algorithm, const char *key_file, const char *issuer,
                    const char *audience, struct jwt_rules *rules, char error[JWT_ERROR_SIZE]);

/* Zeroed rules are free already. The key is wiped. */
void jwt_rules_free(struct jwt_rules *rules);

/* `now` is in seconds of the wall clock. The subject is set where the token is good. Any thread. */
enum jwt_verdict jwt_check(const struct jwt_rules *rules, const char *token, size_t length,
                           int64_t now, char subject[JWT_SUBJECT_SIZE]);

/* "the token has expired", …: for the log and the client; tells nothing of what the token holds. */
const char *jwt_verdict_text(enum jwt_verdict verdict);

/* The token in an Authorization header's value (RFC 6750, 2.1), which may be NULL; NULL where there is
 * none. */
const char *jwt_bearer(const char *authorization, size_t *length);

/* The algorithm's name in tokens. */
const char *jwt_algorithm_name(enum jwt_algorithm algorithm);

#endif
