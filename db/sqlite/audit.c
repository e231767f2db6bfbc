#include "db/sqlite/audit.h"

#include "db/sql/audit.h"
#include "db/sqlite/handle.h"

static const struct audit_check checks[] = {
    /* The file itself: pages, trees, indexes, NOT NULL and CHECK constraints. */
    {"the database file is whole", "file", AUDIT_TEXT,
     "SELECT integrity_check AS place, integrity_check <> 'ok' AS bad"
     "  FROM pragma_integrity_check(1)"},

    {"every reference leads to its row", "broken references", AUDIT_TEXT,
     "SELECT \"table\" || ' without its ' || parent AS place, TRUE AS bad"
     "  FROM pragma_foreign_key_check"},

    {"a key that is an id is kept as one", "decisions", AUDIT_KEY,
     "SELECT key AS place, typeof(key) = 'text'"
     "   AND key LIKE '________-____-____-____-____________'"
     "   AND length(replace(key, '-', '')) = 32"
     "   AND replace(key, '-', '') NOT GLOB '*[^0-9a-f]*' AS bad FROM decisions"},

    {"an order is in a part that its event's list reads", "orders", AUDIT_KEY,
     "SELECT key AS place, NOT EXISTS (SELECT 1 FROM order_spans s"
     "   WHERE s.event = d.event AND s.span = d.decision >> 8) AS bad"
     "  FROM decisions d WHERE id IS NOT NULL"},

    AUDIT_BUYERS("lower(buyer)"), /* lower() is for ASCII */
};

static const struct audit_checks own = {checks, sizeof checks / sizeof *checks};

bool audit_connection(struct connection *connection, store_finding *finding, void *context)
{
    return audit_prove(&connection->base, &own, finding, context);
}

/* All checks see one snapshot: a running cluster may be audited. */
enum store_found audit_run(struct store *store, store_finding *finding, void *context)
{
    struct connection *connection = &((struct handle *)store)->connection;
    bool checked =
        connection_execute(connection, "BEGIN") && audit_connection(connection, finding, context);
    connection_rollback(connection);
    return checked ? STORE_FOUND : STORE_UNREADABLE;
}
