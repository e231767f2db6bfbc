#include "db/sqlite/sell.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "db/sqlite/batch_list.h"
#include "db/sqlite/bind.h"
#include "db/sqlite/handle.h"

static const int64_t wait_max = 10 * CLOCK_SECOND;
static const int64_t wait_min = CLOCK_SECOND / 5;

/* When to stop waiting for the writer lock: once the last item is past its deadline. An item may come
 * when it is so already, only to be looked up: it gets its turn among the writers, too. */
static int64_t wait_until(const struct decision *decisions, size_t n)
{
    int64_t deadline = 0;
    for (size_t i = 0; i < n; i++)
        if (decisions[i].item->deadline > deadline)
            deadline = decisions[i].item->deadline;
    int64_t wait = deadline - clock_now();
    if (wait < wait_min)
        wait = wait_min;
    return clock_monotonic() + (wait < wait_max ? wait : wait_max);
}

/* Whether a failure lies in one item rather than in the store. */
static bool concerns_one_item(const struct connection *connection, int rc)
{
    int code = rc & 0xff;
    return (code == SQLITE_CONSTRAINT || code == SQLITE_TOOBIG || code == SQLITE_MISMATCH) &&
           !sqlite3_get_autocommit(connection->db);
}

static bool run(struct handle *handle, enum statement which)
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

/* What the transaction has done so far. */
struct work {
    bool dirty;
    int64_t sold;
};

/* Expired, or offered what came free; and left so by what the batch was asked to do. */
static bool moved_unasked(const struct decide_order *order)
{
    if (order->due)
        return order->now.state == ORDER_EXPIRED;
    return order->was.state == ORDER_WAITING && order->now.state == ORDER_HELD;
}

static void note_moved(struct handle *handle)
{
    const struct decide_batch *rule = &handle->batch.rule;
    for (size_t i = 0; i < rule->order_count + rule->added; i++) {
        if (!moved_unasked(&rule->orders[i]))
            continue;
        handle->moved = batch_list_grow(handle->moved, handle->moved_count, 1, &handle->moved_room,
                                        sizeof *handle->moved);
        decide_sale(rule, &rule->orders[i], &handle->moved[handle->moved_count++]);
    }
}

static int process(struct handle *handle, enum batch_keys keys, int64_t now,
                   struct decision *decisions, size_t n, struct work *work)
{
    struct batch *batch = &handle->batch;
    int rc = batch_process(batch, &handle->connection, keys, handle->base.figures.server, now,
                           decisions, n);
    if (rc != SQLITE_OK)
        return rc;
    work->dirty |= batch->dirty;
    work->sold += batch->sold;
    note_moved(handle);
    return rc;
}

/* Decides one item on its own; if it cannot be written, only it is given up. */
static bool process_alone(struct handle *handle, int64_t now, struct decision *decision,
                          struct work *work)
{
    if (!run(handle, STATEMENT_SAVEPOINT))
        return false;
    int rc = process(handle, BATCH_KEYS_ALL, now, decision, 1, work);
    if (rc != SQLITE_OK) {
        if (!concerns_one_item(&handle->connection, rc) ||
            !run(handle, STATEMENT_BACK_TO_SAVEPOINT))
            return false;
        memset(&decision->outcome, 0, sizeof decision->outcome);
        decision->outcome.problem = PROBLEM_STORE_UNAVAILABLE;
    }
    return run(handle, STATEMENT_RELEASE);
}

static bool begin_anew(struct handle *handle)
{
    connection_rollback(&handle->connection);
    return run(handle, STATEMENT_BEGIN_WRITING);
}

/* Some item spoils the batch. A request may have come twice: starts over with all keys looked up; if that
 * fails too, with each item on its own. */
static bool process_again(struct handle *handle, int64_t now, struct decision *decisions, size_t n,
                          struct work *work)
{
    if (!begin_anew(handle))
        return false;
    int rc = process(handle, BATCH_KEYS_ALL, now, decisions, n, work);
    if (rc == SQLITE_OK)
        return true;
    if (!concerns_one_item(&handle->connection, rc) || !begin_anew(handle))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!process_alone(handle, now, &decisions[i], work))
            return false;
    return true;
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
static enum store_result transact(struct handle *handle, struct decision *decisions, size_t n)
{
    struct work work = {.dirty = false};
    handle->moved_count = 0;
    int64_t now = clock_now(); /* not before the lock: waiting for it takes time */
    if (!run(handle, STATEMENT_BEGIN_WRITING))
        return STORE_REFUSED;
    enum store_result result = check_fence(handle);
    if (result != STORE_DURABLE)
        return result;
    int rc = process(handle, BATCH_KEYS_NOT_NEW, now, decisions, n, &work);
    if (rc != SQLITE_OK && (!concerns_one_item(&handle->connection, rc) ||
                            !process_again(handle, now, decisions, n, &work)))
        return STORE_REFUSED;
    if (work.dirty)
        result = commit(handle);
    if (result != STORE_DURABLE)
        return result;
    handle->base.figures.commit++;
    handle->base.figures.sold += work.sold;
    handle->base.moved = handle->moved;
    handle->base.moved_count = handle->moved_count;
    return STORE_DURABLE;
}

enum store_result sell_batch(struct store *store, struct decision *decisions, size_t n)
{
    struct handle *handle = (struct handle *)store;
    store->moved_count = 0;
    switch (writer_lock_take(&handle->lock, wait_until(decisions, n), store->stalled,
                             store->stalled_context, store->error)) {
    case WRITER_LOCK_TAKEN:
        break;
    case WRITER_LOCK_MOVED:
        return STORE_FENCED;
    default:
        return STORE_REFUSED;
    }
    enum store_result result = transact(handle, decisions, n);
    connection_rollback(&handle->connection);
    writer_lock_drop(&handle->lock);
    return result;
}
