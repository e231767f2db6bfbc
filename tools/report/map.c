#include "tools/report/map.h"

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"

enum {
    SIZE_FIRST = 1024,
};

static uint64_t fit(uint64_t key)
{
    return key != 0 ? key : 1;
}

/* Where the key is, or would be put. */
static struct map_entry *slot(const struct map *map, uint64_t key)
{
    size_t at = (size_t)key & (map->size - 1);
    while (map->entries[at].key != 0 && map->entries[at].key != key)
        at = (at + 1) & (map->size - 1);
    return &map->entries[at];
}

uint64_t *map_find(const struct map *map, uint64_t key)
{
    if (map->size == 0)
        return NULL;
    struct map_entry *entry = slot(map, fit(key));
    return entry->key != 0 ? &entry->value : NULL;
}

static void grow(struct map *map)
{
    struct map old = *map;
    map->size = old.size > 0 ? old.size * 2 : SIZE_FIRST;
    map->entries = memory_new(map->size * sizeof *map->entries);
    for (size_t i = 0; i < old.size; i++)
        if (old.entries[i].key != 0)
            *slot(map, old.entries[i].key) = old.entries[i];
    free(old.entries);
}

void map_put(struct map *map, uint64_t key, uint64_t value)
{
    if (map->count * 2 >= map->size)
        grow(map);
    struct map_entry *entry = slot(map, fit(key));
    map->count += entry->key == 0;
    *entry = (struct map_entry){.key = fit(key), .value = value};
}

/* What stands behind a removed entry, and may have been put there because of it, is put anew. */
void map_remove(struct map *map, uint64_t key)
{
    if (map->size == 0)
        return;
    struct map_entry *entry = slot(map, fit(key));
    if (entry->key == 0)
        return;
    entry->key = 0;
    map->count--;
    size_t at = (size_t)(entry - map->entries);
    for (at = (at + 1) & (map->size - 1); map->entries[at].key != 0;
         at = (at + 1) & (map->size - 1)) {
        struct map_entry moved = map->entries[at];
        map->entries[at].key = 0;
        *slot(map, moved.key) = moved;
    }
}

void map_clear(struct map *map)
{
    free(map->entries);
    *map = (struct map){0};
}
