#include "tests/cluster/tokens.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base64url.h"
#include "common/clock.h"
#include "tests/lib/suite.h"

enum {
    HASH_SIZE = 32,
};

static const char secret[] = "the tests' own secret, of more than 32 bytes";

void tokens_configure(const char *directory, char *json, size_t size)
{
    char path[FILES_PATH_SIZE];
    files_path(path, directory, "jwt.key");
    files_write(path, secret, strlen(secret));
    CU_ASSERT_EQUAL_FATAL(chmod(path, 0600), 0);
    int length = snprintf(
        json, size,
        ", \"jwt\": {\"algorithm\": \"HS256\", \"key_file\": \"%s\", \"issuer\": \"tests\"}", path);
    CU_ASSERT_FATAL(length > 0 && (size_t)length < size);
}

static void encode(const char *text, char *out)
{
    base64url_encode((const unsigned char *)text, strlen(text), out);
}

void tokens_field(char field[TOKEN_FIELD_SIZE], const char *subject, int seconds,
                  const char *signed_by)
{
    char claims[160], head[64], body[256], content[330], signature[64];
    unsigned char hash[HASH_SIZE];
    int64_t expires = clock_now() / CLOCK_SECOND + seconds;
    const char *key = signed_by != NULL ? signed_by : secret;
    snprintf(claims, sizeof claims, "{\"iss\":\"tests\",\"sub\":\"%s\",\"exp\":%lld}", subject,
             (long long)expires);
    encode("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", head);
    encode(claims, body);
    snprintf(content, sizeof content, "%s.%s", head, body);
    CU_ASSERT_EQUAL(
        gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, strlen(key), content, strlen(content), hash), 0);
    base64url_encode(hash, sizeof hash, signature);
    snprintf(field, TOKEN_FIELD_SIZE, "Authorization: Bearer %s.%s", content, signature);
}
