#include "db/sqlite/connection.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "db/sqlite/methods.h"
#include "db/sqlite/query.h"

enum {
    BUSY_MILLISECONDS = 1000, /* bounded also under our own lock: after a kill -9 the kernel needs
                                 some ms to drop the dead process's locks, and a reader that recovers
                                 the index locks writers out for a moment */
    FOLD_MILLISECONDS = 100,  /* for readers to finish; others wait for the writer lock meanwhile */
};

/* FULL: a commit that returned has reached the disk. Memory-mapped reading stays off (a disk error
 * would be a signal), and so does overwriting of freed content. Foreign keys are declared, and proved
 * by the audit, but not checked with each row: that makes a seller slower, and nothing
 * that guards against overselling or selling twice depends on it. The journal is folded in every 2000
 * pages (8 MiB), inside a COMMIT and so under the writer lock. */
static const char settings[] = "PRAGMA synchronous = FULL;"
                               "PRAGMA foreign_keys = OFF;"
                               "PRAGMA secure_delete = OFF;"
                               "PRAGMA mmap_size = 0;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA wal_autocheckpoint = 2000;"
                               "PRAGMA journal_size_limit = 67108864;";

/* Pages of the store that a connection keeps, in KiB. What it lacks, the system's own cache mostly has:
 * with random keys in a store of 1.4 million sales, a fourth of the memory costs a fourth more reads
 * of a page per sale, and less time. A seller sorts nothing. What an audit sorts grows with the store,
 * and so goes to a file, in SQLITE_TMPDIR, TMPDIR or /var/tmp. */
static const char memory_of_writer[] = "PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;";
static const char memory_of_reader[] = "PRAGMA cache_size = -4096; PRAGMA temp_store = FILE;";

/* Counting every allocation under a global mutex is for diagnosis only. */
static void configure_library(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int connection_open(struct connection *connection, const char *path, bool writes, char *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, configure_library);
    memset(connection, 0, sizeof *connection);
    connection->base = (struct sql){&sqlite_methods, error};
    connection->path = path;
    int flags = (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    int rc = sqlite3_open_v2(path, &connection->db, flags, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_busy_timeout(connection->db, BUSY_MILLISECONDS);
        sqlite3_db_config(connection->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        rc = sqlite3_exec(connection->db, settings, NULL, NULL, NULL);
    }
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(connection->db, writes ? memory_of_writer : memory_of_reader, NULL, NULL,
                          NULL);
    if (rc != SQLITE_OK) {
        connection_fail(connection, "open");
        connection_close(connection);
    }
    return rc;
}

void connection_close(struct connection *connection)
{
    for (int i = 0; i < QUERY_COUNT; i++)
        sqlite3_finalize(connection->queries[i].statement);
    sqlite3_finalize(connection->asked.statement);
    sqlite3_close(connection->db);
    memset(connection, 0, sizeof *connection);
}

/* What a person can do about it; "" where the reason says it all. */
static const char *hint(int code)
{
    static const char full[] = "; make room on the disk";
    if (code == SQLITE_IOERR_SHMSIZE)
        return full;
    switch (code & 0xff) {
    case SQLITE_NOTADB:
        return "; it is not a database: choose another path";
    case SQLITE_CORRUPT:
        return "; the database is damaged: restore a backup, or put it aside with make reset";
    case SQLITE_FULL:
        return full;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return "; this user must be able to write to the file and to its directory";
    default:
        return "";
    }
}

bool connection_fail(struct connection *connection, const char *doing)
{
    int code = sqlite3_extended_errcode(connection->db);
    snprintf(connection->base.error, STORE_ERROR_SIZE,
             "cannot %s %.200s: %.150s (SQLite code %d)%s", doing, connection->path,
             sqlite3_errmsg(connection->db), code, hint(code));
    return false;
}

sqlite3_stmt *connection_query(struct connection *connection, enum named_query which)
{
    struct connection_query *query = &connection->queries[which];
    query->base.sql = &connection->base;
    if (query->statement == NULL &&
        sqlite3_prepare_v3(connection->db, sqlite_query_text(which), -1, SQLITE_PREPARE_PERSISTENT,
                           &query->statement, NULL) != SQLITE_OK)
        connection_fail(connection, "use");
    return query->statement;
}

sqlite3_stmt *connection_ask(struct connection *connection, const char *text)
{
    struct connection_query *query = &connection->asked;
    query->base.sql = &connection->base;
    if (query->statement != NULL && strcmp(sqlite3_sql(query->statement), text) == 0)
        return query->statement;
    sqlite3_finalize(query->statement);
    if (sqlite3_prepare_v2(connection->db, text, -1, &query->statement, NULL) != SQLITE_OK)
        connection_fail(connection, "use");
    return query->statement;
}

int connection_run(struct connection *connection, sqlite3_stmt *statement)
{
    if (statement == NULL)
        return sqlite3_extended_errcode(connection->db);
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_DONE || rc == SQLITE_ROW)
        return sqlite3_reset(statement);
    connection_fail(connection, "write to");
    sqlite3_reset(statement);
    return rc;
}

/* A constraint, a value that is too big or of another type lies in what was written, where the transaction
 * survived it. */
enum sql_result connection_result(struct connection *connection, int rc)
{
    int code = rc & 0xff;
    if (code == SQLITE_OK)
        return SQL_OK;
    bool written = code == SQLITE_CONSTRAINT || code == SQLITE_TOOBIG || code == SQLITE_MISMATCH;
    return written && !sqlite3_get_autocommit(connection->db) ? SQL_CONFLICT : SQL_FAILED;
}

int connection_done(struct connection *connection, sqlite3_stmt *statement)
{
    int rc = sqlite3_reset(statement);
    if (rc != SQLITE_OK)
        connection_fail(connection, "read");
    return rc;
}

bool connection_execute(struct connection *connection, const char *sql)
{
    return sqlite3_exec(connection->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           connection_fail(connection, "use");
}

bool connection_number(struct connection *connection, const char *sql, sqlite3_int64 *number)
{
    sqlite3_stmt *statement = NULL;
    bool got = sqlite3_prepare_v2(connection->db, sql, -1, &statement, NULL) == SQLITE_OK &&
               sqlite3_step(statement) == SQLITE_ROW;
    if (got)
        *number = sqlite3_column_int64(statement, 0);
    else
        connection_fail(connection, "read");
    sqlite3_finalize(statement);
    return got;
}

void connection_rollback(struct connection *connection)
{
    if (sqlite3_get_autocommit(connection->db))
        return;
    sqlite3_stmt *statement = connection_query(connection, QUERY_ROLLBACK);
    if (statement != NULL) {
        sqlite3_step(statement);
        sqlite3_reset(statement);
    }
}

int connection_fold(struct connection *connection)
{
    sqlite3_busy_timeout(connection->db, FOLD_MILLISECONDS);
    int rc =
        sqlite3_wal_checkpoint_v2(connection->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(connection->db, BUSY_MILLISECONDS);
    return rc;
}
