/* Makes keys, and tokens signed with them, by GnuTLS alone: what libjwt takes is held against another
 * hand. What cannot be done ends the test with a failed assertion. Main thread only. */
#ifndef BOX_OFFICE_TEST_JWT_MAKER_H
#define BOX_OFFICE_TEST_JWT_MAKER_H

#include <gnutls/abstract.h>

#include "balancer/routing/jwt.h"
#include "common/buffer.h"
#include "tests/lib/files.h"

#define JWT_MAKER_SECRET "a secret of more than 32 bytes, as it must be"

struct jwt_maker {
    enum jwt_algorithm algorithm;
    gnutls_privkey_t key; /* NULL for HS256 */
    char directory[FILES_PATH_SIZE];
    char key_file[FILES_PATH_SIZE]; /* what jwt_rules_read is to read */
};

/* A new key of so many bits (of RSA), or on that curve (GNUTLS_CURVE_TO_BITS); HS256 has its own. */
void jwt_maker_open(struct jwt_maker *maker, enum jwt_algorithm algorithm, unsigned bits);
void jwt_maker_close(struct jwt_maker *maker);

/* Signs as the maker does, whatever the header says; the text is valid until the buffer changes. */
const char *jwt_maker_token(const struct jwt_maker *maker, const char *header, const char *claims,
                            struct buffer *out);

/* The same for HS256 with another secret; and for ES256 with numbers of so many bytes, or in DER (0). */
const char *jwt_maker_hs256(const void *secret, size_t length, const char *header,
                            const char *claims, struct buffer *out);
const char *jwt_maker_es256(const struct jwt_maker *maker, size_t number_size, const char *header,
                            const char *claims, struct buffer *out);

#endif
