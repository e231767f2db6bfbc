#include "db/postgres/core_query.h"

static const char *const texts[CORE_COUNT] = {
    /* Only what this server knows is set: others speak its protocol, too. A commit that would not wait for the disk
     * could lose sales; what else it waits for is the server's to say. A client that is gone keeps no lock for long:
     * neither in a transaction that it leaves open, nor while it waits for a lock itself. Each query has an index that
     * it is meant for. One that was planned while the tables were small would walk through them for as long as its
     * plan is kept: until their growth is noticed, which may take a minute, of a rush. */
    [CORE_SESSION] =
        "SELECT set_config(v.name, CASE WHEN v.name <> 'synchronous_commit' THEN v.value"
        "                               WHEN current_setting(v.name) IN ('off', 'local') THEN 'on'"
        "                               ELSE current_setting(v.name) END, false)"
        "  FROM (VALUES ('search_path', CAST(?1 AS text)), ('statement_timeout', ?2),"
        "    ('default_transaction_read_only', ?3), ('synchronous_commit', ''),"
        "    ('lock_timeout', '10s'), ('idle_in_transaction_session_timeout', '5s'),"
        "    ('client_connection_check_interval', '1s'), ('jit', 'off'),"
        "    ('plan_cache_mode', 'force_generic_plan'), ('enable_seqscan', 'off'),"
        "    ('enable_bitmapscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'),"
        "    ('default_transaction_isolation', 'read committed')) AS v (name, value)"
        "  WHERE current_setting(v.name, true) IS NOT NULL",
    [CORE_PLAN_FREELY] =
        "SELECT set_config(v.name, 'on', true) FROM (VALUES ('enable_seqscan'),"
        "    ('enable_bitmapscan'), ('enable_hashjoin'), ('enable_mergejoin')) AS v (name)"
        "  WHERE current_setting(v.name, true) IS NOT NULL",
    [CORE_FENCE] = "SELECT 1 FROM servers v JOIN store s ON s.one = 1"
                   "  WHERE v.server = ?1 AND v.boot = ?2 AND s.id = ?3 FOR UPDATE OF v",
    [CORE_SCHEMA] =
        "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = ?1),"
        "       (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        "         WHERE n.nspname = ?1),"
        "       (SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        "         JOIN pg_namespace n ON n.oid = c.relnamespace"
        "         WHERE n.nspname = ?1 AND c.relname = 'store'"
        "           AND a.attname IN ('application', 'version', 'id'))",
    [CORE_MARK] = "SELECT application, version, id FROM store",
    [CORE_MAKE_IDENTITY] = "INSERT INTO store (one, id, application, version)"
                           "  VALUES (1, ?1, ?2, 0) ON CONFLICT (one) DO NOTHING",
    [CORE_SET_VERSION] = "UPDATE store SET version = ?1",
    [CORE_RAISE_ALL_BOOTS] = "UPDATE servers SET boot = boot + 1",
    [CORE_COUNT_ALL_KEYS] = "SELECT count(*) FROM signing_keys",
    [CORE_TICKETS] = "SELECT CAST(coalesce(sum(sold), 0) AS bigint) FROM tiers",
    /* Others whose name for themselves begins with ours; it is cut as the server cuts it. */
    [CORE_OTHERS] =
        "SELECT application_name, pid FROM pg_stat_activity"
        "  WHERE datname = current_database() AND pid <> pg_backend_pid()"
        "    AND left(application_name, length(left(?1, 63))) = left(?1, 63) ORDER BY pid LIMIT 1",
};

const char *core_text(enum core_query which)
{
    return texts[which];
}
