#include "db/sqlite/handle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "db/sql/column.h"
#include "db/sqlite/bind.h"
#include "db/sqlite/schema.h"

static const int64_t open_wait = 10 * CLOCK_SECOND;
static const int64_t close_wait = 2 * CLOCK_SECOND;

struct handle *handle_new(bool seller)
{
    struct handle *handle = memory_new(sizeof *handle);
    handle->common.base.engine = &sqlite_engine;
    handle->common.base.seller = seller;
    handle->common.sql = &handle->connection.base;
    handle->file.fd = -1;
    return handle;
}

/* Folds the journal into the database, so that after a clean stop one file holds everything. What
 * cannot be folded now is folded by whoever opens the store next. */
static void fold(struct handle *handle)
{
    char why[STORE_ERROR_SIZE];
    if (handle->lock.page == NULL || handle->connection.db == NULL)
        return;
    if (writer_lock_take(&handle->lock, clock_monotonic() + close_wait, NULL, NULL, why) !=
        WRITER_LOCK_TAKEN)
        return;
    connection_fold(&handle->connection);
    writer_lock_drop(&handle->lock);
}

void handle_close(struct store *store)
{
    struct handle *handle = (struct handle *)store;
    if (store->seller)
        fold(handle);
    sql_handle_free(&handle->common);
    connection_close(&handle->connection);
    writer_lock_close(&handle->lock);
    lock_file_close(&handle->file);
    free(handle);
}

/* True where the database is certainly not for us. An empty file may just be in the making, so it is
 * not looked into. */
static bool foreign(struct handle *handle)
{
    struct stat file;
    struct connection look;
    if (stat(handle->place.database, &file) != 0 || file.st_size == 0)
        return false;
    int rc = connection_open(&look, handle->place.database, false, handle->common.base.error);
    if (rc != SQLITE_OK) /* other causes may pass; if not, opening it in earnest tells */
        return rc == SQLITE_NOTADB || (rc & 0xff) == SQLITE_CORRUPT;
    enum schema_state state = schema_inspect(&look);
    connection_close(&look);
    return state == SCHEMA_REFUSED;
}

bool handle_settle(struct handle *handle, const char *path, bool make, enum lock_use use)
{
    bool absent;
    return place_find(&handle->place, path, make, &absent, handle->common.base.error) &&
           !foreign(handle) &&
           lock_file_open(&handle->file, &handle->place, use, handle->common.base.error);
}

bool handle_open_writing(struct handle *handle)
{
    if (!writer_lock_open(&handle->lock, &handle->file, handle->common.base.error))
        return false;
    if (writer_lock_take(&handle->lock, clock_monotonic() + open_wait, handle->common.base.stalled,
                         handle->common.base.stalled_context,
                         handle->common.base.error) != WRITER_LOCK_TAKEN)
        return false;
    if (connection_open(&handle->connection, handle->place.database, true,
                        handle->common.base.error) == SQLITE_OK)
        return true;
    writer_lock_drop(&handle->lock);
    return false;
}

/* Whether the tables are those that this program works with. */
static bool check_schema(struct handle *handle)
{
    enum schema_state state = schema_inspect(&handle->connection);
    if (state == SCHEMA_EMPTY || state == SCHEMA_OLD)
        snprintf(handle->common.base.error, STORE_ERROR_SIZE,
                 "%.200s %s; run ticket_server --init on it first", handle->place.database,
                 state == SCHEMA_EMPTY ? "holds no store yet" : "was made by an older version");
    return state == SCHEMA_PRESENT;
}

static bool read_identity(struct handle *handle)
{
    struct sql_query *query = sql_query(handle->common.sql, QUERY_STORE_ID);
    if (query != NULL && sql_next(query))
        column_text(query, 0, handle->common.base.figures.store,
                    sizeof handle->common.base.figures.store);
    return sql_end(query) == SQL_OK;
}

/* One number about this handle's server. */
static bool read_number(struct handle *handle, enum named_query which, int64_t *number)
{
    struct sql_query *query = sql_query(handle->common.sql, which);
    if (query == NULL)
        return false;
    sql_bind_text(query, 1, handle->common.base.figures.server);
    if (sql_next(query))
        *number = sql_number(query, 0);
    return sql_end(query) == SQL_OK;
}

/* Makes durable whatever a crash left in the journal, so that what is replayed needs no commit of its
 * own. A sync is not enough: after one that failed, Linux takes the journal's pages for clean and never
 * writes them, though they can still be read. Folding writes their content anew, into the database.
 * Where other sellers are busy with the journal, it was not recovered from a crash. */
static bool fold_what_was_left(struct handle *handle)
{
    int rc = connection_fold(&handle->connection);
    return rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY ||
           connection_fail(&handle->connection, "fold the journal of");
}

/* Whether the tables by which it is decided what may be sold are whole, and their rows within their bounds: a store that
 * miscounts would sell too much. They are small (100,000 events take 25 ms). The large ones are proved by audits and
 * copies; what is damaged there is refused where it is met. */
static bool check_counts(struct handle *handle)
{
    static const char check[] = "SELECT count(*) FROM"
                                " (SELECT * FROM pragma_quick_check('store') UNION ALL"
                                "  SELECT * FROM pragma_quick_check('servers') UNION ALL"
                                "  SELECT * FROM pragma_quick_check('events') UNION ALL"
                                "  SELECT * FROM pragma_quick_check('tiers'))"
                                " WHERE quick_check <> 'ok'";
    sqlite3_int64 broken;
    if (!connection_number(&handle->connection, check, &broken))
        return false;
    if (broken > 0)
        snprintf(
            handle->common.base.error, STORE_ERROR_SIZE,
            "%.200s is damaged where it counts what is sold: restore a backup, or put it aside "
            "with make reset",
            handle->place.database);
    return broken == 0;
}

/* Raises the boot number, which fences handles that were opened earlier under the same id. */
static bool raise_boot(struct handle *handle)
{
    struct connection *connection = &handle->connection;
    struct figures *figures = &handle->common.base.figures;
    sqlite3_stmt *raise = connection_query(connection, QUERY_RAISE_BOOT);
    if (raise == NULL || !connection_execute(connection, "BEGIN IMMEDIATE"))
        return false;
    bind_text(raise, 1, figures->server);
    if (connection_run(connection, raise) == SQLITE_OK &&
        read_number(handle, QUERY_BOOT, &figures->boot) &&
        read_number(handle, QUERY_SERVER_SOLD, &figures->sold) &&
        connection_execute(connection, "COMMIT"))
        return true;
    connection_rollback(connection);
    return false;
}

static struct store *give_up(struct handle *handle, char error[STORE_ERROR_SIZE])
{
    memcpy(error, handle->common.base.error, STORE_ERROR_SIZE);
    handle->common.base.seller = false; /* nothing was written: nothing to fold */
    handle_close(&handle->common.base);
    return NULL;
}

struct store *handle_open_seller(const char *path, const char *server, store_stalled *stalled,
                                 void *context, char error[STORE_ERROR_SIZE])
{
    struct handle *handle = handle_new(true);
    store_on_stall(&handle->common.base, stalled, context);
    snprintf(handle->common.base.figures.server, sizeof handle->common.base.figures.server, "%s",
             server);
    if (!handle_settle(handle, path, false, LOCK_USE_WRITE) || !handle_open_writing(handle))
        return give_up(handle, error);
    bool opened = check_schema(handle) && read_identity(handle) && fold_what_was_left(handle) &&
                  check_counts(handle) && raise_boot(handle);
    writer_lock_drop(&handle->lock);
    return opened ? &handle->common.base : give_up(handle, error);
}

struct store *handle_open_reader(const char *path, bool *absent, char error[STORE_ERROR_SIZE])
{
    struct handle *handle = handle_new(false);
    if (handle_settle(handle, path, false, LOCK_USE_READ) &&
        connection_open(&handle->connection, handle->place.database, false,
                        handle->common.base.error) == SQLITE_OK &&
        check_schema(handle) && read_identity(handle))
        return &handle->common.base;
    *absent = !place_exists(path);
    return give_up(handle, error);
}

bool handle_present(const struct store *store)
{
    const struct handle *handle = (const struct handle *)store;
    return lock_file_current(&handle->file) && place_unchanged(&handle->place);
}
