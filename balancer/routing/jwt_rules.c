#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "balancer/routing/jwt.h"
#include "common/buffer.h"

static bool fail(char error[JWT_ERROR_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(char error[JWT_ERROR_SIZE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, JWT_ERROR_SIZE, format, arguments);
    va_end(arguments);
    return false;
}

static bool find_algorithm(const char *name, enum jwt_algorithm *algorithm)
{
    for (int i = JWT_HS256; i <= JWT_ES256; i++)
        if (strcmp(name, jwt_algorithm_name((enum jwt_algorithm)i)) == 0) {
            *algorithm = (enum jwt_algorithm)i;
            return true;
        }
    return false;
}

/* Reads the whole of an open file into rules->key. */
static bool read_open(int fd, const char *path, struct jwt_rules *rules, char *error)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        return fail(error, "the key %s is no file", path);
    if (rules->algorithm == JWT_HS256 && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(error, "others may read the key %s; do: chmod 600 %s", path, path);
    if (about.st_size > JWT_KEY_FILE_MAX)
        return fail(error, "the key %s is longer than %d bytes", path, JWT_KEY_FILE_MAX);
    rules->key = memory_new(JWT_KEY_FILE_MAX);
    ssize_t length = read(fd, rules->key, JWT_KEY_FILE_MAX);
    if (length < 0)
        return fail(error, "the key %s cannot be read: %s", path, strerror(errno));
    rules->key_length = (size_t)length;
    return true;
}

/* Without waiting, so that a pipe of that name stops nobody. */
static bool read_key(const char *path, struct jwt_rules *rules, char *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT && rules->algorithm == JWT_HS256)
        return fail(error, "there is no key %s; make one: (umask 077; openssl rand -hex 32 > %s)",
                    path, path);
    if (fd < 0)
        return fail(error, "the key %s cannot be read: %s", path, strerror(errno));
    bool good = read_open(fd, path, rules, error);
    close(fd);
    return good;
}

static bool check_secret(const char *path, struct jwt_rules *rules, char *error)
{
    static const char pem[] = "-----BEGIN ";
    if (rules->key_length >= sizeof pem - 1 && memcmp(rules->key, pem, sizeof pem - 1) == 0)
        return fail(error, "%s holds a key in PEM, but HS256 needs a secret", path);
    if (rules->key_length > 0 && rules->key[rules->key_length - 1] == '\n')
        rules->key_length--;
    return rules->key_length >= JWT_SECRET_MIN ||
           fail(error, "the secret in %s has %zu bytes; HS256 needs at least %d", path,
                rules->key_length, JWT_SECRET_MIN);
}

static bool is_p256(gnutls_pubkey_t key)
{
    gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
    return gnutls_pubkey_export_ecc_raw(key, &curve, NULL, NULL) == 0 &&
           curve == GNUTLS_ECC_CURVE_SECP256R1;
}

static bool check_kind(const char *path, enum jwt_algorithm algorithm, gnutls_pubkey_t key,
                       char *error)
{
    unsigned bits = 0;
    int kind = gnutls_pubkey_get_pk_algorithm(key, &bits);
    if (algorithm == JWT_ES256)
        return (kind == GNUTLS_PK_ECDSA && is_p256(key)) ||
               fail(error, "the key in %s is not on the curve P-256, as ES256 needs", path);
    if (kind != GNUTLS_PK_RSA)
        return fail(error, "the key in %s is not of RSA, as RS256 needs", path);
    return bits >= JWT_RSA_BITS_MIN ||
           fail(error, "the key in %s has %u bits; RS256 needs %d", path, bits, JWT_RSA_BITS_MIN);
}

static bool check_public_key(const char *path, const struct jwt_rules *rules, char *error)
{
    gnutls_pubkey_t key;
    const gnutls_datum_t text = {rules->key, (unsigned)rules->key_length};
    if (gnutls_pubkey_init(&key) != 0)
        return fail(error, "there is no memory for the key in %s", path);
    int status = gnutls_pubkey_import(key, &text, GNUTLS_X509_FMT_PEM);
    bool good = status == 0 ? check_kind(path, rules->algorithm, key, error)
                            : fail(error, "%s holds no public key in PEM: %s", path,
                                   gnutls_strerror(status));
    gnutls_pubkey_deinit(key);
    return good;
}

bool jwt_rules_read(const char *algorithm, const char *key_file, const char *issuer,
                    const char *audience, struct jwt_rules *rules, char error[JWT_ERROR_SIZE])
{
    *rules = (struct jwt_rules){0};
    if (!find_algorithm(algorithm, &rules->algorithm))
        return fail(error, "'%s' is none of the algorithms HS256, RS256, ES256", algorithm);
    if (!read_key(key_file, rules, error) ||
        !(rules->algorithm == JWT_HS256 ? check_secret(key_file, rules, error)
                                        : check_public_key(key_file, rules, error))) {
        jwt_rules_free(rules);
        return false;
    }
    rules->issuer = issuer != NULL ? memory_copy(issuer) : NULL;
    rules->audience = audience != NULL ? memory_copy(audience) : NULL;
    return true;
}

void jwt_rules_free(struct jwt_rules *rules)
{
    if (rules->key != NULL)
        gnutls_memset(rules->key, 0, rules->key_length);
    free(rules->key);
    free(rules->issuer);
    free(rules->audience);
    *rules = (struct jwt_rules){0};
}
