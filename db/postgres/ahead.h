/* Rows that were asked for ahead: together with something else that had to be waited for, because it was clear that
 * they will be wanted next. Each costs no waiting of its own, and waiting is what a batch does while it holds its locks.
 * Within the connection, which owns them; each is used once, and none after the next write. */
#ifndef BOX_OFFICE_POSTGRES_AHEAD_H
#define BOX_OFFICE_POSTGRES_AHEAD_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/purchase.h"

enum {
    AHEAD_MAX = 512, /* what would be asked ahead beyond those is asked when it is wanted */
    AHEAD_KEY_SIZE = BUYER_SIZE + 32,
};

/* A query with its values. */
struct ahead_key {
    int number; /* of the query */
    size_t size;
    char values[AHEAD_KEY_SIZE];
};

struct ahead {
    struct ahead_rows {
        struct ahead_key key;
        PGresult *rows; /* owned; NULL: not come yet, or used */
    } * list;           /* owned; NULL: nothing was ever asked ahead */
    size_t count;
};

/* Adds a value, NULL where data is; what is too long for a key makes it none: false. */
bool ahead_key_add(struct ahead_key *key, const char *data, size_t size);

/* A place for rows of this query; NULL: there is none left. */
struct ahead_rows *ahead_add(struct ahead *ahead, const struct ahead_key *key);

/* The place; NULL: it was not asked ahead. */
struct ahead_rows *ahead_find(struct ahead *ahead, const struct ahead_key *key);

/* Forgets all: what is still to come may not be put into places any more; and gives the memory back. */
void ahead_drop(struct ahead *ahead);
void ahead_free(struct ahead *ahead);

#endif
