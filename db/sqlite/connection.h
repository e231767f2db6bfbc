/* A SQLite connection with its prepared statements, its transaction, and the words for its errors.
 *
 * One owner, one thread. Statements are prepared when first used and kept. */
#ifndef BOX_OFFICE_SQLITE_CONNECTION_H
#define BOX_OFFICE_SQLITE_CONNECTION_H

#include <sqlite3.h>
#include <stdbool.h>

#include "db/sql/sql.h"

/* A query as the code that is common to all engines has it. */
struct connection_query {
    struct sql_query base;
    sqlite3_stmt *statement; /* owned; NULL: not prepared yet */
};

struct connection {
    struct sql base; /* first */
    sqlite3 *db;     /* owned; NULL: closed */
    struct connection_query queries[QUERY_COUNT];
    struct connection_query asked; /* by its text alone */
    const char *path;              /* not owned */
};

/* Opens the file, for writing or only for reading. SQLITE_OK, or the code with the reason told. The
 * connection never checkpoints by closing: whoever wants that calls connection_fold. */
int connection_open(struct connection *connection, const char *path, bool writes, char *error);
void connection_close(struct connection *connection);

/* A query's statement, reset, ready for its values; NULL with the reason. */
sqlite3_stmt *connection_query(struct connection *connection, enum named_query which);

/* A query's that has no name; kept until one of another text is asked. */
sqlite3_stmt *connection_ask(struct connection *connection, const char *text);

/* Runs a statement that returns no rows, and resets it. SQLITE_OK, or the extended code with the
 * reason told. */
int connection_run(struct connection *connection, sqlite3_stmt *statement);

/* What an extended code, whose reason was told, is to code that is common to all engines. */
enum sql_result connection_result(struct connection *connection, int rc);

/* Ends a statement whose rows have been read: SQLITE_OK, or why the reading ended, with the reason
 * told. */
int connection_done(struct connection *connection, sqlite3_stmt *statement);

/* Runs SQL text; false with the reason. */
bool connection_execute(struct connection *connection, const char *sql);

/* The one whole number that the SQL text returns; false with the reason. */
bool connection_number(struct connection *connection, const char *sql, sqlite3_int64 *number);

/* Tells the connection's last error as "doing: reason", and returns false. */
bool connection_fail(struct connection *connection, const char *doing);

/* Rolls back where a transaction is open (some errors have done it already). */
void connection_rollback(struct connection *connection);

/* Folds the whole journal into the database. The writer lock must be taken, or the store seized.
 * SQLITE_OK; SQLITE_BUSY where others were in the way (then, perhaps, in part); or the code of what
 * failed. */
int connection_fold(struct connection *connection);

#endif
