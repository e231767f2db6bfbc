#include "db/sqlite/make.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/sql/change_part.h"
#include "db/sql/column.h"
#include "db/sqlite/handle.h"
#include "db/sqlite/schema.h"

/* Outside a transaction, and only where it is not so already: switching needs the file for itself. */
static bool use_journal(struct connection *connection)
{
    sqlite3_int64 wal;
    if (!connection_execute(connection, "PRAGMA journal_mode = WAL") ||
        !connection_number(connection, "SELECT journal_mode = 'wal' FROM pragma_journal_mode",
                           &wal))
        return false;
    if (!wal)
        snprintf(connection->base.error, STORE_ERROR_SIZE,
                 "%.200s cannot have a write-ahead journal; put it on a local disk",
                 connection->path);
    return wal;
}

static bool make_identity(struct connection *connection)
{
    char text[ID_TEXT_SIZE];
    char sql[128];
    struct id id = id_make();
    id_format(&id, text);
    snprintf(sql, sizeof sql, "INSERT OR IGNORE INTO store (one, id) VALUES (1, '%s')", text);
    return connection_execute(connection, sql);
}

static bool make_demo(struct connection *connection, int64_t capacity, bool *made)
{
    sqlite3_int64 events;
    char sql[320];
    if (!connection_number(connection, "SELECT count(*) FROM events", &events))
        return false;
    if (capacity <= 0 || events > 0)
        return true;
    *made = true;
    snprintf(sql, sizeof sql,
             "INSERT INTO events (event, name, title) VALUES (1, 'demo', 'Demo');"
             "INSERT INTO tiers"
             "  (event, tier, name, price, currency, capacity, order_limit, next_number)"
             "  SELECT 1, 1, 'standard', 2500, 'EUR', %lld, %d, first_number FROM store",
             (long long)capacity, STORE_ORDER_LIMIT);
    return connection_execute(connection, sql);
}

/* Where no key was ever made: a store is never without one that signs. */
static bool make_first_key(struct connection *connection)
{
    sqlite3_int64 keys;
    return connection_number(connection, "SELECT count(*) FROM signing_keys", &keys) &&
           (keys > 0 || change_first_key(&connection->base));
}

static bool tell(struct connection *connection, struct store_made *made)
{
    struct sql_query *query = sql_query(&connection->base, QUERY_STORE_ID);
    if (query != NULL && sql_next(query))
        column_text(query, 0, made->id, sizeof made->id);
    sqlite3_int64 sold;
    if (sql_end(query) != SQL_OK ||
        !connection_number(connection, "SELECT coalesce(sum(sold), 0) FROM tiers", &sold))
        return false;
    made->tickets = sold;
    return true;
}

/* From version 3 on a store holds keys that sign tickets. */
static bool make_private(const struct place *place, char error[STORE_ERROR_SIZE])
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char path[STORE_PLACE_SIZE + 8];
        snprintf(path, sizeof path, "%s%s", place->database, endings[i]);
        if (chmod(path, 0600) == 0 || errno == ENOENT)
            continue;
        snprintf(error, STORE_ERROR_SIZE, "cannot keep others from reading %.300s: %s", path,
                 strerror(errno));
        return false;
    }
    return true;
}

/* Under the writer lock. A store that others use, whose programs know only the old tables, stays as it
 * is. */
static bool bring_up_to_date(struct handle *handle, int64_t demo_capacity, struct store_made *made)
{
    struct connection *connection = &handle->connection;
    enum schema_state state = schema_inspect(connection);
    if (state == SCHEMA_REFUSED || state == SCHEMA_UNREADABLE)
        return false;
    if (state == SCHEMA_OLD && !lock_file_claim(&handle->file, handle->common.base.error))
        return false;
    made->created = state == SCHEMA_EMPTY;
    if (state == SCHEMA_OLD && !make_private(&handle->place, handle->common.base.error))
        return false;
    /* A migration sorts a whole store: in a file, as an audit does. */
    if (!use_journal(connection) || !connection_execute(connection, "PRAGMA temp_store = FILE") ||
        !connection_execute(connection, "BEGIN IMMEDIATE"))
        return false;
    if (schema_migrate(connection, SCHEMA_VERSION) && make_identity(connection) &&
        make_first_key(connection) && make_demo(connection, demo_capacity, &made->demo_created) &&
        tell(connection, made) && connection_execute(connection, "COMMIT"))
        return true;
    connection_rollback(connection);
    return false;
}

bool make_store(const char *path, int64_t demo_capacity, struct store_made *made,
                char error[STORE_ERROR_SIZE])
{
    struct handle *handle = handle_new(false);
    bool done = handle_settle(handle, path, true, LOCK_USE_WRITE) && handle_open_writing(handle);
    if (done) {
        done = bring_up_to_date(handle, demo_capacity, made);
        writer_lock_drop(&handle->lock);
    }
    memcpy(error, handle->common.base.error, STORE_ERROR_SIZE);
    handle_close(&handle->common.base);
    return done;
}
