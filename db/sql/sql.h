/* SQL as what is common to all engines speaks it: prepared queries with their values and rows, and the
 * few things that each engine does in a way of its own.
 *
 * An engine's connection begins with a struct sql, its queries with a struct sql_query. One owner, one
 * thread. */
#ifndef BOX_OFFICE_SQL_H
#define BOX_OFFICE_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/sql/query.h"
#include "db/store.h"

struct batch;
struct sql_handle;

enum sql_result {
    SQL_OK,
    SQL_CONFLICT, /* what was written breaks a rule of the tables: the fault may lie in one item of a batch */
    SQL_FAILED, /* the store: unreachable, full, busy, damaged … */
};

struct sql {
    const struct sql_methods *methods;
    char *error; /* not owned, STORE_ERROR_SIZE bytes: where failures are told */
};

struct sql_query {
    struct sql *sql;
};

/* Of a transaction, what has to be known at its end; and at its beginning. */
struct sql_did {
    bool in_doubt; /* told to the work: it was run before, and that may have been committed */
    bool wrote;
    bool relied; /* its answers tell of what others have written as of something durable */
};

/* Reads and writes inside a transaction. False with the reason told: then nothing of it is kept. It may be run
 * again from its beginning, in another transaction. */
typedef bool sql_work(struct sql_handle *handle, void *context, struct sql_did *did);

struct sql_methods {
    /* --- queries; the calls below say what each is for */
    struct sql_query *(*query)(struct sql *sql, enum named_query which);
    struct sql_query *(*ask)(struct sql *sql, const char *text);
    void (*bind_number)(struct sql_query *query, int at, int64_t value);
    void (*bind_text)(struct sql_query *query, int at, const char *text);
    void (*bind_bytes)(struct sql_query *query, int at, const void *bytes, size_t size);
    void (*bind_key)(struct sql_query *query, int at, const char *key);
    void (*bind_null)(struct sql_query *query, int at);
    void (*ahead)(struct sql_query *query); /* NULL: no answer is waited for */
    bool (*next)(struct sql_query *query);
    bool (*is_null)(struct sql_query *query, int column);
    int64_t (*number)(struct sql_query *query, int column);
    const char *(*text)(struct sql_query *query, int column, size_t *length);
    const void *(*bytes)(struct sql_query *query, int column, size_t *size);
    void (*key)(struct sql_query *query, int column, char key[KEY_SIZE]);
    enum sql_result (*end)(struct sql_query *query);
    enum sql_result (*run)(struct sql_query *query, int64_t *changed);
    enum sql_result (*run_one)(struct sql_query *query, const char *what, const char *name);
    enum sql_result (*settle)(struct sql *sql);
    int64_t (*changed)(struct sql *sql);

    /* --- transactions */

    /* Runs the work in a transaction with one durable commit, waiting for what it needs until clock_monotonic()
     * reaches `until`. Nothing is committed where nothing was written, nor relied on. The results are
     * store_decide's. */
    enum store_result (*transact)(struct sql_handle *handle, int64_t until, sql_work *work,
                                  void *context);
    /* Inside: undoes all that was done, and begins anew. */
    bool (*again)(struct sql *sql);
    /* Inside: nobody else changes what these decisions are about, from now to the end of the transaction; NULL: one
     * writer at a time, so there is nobody. */
    enum sql_result (*lock)(struct sql *sql, const struct decision *decisions, size_t n);
    /* The same for a change of the event, or (event is NULL) of what belongs to no event. */
    enum sql_result (*lock_event)(struct sql *sql, const char *event);
    /* Whether these have locked this tier (0: any) of an event that was read since: it may have come only just then.
     * FAILED: not so, and the transaction is to be run again. NULL as of `lock`. */
    enum sql_result (*expect_locked)(struct sql *sql, int64_t event, int64_t tier);

    /* All that is read from now to the end is of one moment; NULL: it is so while a query's rows are being read, and
     * that is all that is asked for. What bounds the time of one query then bounds that of all of them. Not inside a
     * transaction. */
    bool (*begin_reading)(struct sql *sql);
    void (*end_reading)(struct sql *sql);

    /* --- what is done for many at once */

    /* Looks up the keys of these of the batch's items, and hands each that is found to batch_known. */
    enum sql_result (*find_keys)(struct sql *sql, struct batch *batch, const size_t *items,
                                 size_t n);
    /* Writes each item's new order with its tickets, or its refusal, as the rule has said in `write`, in the order of
     * the items; fills in the rows of the orders that the rule added. A key or id that is known is a conflict. */
    enum sql_result (*add)(struct sql *sql, struct batch *batch);
    /* The tickets of an order that was held. */
    enum sql_result (*add_tickets)(struct sql *sql, int64_t event, int64_t tier, int64_t decision,
                                   int64_t first, int64_t quantity);
};

/* A query, ready for its values; NULL with the reason. What was asked with it before is ended. */
static inline struct sql_query *sql_query(struct sql *sql, enum named_query which)
{
    return sql->methods->query(sql, which);
}

/* The same of a query that has no name but its text, as audits and copies ask them: one at a time, until the next one
 * is asked; the text outlives it. */
static inline struct sql_query *sql_ask(struct sql *sql, const char *text)
{
    return sql->methods->ask(sql, text);
}

/* Values, from 1; texts and bytes are not copied: they outlive the query's end. One that is not bound is as it
 * was in the query's last use, first NULL. */
static inline void sql_bind_number(struct sql_query *query, int at, int64_t value)
{
    query->sql->methods->bind_number(query, at, value);
}

static inline void sql_bind_text(struct sql_query *query, int at, const char *text)
{
    query->sql->methods->bind_text(query, at, text);
}

static inline void sql_bind_bytes(struct sql_query *query, int at, const void *bytes, size_t size)
{
    query->sql->methods->bind_bytes(query, at, bytes, size);
}

/* An idempotency key, as the store keeps it; copied. */
static inline void sql_bind_key(struct sql_query *query, int at, const char *key)
{
    query->sql->methods->bind_key(query, at, key);
}

static inline void sql_bind_null(struct sql_query *query, int at)
{
    query->sql->methods->bind_null(query, at);
}

/* Whether it pays to tell of queries before they are asked. */
static inline bool sql_asks_ahead(const struct sql *sql)
{
    return sql->methods->ahead != NULL;
}

/* Tells of a query that will be asked with these values before anything is written: many that are told of can be
 * waited for together. Ends it; its values are not needed any more. */
static inline void sql_ahead(struct sql_query *query)
{
    if (query != NULL && query->sql->methods->ahead != NULL)
        query->sql->methods->ahead(query);
}

/* The first row, the next one; false behind the last one, or where it failed: sql_end tells which. */
static inline bool sql_next(struct sql_query *query)
{
    return query->sql->methods->next(query);
}

/* Columns of that row, from 0. NULL is 0, and a text and bytes without length; yes and no are 1 and 0. Pointers are valid
 * until the next row. */
static inline bool sql_is_null(struct sql_query *query, int column)
{
    return query->sql->methods->is_null(query, column);
}

static inline int64_t sql_number(struct sql_query *query, int column)
{
    return query->sql->methods->number(query, column);
}

static inline const char *sql_text(struct sql_query *query, int column, size_t *length)
{
    return query->sql->methods->text(query, column, length);
}

static inline const void *sql_bytes(struct sql_query *query, int column, size_t *size)
{
    return query->sql->methods->bytes(query, column, size);
}

static inline void sql_key(struct sql_query *query, int column, char key[KEY_SIZE])
{
    query->sql->methods->key(query, column, key);
}

/* Ends a query whose rows have been read, so that it holds no snapshot; anything but OK with the reason told. NULL
 * (there was no query): FAILED. */
static inline enum sql_result sql_end(struct sql_query *query)
{
    return query == NULL ? SQL_FAILED : query->sql->methods->end(query);
}

/* Runs a query that writes. An engine may tell of its failure only later, at the latest from sql_settle. */
static inline enum sql_result sql_run(struct sql_query *query)
{
    return query == NULL ? SQL_FAILED : query->sql->methods->run(query, NULL);
}

/* The same of one without values. */
static inline enum sql_result sql_run_named(struct sql *sql, enum named_query which)
{
    return sql_run(sql_query(sql, which));
}

/* As sql_run, but at once, and tells how many rows were changed. */
static inline enum sql_result sql_run_counting(struct sql_query *query, int64_t *changed)
{
    return query == NULL ? SQL_FAILED : query->sql->methods->run(query, changed);
}

/* The same as sql_run, of what changes exactly one row; else a conflict, and it is told that `what` `name` was changed by
 * somebody else. */
static inline enum sql_result sql_run_one(struct sql_query *query, const char *what,
                                          const char *name)
{
    return query == NULL ? SQL_FAILED : query->sql->methods->run_one(query, what, name);
}

/* Whether all that was run has gone well. */
static inline enum sql_result sql_settle(struct sql *sql)
{
    return sql->methods->settle(sql);
}

/* Rows that were ever changed on this connection, once that has been settled. */
static inline int64_t sql_changed(struct sql *sql)
{
    return sql->methods->changed(sql);
}

static inline enum sql_result sql_lock(struct sql *sql, const struct decision *decisions, size_t n)
{
    return sql->methods->lock == NULL ? SQL_OK : sql->methods->lock(sql, decisions, n);
}

static inline enum sql_result sql_lock_event(struct sql *sql, const char *event)
{
    return sql->methods->lock_event == NULL ? SQL_OK : sql->methods->lock_event(sql, event);
}

static inline enum sql_result sql_expect_locked(struct sql *sql, int64_t event, int64_t tier)
{
    return sql->methods->expect_locked == NULL ? SQL_OK
                                               : sql->methods->expect_locked(sql, event, tier);
}

/* What is read between these is of one moment, where the first query's rows are still being read when the others are
 * asked. False with the reason told, and then it is not to be ended. */
static inline bool sql_begin_reading(struct sql *sql)
{
    return sql->methods->begin_reading == NULL || sql->methods->begin_reading(sql);
}

static inline void sql_end_reading(struct sql *sql)
{
    if (sql->methods->end_reading != NULL)
        sql->methods->end_reading(sql);
}

#endif
