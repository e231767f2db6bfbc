#include "db/postgres/key.h"

#include <string.h>

#include "common/id.h"
#include "db/sql/key.h"

static const size_t id_size = sizeof(struct id);

size_t key_pack(const char *key, uint8_t packed[KEY_PACKED_SIZE])
{
    struct id id;
    if (key_is_id(key, &id)) {
        memcpy(packed, id.bytes, id_size);
        return id_size;
    }
    size_t length = strlen(key);
    memcpy(packed, key, length + 1);
    return length == id_size ? length + 1 : length;
}

void key_unpack(const uint8_t *packed, size_t size, char key[KEY_SIZE])
{
    struct id id;
    if (size == id_size) {
        memcpy(id.bytes, packed, id_size);
        id_format(&id, key);
        return;
    }
    if (size >= KEY_SIZE)
        size = KEY_SIZE - 1;
    memcpy(key, packed, size);
    key[size] = '\0';
}
