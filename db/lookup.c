#include "db/lookup.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"

/* FNV-1a. A client who makes keys collide only slows down batches of at most 4096. */
static uint64_t hash_of(size_t scope, const char *text)
{
    uint64_t hash = (UINT64_C(14695981039346656037) ^ scope) * UINT64_C(1099511628211);
    for (const char *c = text; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(1099511628211);
    return hash ^ (hash >> 32);
}

static struct lookup_slot *slot_for(const struct lookup *lookup, size_t scope, const char *text,
                                    uint64_t hash)
{
    for (size_t at = hash & (lookup->size - 1);; at = (at + 1) & (lookup->size - 1)) {
        struct lookup_slot *slot = &lookup->slots[at];
        if (slot->text == NULL)
            return slot;
        if (slot->hash == hash && slot->scope == scope && strcmp(slot->text, text) == 0)
            return slot;
    }
}

void lookup_begin(struct lookup *lookup, size_t members)
{
    size_t size = 8;
    while (size < 2 * members)
        size *= 2;
    if (size > lookup->room) {
        free(lookup->slots);
        lookup->slots = memory_new(size * sizeof *lookup->slots);
        lookup->room = size;
    } else {
        memset(lookup->slots, 0, size * sizeof *lookup->slots);
    }
    lookup->size = size;
    lookup->members = 0;
}

/* Twice the size, with the members where they belong now. */
static void grow(struct lookup *lookup)
{
    struct lookup old = *lookup;
    *lookup = (struct lookup){.slots = NULL};
    lookup_begin(lookup, old.size);
    for (size_t i = 0; i < old.size; i++) {
        const struct lookup_slot *slot = &old.slots[i];
        if (slot->text != NULL)
            *slot_for(lookup, slot->scope, slot->text, slot->hash) = *slot;
    }
    lookup->members = old.members;
    free(old.slots);
}

size_t lookup_find(const struct lookup *lookup, size_t scope, const char *text)
{
    const struct lookup_slot *slot = slot_for(lookup, scope, text, hash_of(scope, text));
    return slot->text == NULL ? LOOKUP_NONE : slot->value;
}

void lookup_add(struct lookup *lookup, size_t scope, const char *text, size_t value)
{
    if (2 * ++lookup->members > lookup->size)
        grow(lookup);
    uint64_t hash = hash_of(scope, text);
    struct lookup_slot *slot = slot_for(lookup, scope, text, hash);
    assert(slot->text == NULL);
    slot->text = text;
    slot->hash = hash;
    slot->scope = scope;
    slot->value = value;
}

void lookup_free(struct lookup *lookup)
{
    free(lookup->slots);
    memset(lookup, 0, sizeof *lookup);
}
