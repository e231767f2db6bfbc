/* A PostgreSQL connection with its prepared queries: sql.h's queries over libpq.
 *
 * Nothing waits longer than `until` says: when that passes, the connection is given up, and `lost` tells so. What
 * is run is sent at once and its result read later (pipeline mode): a query whose rows are wanted, and
 * postgres_settle, wait for all that was sent before. One owner, one thread. */
#ifndef BOX_OFFICE_POSTGRES_CONNECTION_H
#define BOX_OFFICE_POSTGRES_CONNECTION_H

#include <libpq-fe.h>

#include "common/id.h"
#include "db/postgres/ahead.h"
#include "db/postgres/core_query.h"
#include "db/postgres/dial.h"
#include "db/postgres/query.h"
#include "db/sql/sql.h"

enum {
    POSTGRES_VALUES = 24,   /* of one query */
    POSTGRES_SENT = 256,    /* whose results have not been read; then they are */
    POSTGRES_CODE_SIZE = 6, /* of a failure: SQLSTATE and its NUL */
    POSTGRES_ASKED = QUERY_COUNT + OWN_COUNT + CORE_COUNT, /* the number of what has no name */
};

/* A value as it is sent: a number and a text as text, bytes as they are (as binary). */
struct postgres_value {
    const char *data; /* NULL: null */
    int size;
    bool binary;
    char own[KEY_SIZE + 1]; /* of a number and a key: what `data` points to */
};

struct postgres;

struct postgres_query {
    struct sql_query base; /* first; its `sql` is the connection */
    int number;            /* of the query: its place in the connection's list */
    bool prepared;         /* in the session that is open */
    bool asked;            /* its rows are being read, or have been */
    int values;            /* that its text has */
    struct postgres_value value[POSTGRES_VALUES];
    PGresult *rows; /* owned; NULL: none at hand */
    int row;        /* of those, the present one */
    enum sql_result result;
};

/* What was sent and not answered yet. */
struct postgres_sent {
    struct postgres_query *prepares; /* NULL: it runs something */
    bool ends;                       /* it ends what is sent together */
    bool fence;                      /* one row, or this handle is fenced */
    bool locks;                      /* its rows are the tiers that are locked */
    bool commits;                    /* what was done is committed, or this has failed */
    const char *what;                /* not NULL: it changes exactly one row of this */
    char name[NAME_SIZE];
    struct ahead_rows *keeps; /* not NULL: its rows are wanted later */
};

struct postgres {
    struct sql sql; /* first */
    PGconn *link;   /* owned; NULL: not connected */
    void *owner;    /* not owned: the handle that it is of, or NULL */
    struct postgres_dial dial;
    struct postgres_place place;
    /* Those of db/sql/query.h, bulk_query.h and core_query.h, in this order; and what was asked by its text. */
    struct postgres_query queries[POSTGRES_ASKED + 1];
    struct buffer asked;                      /* that text */
    struct postgres_sent sent[POSTGRES_SENT]; /* in order */
    size_t sent_count;
    struct ahead ahead; /* of the transaction under way, before it writes */
    PGresult *locked;   /* owned; its tiers: events and numbers, in order. NULL: not come yet */
    struct postgres_query
        *streaming; /* whose rows come one at a time and are not all read; or NULL */
    bool
        reading; /* a transaction that reads only: as `inside`, but `until` is that of its beginning */
    int64_t until; /* clock_monotonic(): how long waiting may take */
    int64_t
        decision; /* the next number that this transaction may give to a decision; bulk.c draws them */
    int64_t changed;          /* rows, by all that was run and settled */
    int64_t changed_last;     /* of that, by the last one */
    char store[ID_TEXT_SIZE]; /* the store that this is about; "" not known yet */
    bool seller;              /* its sessions are a seller's */
    bool
        inside; /* a transaction, or making a store: a connection that is lost is not replaced meanwhile, and
                    `until` is the caller's */
    bool in_doubt; /* of a seller: a commit whose outcome is not known was its last one */
    bool gone;     /* the store is not at its place any more */
    /* Of the last failures, until postgres_forget. */
    char code[POSTGRES_CODE_SIZE]; /* SQLSTATE; "" where the server did not tell one */
    bool again;   /* the server gave this transaction up for another one: it may be run again */
    bool lost;    /* the connection is gone */
    bool silent;  /* until it is replaced: because it did not answer */
    bool fenced;  /* another process sells under this server's id since */
    bool doubted; /* a warning came: what was committed may not have reached a standby */
};

/* A query of the engine's own, ready for its values as sql_query's are; NULL with the reason. All of sql.h's calls
 * take it. */
struct sql_query *postgres_own(struct sql *sql, enum own_query which);

struct sql_query *postgres_core(struct postgres *postgres, enum core_query which);

/* The parts of sql_methods that this file has. Sessions are set for what a seller asks: whoever reads all that there is
 * plans freely before it asks by a text, from then to the transaction's end. */
struct sql_query *postgres_query(struct sql *sql, enum named_query which);
struct sql_query *postgres_ask(struct sql *sql, const char *text);
bool postgres_plan_freely(struct postgres *postgres);

/* Rows come as binary: of types bigint, integer, smallint, boolean, text, bytea. */
bool postgres_next(struct sql_query *base);
enum sql_result postgres_end(struct sql_query *base);

/* Sends it. Its values are not needed any more when this returns; its rows, where it has some, are dropped. With
 * `changed`, and where POSTGRES_SENT are waiting, this settles. */
enum sql_result postgres_run(struct sql_query *query, int64_t *changed);
enum sql_result postgres_run_one(struct sql_query *query, const char *what, const char *name);

/* Reads the results of all that was sent. The first that failed is told: CONFLICT of SQLSTATE's classes 22 and 23 and
 * of run_one's wrong count, else FAILED with `again`, `lost` or `fenced` set where one of them is the reason. */
enum sql_result postgres_settle(struct sql *sql);

/* Rolls back, whatever was sent before, and waits for nothing: what comes of it is read, and told to nobody, with what
 * is sent next. */
void postgres_leave(struct postgres *postgres);

/* These parts of sql_methods. */
bool postgres_begin_reading(struct sql *sql);
void postgres_end_reading(struct sql *sql);

/* Sends a query whose rows are kept: postgres_next of one with the same values has them without waiting. A failure is
 * told when something is waited for. */
void postgres_ahead(struct sql_query *query);

/* The same, of a query with one value, a text; and where they will be: NULL, where it was not sent. */
struct ahead_rows *postgres_ahead_one(struct sql_query *query, const char *value);

/* Sends what locks tiers; its rows come to `locked`. */
enum sql_result postgres_run_lock(struct sql_query *query);

/* Sends a fence: where it finds no row, this handle is fenced. */
enum sql_result postgres_run_fence(struct sql_query *query);

/* Runs SQL text, several statements in one transaction of their own or in the one that is open, at once. */
enum sql_result postgres_execute(struct postgres *postgres, const char *text);

/* Makes a connection that was just made ready for queries. */
bool postgres_begin(struct postgres *postgres, PGconn *link);

/* Gives the connection up, if there is one. */
void postgres_drop(struct postgres *postgres);

/* Forgets the last failures: before a transaction is run (again). */
void postgres_forget(struct postgres *postgres);

#endif
