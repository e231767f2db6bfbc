#include "db/postgres/handle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "db/engine.h"
#include "db/postgres/methods.h"
#include "db/postgres/schema.h"
#include "db/postgres/session.h"

/* A server that has just taken over from another one may need some seconds. */
static const int64_t open_wait = 10 * CLOCK_SECOND;

void postgres_close(struct store *store)
{
    struct postgres_handle *handle = (struct postgres_handle *)store;
    session_end(&handle->postgres);
    sql_handle_free(&handle->common);
    free(handle);
}

struct store *postgres_give_up(struct postgres_handle *handle, char error[STORE_ERROR_SIZE])
{
    memcpy(error, handle->common.base.error, STORE_ERROR_SIZE);
    postgres_close(&handle->common.base);
    return NULL;
}

struct postgres_handle *postgres_handle_new(const char *rest, const char *who, bool seller,
                                            char error[STORE_ERROR_SIZE])
{
    struct postgres_handle *handle = memory_new(sizeof *handle);
    struct postgres *postgres = &handle->postgres;
    handle->common.base.engine = &postgres_engine;
    handle->common.base.seller = seller;
    handle->common.sql = &postgres->sql;
    postgres->sql.methods = &postgres_methods;
    postgres->owner = handle;
    if (!session_prepare(postgres, rest, who, seller, handle->common.base.error)) {
        memcpy(error, handle->common.base.error, STORE_ERROR_SIZE);
        free(handle);
        return NULL;
    }
    postgres->inside = true;
    postgres->until = clock_monotonic() + open_wait;
    if (session_reach(postgres, postgres->until))
        return handle;
    postgres_give_up(handle, error);
    return NULL;
}

/* Whether the tables are those that this program works with. */
static enum tables_state check_tables(struct postgres_handle *handle)
{
    struct postgres *postgres = &handle->postgres;
    enum tables_state state = tables_expect(postgres);
    if (state == TABLES_NONE || state == TABLES_OLD)
        snprintf(postgres->sql.error, STORE_ERROR_SIZE,
                 "%.200s %s; run ticket_server --init on it first", postgres->place.plain,
                 state == TABLES_NONE ? "holds no store yet" : "was made by an older version");
    snprintf(handle->common.base.figures.store, sizeof handle->common.base.figures.store, "%s",
             postgres->store);
    return state;
}

/* One number about this handle's server. */
static bool read_number(struct postgres_handle *handle, enum named_query which, int64_t *number)
{
    struct sql_query *query = sql_query(handle->common.sql, which);
    if (query == NULL)
        return false;
    sql_bind_text(query, 1, handle->common.base.figures.server);
    if (sql_next(query))
        *number = sql_number(query, 0);
    return sql_end(query) == SQL_OK;
}

/* Raises the boot number, which fences handles that were opened earlier under the same id: it waits for a transaction
 * of theirs that is under way. */
static bool raise_boot(struct postgres_handle *handle)
{
    struct sql *sql = handle->common.sql;
    struct figures *figures = &handle->common.base.figures;
    if (sql_run_named(sql, QUERY_BEGIN_WRITING) != SQL_OK)
        return false;
    struct sql_query *raise = sql_query(sql, QUERY_RAISE_BOOT);
    if (raise == NULL)
        return false;
    sql_bind_text(raise, 1, figures->server);
    return sql_run(raise) == SQL_OK && read_number(handle, QUERY_BOOT, &figures->boot) &&
           read_number(handle, QUERY_SERVER_SOLD, &figures->sold) &&
           sql_run_named(sql, QUERY_COMMIT) == SQL_OK && sql_settle(sql) == SQL_OK &&
           !handle->postgres.doubted;
}

/* A boot that may be raised or not is raised again: only the last one counts. */
static bool begin_selling(struct postgres_handle *handle)
{
    struct postgres *postgres = &handle->postgres;
    int64_t until = postgres->until;
    do {
        postgres_forget(postgres);
        if (check_tables(handle) == TABLES_PRESENT && raise_boot(handle))
            return true;
        if (!postgres->lost && !postgres->again && !postgres->doubted)
            return false;
        postgres_drop(postgres);
        postgres->until = until;
    } while (session_reach(postgres, until));
    return false;
}

struct store *postgres_open_seller(const char *rest, const char *server, store_stalled *stalled,
                                   void *context, char error[STORE_ERROR_SIZE])
{
    struct postgres_handle *handle = postgres_handle_new(rest, server, true, error);
    if (handle == NULL)
        return NULL;
    store_on_stall(&handle->common.base, stalled, context);
    snprintf(handle->common.base.figures.server, sizeof handle->common.base.figures.server, "%s",
             server);
    if (!begin_selling(handle))
        return postgres_give_up(handle, error);
    handle->postgres.inside = false;
    return &handle->common.base;
}

struct store *postgres_open_reader(const char *rest, bool *absent, char error[STORE_ERROR_SIZE])
{
    struct postgres_handle *handle = postgres_handle_new(rest, "reader", false, error);
    if (handle == NULL)
        return NULL;
    enum tables_state state = check_tables(handle);
    *absent = state == TABLES_NONE;
    if (state != TABLES_PRESENT)
        return postgres_give_up(handle, error);
    handle->postgres.inside = false;
    return &handle->common.base;
}

bool postgres_present(const struct store *store)
{
    return !((const struct postgres_handle *)store)->postgres.gone;
}
