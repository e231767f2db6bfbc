#include "db/postgres/ahead.h"

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"

bool ahead_key_add(struct ahead_key *key, const char *data, size_t size)
{
    int32_t told = data == NULL ? -1 : (int32_t)size;
    if (key->size + sizeof told + size > sizeof key->values)
        return false;
    memcpy(key->values + key->size, &told, sizeof told);
    if (data != NULL)
        memcpy(key->values + key->size + sizeof told, data, size);
    key->size += sizeof told + (data == NULL ? 0 : size);
    return true;
}

struct ahead_rows *ahead_add(struct ahead *ahead, const struct ahead_key *key)
{
    if (ahead->list == NULL)
        ahead->list = memory_new(AHEAD_MAX * sizeof *ahead->list);
    if (ahead->count == AHEAD_MAX)
        return NULL;
    struct ahead_rows *rows = &ahead->list[ahead->count++];
    rows->key = *key;
    rows->rows = NULL;
    return rows;
}

static bool is(const struct ahead_key *a, const struct ahead_key *b)
{
    return a->number == b->number && a->size == b->size &&
           memcmp(a->values, b->values, a->size) == 0;
}

struct ahead_rows *ahead_find(struct ahead *ahead, const struct ahead_key *key)
{
    for (size_t i = 0; i < ahead->count; i++)
        if (is(&ahead->list[i].key, key))
            return &ahead->list[i];
    return NULL;
}

void ahead_drop(struct ahead *ahead)
{
    for (size_t i = 0; i < ahead->count; i++)
        PQclear(ahead->list[i].rows);
    ahead->count = 0;
}

void ahead_free(struct ahead *ahead)
{
    ahead_drop(ahead);
    free(ahead->list);
    ahead->list = NULL;
}
