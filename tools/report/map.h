/* A map from 64-bit hashes to 64-bit values, for what a log has open. Keys are taken for well mixed; two
 * things with one hash are taken for one thing. One thread; zeroed memory is empty. */
#ifndef BOX_OFFICE_REPORT_MAP_H
#define BOX_OFFICE_REPORT_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_entry {
    uint64_t key; /* 0: unused */
    uint64_t value;
};

struct map {
    struct map_entry *entries; /* owned */
    size_t size;               /* a power of two, or 0 */
    size_t count;
};

/* The value of the key, which may be changed through it until the next map_put or map_remove; NULL where
 * there is none. */
uint64_t *map_find(const struct map *map, uint64_t key);

/* Sets it. Key 0 is taken for 1. */
void map_put(struct map *map, uint64_t key, uint64_t value);
void map_remove(struct map *map, uint64_t key);
void map_clear(struct map *map);

#endif
