#include "db/sqlite/query.h"

#include "db/sqlite/schema.h"

/* The columns of an event's terms, of an order, of a token and of a key, in the order in which list.c takes
 * them. */
#define TERMS                                                                                      \
    "name, title, zone, starts_at, sale_from, sale_until, buyer_limit, hold_seconds,"              \
    " waiting_list, closed"
#define ORDER                                                                                      \
    "d.id, e.name, t.name, d.buyer, d.server, d.currency, d.quantity, d.first_number, d.amount,"   \
    " d.created_at, d.state, coalesce(d.request, d.id), d.expires_at, d.payment,"                  \
    " coalesce(d.changed_at, d.created_at), d.late, d.event, d.tier, d.decision"
#define TOKEN "id, name, hash, scopes, created_at, revoked_at"

static const char *const texts[QUERY_COUNT] = {
    [QUERY_FIND_EVENT] = "SELECT event, buyer_limit FROM events WHERE name = ?1",
    [QUERY_COUNT_EVENTS] = "SELECT count(*) FROM events",
    [QUERY_ADD_EVENT] = "INSERT INTO events (" TERMS ")"
                        "  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    /* What is not set is NULL, and stays. */
    [QUERY_CHANGE_EVENT] =
        "UPDATE events SET title = coalesce(?2, title), zone = coalesce(?3, zone),"
        "  starts_at = coalesce(?4, starts_at), sale_from = coalesce(?5, sale_from),"
        "  sale_until = coalesce(?6, sale_until), buyer_limit = coalesce(?7, buyer_limit),"
        "  hold_seconds = coalesce(?8, hold_seconds), waiting_list = coalesce(?9, waiting_list),"
        "  closed = coalesce(?10, closed) WHERE event = ?1",
    [QUERY_WINDOW] = "SELECT sale_from, sale_until FROM events WHERE event = ?1",
    [QUERY_COUNT_DECISIONS] = "SELECT count(*) FROM"
                              "  (SELECT 1 FROM decisions WHERE event = ?1 LIMIT ?2)",
    /* The index of keys has them in the order of their keys, the set in that of their pages: each is read once. */
    [QUERY_FILL_BUYERS] =
        "INSERT INTO buyers (event, buyer, tickets) SELECT ?1, lower(d.buyer), sum(d.quantity)"
        "  FROM decisions d WHERE d.decision IN (SELECT decision FROM decisions WHERE event = ?1)"
        "    AND d.id IS NOT NULL AND d.state IN (0, 1, 2) AND d.buyer <> ''"
        "  GROUP BY lower(d.buyer)",
    [QUERY_EMPTY_BUYERS] = "DELETE FROM buyers WHERE event = ?1",
    [QUERY_FIND_TIER] = "SELECT tier, sold + held FROM tiers WHERE event = ?1 AND name = ?2",
    [QUERY_COUNT_TIERS] =
        "SELECT count(*), coalesce(max(tier), 0), count(*) = count(iif(currency = ?2, 1, NULL))"
        "  FROM tiers WHERE event = ?1",
    [QUERY_ADD_TIER] =
        "INSERT INTO tiers (event, tier, name, price, currency, capacity, order_limit, next_number)"
        "  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT first_number FROM store WHERE one = 1))",
    [QUERY_CHANGE_TIER] = "UPDATE tiers SET price = coalesce(?3, price),"
                          "  capacity = coalesce(?4, capacity),"
                          "  order_limit = coalesce(?5, order_limit)"
                          "  WHERE event = ?1 AND tier = ?2",

    [QUERY_COUNT_TOKENS] = "SELECT count(*) FROM tokens WHERE revoked_at IS NULL",
    [QUERY_ADD_TOKEN] = "INSERT INTO tokens (id, name, hash, scopes, created_at)"
                        "  VALUES (?1, ?2, ?3, ?4, ?5)",
    [QUERY_REVOKED_AT] = "SELECT revoked_at FROM tokens WHERE id = ?1",
    [QUERY_REVOKE_TOKEN] = "UPDATE tokens SET revoked_at = ?2 WHERE id = ?1",
    [QUERY_FORGET_TOKENS] = "DELETE FROM tokens WHERE id IN"
                            "  (SELECT id FROM tokens WHERE revoked_at IS NOT NULL"
                            "   ORDER BY revoked_at DESC LIMIT -1 OFFSET ?1)",
    [QUERY_COUNT_KEYS] = "SELECT count(*) FROM signing_keys WHERE retired_at IS NULL",
    [QUERY_ADD_KEY] = "INSERT INTO signing_keys (id, seed, public_key, created_at)"
                      "  VALUES (?1, ?2, ?3, ?4)",
    [QUERY_FIND_KEY] = "SELECT retired_at, number ="
                       "  (SELECT max(number) FROM signing_keys WHERE retired_at IS NULL)"
                       "  FROM signing_keys WHERE id = ?1",
    [QUERY_RETIRE_KEY] = "UPDATE signing_keys SET retired_at = ?2 WHERE id = ?1",
    [QUERY_FORGET_KEYS] = "DELETE FROM signing_keys WHERE number IN"
                          "  (SELECT number FROM signing_keys WHERE retired_at IS NOT NULL"
                          "   ORDER BY retired_at DESC LIMIT -1 OFFSET ?1)",
    /* Only who once held can owe a payment: such an order is found by its id alone. */
    [QUERY_FIND_OWED] =
        "SELECT o.owed, o.settled_at FROM decisions d CROSS JOIN events e ON e.event = d.event"
        "  CROSS JOIN owed o ON o.event = d.event AND o.decision = d.decision"
        "  WHERE d.id = ?1 AND d.expires_at IS NOT NULL AND o.reference = ?2"
        "  AND ?3 IN ('', e.name)",
    [QUERY_SETTLE] = "UPDATE owed SET settled_at = ?2 WHERE owed = ?1",

    [QUERY_READ_EVENT] = "SELECT " TERMS " FROM events WHERE name = ?1",
    [QUERY_LIST_EVENTS] = "SELECT " TERMS " FROM events WHERE name > ?1 ORDER BY name LIMIT ?2",
    [QUERY_READ_HOLD] = "SELECT " ORDER " FROM decisions d"
                        "  CROSS JOIN events e ON e.event = d.event"
                        "  CROSS JOIN tiers t ON t.event = d.event AND t.tier = d.tier"
                        "  WHERE d.id = ?1 AND d.expires_at IS NOT NULL",
    [QUERY_EACH_HOLD] = "SELECT " ORDER ", d.router FROM decisions d"
                        "  CROSS JOIN events e ON e.event = d.event"
                        "  CROSS JOIN tiers t ON t.event = d.event AND t.tier = d.tier"
                        "  WHERE d.expires_at IS NOT NULL ORDER BY d.decision",
    [QUERY_LIST_ORDERS] =
        "SELECT " ORDER " FROM order_spans s CROSS JOIN decisions d NOT INDEXED"
        "    ON d.decision >= max(s.span << 8, ?2 + 1) AND d.decision <= (s.span << 8) + 255"
        "  CROSS JOIN events e ON e.event = s.event"
        "  CROSS JOIN tiers t ON t.event = s.event AND t.tier = d.tier"
        "  WHERE s.event = ?1 AND s.span >= ?2 >> 8 AND d.event = ?1 AND d.id IS NOT NULL"
        "  ORDER BY s.span, d.decision LIMIT ?3",
    [QUERY_PLACE] = "SELECT count(*) FROM (SELECT 1 FROM decisions"
                    "  WHERE event = ?1 AND tier = ?2 AND state = 2 AND " SCHEMA_PENDING
                    "  AND expires_at = 0 AND decision <= ?3 LIMIT ?4)",
    /* The number bounds the walk through the first tier only. */
    [QUERY_LIST_TICKETS] =
        "SELECT e.name, t.name, k.number, d.id, d.buyer, d.state = 5, k.checked_in_at, k.gate"
        "  FROM events e CROSS JOIN tiers t ON t.event = e.event"
        "  CROSS JOIN tickets k ON k.event = t.event AND k.tier = t.tier"
        "    AND k.number > iif(t.name = ?2, ?3, 0)"
        "  CROSS JOIN decisions d ON d.decision = k.decision"
        "  WHERE e.event = ?1 AND t.name >= ?2 ORDER BY t.name, k.number LIMIT ?4",
    [QUERY_FIND_SALE] = "SELECT d.decision FROM events e JOIN decisions d ON +d.event = e.event"
                        "  WHERE e.name = ?1 AND d.state IN (0, 5)"
                        "  AND d.decision IN" SCHEMA_ORDER_OF_ID("e.event"),
    [QUERY_READ_TICKETS] =
        "SELECT e.name, t.name, k.number, d.id, d.buyer, d.state = 5, k.checked_in_at, k.gate"
        "  FROM decisions d CROSS JOIN events e ON e.event = d.event"
        "  CROSS JOIN tiers t ON t.event = d.event AND t.tier = d.tier"
        "  CROSS JOIN tickets k ON k.event = d.event AND k.tier = d.tier"
        "    AND k.number >= d.first_number AND k.number < d.first_number + d.quantity"
        "  WHERE d.decision = ?1 AND d.state IN (0, 5) ORDER BY k.number",
    [QUERY_LIST_OWED] =
        "SELECT d.id, e.name, o.reference, d.currency, d.amount, o.at, o.reason, o.settled_at,"
        "       o.owed"
        "  FROM owed o CROSS JOIN decisions d ON d.decision = o.decision"
        "  CROSS JOIN events e ON e.event = o.event"
        "  WHERE o.event = ?1 AND o.owed > ?2 ORDER BY o.owed LIMIT ?3",
    [QUERY_FIND_TOKEN] = "SELECT " TOKEN " FROM tokens WHERE hash = ?1",
    [QUERY_EACH_TOKEN] = "SELECT " TOKEN " FROM tokens ORDER BY id",
    [QUERY_EACH_KEY] = "SELECT id, seed, public_key, created_at, retired_at FROM signing_keys"
                       "  ORDER BY number DESC",
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

const char *query_text(enum store_query which)
{
    return texts[which];
}
