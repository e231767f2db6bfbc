#include "db/sqlite/transaction.h"

#include <stdio.h>

#include "common/clock.h"
#include "db/sqlite/bind.h"

bool transaction_step(struct handle *handle, enum statement which)
{
    return connection_run(&handle->connection, connection_statement(&handle->connection, which)) ==
           SQLITE_OK;
}

/* Whether this handle is still the latest that sells under its server's id. */
static enum store_result check_fence(struct handle *handle)
{
    struct figures *figures = &handle->base.figures;
    sqlite3_stmt *statement = connection_statement(&handle->connection, STATEMENT_BOOT);
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
    snprintf(handle->base.error, STORE_ERROR_SIZE,
             "%s was started again elsewhere: this process is boot %lld, the store knows %lld",
             figures->server, (long long)figures->boot, (long long)boot);
    return STORE_FENCED;
}

static enum store_result commit(struct handle *handle)
{
    struct connection *connection = &handle->connection;
    int rc = connection_run(connection, connection_statement(connection, STATEMENT_COMMIT));
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

/* Under the writer lock. */
static enum store_result transact(struct handle *handle, transaction_work *work, void *context)
{
    bool dirty = false;
    int64_t now = clock_now(); /* not before the lock: waiting for it takes time */
    if (!transaction_step(handle, STATEMENT_BEGIN_WRITING))
        return STORE_REFUSED;
    enum store_result result = check_fence(handle);
    if (result != STORE_DURABLE)
        return result;
    if (!work(handle, now, context, &dirty))
        return STORE_REFUSED;
    return dirty ? commit(handle) : STORE_DURABLE;
}

enum store_result transaction_run(struct handle *handle, int64_t until, transaction_work *work,
                                  void *context)
{
    struct store *store = &handle->base;
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
