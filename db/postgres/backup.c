#include "db/postgres/backup.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "db/postgres/audit.h"
#include "db/postgres/copy_in.h"
#include "db/postgres/handle.h"
#include "db/postgres/inherit.h"
#include "db/postgres/reset.h"
#include "db/postgres/schema.h"
#include "db/sql/audit.h"
#include "db/sql/copy.h"
#include "db/sqlite/copy_file.h"

/* Of the transaction that puts a copy back: as long as it takes. */
static const int64_t restore_wait = 24 * 3600 * CLOCK_SECOND;

static bool run(struct sql *sql, enum named_query which)
{
    return sql_run_named(sql, which) == SQL_OK && sql_settle(sql) == SQL_OK;
}

/* --- making one -------------------------------------------------------------------------------- */

/* All of one moment, while others sell. */
static bool read_store(struct postgres *postgres, struct copy_file *file, store_progress *progress,
                       void *context)
{
    struct sql *sql = &postgres->sql;
    if (!run(sql, QUERY_BEGIN_READING))
        return false;
    postgres->inside = true;
    bool copied = postgres_plan_freely(postgres) &&
                  copy_store(sql, copy_file_sql(file), NULL, progress, context);
    postgres->inside = false;
    return copied && run(sql, QUERY_ROLLBACK);
}

bool postgres_backup(const char *rest, const char *to, store_progress *progress, void *context,
                     char error[STORE_ERROR_SIZE])
{
    bool absent;
    struct store *store = postgres_open_reader(rest, &absent, error);
    if (store == NULL)
        return false;
    struct postgres *postgres = &((struct postgres_handle *)store)->postgres;
    postgres->sql.error = error; /* where the file's failures are told, too */
    struct copy_file *file = copy_file_make(to, error);
    bool done = file != NULL && read_store(postgres, file, progress, context);
    postgres_close(store);
    done = done && copy_file_place(file);
    copy_file_close(file);
    return done;
}

/* --- putting one back -------------------------------------------------------------------------- */

/* Numbers go on behind those that the copy holds and those of the store that it replaces, and whoever sold before, here
 * or from what was copied, is fenced. */
static const char go_on[] =
    "SELECT setval('decision_numbers', greatest(coalesce(max(decision), 0) + 1,"
    "    (SELECT last_value FROM decision_numbers)), false) FROM decisions;"
    "SELECT setval(pg_get_serial_sequence('owed', 'owed'), coalesce(max(owed), 0) + 1, false)"
    "  FROM owed;"
    "UPDATE servers SET boot = boot + 1;"
    "ANALYZE events, tiers, decisions, tickets, totals, buyers, owed";

static bool prove(struct postgres *postgres)
{
    char broken[STORE_ERROR_SIZE] = "";
    if (!audit_session(postgres, audit_keep_broken, broken))
        return false;
    if (broken[0] != '\0')
        snprintf(postgres->sql.error, STORE_ERROR_SIZE, "what was put back is not sound: %.400s",
                 broken);
    return broken[0] == '\0';
}

/* Moves aside what is there; `aside` is the name that it has then, "": nothing was. An empty schema goes. */
static bool clear_place(struct postgres *postgres, char aside[SCHEMA_NAME_SIZE])
{
    bool there;
    char text[SCHEMA_NAME_SIZE + 32];
    aside[0] = '\0';
    switch (tables_inspect(postgres, &there)) {
    case TABLES_NONE:
        snprintf(text, sizeof text, "DROP SCHEMA \"%s\"", postgres->place.schema);
        return !there || postgres_execute(postgres, text) == SQL_OK;
    case TABLES_OLD:
    case TABLES_PRESENT:
        return reset_alone(postgres) && reset_move(postgres, aside);
    default:
        return false;
    }
}

static bool load_copy(struct postgres *postgres, struct copy_file *file, store_progress *progress,
                      void *context)
{
    struct copy_in in;
    struct copy_sink sink = copy_in_begin(&in, postgres);
    bool loaded = copy_store(copy_file_sql(file), &postgres->sql, &sink, progress, context);
    copy_in_end(&in);
    return loaded;
}

/* In one transaction: others find the one store or the other. */
static bool put_back(struct postgres *postgres, struct copy_file *file, store_progress *progress,
                     void *context, struct store_restored *restored)
{
    char aside[SCHEMA_NAME_SIZE];
    struct sql *sql = &postgres->sql;
    bool *access_kept = &restored->access_kept;
    if (!run(sql, QUERY_BEGIN_WRITING) ||
        postgres_execute(postgres, "SET LOCAL statement_timeout = 0;"
                                   "SET LOCAL idle_in_transaction_session_timeout = 0") != SQL_OK ||
        !clear_place(postgres, aside) || tables_migrate(postgres, TABLES_NONE, false) != SQL_OK ||
        !load_copy(postgres, file, progress, context) ||
        (aside[0] != '\0' && !inherit_from_schema(postgres, aside, access_kept)) ||
        !copy_skip_numbers(sql) || postgres_execute(postgres, go_on) != SQL_OK ||
        !prove(postgres) || !reset_commit(postgres, "the copy was put back", aside))
        return false;
    if (aside[0] != '\0')
        postgres_place_beside(&postgres->place, aside, restored->aside);
    return true;
}

/* Who uses the store is told before the copy is proved, which may take its time. */
bool postgres_restore(const char *rest, const char *from, store_progress *progress, void *context,
                      struct store_restored *restored, char error[STORE_ERROR_SIZE])
{
    struct postgres_handle *handle = postgres_handle_new(rest, "restore", true, error);
    if (handle == NULL)
        return false;
    struct postgres *postgres = &handle->postgres;
    postgres->until = clock_monotonic() + restore_wait;
    postgres->sql.error = error; /* where the file's failures are told, too */
    struct copy_file *file = reset_alone(postgres) ? copy_file_open(from, error) : NULL;
    bool done = file != NULL && put_back(postgres, file, progress, context, restored);
    postgres_close(&handle->common.base);
    copy_file_close(file);
    return done;
}
