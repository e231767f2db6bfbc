#include "db/sqlite/audit_check.h"

/* A key as people read it. */
#define KEY "iif(typeof(key) = 'blob', hex(key), key) AS key"

static const struct audit_check checks[] = {
    /* That a key occurs once, and an order's id, are the table's own keys: the file's check. */
    {"a key has one outcome, an order or a refusal", "decisions",
     AUDIT_OF("key") "(SELECT " KEY ", (id IS NULL) = (problem IS NULL) AS bad FROM decisions)"},

    {"a key that is an id is kept as one", "decisions",
     AUDIT_OF("key") "(SELECT key, typeof(key) = 'text'"
                     "   AND key LIKE '________-____-____-____-____________'"
                     "   AND length(replace(key, '-', '')) = 32"
                     "   AND replace(key, '-', '') NOT GLOB '*[^0-9a-f]*' AS bad FROM decisions)"},

    /* Among those of each kind, key or not, the indexes see to it. */
    {"an order's id is given once", "orders",
     AUDIT_OF("id") "(SELECT hex(d.id) AS id, d.id <> d.key AND EXISTS (SELECT 1 FROM decisions o"
                    "   WHERE o.event = d.event AND o.key = d.id AND o.id = d.id) AS bad"
                    "  FROM decisions d WHERE d.id IS NOT NULL)"},

    {"an order has all that belongs to an order", "orders",
     AUDIT_OF(
         "key") "(SELECT " KEY ", (tier IS NULL OR quantity IS NULL OR amount IS NULL OR"
                "   currency IS NULL OR buyer IS NULL OR server IS NULL OR router IS NULL) AS bad"
                "  FROM decisions WHERE id IS NOT NULL)"},

    {"an order is in a part that its event's list reads", "orders",
     AUDIT_OF("key") "(SELECT " KEY ", NOT EXISTS (SELECT 1 FROM order_spans s"
                     "   WHERE s.event = d.event AND s.span = d.decision >> 8) AS bad"
                     "  FROM decisions d WHERE id IS NOT NULL)"},

    {"an order is in its tier's currency", "orders",
     AUDIT_OF("key") "(SELECT " KEY ", d.currency <> t.currency AS bad"
                     "  FROM decisions d JOIN tiers t USING (event, tier) WHERE d.id IS NOT NULL)"},

    {"only what was sold has numbers", "orders",
     AUDIT_OF("key") "(SELECT " KEY ", state NOT BETWEEN 0 AND 5 OR"
                     "   (first_number IS NOT NULL) <> (state IN (0, 5)) AS bad"
                     "  FROM decisions WHERE id IS NOT NULL)"},

    {"what is or was held has a time to expire, what waits has none", "orders",
     AUDIT_OF("key") "(SELECT " KEY ", CASE WHEN state IN (1, 4) THEN coalesce(expires_at, 0) <= 0"
                     "   WHEN state = 2 THEN expires_at IS NOT 0"
                     "   WHEN state = 3 THEN expires_at IS NULL"
                     "   ELSE expires_at IS NOT NULL AND expires_at <= 0 END AS bad"
                     "  FROM decisions WHERE id IS NOT NULL)"},

    {"a hold was sold by a payment, and nothing else was", "orders",
     AUDIT_OF("key") "(SELECT " KEY ", (payment IS NOT NULL) <>"
                     "   (state IN (0, 5) AND expires_at IS NOT NULL) OR payment = '' OR"
                     "   (payment IS NULL) <> (request IS NULL) OR"
                     "   (late IS NOT NULL AND payment IS NULL) AS bad"
                     "  FROM decisions WHERE id IS NOT NULL)"},

    {"what has changed says when", "orders",
     AUDIT_OF("key") "(SELECT " KEY ", changed_at <= 0 OR CASE WHEN state IN (3, 4, 5) THEN"
                     "   changed_at IS NULL WHEN state = 0 THEN (changed_at IS NULL) <>"
                     "   (payment IS NULL) WHEN state = 2 THEN changed_at IS NOT NULL ELSE 0 END"
                     "   AS bad FROM decisions WHERE id IS NOT NULL)"},

    {"a refusal is no more than that", "refusals",
     AUDIT_OF("key") "(SELECT " KEY ", problem NOT IN ('sold_out', 'buyer_limit') OR"
                     "   remaining IS NULL OR state <> 0 OR coalesce(tier, quantity, first_number,"
                     "   amount, expires_at, changed_at, payment, request, late) IS NOT NULL AS bad"
                     "  FROM decisions WHERE id IS NULL)"},
};

const struct audit_checks audit_decisions = {checks, sizeof checks / sizeof *checks};
