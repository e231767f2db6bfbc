#include "tests/unit/balancer/routing/jwt_maker.h"

#include <gnutls/crypto.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base64url.h"
#include "tests/lib/suite.h"

enum {
    ES256_NUMBER = 32, /* bytes of each of the two that are a signature */
    NUMBER_MAX = 66,
};

static void write_public_key(struct jwt_maker *maker)
{
    gnutls_pubkey_t public;
    gnutls_datum_t text = {0};
    CU_ASSERT_EQUAL_FATAL(gnutls_pubkey_init(&public), 0);
    CU_ASSERT_EQUAL_FATAL(gnutls_pubkey_import_privkey(public, maker->key, 0, 0), 0);
    CU_ASSERT_EQUAL_FATAL(gnutls_pubkey_export2(public, GNUTLS_X509_FMT_PEM, &text), 0);
    files_write(maker->key_file, text.data, text.size);
    gnutls_free(text.data);
    gnutls_pubkey_deinit(public);
}

void jwt_maker_open(struct jwt_maker *maker, enum jwt_algorithm algorithm, unsigned bits)
{
    *maker = (struct jwt_maker){.algorithm = algorithm};
    files_directory(maker->directory);
    files_path(maker->key_file, maker->directory, "key");
    if (algorithm == JWT_HS256) {
        files_write(maker->key_file, JWT_MAKER_SECRET "\n", sizeof JWT_MAKER_SECRET);
        CU_ASSERT_EQUAL_FATAL(chmod(maker->key_file, 0600), 0);
        return;
    }
    CU_ASSERT_EQUAL_FATAL(gnutls_privkey_init(&maker->key), 0);
    CU_ASSERT_EQUAL_FATAL(
        gnutls_privkey_generate(maker->key,
                                algorithm == JWT_RS256 ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA, bits, 0),
        0);
    write_public_key(maker);
}

void jwt_maker_close(struct jwt_maker *maker)
{
    if (maker->key != NULL)
        gnutls_privkey_deinit(maker->key);
    files_discard(maker->directory);
}

static void add_part(struct buffer *out, const void *bytes, size_t length)
{
    base64url_encode(bytes, length, buffer_reserve(out, BASE64URL_LENGTH(length) + 1));
    out->length += BASE64URL_LENGTH(length);
}

static void add_content(struct buffer *out, const char *header, const char *claims)
{
    buffer_clear(out);
    add_part(out, header, strlen(header));
    buffer_add_char(out, '.');
    add_part(out, claims, strlen(claims));
}

const char *jwt_maker_hs256(const void *secret, size_t length, const char *header,
                            const char *claims, struct buffer *out)
{
    unsigned char mac[32];
    add_content(out, header, claims);
    CU_ASSERT_EQUAL_FATAL(
        gnutls_hmac_fast(GNUTLS_MAC_SHA256, secret, length, out->data, out->length, mac), 0);
    buffer_add_char(out, '.');
    add_part(out, mac, sizeof mac);
    return buffer_text(out);
}

static void sign(const struct jwt_maker *maker, const struct buffer *content,
                 gnutls_datum_t *signature)
{
    const gnutls_datum_t text = {(unsigned char *)content->data, (unsigned)content->length};
    CU_ASSERT_EQUAL_FATAL(
        gnutls_privkey_sign_data(maker->key, GNUTLS_DIG_SHA256, 0, &text, signature), 0);
}

/* Numbers are as long as they need to be, with a zero before a highest bit that is set. */
static void put_number(const gnutls_datum_t *number, unsigned char *out, size_t size)
{
    size_t more = number->size > size ? number->size - size : 0;
    size_t length = number->size - more;
    memset(out, 0, size);
    memcpy(out + size - length, number->data + more, length);
}

static void add_raw(struct buffer *out, const gnutls_datum_t *der, size_t number_size)
{
    unsigned char raw[2 * NUMBER_MAX];
    gnutls_datum_t r, s;
    CU_ASSERT_EQUAL_FATAL(gnutls_decode_rs_value(der, &r, &s), 0);
    put_number(&r, raw, number_size);
    put_number(&s, raw + number_size, number_size);
    add_part(out, raw, 2 * number_size);
    gnutls_free(r.data);
    gnutls_free(s.data);
}

const char *jwt_maker_es256(const struct jwt_maker *maker, size_t number_size, const char *header,
                            const char *claims, struct buffer *out)
{
    gnutls_datum_t signature = {0};
    add_content(out, header, claims);
    sign(maker, out, &signature);
    buffer_add_char(out, '.');
    if (number_size > 0)
        add_raw(out, &signature, number_size);
    else
        add_part(out, signature.data, signature.size);
    gnutls_free(signature.data);
    return buffer_text(out);
}

static const char *make_rs256(const struct jwt_maker *maker, const char *header, const char *claims,
                              struct buffer *out)
{
    return jwt_maker_es256(maker, 0, header, claims, out); /* what the key makes, as it is */
}

const char *jwt_maker_token(const struct jwt_maker *maker, const char *header, const char *claims,
                            struct buffer *out)
{
    switch (maker->algorithm) {
    case JWT_HS256:
        return jwt_maker_hs256(JWT_MAKER_SECRET, sizeof JWT_MAKER_SECRET - 1, header, claims, out);
    case JWT_ES256:
        return jwt_maker_es256(maker, ES256_NUMBER, header, claims, out);
    default:
        return make_rs256(maker, header, claims, out);
    }
}
