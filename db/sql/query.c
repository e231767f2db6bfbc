#include "db/sql/query.h"

#include <stddef.h>

#include "db/sql/query_columns.h"

static const char *const texts[QUERY_COUNT] = {
    [QUERY_COMMIT] = "COMMIT",
    [QUERY_ROLLBACK] = "ROLLBACK",
    [QUERY_SAVEPOINT] = "SAVEPOINT part",
    [QUERY_RELEASE] = "RELEASE part",
    [QUERY_BACK_TO_SAVEPOINT] = "ROLLBACK TO part",
    [QUERY_BOOT] = "SELECT boot FROM servers WHERE server = ?1",
    [QUERY_EVENT] = "SELECT " EVENT_COLUMNS " FROM events WHERE name = ?1",
    [QUERY_EVENT_BY_ROW] = "SELECT " EVENT_COLUMNS " FROM events WHERE event = ?1",
    [QUERY_TIERS_OF_EVENT] =
        "SELECT tier, name, currency, price, capacity, sold, held, order_limit, next_number,"
        "       waiting"
        "  FROM tiers WHERE event = ?1 ORDER BY tier",
    /* Event and tier are known to the batch: joining them would cost each purchase. */
    [QUERY_KEY] = "SELECT " ORDER_COLUMNS ", fingerprint, problem, remaining"
                  "  FROM decisions d WHERE event = ?1 AND key = ?2",
    [QUERY_HOLD] = "SELECT " ORDER_COLUMNS ", EXISTS"
                   "  (SELECT 1 FROM owed o WHERE o.event = d.event AND o.decision = d.decision)"
                   "  FROM decisions d WHERE id = ?1 AND expires_at IS NOT NULL",
    [QUERY_OWED] =
        "SELECT (SELECT count(*) FROM owed WHERE event = ?1 AND decision = ?2"
        "         AND settled_at IS NULL),"
        "       (SELECT reason FROM owed WHERE event = ?1 AND decision = ?2 AND reference = ?3)",
    [QUERY_USED] = "SELECT EXISTS (SELECT 1 FROM tickets WHERE event = ?1 AND tier = ?2"
                   "  AND number >= ?3 AND number < ?4 AND checked_in_at IS NOT NULL)",
    [QUERY_BUYER] = "SELECT tickets FROM buyers WHERE event = ?1 AND buyer = ?2",
    /* An order is changed from the state in which it was read, or not at all. Only what changes is set: each
     * index of which it is a part would be written. */
    [QUERY_MOVE_ORDER] = "UPDATE decisions SET state = ?3, changed_at = ?4"
                         "  WHERE event = ?5 AND decision = ?1 AND state = ?2",
    [QUERY_OFFER_ORDER] =
        "UPDATE decisions SET state = ?3, changed_at = ?4, quantity = ?6, amount = ?7,"
        "                     expires_at = ?8"
        "  WHERE event = ?5 AND decision = ?1 AND state = ?2",
    [QUERY_SELL_ORDER] =
        "UPDATE decisions SET state = ?3, changed_at = ?4, first_number = ?6, server = ?7,"
        "                     router = ?8, payment = ?9, request = ?10, late = ?11"
        "  WHERE event = ?5 AND decision = ?1 AND state = ?2",
    [QUERY_ADD_OWED] = "INSERT INTO owed (event, decision, reference, at, reason)"
                       "  VALUES (?1, ?2, ?3, ?4, ?5)",
    [QUERY_CHECK_IN] = "UPDATE tickets SET checked_in_at = ?4, gate = ?5, check_in_key = ?6"
                       "  WHERE event = ?1 AND tier = ?2 AND number = ?3 AND checked_in_at IS NULL",
    [QUERY_COUNT_BUYER] = "INSERT INTO buyers (event, buyer, tickets) VALUES (?1, ?2, ?3)"
                          "  ON CONFLICT (event, buyer) DO UPDATE SET tickets = ?3"
                          "  WHERE buyers.tickets = ?4",
    [QUERY_ADD_TOTAL] =
        "INSERT INTO totals (event, tier, server, sold) VALUES (?1, ?2, ?3, ?4)"
        "  ON CONFLICT (event, tier, server) DO UPDATE SET sold = totals.sold + excluded.sold",
    [QUERY_COUNT_REFUSALS] = "UPDATE events SET refusals = refusals + ?2 WHERE event = ?1",
    [QUERY_STORE_ID] = "SELECT id FROM store",
    [QUERY_RAISE_BOOT] = "INSERT INTO servers (server, boot) VALUES (?1, 1)"
                         "  ON CONFLICT (server) DO UPDATE SET boot = servers.boot + 1",
    [QUERY_SERVER_SOLD] = "SELECT coalesce(sum(sold), 0) FROM totals WHERE server = ?1",
    [QUERY_READ_TIERS] = "SELECT " COUNTS_COLUMNS
                         "  FROM (SELECT event, name FROM events ORDER BY name LIMIT 1000) e"
                         "  JOIN tiers t ON t.event = e.event ORDER BY e.name, t.name",
    [QUERY_READ_EVENT_TIERS] =
        "SELECT " COUNTS_COLUMNS
        "  FROM events e JOIN tiers t ON t.event = e.event WHERE e.name = ?1 ORDER BY t.name",
    [QUERY_EACH_SERVER] = "SELECT v.server, v.boot, (SELECT coalesce(sum(sold), 0) FROM totals t"
                          "                          WHERE t.server = v.server)"
                          "  FROM servers v ORDER BY v.server",
    [QUERY_FIND_EVENT] = "SELECT event, buyer_limit FROM events WHERE name = ?1",
    [QUERY_COUNT_EVENTS] = "SELECT count(*) FROM events",
    /* What is not set is NULL, and stays. */
    [QUERY_CHANGE_EVENT] =
        "UPDATE events SET title = coalesce(?2, title), zone = coalesce(?3, zone),"
        "  starts_at = coalesce(?4, starts_at), sale_from = coalesce(?5, sale_from),"
        "  sale_until = coalesce(?6, sale_until), buyer_limit = coalesce(?7, buyer_limit),"
        "  hold_seconds = coalesce(?8, hold_seconds), waiting_list = coalesce(?9, waiting_list),"
        "  closed = coalesce(?10, closed) WHERE event = ?1",
    [QUERY_WINDOW] = "SELECT sale_from, sale_until FROM events WHERE event = ?1",
    [QUERY_EMPTY_BUYERS] = "DELETE FROM buyers WHERE event = ?1",
    [QUERY_FIND_TIER] = "SELECT tier, sold + held FROM tiers WHERE event = ?1 AND name = ?2",
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
    [QUERY_COUNT_KEYS] = "SELECT count(*) FROM signing_keys WHERE retired_at IS NULL",
    [QUERY_ADD_KEY] = "INSERT INTO signing_keys (id, seed, public_key, created_at)"
                      "  VALUES (?1, ?2, ?3, ?4)",
    [QUERY_FIND_KEY] = "SELECT retired_at, number ="
                       "  (SELECT max(number) FROM signing_keys WHERE retired_at IS NULL)"
                       "  FROM signing_keys WHERE id = ?1",
    [QUERY_RETIRE_KEY] = "UPDATE signing_keys SET retired_at = ?2 WHERE id = ?1",
    [QUERY_SETTLE] = "UPDATE owed SET settled_at = ?2 WHERE owed = ?1",
    [QUERY_READ_EVENT] = "SELECT " TERMS_COLUMNS " FROM events WHERE name = ?1",
    [QUERY_READ_WHOLE_EVENT] =
        "SELECT " WHOLE_EVENT_COLUMNS " FROM events e LEFT JOIN tiers t ON t.event = e.event"
        "  WHERE e.name = ?1 ORDER BY t.name",
    [QUERY_LIST_EVENTS] =
        "SELECT " WHOLE_EVENT_COLUMNS
        "  FROM (SELECT * FROM events WHERE name > ?1 ORDER BY name LIMIT ?2) e"
        "  LEFT JOIN tiers t ON t.event = e.event ORDER BY e.name, t.name LIMIT ?3",
    [QUERY_FIND_TOKEN] = "SELECT " TOKEN_COLUMNS " FROM tokens WHERE hash = ?1",
    [QUERY_EACH_TOKEN] = "SELECT " TOKEN_COLUMNS " FROM tokens ORDER BY id",
    [QUERY_EACH_KEY] = "SELECT id, seed, public_key, created_at, retired_at FROM signing_keys"
                       "  ORDER BY number DESC",
};

const char *query_text(enum named_query which)
{
    return texts[which];
}
