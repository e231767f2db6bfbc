/* A store's rows, table by table, from one database into another of whatever engine. */
#ifndef BOX_OFFICE_SQL_COPY_H
#define BOX_OFFICE_SQL_COPY_H

#include "db/sql/sql.h"

enum {
    COPY_LIST_SIZE = 512,
};

enum copy_kind {
    COPY_NUMBER,
    COPY_TEXT,
    COPY_BYTES,
    COPY_KEY,
};

struct copy_column {
    const char *name;
    enum copy_kind kind;
};

struct copy_table {
    const char *name;
    const struct copy_column *columns;
    int count;
};

/* Where rows go, for an engine that has a quicker way than to insert one by one. Each returns false with the reason told
 * where that one's failures are; `end` is called only where all went well before. */
struct copy_sink {
    void *context;
    bool (*begin)(void *context, const struct copy_table *table);
    bool (*row)(void *context, const struct copy_table *table, struct sql_query *row);
    bool (*end)(void *context);
};

/* "a, b": the table's columns in their order. */
void copy_list_columns(const struct copy_table *table, char list[COPY_LIST_SIZE]);

/* Copies all that `from` sees in its transaction into the empty tables of `to`, in that one's transaction; both are the
 * caller's. `sink` takes the rows; NULL: they are inserted. Each row is written before the next is read. Keys are kept as each engine keeps them; what an engine has
 * beside the common tables is the caller's to fill in. False with the reason told by the one that failed. */
bool copy_store(struct sql *from, struct sql *to, const struct copy_sink *sink,
                store_progress *progress, void *context);

/* A copy that is put back: tickets that were sold after it was made have numbers that it does not know, perhaps of a
 * tier that it does not know. Given again, such a number would have the same code, and two people would stand at the
 * gate with it. So numbers go on STORE_NUMBERS_SKIPPED above all that it knows. */
bool copy_skip_numbers(struct sql *sql);

#endif
