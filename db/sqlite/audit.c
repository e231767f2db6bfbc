#include "db/sqlite/audit.h"

#include <stdio.h>
#include <string.h>

#include "db/sqlite/handle.h"

/* One invariant. The query returns one row: how many were checked, how many of them break it, and one
 * that does. */
struct check {
    const char *what;  /* the invariant */
    const char *units; /* what was counted */
    const char *sql;
};

/* What tiers and tickets tell of each other. */
static const struct check ticket_checks[] = {
    {"every foreign key leads to its row", "broken references",
     "SELECT count(*), count(*), max(\"table\" || ' without its ' || parent)"
     "  FROM pragma_foreign_key_check"},

    {"sold + held <= capacity, neither below zero", "tiers",
     "SELECT count(*), coalesce(sum(bad), 0), max(CASE WHEN bad THEN place END) FROM"
     "  (SELECT e.name || '/' || t.name AS place,"
     "          NOT (t.sold >= 0 AND t.held >= 0 AND t.sold + t.held <= t.capacity) AS bad"
     "   FROM tiers t JOIN events e USING (event))"},

    {"a tier's sold is the sum of its sales", "tiers",
     "SELECT count(*), coalesce(sum(bad), 0), max(CASE WHEN bad THEN place END) FROM"
     "  (SELECT e.name || '/' || t.name AS place, t.sold <> coalesce(s.sold, 0) AS bad"
     "   FROM tiers t JOIN events e USING (event) LEFT JOIN"
     "     (SELECT event, tier, sum(quantity) AS sold FROM decisions WHERE id IS NOT NULL"
     "      GROUP BY event, tier) s"
     "     ON s.event = t.event AND s.tier = t.tier)"},

    {"a tier's sold is the number of its tickets", "tiers",
     "SELECT count(*), coalesce(sum(bad), 0), max(CASE WHEN bad THEN place END) FROM"
     "  (SELECT e.name || '/' || t.name AS place, t.sold <> coalesce(k.sold, 0) AS bad"
     "   FROM tiers t JOIN events e USING (event) LEFT JOIN"
     "     (SELECT event, tier, count(*) AS sold FROM tickets GROUP BY event, tier) k"
     "     ON k.event = t.event AND k.tier = t.tier)"},

    {"a sale holds its tickets, first_number onwards without a gap", "sales",
     "SELECT count(*), coalesce(sum(bad), 0), max(CASE WHEN bad THEN id END) FROM"
     "  (SELECT hex(s.id) AS id, s.quantity <>"
     "     (SELECT count(*) FROM tickets k WHERE k.event = s.event AND k.tier = s.tier AND"
     "      k.number >= s.first_number AND k.number < s.first_number + s.quantity AND"
     "      k.decision = s.decision) AS bad FROM decisions s WHERE s.id IS NOT NULL)"},

    {"a ticket belongs to the sale that it names", "tickets",
     "SELECT count(*), coalesce(sum(bad), 0), max(CASE WHEN bad THEN place END) FROM"
     "  (SELECT 'number ' || k.number AS place, (s.id IS NULL OR s.tier <> k.tier OR"
     "     k.number < s.first_number OR k.number >= s.first_number + s.quantity) AS bad"
     "   FROM tickets k LEFT JOIN decisions s ON s.decision = k.decision AND s.event = k.event)"},

    {"no ticket number is given twice", "tickets",
     "SELECT count(*), coalesce(sum(bad), 0), max(CASE WHEN bad THEN place END) FROM"
     "  (SELECT 'number ' || first_number AS place, first_number < max(first_number + quantity)"
     "     OVER (PARTITION BY event, tier ORDER BY first_number, decision"
     "           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bad FROM decisions"
     "   WHERE id IS NOT NULL)"},

    {"a tier's next number is above all given", "tiers",
     "SELECT count(*), coalesce(sum(bad), 0), max(CASE WHEN bad THEN place END) FROM"
     "  (SELECT e.name || '/' || t.name AS place, t.next_number <= coalesce("
     "     (SELECT max(number) FROM tickets k WHERE k.event = t.event AND k.tier = t.tier), 0)"
     "     AS bad FROM tiers t JOIN events e USING (event))"},

};

/* What decisions, and the counts that are kept of them, tell of each other. */
static const struct check decision_checks[] = {
    /* That a key occurs once, and a sale's id, are the table's own keys: the file's check. */
    {"a key has one outcome, a sale or a refusal", "decisions",
     "SELECT count(*), coalesce(sum(bad), 0), max(CASE WHEN bad THEN key END) FROM"
     "  (SELECT iif(typeof(key) = 'blob', hex(key), key) AS key,"
     "     (id IS NULL) = (problem IS NULL) AS bad FROM decisions)"},

    {"a key that is an id is kept as one", "decisions",
     "SELECT count(*), coalesce(sum(bad), 0), max(CASE WHEN bad THEN key END) FROM"
     "  (SELECT key, typeof(key) = 'text' AND key LIKE '________-____-____-____-____________'"
     "     AND length(replace(key, '-', '')) = 32"
     "     AND replace(key, '-', '') NOT GLOB '*[^0-9a-f]*' AS bad FROM decisions)"},

    /* Among those of each kind, key or not, the indexes see to it. */
    {"a sale's id is given once", "sales",
     "SELECT count(*), coalesce(sum(bad), 0), max(CASE WHEN bad THEN id END) FROM"
     "  (SELECT hex(d.id) AS id, d.id <> d.key AND EXISTS (SELECT 1 FROM decisions o"
     "     WHERE o.event = d.event AND o.key = d.id AND o.id = d.id) AS bad"
     "   FROM decisions d WHERE d.id IS NOT NULL)"},

    {"a sale has all that belongs to a sale", "sales",
     "SELECT count(*), coalesce(sum(bad), 0), max(CASE WHEN bad THEN key END) FROM"
     "  (SELECT iif(typeof(key) = 'blob', hex(key), key) AS key,"
     "     (tier IS NULL OR quantity IS NULL OR first_number IS NULL OR amount IS NULL OR"
     "     currency IS NULL OR buyer IS NULL OR server IS NULL OR router IS NULL) AS bad"
     "   FROM decisions WHERE id IS NOT NULL)"},

    {"an event's count of refusals is the number it keeps", "events",
     "SELECT count(*), coalesce(sum(bad), 0), max(CASE WHEN bad THEN name END) FROM"
     "  (SELECT e.name AS name, e.refusals <> (SELECT count(*) FROM decisions d"
     "     WHERE d.event = e.event AND d.id IS NULL) AS bad FROM events e)"},

    {"a server's total is the sum of its sales", "totals",
     "SELECT count(*), coalesce(sum(bad), 0), max(CASE WHEN bad THEN server END) FROM"
     "  (SELECT server, sum(told) <> sum(counted) AS bad FROM"
     "     (SELECT event, tier, server, sold AS told, 0 AS counted FROM totals UNION ALL"
     "      SELECT event, tier, server, 0, quantity FROM decisions WHERE id IS NOT NULL)"
     "   GROUP BY event, tier, server)"},

    {"a server that sold has a boot number", "servers",
     "SELECT count(*), coalesce(sum(bad), 0), max(CASE WHEN bad THEN server END) FROM"
     "  (SELECT t.server AS server, coalesce(v.boot, 0) < 1 AS bad"
     "   FROM (SELECT DISTINCT server FROM totals) t LEFT JOIN servers v USING (server))"},
};

static void tell(const struct check *check, sqlite3_stmt *row, store_finding *finding,
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

static bool run_check(struct connection *connection, const struct check *check,
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

static bool run_checks(struct connection *connection, const struct check *checks, size_t count,
                       store_finding *finding, void *context)
{
    bool checked = true;
    for (size_t i = 0; checked && i < count; i++)
        checked = run_check(connection, &checks[i], finding, context);
    return checked;
}

/* All checks see one snapshot: a running cluster may be audited. */
enum store_found audit_run(struct store *store, store_finding *finding, void *context)
{
    struct connection *connection = &((struct handle *)store)->connection;
    if (!connection_execute(connection, "BEGIN"))
        return STORE_UNREADABLE;
    bool checked = check_integrity(connection, finding, context) &&
                   run_checks(connection, ticket_checks,
                              sizeof ticket_checks / sizeof *ticket_checks, finding, context) &&
                   run_checks(connection, decision_checks,
                              sizeof decision_checks / sizeof *decision_checks, finding, context);
    connection_rollback(connection);
    return checked ? STORE_FOUND : STORE_UNREADABLE;
}
