#include "db/sqlite/audit.h"

#include <stdio.h>
#include <string.h>

#include "db/sqlite/audit_check.h"
#include "db/sqlite/handle.h"

static void tell(const struct audit_check *check, sqlite3_stmt *row, store_finding *finding,
                 void *context)
{
    char sentence[512];
    long long checked = sqlite3_column_int64(row, 0);
    long long bad = sqlite3_column_int64(row, 1);
    const unsigned char *example = sqlite3_column_text(row, 2);
    if (bad == 0)
        snprintf(sentence, sizeof sentence, "%s: %lld %s", check->what, checked, check->units);
    else
        snprintf(sentence, sizeof sentence, "%s: not so for %lld of %lld %s, e.g. %s", check->what,
                 bad, checked, check->units,
                 example == NULL ? (const unsigned char *)"?" : example);
    finding(context, bad == 0, sentence);
}

static bool run_check(struct connection *connection, const struct audit_check *check,
                      store_finding *finding, void *context)
{
    sqlite3_stmt *statement = NULL;
    bool checked =
        sqlite3_prepare_v2(connection->db, check->sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW;
    if (checked)
        tell(check, statement, finding, context);
    else
        connection_fail(connection, "check");
    sqlite3_finalize(statement);
    return checked;
}

/* The file itself: pages, trees, indexes, NOT NULL and CHECK constraints. */
static bool check_integrity(struct connection *connection, store_finding *finding, void *context)
{
    sqlite3_stmt *statement = NULL;
    bool checked = sqlite3_prepare_v2(connection->db, "PRAGMA integrity_check(1)", -1, &statement,
                                      NULL) == SQLITE_OK &&
                   sqlite3_step(statement) == SQLITE_ROW;
    if (checked) {
        char sentence[512];
        const char *answer = (const char *)sqlite3_column_text(statement, 0);
        bool ok = answer != NULL && strcmp(answer, "ok") == 0;
        snprintf(sentence, sizeof sentence, "the database file is whole%s%s", ok ? "" : ": ",
                 ok || answer == NULL ? "" : answer);
        finding(context, ok, sentence);
    } else {
        connection_fail(connection, "check");
    }
    sqlite3_finalize(statement);
    return checked;
}

static bool run_checks(struct connection *connection, const struct audit_checks *topic,
                       store_finding *finding, void *context)
{
    bool checked = true;
    for (size_t i = 0; checked && i < topic->count; i++)
        checked = run_check(connection, &topic->checks[i], finding, context);
    return checked;
}

/* All checks see one snapshot: a running cluster may be audited. */
enum store_found audit_run(struct store *store, store_finding *finding, void *context)
{
    struct connection *connection = &((struct handle *)store)->connection;
    if (!connection_execute(connection, "BEGIN"))
        return STORE_UNREADABLE;
    bool checked = check_integrity(connection, finding, context) &&
                   run_checks(connection, &audit_tickets, finding, context) &&
                   run_checks(connection, &audit_decisions, finding, context) &&
                   run_checks(connection, &audit_counts, finding, context) &&
                   audit_access_prepare(connection) &&
                   run_checks(connection, &audit_access, finding, context);
    connection_rollback(connection);
    return checked ? STORE_FOUND : STORE_UNREADABLE;
}

static void note_broken(void *context, bool ok, const char *sentence)
{
    bool *holds = context;
    (void)sentence;
    *holds = *holds && ok;
}

bool audit_access_holds(struct connection *connection)
{
    bool holds = true;
    return audit_access_prepare(connection) &&
           run_checks(connection, &audit_access, note_broken, &holds) && holds;
}
