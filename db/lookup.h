/* A hash table for one batch: finds the earlier member with the same scope and text, so that a batch
 * of 4096 does not compare every member with every other. One owner, one thread; zeroed memory is an
 * empty table without room. */
#ifndef BOX_OFFICE_LOOKUP_H
#define BOX_OFFICE_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#define LOOKUP_NONE SIZE_MAX

struct lookup_slot {
    const char *text; /* not owned; NULL: free */
    uint64_t hash;
    size_t scope;
    size_t value;
};

struct lookup {
    struct lookup_slot *slots; /* owned */
    size_t size;               /* in use for this batch: a power of two */
    size_t members;
    size_t room;
};

/* Empties the table and makes room for so many members; of more, it grows. */
void lookup_begin(struct lookup *lookup, size_t members);

/* The value that was added under this scope and text, or LOOKUP_NONE. The scope may be any number: a
 * row's, with the text "". */
size_t lookup_find(const struct lookup *lookup, size_t scope, const char *text);

/* Adds what lookup_find did not find; the text must live as long as the batch. */
void lookup_add(struct lookup *lookup, size_t scope, const char *text, size_t value);

void lookup_free(struct lookup *lookup);

#endif
