#include "db/postgres/audit.h"

#include "db/postgres/audit_index.h"
#include "db/sql/audit.h"
#include "db/sql/handle.h"

static const struct audit_check checks[] = {
    /* Most are not declared: they would be looked up for each row that a seller writes. */
    {"every reference leads to its row", "references", AUDIT_TEXT,
     "SELECT 'tiers without its events' AS place, p.event IS NULL AS bad"
     "  FROM tiers c LEFT JOIN events p ON p.event = c.event UNION ALL "
     "SELECT 'decisions without its events', p.event IS NULL"
     "  FROM decisions c LEFT JOIN events p ON p.event = c.event UNION ALL "
     "SELECT 'decisions without its tiers', p.event IS NULL FROM decisions c"
     "  LEFT JOIN tiers p ON p.event = c.event AND p.tier = c.tier WHERE c.tier IS NOT NULL"
     "  UNION ALL "
     "SELECT 'tickets without its decisions', p.event IS NULL FROM tickets c"
     "  LEFT JOIN decisions p ON p.event = c.event AND p.decision = c.decision UNION ALL "
     "SELECT 'totals without its tiers', p.event IS NULL FROM totals c"
     "  LEFT JOIN tiers p ON p.event = c.event AND p.tier = c.tier UNION ALL "
     "SELECT 'buyers without its events', p.event IS NULL"
     "  FROM buyers c LEFT JOIN events p ON p.event = c.event UNION ALL "
     "SELECT 'owed without its decisions', p.event IS NULL FROM owed c"
     "  LEFT JOIN decisions p ON p.event = c.event AND p.decision = c.decision"},

    {"a key that is an id is kept as one", "decisions", AUDIT_KEY,
     "SELECT key AS place, octet_length(key) = 36 AND encode(key, 'escape') ~"
     "   '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' AS bad FROM decisions"},

    AUDIT_BUYERS("lower(buyer COLLATE \"C\")"),
};

static const struct audit_checks own = {checks, sizeof checks / sizeof *checks};

bool audit_session(struct postgres *postgres, store_finding *finding, void *context)
{
    return postgres_plan_freely(postgres) && audit_indexes(postgres, finding, context) &&
           audit_prove(&postgres->sql, &own, finding, context);
}

/* All checks see one snapshot: a running cluster may be audited. */
enum store_found postgres_audit(struct store *store, store_finding *finding, void *context)
{
    struct sql *sql = ((struct sql_handle *)store)->sql;
    struct postgres *postgres = (struct postgres *)sql;
    bool checked = sql_run(sql_query(sql, QUERY_BEGIN_READING)) == SQL_OK;
    postgres->inside = true;
    checked = checked && audit_session(postgres, finding, context);
    if (postgres->link != NULL)
        sql_run(sql_query(sql, QUERY_ROLLBACK));
    checked = sql_settle(sql) == SQL_OK && checked;
    postgres->inside = false;
    return checked ? STORE_FOUND : STORE_UNREADABLE;
}
