#include "db/sql/audit_check.h"

static const struct audit_check checks[] = {
    /* That a key occurs once, and an order's id, are the table's own keys. */
    {"a key has one outcome, an order or a refusal", "decisions", AUDIT_KEY,
     "SELECT key AS place, (id IS NULL) = (problem IS NULL) AS bad FROM decisions"},

    /* Among those of each kind, key or not, the indexes see to it. */
    {"an order's id is given once", "orders", AUDIT_KEY,
     "SELECT d.id AS place, d.id <> d.key AND EXISTS (SELECT 1 FROM decisions o"
     "   WHERE o.event = d.event AND o.key = d.id AND o.id = d.id) AS bad"
     "  FROM decisions d WHERE d.id IS NOT NULL"},

    {"an order has all that belongs to an order", "orders", AUDIT_KEY,
     "SELECT key AS place, (tier IS NULL OR quantity IS NULL OR amount IS NULL OR"
     "   currency IS NULL OR buyer IS NULL OR server IS NULL OR router IS NULL) AS bad"
     "  FROM decisions WHERE id IS NOT NULL"},

    {"an order is in its tier's currency", "orders", AUDIT_KEY,
     "SELECT d.key AS place, d.currency <> t.currency AS bad"
     "  FROM decisions d JOIN tiers t USING (event, tier) WHERE d.id IS NOT NULL"},

    {"only what was sold has numbers", "orders", AUDIT_KEY,
     "SELECT key AS place, state NOT BETWEEN 0 AND 5 OR"
     "   (first_number IS NOT NULL) <> (state IN (0, 5)) AS bad"
     "  FROM decisions WHERE id IS NOT NULL"},

    {"what is or was held has a time to expire, what waits has none", "orders", AUDIT_KEY,
     "SELECT key AS place, CASE WHEN state IN (1, 4) THEN coalesce(expires_at, 0) <= 0"
     "   WHEN state = 2 THEN coalesce(expires_at, -1) <> 0"
     "   WHEN state = 3 THEN expires_at IS NULL"
     "   ELSE expires_at IS NOT NULL AND expires_at <= 0 END AS bad"
     "  FROM decisions WHERE id IS NOT NULL"},

    {"a hold was sold by a payment, and nothing else was", "orders", AUDIT_KEY,
     "SELECT key AS place, (payment IS NOT NULL) <>"
     "   (state IN (0, 5) AND expires_at IS NOT NULL) OR payment = '' OR"
     "   (payment IS NULL) <> (request IS NULL) OR"
     "   (late IS NOT NULL AND payment IS NULL) AS bad"
     "  FROM decisions WHERE id IS NOT NULL"},

    {"what has changed says when", "orders", AUDIT_KEY,
     "SELECT key AS place, changed_at <= 0 OR CASE WHEN state IN (3, 4, 5) THEN"
     "   changed_at IS NULL WHEN state = 0 THEN (changed_at IS NULL) <>"
     "   (payment IS NULL) WHEN state = 2 THEN changed_at IS NOT NULL ELSE FALSE END"
     "   AS bad FROM decisions WHERE id IS NOT NULL"},

    {"a refusal is no more than that", "refusals", AUDIT_KEY,
     "SELECT key AS place, problem NOT IN ('sold_out', 'buyer_limit') OR remaining IS NULL OR"
     "   state <> 0 OR tier IS NOT NULL OR quantity IS NOT NULL OR first_number IS NOT NULL OR"
     "   amount IS NOT NULL OR expires_at IS NOT NULL OR changed_at IS NOT NULL OR"
     "   payment IS NOT NULL OR request IS NOT NULL OR late IS NOT NULL AS bad"
     "  FROM decisions WHERE id IS NULL"},
};

const struct audit_checks audit_decisions = {checks, sizeof checks / sizeof *checks};
