#include "db/sqlite/audit_check.h"

static const struct audit_check checks[] = {
    {"an event's count of refusals is the number it keeps", "events",
     AUDIT_OF("name") "(SELECT e.name AS name, e.refusals <> (SELECT count(*) FROM decisions d"
                      "   WHERE d.event = e.event AND d.id IS NULL) AS bad FROM events e)"},

    {"a server's total is the sum of its sales, refunded or not", "totals",
     AUDIT_OF("server") "(SELECT server, sum(told) <> sum(counted) AS bad FROM"
                        "  (SELECT event, tier, server, sold AS told, 0 AS counted FROM totals"
                        "   UNION ALL SELECT event, tier, server, 0, quantity FROM decisions"
                        "   WHERE first_number IS NOT NULL) GROUP BY event, tier, server)"},

    {"a server that sold has a boot number", "servers",
     AUDIT_OF("server") "(SELECT t.server AS server, coalesce(v.boot, 0) < 1 AS bad"
                        "  FROM (SELECT DISTINCT server FROM totals) t"
                        "  LEFT JOIN servers v USING (server))"},

    /* lower() is for ASCII, as the rule is. */
    {"a buyer's count is what is sold, held and waited for", "buyers",
     AUDIT_OF("buyer") "(SELECT buyer, sum(told) <> sum(counted) AS bad FROM"
                       "  (SELECT event, buyer, tickets AS told, 0 AS counted FROM buyers UNION ALL"
                       "   SELECT event, lower(buyer), 0, quantity FROM decisions"
                       "   WHERE id IS NOT NULL AND state IN (0, 1, 2) AND buyer <> '')"
                       "  JOIN events e USING (event) WHERE e.buyer_limit > 0"
                       "  GROUP BY event, buyer)"},

    {"buyers are counted only where they have a limit", "buyers",
     AUDIT_OF("buyer") "(SELECT b.buyer AS buyer, e.buyer_limit = 0 AS bad"
                       "  FROM buyers b JOIN events e USING (event))"},

    {"a payment is owed for an order, with its reason", "owed",
     AUDIT_OF(
         "reference") "(SELECT w.reference, d.id IS NULL OR w.reference = '' OR"
                      "   CASE w.reason WHEN '' THEN d.state <> 5 OR"
                      "     d.payment IS NOT w.reference"
                      "   ELSE d.expires_at IS NULL OR d.payment IS w.reference OR w.reason NOT IN"
                      "     ('hold_expired', 'hold_released', 'not_offered', 'already_paid')"
                      "   END AS bad"
                      "  FROM owed w LEFT JOIN decisions d"
                      "  ON d.decision = w.decision AND d.event = w.event)"},

    {"the payment of a refunded sale is owed", "refunds",
     AUDIT_OF("payment") "(SELECT payment, NOT EXISTS (SELECT 1 FROM owed w"
                         "   WHERE w.event = d.event AND w.decision = d.decision AND"
                         "   w.reference = d.payment AND w.reason = '') AS bad"
                         "  FROM decisions d WHERE d.state = 5 AND d.payment IS NOT NULL)"},

    /* STORE_OWED_MAX, and its own payment once refunded; what is settled is no more owed. */
    {"few payments are owed for one order", "orders",
     AUDIT_OF("place") "(SELECT 'decision ' || decision AS place, count(*) > 17 AS bad"
                       "  FROM owed WHERE settled_at IS NULL GROUP BY event, decision)"},
};

const struct audit_checks audit_counts = {checks, sizeof checks / sizeof *checks};
