#include "db/sql/audit_check.h"

static const struct audit_check checks[] = {
    {"an event's count of refusals is the number it keeps", "events", AUDIT_TEXT,
     "SELECT e.name AS place, e.refusals <> (SELECT count(*) FROM decisions d"
     "   WHERE d.event = e.event AND d.id IS NULL) AS bad FROM events e"},

    {"a server's total is the sum of its sales, refunded or not", "totals", AUDIT_TEXT,
     "SELECT server AS place, sum(told) <> sum(counted) AS bad FROM"
     "  (SELECT event, tier, server, sold AS told, 0 AS counted FROM totals"
     "   UNION ALL SELECT event, tier, server, 0, quantity FROM decisions"
     "   WHERE first_number IS NOT NULL) AS u GROUP BY event, tier, server"},

    {"a server that sold has a boot number", "servers", AUDIT_TEXT,
     "SELECT t.server AS place, coalesce(v.boot, 0) < 1 AS bad"
     "  FROM (SELECT DISTINCT server FROM totals) AS t LEFT JOIN servers v USING (server)"},

    {"buyers are counted only where they have a limit", "buyers", AUDIT_TEXT,
     "SELECT b.buyer AS place, e.buyer_limit = 0 AS bad"
     "  FROM buyers b JOIN events e USING (event)"},

    {"a payment is owed for an order, with its reason", "owed", AUDIT_TEXT,
     "SELECT w.reference AS place, d.id IS NULL OR w.reference = '' OR"
     "   CASE WHEN w.reason = '' THEN d.state <> 5 OR"
     "     d.payment IS NULL OR d.payment <> w.reference"
     "   ELSE d.expires_at IS NULL OR (d.payment IS NOT NULL AND d.payment = w.reference) OR"
     "     w.reason NOT IN ('hold_expired', 'hold_released', 'not_offered', 'already_paid')"
     "   END AS bad"
     "  FROM owed w LEFT JOIN decisions d ON d.decision = w.decision AND d.event = w.event"},

    {"the payment of a refunded sale is owed", "refunds", AUDIT_TEXT,
     "SELECT payment AS place, NOT EXISTS (SELECT 1 FROM owed w"
     "   WHERE w.event = d.event AND w.decision = d.decision AND"
     "   w.reference = d.payment AND w.reason = '') AS bad"
     "  FROM decisions d WHERE d.state = 5 AND d.payment IS NOT NULL"},

    /* STORE_OWED_MAX, and its own payment once refunded; what is settled is no more owed. */
    {"few payments are owed for one order", "orders", AUDIT_TEXT,
     "SELECT 'decision ' || decision AS place, count(*) > 17 AS bad"
     "  FROM owed WHERE settled_at IS NULL GROUP BY event, decision"},
};

const struct audit_checks audit_counts = {checks, sizeof checks / sizeof *checks};
