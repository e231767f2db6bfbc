/* One-dimensional arrays as PostgreSQL's binary protocol has them: many values for one parameter of a query. Zeroed
 * memory is an empty array of no type. One owner, one thread. Elements: INT32_MAX bytes in all at most, which the
 * callers' bounds (STORE_BATCH_MAX elements of some hundred bytes) keep far away. */
#ifndef BOX_OFFICE_POSTGRES_ARRAY_H
#define BOX_OFFICE_POSTGRES_ARRAY_H

#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "db/sql/sql.h"

/* Types of elements, by PostgreSQL's own numbers, which never change. */
enum array_type {
    ARRAY_BYTEA = 17,
    ARRAY_BIGINT = 20,
    ARRAY_INTEGER = 23,
    ARRAY_TEXT = 25,
};

struct array {
    struct buffer bytes; /* owned */
    enum array_type type;
    uint32_t count;
};

/* Empties it, and keeps the memory. */
void array_begin(struct array *array, enum array_type type);

/* Adds one element: to an array of bigint or integer a number (of an integer its range's); to one of text or bytea
 * bytes, which are copied; to any NULL. */
void array_number(struct array *array, int64_t value);
void array_bytes(struct array *array, const void *bytes, size_t size);
void array_text(struct array *array, const char *text);
void array_null(struct array *array);

/* The value that is sent: it is array->bytes from now on, until the next change. */
void array_end(struct array *array);

/* The same, and it is the query's value at this place (from 1); it must outlive the query's run or end. */
void array_bind(struct array *array, struct sql_query *query, int at);

void array_free(struct array *array);

#endif
