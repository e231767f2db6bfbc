#include "db/sqlite/transaction.h"

#include <stdio.h>

#include "db/sqlite/bind.h"

static bool begin(struct connection *connection)
{
    return connection_run(connection, connection_query(connection, QUERY_BEGIN_WRITING)) ==
           SQLITE_OK;
}

bool transaction_again(struct sql *sql)
{
    struct connection *connection = (struct connection *)sql;
    connection_rollback(connection);
    return begin(connection);
}

/* Whether this handle is still the latest that sells under its server's id. */
static enum store_result check_fence(struct handle *handle)
{
    struct figures *figures = &handle->common.base.figures;
    sqlite3_stmt *statement = connection_query(&handle->connection, QUERY_BOOT);
    if (statement == NULL)
        return STORE_REFUSED;
    int64_t boot = 0;
    bind_text(statement, 1, figures->server);
    if (sqlite3_step(statement) == SQLITE_ROW)
        boot = sqlite3_column_int64(statement, 0);
    if (connection_done(&handle->connection, statement) != SQLITE_OK)
        return STORE_REFUSED;
    if (boot == figures->boot)
        return STORE_DURABLE;
    snprintf(handle->common.base.error, STORE_ERROR_SIZE,
             "%s was started again elsewhere: this process is boot %lld, the store knows %lld",
             figures->server, (long long)figures->boot, (long long)boot);
    return STORE_FENCED;
}

static enum store_result commit(struct handle *handle)
{
    struct connection *connection = &handle->connection;
    int rc = connection_run(connection, connection_query(connection, QUERY_COMMIT));
    if (rc == SQLITE_OK)
        return STORE_DURABLE;
    connection_rollback(connection);
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_FULL: /* before the commit's own frame was complete */
    case SQLITE_READONLY:
    case SQLITE_CONSTRAINT:
        return STORE_REFUSED;
    default:
        return STORE_UNKNOWN;
    }
}

/* Under the writer lock. What others have committed is durable: whoever opens the store folds in what a crash has
 * left. */
static enum store_result transact(struct handle *handle, sql_work *work, void *context)
{
    struct sql_did did = {0};
    if (!begin(&handle->connection))
        return STORE_REFUSED;
    enum store_result result = check_fence(handle);
    if (result != STORE_DURABLE)
        return result;
    if (!work(&handle->common, context, &did))
        return STORE_REFUSED;
    return did.wrote ? commit(handle) : STORE_DURABLE;
}

enum store_result transaction_run(struct sql_handle *common, int64_t until, sql_work *work,
                                  void *context)
{
    struct handle *handle = (struct handle *)common;
    struct store *store = &common->base;
    switch (writer_lock_take(&handle->lock, until, store->stalled, store->stalled_context,
                             store->error)) {
    case WRITER_LOCK_TAKEN:
        break;
    case WRITER_LOCK_MOVED:
        return STORE_FENCED;
    default:
        return STORE_REFUSED;
    }
    enum store_result result = transact(handle, work, context);
    connection_rollback(&handle->connection);
    writer_lock_drop(&handle->lock);
    return result;
}
