/* The store's signing keys, as this server knows them: those that are not retired. The loop's thread
 * only.
 *
 * They are read again when they are asked for and KEYS_AGE_MAX old, so that a key that another server
 * retired is refused within that time; and for an id that is not known, which may be a new key's.
 * Forged ids cost no more than KEYS_LOOKUPS_MAX such readings in that time, of some 30 microseconds
 * each. */
#ifndef BOX_OFFICE_KEYS_H
#define BOX_OFFICE_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/ticket_code.h"
#include "ticket_server/catalog.h"

enum {
    KEYS_MAX = STORE_KEYS_MAX,
    KEYS_LOOKUPS_MAX = 50,
};

#define KEYS_AGE_MAX (CLOCK_SECOND / 2)

/* Zeroed but for the catalog to begin with. */
struct keys {
    struct catalog *catalog;            /* not owned */
    struct ticket_signer key[KEYS_MAX]; /* the newest, which signs, first */
    size_t count;
    int64_t read_at;      /* monotonic; 0: never, or they must be read */
    int64_t looked_up_at; /* monotonic: the first of these ... */
    unsigned lookups;     /* ... readings for an id that was not known */
};

/* Makes sure that they are young enough, and there is one that signs. */
enum problem keys_refresh(struct keys *keys);

/* They have changed: they are read before they are used again. */
void keys_forget(struct keys *keys);

/* The key that signs; after a keys_refresh that went well. */
const struct ticket_signer *keys_signer(const struct keys *keys);

/* A ticket_key_find; `context` is the keys. */
const uint8_t *keys_find(void *context, const char *id);

/* Appends them as a JWK Set (RFC 7517, section 5; RFC 8037, section 2), without their secret parts. */
void keys_append(const struct keys *keys, struct buffer *out);

/* What was in them is overwritten. */
void keys_close(struct keys *keys);

#endif
