/* What streams consist of: bytes that follow from a seed, and the SHA-256 of them. */
#ifndef BOX_OFFICE_TEST_CONTENT_H
#define BOX_OFFICE_TEST_CONTENT_H

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONTENT_PIECE = 64 << 10, /* bytes made at once */
    DIGEST_TEXT_SIZE = 65,    /* hexadecimal, and its NUL */
};

/* A stream that is made and hashed. */
struct content {
    uint64_t state;
    int64_t left; /* bytes */
    gnutls_hash_hd_t hash;
    char bytes[CONTENT_PIECE];
};

/* So many bytes of this seed's. */
void content_begin(struct content *content, uint64_t seed, int64_t length);

/* Makes the next bytes, at `bytes`, and hashes them: how many; 0: that was all. */
size_t content_next(struct content *content);

/* The digest of all so far; ends it. */
void content_end(struct content *content, char digest[DIGEST_TEXT_SIZE]);

/* The digest of what comes from elsewhere. */
gnutls_hash_hd_t digest_begin(void);
void digest_end(gnutls_hash_hd_t hash, char digest[DIGEST_TEXT_SIZE]);

#endif
