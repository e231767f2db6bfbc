#include "db/postgres/bulk_query.h"

#include <stddef.h>

#include "db/sql/query_columns.h"

static const char *const texts[QUERY_COUNT] = {
    [QUERY_BEGIN_WRITING] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    [QUERY_BEGIN_READING] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    [QUERY_DUE] = "SELECT " ORDER_COLUMNS " FROM decisions d"
                  "  WHERE event = ?1 AND state = 1 AND expires_at <= ?2"
                  "  ORDER BY event, state, expires_at, tier, decision LIMIT ?3",
    [QUERY_LINE] = "SELECT " ORDER_COLUMNS " FROM decisions d"
                   "  WHERE event = ?1 AND state = 2 AND expires_at = 0 AND tier = ?2"
                   "  ORDER BY event, state, expires_at, tier, decision LIMIT ?3",
    [QUERY_LINE_BETWEEN] = "SELECT count(*) FROM decisions WHERE event = ?1 AND state = 2"
                           "  AND expires_at = 0 AND tier = ?2"
                           "  AND decision > ?3 AND decision <= ?4",
    /* By one of two indexes: one that has its key for an id is not in the index of ids. */
    [QUERY_ORDER] =
        "SELECT " ORDER_COLUMNS " FROM decisions d WHERE event = ?1 AND key = ?2 AND id = ?2"
        "  UNION ALL SELECT " ORDER_COLUMNS " FROM decisions d"
        "  WHERE event = ?1 AND id = ?2 AND id <> key",
    [QUERY_TICKET] = "SELECT " ORDER_COLUMNS ", k.checked_in_at, k.gate, k.check_in_key"
                     "  FROM tickets k"
                     "  JOIN decisions d ON d.event = k.event AND d.decision = k.decision"
                     "  WHERE k.event = ?1 AND k.tier = ?2 AND k.number = ?3",
    /* Oldest first, a bounded number: a batch must not pay for a million of them. */
    [QUERY_REMOVE_REFUSALS] =
        "DELETE FROM decisions WHERE event = ?1 AND decision = ANY (ARRAY"
        "  (SELECT decision FROM decisions WHERE event = ?1 AND id IS NULL AND created_at < ?2"
        "   ORDER BY event, created_at LIMIT ?3))",
    [QUERY_COUNT_TIER] =
        "UPDATE tiers SET sold = ?3, held = ?4, waiting = ?5, next_number = ?6"
        "  WHERE event = ?1 AND tier = ?2 AND sold = ?7 AND held = ?8 AND waiting = ?9"
        "  AND next_number = ?10 AND ?3::bigint + ?4::bigint <= capacity",
};

static const char *const own_texts[OWN_COUNT] = {
    /* The events come first, whatever the server knows of the tables: it would join them as it likes. */
    [OWN_LOCK_EVENTS] = "SELECT event, tier FROM tiers WHERE event = ANY (ARRAY"
                        "  (SELECT event FROM events WHERE name = ANY (?1::text[])))"
                        "  ORDER BY event, tier FOR UPDATE",
    [OWN_LOCK_ORDERS] =
        "SELECT event, tier FROM tiers WHERE event = ANY (ARRAY"
        "  (SELECT event FROM events WHERE name = ANY (?1::text[]) UNION ALL"
        "   SELECT event FROM decisions WHERE id = ANY (?2::bytea[]) AND expires_at IS NOT NULL))"
        "  ORDER BY event, tier FOR UPDATE",
    [OWN_LOCK_STORE] = "SELECT 1 FROM store FOR UPDATE",
    [OWN_NUMBERS] = "SELECT nextval('decision_numbers')",
    [OWN_TIERS_OF_NAME] =
        "SELECT tier, name, currency, price, capacity, sold, held, order_limit, next_number,"
        "       waiting"
        "  FROM tiers WHERE event = (SELECT event FROM events WHERE name = ?1) ORDER BY tier",
    [OWN_FIND_KEYS] =
        "SELECT " ORDER_COLUMNS ", d.fingerprint, d.problem, d.remaining, k.place"
        "  FROM unnest(?1::bigint[], ?2::bytea[]) WITH ORDINALITY AS k (event, key, place)"
        "  JOIN decisions d ON d.event = k.event AND d.key = k.key",
    [OWN_ADD] =
        "INSERT INTO decisions (event, decision, key, fingerprint, created_at, id, state, tier,"
        "                       quantity, first_number, amount, currency, buyer, server, router,"
        "                       expires_at, problem, remaining)"
        "  SELECT n.event, ?1::bigint + n.place, n.key, n.fingerprint, ?2::bigint, n.id, n.state,"
        "         n.tier, n.quantity, n.first_number, n.amount, n.currency, n.buyer,"
        "         CASE WHEN n.id IS NOT NULL THEN ?3::text END, n.router, n.expires_at, n.problem,"
        "         n.remaining"
        "  FROM unnest(?4::bigint[], ?5::bytea[], ?6::bytea[], ?7::bytea[], ?8::integer[],"
        "              ?9::bigint[], ?10::integer[], ?11::bigint[], ?12::bigint[], ?13::text[],"
        "              ?14::text[], ?15::text[], ?16::bigint[], ?17::text[], ?18::bigint[])"
        "    WITH ORDINALITY AS n (event, key, fingerprint, id, state, tier, quantity,"
        "      first_number, amount, currency, buyer, router, expires_at, problem, remaining,"
        "      place)",
    [OWN_ADD_TICKETS] =
        "INSERT INTO tickets (event, tier, number, decision)"
        "  SELECT s.event, s.tier, generate_series(s.first, s.first + s.quantity - 1), s.decision"
        "  FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[])"
        "    AS s (event, tier, decision, first, quantity)",
};

const char *bulk_own_text(enum own_query which)
{
    return own_texts[which];
}

const char *bulk_text(enum named_query which)
{
    return texts[which];
}
