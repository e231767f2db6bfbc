#include "db/sql/sell.h"

#include <string.h>

#include "common/clock.h"
#include "db/sql/batch_list.h"
#include "db/sql/handle.h"

static const int64_t wait_max = 10 * CLOCK_SECOND;
static const int64_t wait_min = CLOCK_SECOND / 5;

/* What spoils a batch is looked for no longer than this, as others wait meanwhile for what is locked. */
static const int64_t search_max = 3 * CLOCK_SECOND;

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

/* What is to be decided, and what the transaction has done so far. */
struct work {
    struct decision *decisions;
    size_t count;
    int64_t search_until; /* clock_monotonic() */
    int64_t now;
    struct sql_did did;
    int64_t sold;
};

/* Expired, or offered what came free; and left so by what the batch was asked to do. */
static bool moved_unasked(const struct decide_order *order)
{
    if (order->due)
        return order->now.state == ORDER_EXPIRED;
    return order->was.state == ORDER_WAITING && order->now.state == ORDER_HELD;
}

/* One that was noted of an earlier part of the batch. */
static void forget_move(struct sql_handle *handle, const struct id *id)
{
    for (size_t i = 0; i < handle->moved_count; i++) {
        if (id_equal(&handle->moved[i].id, id)) {
            handle->moved[i] = handle->moved[--handle->moved_count];
            return;
        }
    }
}

static void note_moves(struct sql_handle *handle)
{
    const struct decide_batch *rule = &handle->batch.rule;
    for (size_t i = 0; i < rule->order_count + rule->added; i++) {
        if (rule->orders[i].now.state != rule->orders[i].was.state)
            forget_move(handle, &rule->orders[i].id);
        if (!moved_unasked(&rule->orders[i]))
            continue;
        handle->moved = batch_list_grow(handle->moved, handle->moved_count, 1, &handle->moved_room,
                                        sizeof *handle->moved);
        decide_sale(rule, &rule->orders[i], &handle->moved[handle->moved_count++]);
    }
}

static enum sql_result process(struct sql_handle *handle, enum batch_keys keys,
                               struct decision *decisions, size_t n, struct work *work)
{
    struct batch *batch = &handle->batch;
    enum sql_result rc = batch_process(batch, handle->sql, keys, handle->base.figures.server,
                                       work->now, decisions, n);
    if (rc != SQL_OK)
        return rc;
    work->did.wrote |= batch->dirty;
    work->did.relied |= batch->relied;
    work->sold += batch->sold;
    note_moves(handle);
    return rc;
}

/* Nothing is done so far. The clock is read once nobody else can change what the batch is about: waiting takes
 * time. */
static bool begin(struct sql_handle *handle, struct work *work)
{
    if (sql_lock(handle->sql, work->decisions, work->count) != SQL_OK)
        return false;
    work->now = clock_now();
    work->did = (struct sql_did){0};
    work->sold = 0;
    handle->moved_count = 0;
    return true;
}

static bool begin_anew(struct sql_handle *handle, struct work *work)
{
    return handle->sql->methods->again(handle->sql) && begin(handle, work);
}

/* Undoes what was tried since the savepoint. */
static bool take_back(struct sql_handle *handle)
{
    return sql_run_named(handle->sql, QUERY_BACK_TO_SAVEPOINT) == SQL_OK &&
           sql_run_named(handle->sql, QUERY_RELEASE) == SQL_OK;
}

static void give_up(struct decision *decisions, size_t n)
{
    for (size_t i = 0; i < n; i++)
        decisions[i].outcome = (struct outcome){.problem = PROBLEM_STORE_UNAVAILABLE};
}

/* Decides a part of the batch, in order: as a whole or, where that cannot be written, one half after the other; an item
 * that cannot be written on its own is given up, and any part once there is no time left. Each try comes with numbers that are drawn with its locks, though all
 * of them are held already. */
static bool process_part(struct sql_handle *handle, struct decision *decisions, size_t n,
                         struct work *work)
{
    if (sql_run_named(handle->sql, QUERY_SAVEPOINT) != SQL_OK)
        return false;
    enum sql_result rc = sql_lock(handle->sql, decisions, n);
    if (rc == SQL_OK)
        rc = process(handle, BATCH_KEYS_ALL, decisions, n, work);
    if (rc == SQL_OK)
        return sql_run_named(handle->sql, QUERY_RELEASE) == SQL_OK;
    if (rc != SQL_CONFLICT || !take_back(handle))
        return false;
    if (n > 1 && clock_monotonic() < work->search_until)
        return process_part(handle, decisions, n / 2, work) &&
               process_part(handle, decisions + n / 2, n - n / 2, work);
    give_up(decisions, n);
    return true;
}

/* Some item spoils the batch. A request may have come twice: starts over with all keys looked up; and in parts,
 * should that fail too. */
static bool process_again(struct sql_handle *handle, struct work *work)
{
    work->search_until = clock_monotonic() + search_max;
    return begin_anew(handle, work) && process_part(handle, work->decisions, work->count, work);
}

static bool decide_all(struct sql_handle *handle, void *context, struct sql_did *did)
{
    struct work *work = context;
    if (!begin(handle, work))
        return false;
    enum batch_keys keys = did->in_doubt ? BATCH_KEYS_ALL : BATCH_KEYS_NOT_NEW;
    enum sql_result rc = process(handle, keys, work->decisions, work->count, work);
    if (rc != SQL_OK && (rc != SQL_CONFLICT || !process_again(handle, work)))
        return false;
    *did = work->did;
    return true;
}

enum store_result sell_batch(struct store *store, struct decision *decisions, size_t n)
{
    struct sql_handle *handle = (struct sql_handle *)store;
    struct work work = {.decisions = decisions, .count = n};
    store->moved_count = 0;
    enum store_result result =
        handle->sql->methods->transact(handle, wait_until(decisions, n), decide_all, &work);
    if (result != STORE_DURABLE)
        return result;
    store->figures.commit++;
    store->figures.sold += work.sold;
    store->moved = handle->moved;
    store->moved_count = handle->moved_count;
    return STORE_DURABLE;
}
