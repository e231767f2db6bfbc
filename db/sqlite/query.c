#include "db/sqlite/query.h"

#include <stddef.h>

#include "db/sql/query_columns.h"
#include "db/sqlite/schema.h"

static const char *const texts[QUERY_COUNT] = {
    [QUERY_BEGIN_WRITING] = "BEGIN IMMEDIATE",
    [QUERY_BEGIN_READING] = "BEGIN",
    [QUERY_DUE] = "SELECT " ORDER_COLUMNS " FROM decisions d"
                  "  WHERE event = ?1 AND state = 1 AND " SCHEMA_PENDING
                  "  AND expires_at <= ?2 ORDER BY expires_at, tier, decision LIMIT ?3",
    [QUERY_LINE] = "SELECT " ORDER_COLUMNS " FROM decisions d"
                   "  WHERE event = ?1 AND tier = ?2 AND state = 2 AND " SCHEMA_PENDING
                   "  AND expires_at = 0 ORDER BY decision LIMIT ?3",
    [QUERY_LINE_BETWEEN] = "SELECT count(*) FROM decisions WHERE event = ?1 AND tier = ?2"
                           "  AND state = 2 AND " SCHEMA_PENDING " AND expires_at = 0"
                           "  AND decision > ?3 AND decision <= ?4",
    [QUERY_ORDER] =
        "SELECT " ORDER_COLUMNS " FROM decisions d WHERE decision IN" SCHEMA_ORDER_OF_ID("?1"),
    [QUERY_TICKET] = "SELECT " ORDER_COLUMNS ", k.checked_in_at, k.gate, k.check_in_key"
                     "  FROM tickets k JOIN decisions d USING (decision)"
                     "  WHERE k.event = ?1 AND k.tier = ?2 AND k.number = ?3",
    /* Oldest first, a bounded number: a batch must not pay for a million of them. */
    [QUERY_REMOVE_REFUSALS] =
        "DELETE FROM decisions WHERE decision IN"
        "  (SELECT decision FROM decisions WHERE event = ?1 AND id IS NULL AND created_at < ?2"
        "   ORDER BY created_at LIMIT ?3)",
    [QUERY_ADD_SALE] =
        "INSERT INTO decisions (event, key, fingerprint, created_at, id, tier, quantity,"
        "                       amount, currency, buyer, server, router, first_number)"
        "  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [QUERY_ADD_HOLD] =
        "INSERT INTO decisions (event, key, fingerprint, created_at, id, tier, quantity,"
        "                       amount, currency, buyer, server, router, state, expires_at)"
        "  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [QUERY_ADD_REFUSAL] =
        "INSERT INTO decisions (event, key, fingerprint, created_at, problem, remaining)"
        "  VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [QUERY_ADD_SPAN] = "INSERT OR IGNORE INTO order_spans (event, span) VALUES (?1, ?2)",
    [QUERY_ADD_TICKET] = "INSERT INTO tickets (event, tier, number, decision)"
                         "  VALUES (?1, ?2, ?3, ?4)",
    [QUERY_COUNT_TIER] =
        "UPDATE tiers SET sold = ?3, held = ?4, waiting = ?5, next_number = ?6"
        "  WHERE event = ?1 AND tier = ?2 AND sold = ?7 AND held = ?8 AND waiting = ?9"
        "  AND next_number = ?10 AND ?3 + ?4 <= capacity",
    /* Of a sale, the columns in the order in which column_sale takes them. */
    [QUERY_SALE] =
        "SELECT d.id, e.name, t.name, d.buyer, d.server, d.currency, d.quantity, d.first_number,"
        "       d.amount, d.created_at, d.state, coalesce(d.request, d.id), d.expires_at"
        "  FROM events e JOIN decisions d ON +d.event = e.event"
        "  JOIN tiers t ON t.event = d.event AND t.tier = d.tier"
        "  WHERE e.name = ?1 AND d.first_number IS NOT NULL"
        "  AND d.decision IN" SCHEMA_ORDER_OF_ID("e.event"),
    [QUERY_EACH_SALE] =
        "SELECT d.id, e.name, t.name, d.buyer, d.server, d.currency, d.quantity, d.first_number,"
        "       d.amount, d.created_at, d.state, coalesce(d.request, d.id), d.expires_at,"
        "       d.router, d.key"
        "  FROM decisions d CROSS JOIN events e ON e.event = d.event"
        "  CROSS JOIN tiers t ON t.event = d.event AND t.tier = d.tier"
        "  WHERE d.first_number IS NOT NULL ORDER BY d.decision",
    [QUERY_ADD_EVENT] = "INSERT INTO events (" TERMS_COLUMNS ")"
                        "  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [QUERY_COUNT_DECISIONS] = "SELECT count(*) FROM"
                              "  (SELECT 1 FROM decisions WHERE event = ?1 LIMIT ?2)",
    /* The index of keys has them in the order of their keys, the set in that of their pages: each is read once. */
    [QUERY_FILL_BUYERS] =
        "INSERT INTO buyers (event, buyer, tickets) SELECT ?1, lower(d.buyer), sum(d.quantity)"
        "  FROM decisions d WHERE d.decision IN (SELECT decision FROM decisions WHERE event = ?1)"
        "    AND d.id IS NOT NULL AND d.state IN (0, 1, 2) AND d.buyer <> ''"
        "  GROUP BY lower(d.buyer)",
    [QUERY_COUNT_TIERS] =
        "SELECT count(*), coalesce(max(tier), 0), count(*) = count(iif(currency = ?2, 1, NULL))"
        "  FROM tiers WHERE event = ?1",
    [QUERY_FORGET_TOKENS] = "DELETE FROM tokens WHERE id IN"
                            "  (SELECT id FROM tokens WHERE revoked_at IS NOT NULL"
                            "   ORDER BY revoked_at DESC LIMIT -1 OFFSET ?1)",
    [QUERY_FORGET_KEYS] = "DELETE FROM signing_keys WHERE number IN"
                          "  (SELECT number FROM signing_keys WHERE retired_at IS NOT NULL"
                          "   ORDER BY retired_at DESC LIMIT -1 OFFSET ?1)",
    /* Only who once held can owe a payment: such an order is found by its id alone. */
    [QUERY_FIND_OWED] =
        "SELECT o.owed, o.settled_at FROM decisions d CROSS JOIN events e ON e.event = d.event"
        "  CROSS JOIN owed o ON o.event = d.event AND o.decision = d.decision"
        "  WHERE d.id = ?1 AND d.expires_at IS NOT NULL AND o.reference = ?2"
        "  AND ?3 IN ('', e.name)",
    [QUERY_READ_HOLD] = "SELECT " LISTED_COLUMNS " FROM decisions d"
                        "  CROSS JOIN events e ON e.event = d.event"
                        "  CROSS JOIN tiers t ON t.event = d.event AND t.tier = d.tier"
                        "  WHERE d.id = ?1 AND d.expires_at IS NOT NULL",
    [QUERY_EACH_HOLD] = "SELECT " LISTED_COLUMNS ", d.router FROM decisions d"
                        "  CROSS JOIN events e ON e.event = d.event"
                        "  CROSS JOIN tiers t ON t.event = d.event AND t.tier = d.tier"
                        "  WHERE d.expires_at IS NOT NULL ORDER BY d.decision",
    [QUERY_LIST_ORDERS] =
        "SELECT " LISTED_COLUMNS " FROM order_spans s CROSS JOIN decisions d NOT INDEXED"
        "    ON d.decision >= max(s.span << 8, ?2 + 1) AND d.decision <= (s.span << 8) + 255"
        "  CROSS JOIN events e ON e.event = s.event"
        "  CROSS JOIN tiers t ON t.event = s.event AND t.tier = d.tier"
        "  WHERE s.event = ?1 AND s.span >= ?2 >> 8 AND d.event = ?1 AND d.id IS NOT NULL"
        "  ORDER BY s.span, d.decision LIMIT ?3",
    [QUERY_PLACE] = "SELECT count(*) FROM (SELECT 1 FROM decisions"
                    "  WHERE event = ?1 AND tier = ?2 AND state = 2 AND " SCHEMA_PENDING
                    "  AND expires_at = 0 AND decision <= ?3 LIMIT ?4)",
    [QUERY_PLACES] =
        "SELECT t.tier, (SELECT count(*) FROM (SELECT 1 FROM decisions d"
        "    WHERE d.event = t.event AND d.tier = t.tier AND d.state = 2 AND " SCHEMA_PENDING
        "    AND d.expires_at = 0 AND d.decision <= ?2 LIMIT ?3))"
        "  FROM tiers t WHERE t.event = ?1",
    /* The number bounds the walk through the first tier only. */
    [QUERY_LIST_TICKETS] =
        "SELECT e.name, t.name, k.number, d.id, d.buyer, d.state = 5, k.checked_in_at, k.gate"
        "  FROM events e CROSS JOIN tiers t ON t.event = e.event"
        "  CROSS JOIN tickets k ON k.event = t.event AND k.tier = t.tier"
        "    AND k.number > iif(t.name = ?2, ?3, 0)"
        "  CROSS JOIN decisions d ON d.decision = k.decision"
        "  WHERE e.event = ?1 AND t.name >= ?2 ORDER BY t.name, k.number LIMIT ?4",
    [QUERY_FIND_SALE] =
        "SELECT d.decision, d.event FROM events e JOIN decisions d ON +d.event = e.event"
        "  WHERE e.name = ?1 AND d.state IN (0, 5)"
        "  AND d.decision IN" SCHEMA_ORDER_OF_ID("e.event"),
    [QUERY_READ_TICKETS] =
        "SELECT e.name, t.name, k.number, d.id, d.buyer, d.state = 5, k.checked_in_at, k.gate"
        "  FROM decisions d CROSS JOIN events e ON e.event = d.event"
        "  CROSS JOIN tiers t ON t.event = d.event AND t.tier = d.tier"
        "  CROSS JOIN tickets k ON k.event = d.event AND k.tier = d.tier"
        "    AND k.number >= d.first_number AND k.number < d.first_number + d.quantity"
        "  WHERE d.decision = ?1 AND +d.event = ?2 AND d.state IN (0, 5) ORDER BY k.number",
    [QUERY_LIST_OWED] =
        "SELECT d.id, e.name, o.reference, d.currency, d.amount, o.at, o.reason, o.settled_at,"
        "       o.owed"
        "  FROM owed o CROSS JOIN decisions d ON d.decision = o.decision"
        "  CROSS JOIN events e ON e.event = o.event"
        "  WHERE o.event = ?1 AND o.owed > ?2 ORDER BY o.owed LIMIT ?3",
    /* Of each event one tier at most is looked at twice; and orders only where some are held. */
    [QUERY_EACH_DUE] =
        "SELECT e.name FROM"
        "  (SELECT event, max(held > 0) AS held, max(waiting > 0 AND sold + held < capacity) AS "
        "offer"
        "   FROM tiers WHERE held > 0 OR waiting > 0 GROUP BY event) t"
        "  CROSS JOIN events e ON e.event = t.event"
        "  WHERE (t.offer AND NOT e.closed AND (e.sale_until = 0 OR e.sale_until > ?1)) OR (t.held "
        "AND"
        "    EXISTS (SELECT 1 FROM decisions d WHERE d.event = e.event AND d.state = 1"
        "            AND " SCHEMA_PENDING " AND d.expires_at <= ?1))",
};

const char *sqlite_query_text(enum named_query which)
{
    return texts[which] != NULL ? texts[which] : query_text(which);
}
