#include "tests/streams/content.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gnutls_hash_hd_t digest_begin(void)
{
    gnutls_hash_hd_t hash;
    if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) != 0)
        abort();
    return hash;
}

void digest_end(gnutls_hash_hd_t hash, char digest[DIGEST_TEXT_SIZE])
{
    unsigned char bytes[(DIGEST_TEXT_SIZE - 1) / 2];
    gnutls_hash_deinit(hash, bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(digest + 2 * i, 3, "%02x", bytes[i]);
}

void content_begin(struct content *content, uint64_t seed, int64_t length)
{
    content->state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
    content->left = length;
    content->hash = digest_begin();
}

/* xorshift64*: it need not be good, only different everywhere, and faster than what it is to test. */
static uint64_t next_word(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

size_t content_next(struct content *content)
{
    size_t length = content->left < CONTENT_PIECE ? (size_t)content->left : CONTENT_PIECE;
    for (size_t at = 0; at < length; at += sizeof(uint64_t)) {
        uint64_t word = next_word(&content->state);
        memcpy(content->bytes + at, &word, sizeof word);
    }
    gnutls_hash(content->hash, content->bytes, length);
    content->left -= (int64_t)length;
    return length;
}

void content_end(struct content *content, char digest[DIGEST_TEXT_SIZE])
{
    digest_end(content->hash, digest);
}
