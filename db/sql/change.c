#include "db/sql/change.h"

#include <stdio.h>

#include "common/clock.h"
#include "db/sql/change_part.h"
#include "db/sql/handle.h"

bool change_read(struct sql_query *query, struct change_row *row)
{
    *row = (struct change_row){.found = false};
    if (query == NULL)
        return false;
    if (sql_next(query)) {
        row->found = true;
        row->first = sql_number(query, 0);
        row->second = sql_number(query, 1);
    }
    return sql_end(query) == SQL_OK;
}

bool change_write(struct sql_query *query)
{
    return sql_run(query) == SQL_OK;
}

bool change_refuse(struct change *change, enum problem problem)
{
    change->problem = problem;
    return true;
}

static bool part(struct sql *sql, int64_t now, struct change *change)
{
    switch (change->kind) {
    case CHANGE_EVENT_CREATE:
        return change_event_create(sql, change);
    case CHANGE_EVENT:
        return change_event(sql, change);
    case CHANGE_TIER_CREATE:
        return change_tier_create(sql, change);
    case CHANGE_TIER:
        return change_tier(sql, change);
    case CHANGE_TOKEN_ADD:
        return change_token_add(sql, now, change);
    case CHANGE_TOKEN_REVOKE:
        return change_token_revoke(sql, now, change);
    case CHANGE_KEY_ADD:
        return change_key_add(sql, now, change);
    case CHANGE_KEY_RETIRE:
        return change_key_retire(sql, now, change);
    case CHANGE_OWED_SETTLE:
        return change_owed_settle(sql, now, change);
    }
    return false;
}

struct making {
    struct change *change;
    bool wrote;
};

/* Nobody may meanwhile change what the change is about. */
static enum sql_result lock(struct sql *sql, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_EVENT:
    case CHANGE_TIER_CREATE:
    case CHANGE_TIER:
        return sql_lock_event(sql, change->event.name);
    default:
        return sql_lock_event(sql, NULL);
    }
}

/* A change has no key: whether it was this one, run before, that has made what is there already, nobody can tell. */
static bool may_be_ours(struct sql *sql, const struct change *change)
{
    bool adds = change->kind == CHANGE_TOKEN_ADD || change->kind == CHANGE_KEY_ADD;
    if (change->problem != PROBLEM_EVENT_EXISTS && change->problem != PROBLEM_TIER_EXISTS &&
        !(adds && change->problem == PROBLEM_TOO_MANY))
        return false;
    snprintf(sql->error, STORE_ERROR_SIZE, "the connection was lost while a change was committed");
    return true;
}

/* A change that ends in a problem is rolled back, whatever it has written. */
static bool work(struct sql_handle *handle, void *context, struct sql_did *did)
{
    struct making *making = context;
    struct sql *sql = handle->sql;
    int64_t before = sql_changed(sql);
    making->change->problem = PROBLEM_NONE;
    making->change->taken = 0;
    if (lock(sql, making->change) != SQL_OK || !part(sql, clock_now(), making->change) ||
        sql_settle(sql) != SQL_OK || (did->in_doubt && may_be_ours(sql, making->change)))
        return false;
    making->wrote = making->change->problem == PROBLEM_NONE && sql_changed(sql) != before;
    did->wrote = making->wrote;
    did->relied = making->change->problem == PROBLEM_NONE;
    return true;
}

/* Waits for its turn as long as a purchase does that was just admitted. */
enum store_result change_make(struct store *store, struct change *change)
{
    struct sql_handle *handle = (struct sql_handle *)store;
    struct making making = {.change = change};
    int64_t until = clock_monotonic() + PURCHASE_SECONDS * CLOCK_SECOND;
    enum store_result result = handle->sql->methods->transact(handle, until, work, &making);
    if (result == STORE_DURABLE && making.wrote)
        store->figures.commit++;
    return result;
}
