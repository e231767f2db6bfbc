#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "balancer/routing/jwt.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/routing/jwt_maker.h"

#define BYTES_31 "0123456789abcdef0123456789abcde"

/* Whether the file is taken; else that the reason holds these words. */
static bool takes(const char *algorithm, const char *path, const char *words)
{
    struct jwt_rules rules;
    char error[JWT_ERROR_SIZE] = "";
    bool good = jwt_rules_read(algorithm, path, NULL, NULL, &rules, error);
    if (!good && strstr(error, words) == NULL)
        printf("  %s\n", error);
    CU_ASSERT(good || strstr(error, words) != NULL);
    jwt_rules_free(&rules);
    return good;
}

struct secret {
    const char *text;
    mode_t mode;
    const char *words; /* NULL: it is taken */
};

static const struct secret secrets[] = {
    {BYTES_31 "f", 0600, NULL},
    {BYTES_31 "f\n", 0400, NULL},
    {BYTES_31 "\n\n", 0600, NULL}, /* only one is not of the secret */
    {BYTES_31 "\n", 0600, "31 bytes"},
    {BYTES_31, 0600, "31 bytes"},
    {"\n", 0600, "0 bytes"},
    {"", 0600, "0 bytes"},
    {BYTES_31 "f", 0640, "chmod 600"},
    {BYTES_31 "f", 0604, "chmod 600"},
    {"-----BEGIN PUBLIC KEY-----\n" BYTES_31, 0600, "PEM"},
};

static void a_secret_is_taken_or_not(void)
{
    char directory[FILES_PATH_SIZE], path[FILES_PATH_SIZE];
    files_directory(directory);
    files_path(path, directory, "secret");
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        unlink(path);
        files_write(path, secrets[i].text, strlen(secrets[i].text));
        CU_ASSERT_EQUAL(chmod(path, secrets[i].mode), 0);
        CU_ASSERT_EQUAL(takes("HS256", path, secrets[i].words != NULL ? secrets[i].words : "-"),
                        secrets[i].words == NULL);
    }
    files_discard(directory);
}

static void the_secret_is_what_the_file_holds(void)
{
    struct jwt_maker maker;
    struct jwt_rules rules;
    char error[JWT_ERROR_SIZE];
    jwt_maker_open(&maker, JWT_HS256, 0);
    CU_ASSERT_FATAL(jwt_rules_read("HS256", maker.key_file, "box", NULL, &rules, error));
    CU_ASSERT_EQUAL(rules.algorithm, JWT_HS256);
    CU_ASSERT_EQUAL(rules.key_length, sizeof JWT_MAKER_SECRET - 1);
    CU_ASSERT_EQUAL(memcmp(rules.key, JWT_MAKER_SECRET, rules.key_length), 0);
    CU_ASSERT_STRING_EQUAL(rules.issuer, "box");
    CU_ASSERT_PTR_NULL(rules.audience);
    jwt_rules_free(&rules);
    jwt_maker_close(&maker);
}

struct kind {
    enum jwt_algorithm algorithm;
    unsigned bits;
    const char *rs256, *es256; /* the words of the refusal; NULL: it is taken */
};

static const struct kind kinds[] = {
    {JWT_RS256, 2048, NULL, "P-256"},
    {JWT_RS256, 1024, "1024 bits", "P-256"},
    {JWT_ES256, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), "not of RSA", NULL},
    {JWT_ES256, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1), "not of RSA", "P-256"},
};

static void a_public_key_is_taken_or_not(void)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct kind *kind = &kinds[i];
        struct jwt_maker maker;
        jwt_maker_open(&maker, kind->algorithm, kind->bits);
        CU_ASSERT_EQUAL(takes("RS256", maker.key_file, kind->rs256 != NULL ? kind->rs256 : "-"),
                        kind->rs256 == NULL);
        CU_ASSERT_EQUAL(takes("ES256", maker.key_file, kind->es256 != NULL ? kind->es256 : "-"),
                        kind->es256 == NULL);
        CU_ASSERT_EQUAL(chmod(maker.key_file, 0600), 0);
        CU_ASSERT_FALSE(takes("HS256", maker.key_file, "PEM"));
        jwt_maker_close(&maker);
    }
}

static void what_is_no_key_is_refused(void)
{
    static char large[JWT_KEY_FILE_MAX + 1];
    char directory[FILES_PATH_SIZE], path[FILES_PATH_SIZE];
    files_directory(directory);
    files_path(path, directory, "key");
    CU_ASSERT_FALSE(takes("HS256", path, "make one: (umask 077; openssl rand -hex 32 > /"));
    CU_ASSERT_FALSE(takes("ES256", path, "No such file"));
    CU_ASSERT_FALSE(takes("HS256", directory, "no file"));
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    CU_ASSERT_FALSE(takes("HS256", path, "no file")); /* and waits for no writer */
    CU_ASSERT_EQUAL(unlink(path), 0);
    files_write(path, large, sizeof large);
    CU_ASSERT_EQUAL(chmod(path, 0600), 0);
    CU_ASSERT_FALSE(takes("HS256", path, "longer than"));
    CU_ASSERT_FALSE(takes("none", path, "'none'"));
    CU_ASSERT_FALSE(takes("HS512", path, "'HS512'"));
    CU_ASSERT_FALSE(takes("hs256", path, "'hs256'"));
    CU_ASSERT_FALSE(takes("", path, "''"));
    files_write(path, "no PEM", 6);
    CU_ASSERT_FALSE(takes("RS256", path, "PEM"));
    files_discard(directory);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("jwt rules", "a secret is taken or not", a_secret_is_taken_or_not);
    suite_add("jwt rules", "the secret is what the file holds", the_secret_is_what_the_file_holds);
    suite_add("jwt rules", "a public key is taken or not", a_public_key_is_taken_or_not);
    suite_add("jwt rules", "what is no key is refused", what_is_no_key_is_refused);
}
