/* Idempotency keys as bytea: one that is an id as its 16 bytes, any other as its text, which gets a zero byte behind
 * it where it would be taken for an id. Keys are visible ASCII, so that none ends in one itself. */
#ifndef BOX_OFFICE_POSTGRES_KEY_H
#define BOX_OFFICE_POSTGRES_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "common/purchase.h"

enum {
    KEY_PACKED_SIZE = KEY_SIZE, /* room for any packed key */
};

/* How many bytes it has. */
size_t key_pack(const char *key, uint8_t packed[KEY_PACKED_SIZE]);

/* And back; what is too long for a key is cut. */
void key_unpack(const uint8_t *packed, size_t size, char key[KEY_SIZE]);

#endif
