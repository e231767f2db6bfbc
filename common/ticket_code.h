/* A ticket's code: what a gate reads, and can verify without asking anybody.
 *
 * A JWS in compact form (RFC 7515) signed with Ed25519 (RFC 8032, as "EdDSA" of RFC 8037), of exactly
 * this shape, in this order and without white space:
 *
 *   {"alg":"EdDSA","kid":"…"} . {"event":"…","tier":"…","number":N} . signature
 *
 * The payload is what the store knows a ticket by; whose it is, and what has become of it, it does not
 * say. The same ticket signed with the same key is the same code.
 *
 * Pure but for ticket_key_make; any thread. */
#ifndef BOX_OFFICE_TICKET_CODE_H
#define BOX_OFFICE_TICKET_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base64url.h"
#include "common/purchase.h"

enum {
    TICKET_SEED_SIZE = 32,      /* a secret key, as RFC 8032 has it */
    TICKET_PUBLIC_SIZE = 32,    /* a public key */
    TICKET_SIGNATURE_SIZE = 64, /* 86 characters */
    TICKET_KEY_ID_SIZE = 12,    /* 11 characters and the NUL */
    TICKET_HEADER_MAX = 35,
    TICKET_PAYLOAD_MAX = 2 * NAME_SIZE + 48,
    TICKET_CODE_SIZE = BASE64URL_LENGTH(TICKET_HEADER_MAX) + BASE64URL_LENGTH(TICKET_PAYLOAD_MAX) +
                       BASE64URL_LENGTH(TICKET_SIGNATURE_SIZE) + 3, /* the longest and its NUL */
};

#define TICKET_NUMBER_MAX                                                                          \
    ((INT64_C(1) << 53) - 1) /* what JSON's readers can tell apart (RFC 8259) */

/* Which ticket. */
struct ticket_name {
    char event[NAME_SIZE];
    char tier[NAME_SIZE];
    int64_t number; /* 1 to TICKET_NUMBER_MAX */
};

struct ticket_signer {
    char id[TICKET_KEY_ID_SIZE];
    uint8_t seed[TICKET_SEED_SIZE];
    uint8_t public_key[TICKET_PUBLIC_SIZE];
};

/* A new key, random (the kernel's). */
void ticket_key_make(struct ticket_signer *key);

/* The public key of a seed, and the id of a public key: the first 8 bytes of its JWK thumbprint (RFC
 * 7638, the SHA-256 over {"crv":"Ed25519","kty":"OKP","x":"…"}) in base64url. The whole of it would
 * make each ticket's QR code larger; keys are an organiser's own, so that nobody gains by two of the
 * same id. */
void ticket_key_public(const uint8_t seed[TICKET_SEED_SIZE],
                       uint8_t public_key[TICKET_PUBLIC_SIZE]);
void ticket_key_id(const uint8_t public_key[TICKET_PUBLIC_SIZE], char id[TICKET_KEY_ID_SIZE]);

/* Whether `id` can be a key's. */
bool ticket_key_id_valid(const char *id);

/* Writes the ticket's code, signed. */
void ticket_code_make(const struct ticket_signer *key, const struct ticket_name *ticket,
                      char code[TICKET_CODE_SIZE]);

/* The public key of this id (TICKET_PUBLIC_SIZE bytes, valid until the next call); NULL: none that is
 * good. */
typedef const uint8_t *ticket_key_find(void *context, const char *id);

/* True where the code is what ticket_code_make would have written with a key that `find` knows;
 * *ticket is filled in. Whatever else it is, altered, forged, of another algorithm or key, cut,
 * longer, is one and the same false. `find` is called at most once, for what has the shape of a code. */
bool ticket_code_check(const char *code, size_t length, ticket_key_find *find, void *context,
                       struct ticket_name *ticket);

#endif
