#include "db/sqlite/change.h"

#include "common/clock.h"
#include "db/sqlite/change_part.h"
#include "db/sqlite/transaction.h"

bool change_read(struct connection *connection, sqlite3_stmt *query, struct change_row *row)
{
    *row = (struct change_row){.found = false};
    if (query == NULL)
        return false;
    if (sqlite3_step(query) == SQLITE_ROW) {
        row->found = true;
        row->first = sqlite3_column_int64(query, 0);
        row->second = sqlite3_column_int64(query, 1);
    }
    return connection_done(connection, query) == SQLITE_OK;
}

bool change_write(struct connection *connection, sqlite3_stmt *query)
{
    return connection_run(connection, query) == SQLITE_OK;
}

bool change_refuse(struct change *change, enum problem problem)
{
    change->problem = problem;
    return true;
}

static bool part(struct connection *connection, int64_t now, struct change *change)
{
    switch (change->kind) {
    case CHANGE_EVENT_CREATE:
        return change_event_create(connection, change);
    case CHANGE_EVENT:
        return change_event(connection, change);
    case CHANGE_TIER_CREATE:
        return change_tier_create(connection, change);
    case CHANGE_TIER:
        return change_tier(connection, change);
    case CHANGE_TOKEN_ADD:
        return change_token_add(connection, now, change);
    case CHANGE_TOKEN_REVOKE:
        return change_token_revoke(connection, now, change);
    case CHANGE_KEY_ADD:
        return change_key_add(connection, now, change);
    case CHANGE_KEY_RETIRE:
        return change_key_retire(connection, now, change);
    case CHANGE_OWED_SETTLE:
        return change_owed_settle(connection, now, change);
    }
    return false;
}

struct making {
    struct change *change;
    bool wrote;
};

/* A change that ends in a problem is rolled back, whatever it has written. */
static bool work(struct handle *handle, int64_t now, void *context, bool *dirty)
{
    struct making *making = context;
    struct connection *connection = &handle->connection;
    sqlite3_int64 before = sqlite3_total_changes64(connection->db);
    making->change->problem = PROBLEM_NONE;
    making->change->taken = 0;
    if (!part(connection, now, making->change))
        return false;
    making->wrote = making->change->problem == PROBLEM_NONE &&
                    sqlite3_total_changes64(connection->db) != before;
    *dirty = making->wrote;
    return true;
}

/* Waits for its turn as long as a purchase does that was just admitted. */
enum store_result change_make(struct store *store, struct change *change)
{
    struct making making = {.change = change};
    int64_t until = clock_monotonic() + PURCHASE_SECONDS * CLOCK_SECOND;
    enum store_result result = transaction_run((struct handle *)store, until, work, &making);
    if (result == STORE_DURABLE && making.wrote)
        store->figures.commit++;
    return result;
}
