#include "db/postgres/query.h"

#include <stddef.h>

#include "db/sql/query_columns.h"

/* The columns that column_sale takes. */
#define SALE_COLUMNS                                                                               \
    "d.id, e.name, t.name, d.buyer, d.server, d.currency, d.quantity, d.first_number, d.amount,"   \
    " d.created_at, d.state, coalesce(d.request, d.id), d.expires_at"

/* Of an order that was read or listed. */
#define WITH_NAMES                                                                                 \
    " JOIN events e ON e.event = d.event JOIN tiers t ON t.event = d.event AND t.tier = d.tier"

/* The order of event e whose id is ?2, by one of two indexes: one that has its key for an id is not in the index of
 * ids. */
#define ORDER_OF_ID                                                                                \
    " CROSS JOIN LATERAL (SELECT * FROM decisions k WHERE k.event = e.event AND k.key = ?2"        \
    "   AND k.id = ?2 UNION ALL SELECT * FROM decisions i WHERE i.event = e.event AND i.id = ?2"   \
    "   AND i.id <> i.key) d"

#define TICKET_COLUMNS                                                                             \
    "e.name, t.name, k.number, d.id, d.buyer, d.state = 5, k.checked_in_at, k.gate"

static const char *const texts[QUERY_COUNT] = {
    [QUERY_SERVER_SOLD] =
        "SELECT CAST(coalesce(sum(sold), 0) AS bigint) FROM totals WHERE server = ?1",

    [QUERY_SALE] = "SELECT " SALE_COLUMNS " FROM events e" ORDER_OF_ID
                   "  JOIN tiers t ON t.event = d.event AND t.tier = d.tier"
                   "  WHERE e.name = ?1 AND d.first_number IS NOT NULL",
    [QUERY_EACH_SALE] = "SELECT " SALE_COLUMNS ", d.router, d.key FROM decisions d" WITH_NAMES
                        "  WHERE d.first_number IS NOT NULL ORDER BY d.decision",
    [QUERY_READ_EVENT_TIERS] =
        "SELECT " COUNTS_COLUMNS "  FROM tiers t JOIN events e ON e.event = t.event"
        "  WHERE t.event = (SELECT event FROM events WHERE name = ?1) ORDER BY t.name",
    [QUERY_EACH_SERVER] =
        "SELECT v.server, v.boot, CAST((SELECT coalesce(sum(sold), 0) FROM totals t"
        "                               WHERE t.server = v.server) AS bigint)"
        "  FROM servers v ORDER BY v.server",

    /* Under the lock of the store: two events never get one number. */
    [QUERY_ADD_EVENT] = "INSERT INTO events (event, " TERMS_COLUMNS ")"
                        "  SELECT coalesce(max(event), 0) + 1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
                        "         ?9, ?10 FROM events",
    [QUERY_COUNT_DECISIONS] = "SELECT count(*) FROM"
                              "  (SELECT 1 FROM decisions WHERE event = ?1 LIMIT ?2) d",
    /* Lower case as ASCII has it, whatever the database's language. */
    [QUERY_FILL_BUYERS] =
        "INSERT INTO buyers (event, buyer, tickets)"
        "  SELECT d.event, lower(d.buyer COLLATE \"C\"), CAST(sum(d.quantity) AS bigint)"
        "  FROM decisions d WHERE d.event = ?1 AND d.id IS NOT NULL AND d.state IN (0, 1, 2)"
        "    AND d.buyer <> '' GROUP BY d.event, lower(d.buyer COLLATE \"C\")",
    [QUERY_COUNT_TIERS] = "SELECT count(*), coalesce(max(tier), 0),"
                          "       count(*) = count(CASE WHEN currency = ?2 THEN 1 END)"
                          "  FROM tiers WHERE event = ?1",
    [QUERY_FORGET_TOKENS] = "DELETE FROM tokens WHERE id IN"
                            "  (SELECT id FROM tokens WHERE revoked_at IS NOT NULL"
                            "   ORDER BY revoked_at DESC OFFSET ?1)",
    /* Under the lock of the store, as an event's number is. */
    [QUERY_ADD_KEY] = "INSERT INTO signing_keys (number, id, seed, public_key, created_at)"
                      "  SELECT coalesce(max(number), 0) + 1, ?1, ?2, ?3, ?4 FROM signing_keys",
    [QUERY_FORGET_KEYS] = "DELETE FROM signing_keys WHERE number IN"
                          "  (SELECT number FROM signing_keys WHERE retired_at IS NOT NULL"
                          "   ORDER BY retired_at DESC OFFSET ?1)",
    /* Only who once held can owe a payment: such an order is found by its id alone. */
    [QUERY_FIND_OWED] =
        "SELECT o.owed, o.settled_at FROM decisions d JOIN events e ON e.event = d.event"
        "  JOIN owed o ON o.event = d.event AND o.decision = d.decision"
        "  WHERE d.id = ?1 AND d.expires_at IS NOT NULL AND o.reference = ?2"
        "  AND ?3 IN ('', e.name)",

    [QUERY_READ_HOLD] = "SELECT " LISTED_COLUMNS " FROM decisions d" WITH_NAMES
                        "  WHERE d.id = ?1 AND d.expires_at IS NOT NULL",
    [QUERY_EACH_HOLD] = "SELECT " LISTED_COLUMNS ", d.router FROM decisions d" WITH_NAMES
                        "  WHERE d.expires_at IS NOT NULL ORDER BY d.decision",
    [QUERY_LIST_ORDERS] = "SELECT " LISTED_COLUMNS " FROM decisions d" WITH_NAMES
                          "  WHERE d.event = ?1 AND d.decision > ?2 AND d.id IS NOT NULL"
                          "  ORDER BY d.event, d.decision LIMIT ?3",
    [QUERY_PLACE] = "SELECT count(*) FROM (SELECT 1 FROM decisions"
                    "  WHERE event = ?1 AND tier = ?2 AND state = 2 AND expires_at = 0"
                    "  AND decision <= ?3 LIMIT ?4) d",
    [QUERY_PLACES] =
        "SELECT t.tier, (SELECT count(*) FROM (SELECT 1 FROM decisions d"
        "    WHERE d.event = t.event AND d.tier = t.tier AND d.state = 2 AND d.expires_at = 0"
        "    AND d.decision <= ?2 LIMIT ?3) w)"
        "  FROM tiers t WHERE t.event = ?1",
    /* Of each tier at most a page is read, in the order of its numbers. */
    [QUERY_LIST_TICKETS] =
        "SELECT " TICKET_COLUMNS " FROM events e JOIN tiers t ON t.event = e.event"
        "  CROSS JOIN LATERAL (SELECT * FROM tickets n WHERE n.event = t.event AND n.tier = t.tier"
        "    AND n.number > CASE WHEN t.name = ?2 THEN ?3 ELSE 0 END"
        "    ORDER BY n.event, n.tier, n.number LIMIT ?4) k"
        "  JOIN decisions d ON d.event = k.event AND d.decision = k.decision"
        "  WHERE e.event = ?1 AND t.name >= ?2 ORDER BY t.name, k.number LIMIT ?4",
    [QUERY_FIND_SALE] = "SELECT d.decision, d.event FROM events e" ORDER_OF_ID
                        "  WHERE e.name = ?1 AND d.state IN (0, 5)",
    [QUERY_READ_TICKETS] =
        "SELECT " TICKET_COLUMNS " FROM decisions d" WITH_NAMES
        "  JOIN tickets k ON k.event = d.event AND k.tier = d.tier"
        "    AND k.number >= d.first_number AND k.number < d.first_number + d.quantity"
        "  WHERE d.decision = ?1 AND d.event = ?2 AND d.state IN (0, 5) ORDER BY k.number",
    [QUERY_LIST_OWED] =
        "SELECT d.id, e.name, o.reference, d.currency, d.amount, o.at, o.reason, o.settled_at,"
        "       o.owed"
        "  FROM owed o JOIN decisions d ON d.event = o.event AND d.decision = o.decision"
        "  JOIN events e ON e.event = o.event"
        "  WHERE o.event = ?1 AND o.owed > ?2 ORDER BY o.event, o.owed LIMIT ?3",
    /* Of each event one tier at most is looked at twice; and orders only where some are held. */
    [QUERY_EACH_DUE] =
        "SELECT e.name FROM"
        "  (SELECT event, max(CASE WHEN held > 0 THEN 1 ELSE 0 END) AS held,"
        "          max(CASE WHEN waiting > 0 AND sold + held < capacity THEN 1 ELSE 0 END) AS offer"
        "   FROM tiers WHERE held > 0 OR waiting > 0 GROUP BY event) t"
        "  JOIN events e ON e.event = t.event"
        "  WHERE (t.offer = 1 AND e.closed = 0 AND (e.sale_until = 0 OR e.sale_until > ?1))"
        "    OR (t.held = 1 AND EXISTS (SELECT 1 FROM decisions d WHERE d.event = e.event"
        "      AND d.state = 1 AND d.expires_at <= ?1))",
};

const char *postgres_text(enum named_query which)
{
    if (texts[which] != NULL)
        return texts[which];
    return bulk_text(which) != NULL ? bulk_text(which) : query_text(which);
}
