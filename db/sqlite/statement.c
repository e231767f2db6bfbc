#include "db/sqlite/statement.h"

#include "db/sqlite/schema.h"

/* The columns of an event and of an order, in the order in which a batch reads them. */
#define EVENT_COLUMNS                                                                              \
    "event, refusals, name, sale_from, sale_until, buyer_limit, hold_seconds, waiting_list,"       \
    " closed"
#define ORDER_COLUMNS                                                                              \
    "d.decision, d.event, d.tier, d.id, d.state, d.quantity, d.first_number, d.amount, d.buyer,"   \
    " d.server, d.created_at, d.expires_at, d.changed_at, d.payment, d.request, d.late"

static const char *const texts[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN_WRITING] = "BEGIN IMMEDIATE",
    [STATEMENT_BEGIN_READING] = "BEGIN",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_SAVEPOINT] = "SAVEPOINT one_item",
    [STATEMENT_RELEASE] = "RELEASE one_item",
    [STATEMENT_BACK_TO_SAVEPOINT] = "ROLLBACK TO one_item",

    [STATEMENT_BOOT] = "SELECT boot FROM servers WHERE server = ?1",
    [STATEMENT_EVENT] = "SELECT " EVENT_COLUMNS " FROM events WHERE name = ?1",
    [STATEMENT_EVENT_BY_ROW] = "SELECT " EVENT_COLUMNS " FROM events WHERE event = ?1",
    [STATEMENT_TIERS_OF_EVENT] =
        "SELECT tier, name, currency, price, capacity, sold, held, order_limit, next_number,"
        "       waiting"
        "  FROM tiers WHERE event = ?1 ORDER BY tier",
    /* Event and tier are known to the batch: joining them would cost each purchase. */
    [STATEMENT_KEY] = "SELECT " ORDER_COLUMNS ", fingerprint, problem, remaining"
                      "  FROM decisions d WHERE event = ?1 AND key = ?2",
    [STATEMENT_DUE] = "SELECT " ORDER_COLUMNS " FROM decisions d"
                      "  WHERE event = ?1 AND state = 1 AND " SCHEMA_PENDING
                      "  AND expires_at <= ?2 ORDER BY expires_at, tier, decision LIMIT ?3",
    [STATEMENT_LINE] = "SELECT " ORDER_COLUMNS " FROM decisions d"
                       "  WHERE event = ?1 AND tier = ?2 AND state = 2 AND " SCHEMA_PENDING
                       "  AND expires_at = 0 ORDER BY decision LIMIT ?3",
    [STATEMENT_LINE_BETWEEN] = "SELECT count(*) FROM decisions WHERE event = ?1 AND tier = ?2"
                               "  AND state = 2 AND " SCHEMA_PENDING " AND expires_at = 0"
                               "  AND decision > ?3 AND decision <= ?4",
    [STATEMENT_HOLD] =
        "SELECT " ORDER_COLUMNS ", EXISTS"
        "  (SELECT 1 FROM owed o WHERE o.event = d.event AND o.decision = d.decision)"
        "  FROM decisions d WHERE id = ?1 AND expires_at IS NOT NULL",
    [STATEMENT_ORDER] =
        "SELECT " ORDER_COLUMNS " FROM decisions d WHERE decision IN" SCHEMA_ORDER_OF_ID("?1"),
    [STATEMENT_OWED] =
        "SELECT (SELECT count(*) FROM owed WHERE event = ?1 AND decision = ?2"
        "         AND settled_at IS NULL),"
        "       (SELECT reason FROM owed WHERE event = ?1 AND decision = ?2 AND reference = ?3)",
    [STATEMENT_USED] = "SELECT EXISTS (SELECT 1 FROM tickets WHERE event = ?1 AND tier = ?2"
                       "  AND number >= ?3 AND number < ?4 AND checked_in_at IS NOT NULL)",
    [STATEMENT_TICKET] = "SELECT " ORDER_COLUMNS ", k.checked_in_at, k.gate, k.check_in_key"
                         "  FROM tickets k JOIN decisions d USING (decision)"
                         "  WHERE k.event = ?1 AND k.tier = ?2 AND k.number = ?3",
    [STATEMENT_BUYER] = "SELECT tickets FROM buyers WHERE event = ?1 AND buyer = ?2",

    /* Oldest first, a bounded number: a batch must not pay for a million of them. */
    [STATEMENT_REMOVE_REFUSALS] =
        "DELETE FROM decisions WHERE decision IN"
        "  (SELECT decision FROM decisions WHERE event = ?1 AND id IS NULL AND created_at < ?2"
        "   ORDER BY created_at LIMIT ?3)",
    [STATEMENT_ADD_SALE] =
        "INSERT INTO decisions (event, key, fingerprint, created_at, id, tier, quantity,"
        "                       amount, currency, buyer, server, router, first_number)"
        "  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [STATEMENT_ADD_HOLD] =
        "INSERT INTO decisions (event, key, fingerprint, created_at, id, tier, quantity,"
        "                       amount, currency, buyer, server, router, state, expires_at)"
        "  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    /* An order is changed from the state in which it was read, or not at all. Only what changes is set: each
     * index of which it is a part would be written. */
    [STATEMENT_MOVE_ORDER] = "UPDATE decisions SET state = ?3, changed_at = ?4"
                             "  WHERE decision = ?1 AND state = ?2",
    [STATEMENT_OFFER_ORDER] =
        "UPDATE decisions SET state = ?3, changed_at = ?4, quantity = ?5, amount = ?6,"
        "                     expires_at = ?7"
        "  WHERE decision = ?1 AND state = ?2",
    [STATEMENT_SELL_ORDER] =
        "UPDATE decisions SET state = ?3, changed_at = ?4, first_number = ?5, server = ?6,"
        "                     router = ?7, payment = ?8, request = ?9, late = ?10"
        "  WHERE decision = ?1 AND state = ?2",
    [STATEMENT_ADD_OWED] = "INSERT INTO owed (event, decision, reference, at, reason)"
                           "  VALUES (?1, ?2, ?3, ?4, ?5)",
    [STATEMENT_CHECK_IN] =
        "UPDATE tickets SET checked_in_at = ?4, gate = ?5, check_in_key = ?6"
        "  WHERE event = ?1 AND tier = ?2 AND number = ?3 AND checked_in_at IS NULL",
    [STATEMENT_COUNT_BUYER] =
        "INSERT INTO buyers (event, buyer, tickets) VALUES (?1, ?2, ?3)"
        "  ON CONFLICT (event, buyer) DO UPDATE SET tickets = ?3 WHERE tickets = ?4",
    [STATEMENT_ADD_REFUSAL] =
        "INSERT INTO decisions (event, key, fingerprint, created_at, problem, remaining)"
        "  VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [STATEMENT_ADD_SPAN] = "INSERT OR IGNORE INTO order_spans (event, span) VALUES (?1, ?2)",
    [STATEMENT_ADD_TICKET] = "INSERT INTO tickets (event, tier, number, decision)"
                             "  VALUES (?1, ?2, ?3, ?4)",
    [STATEMENT_COUNT_TIER] =
        "UPDATE tiers SET sold = ?3, held = ?4, waiting = ?5, next_number = ?6"
        "  WHERE event = ?1 AND tier = ?2 AND sold = ?7 AND held = ?8 AND waiting = ?9"
        "  AND next_number = ?10 AND ?3 + ?4 <= capacity",
    [STATEMENT_ADD_TOTAL] =
        "INSERT INTO totals (event, tier, server, sold) VALUES (?1, ?2, ?3, ?4)"
        "  ON CONFLICT (event, tier, server) DO UPDATE SET sold = sold + excluded.sold",
    [STATEMENT_COUNT_REFUSALS] = "UPDATE events SET refusals = refusals + ?2 WHERE event = ?1",

    [STATEMENT_STORE_ID] = "SELECT id FROM store",
    [STATEMENT_RAISE_BOOT] = "INSERT INTO servers (server, boot) VALUES (?1, 1)"
                             "  ON CONFLICT (server) DO UPDATE SET boot = boot + 1",
    [STATEMENT_SERVER_SOLD] = "SELECT coalesce(sum(sold), 0) FROM totals WHERE server = ?1",

    [STATEMENT_READ_TIERS] =
        "SELECT e.name, t.name, t.currency, t.price, t.capacity, t.sold, t.held, t.order_limit,"
        "       t.waiting"
        "  FROM (SELECT event, name FROM events ORDER BY name LIMIT 1000) e"
        "  JOIN tiers t ON t.event = e.event ORDER BY e.name, t.name",
    [STATEMENT_READ_EVENT_TIERS] =
        "SELECT e.name, t.name, t.currency, t.price, t.capacity, t.sold, t.held, t.order_limit,"
        "       t.waiting"
        "  FROM events e JOIN tiers t ON t.event = e.event WHERE e.name = ?1 ORDER BY t.name",
    /* Of a sale, the columns in the order in which column_sale takes them. */
    [STATEMENT_SALE] =
        "SELECT d.id, e.name, t.name, d.buyer, d.server, d.currency, d.quantity, d.first_number,"
        "       d.amount, d.created_at, d.state, coalesce(d.request, d.id), d.expires_at"
        "  FROM events e JOIN decisions d ON +d.event = e.event"
        "  JOIN tiers t ON t.event = d.event AND t.tier = d.tier"
        "  WHERE e.name = ?1 AND d.first_number IS NOT NULL"
        "  AND d.decision IN" SCHEMA_ORDER_OF_ID("e.event"),
    [STATEMENT_EACH_SALE] =
        "SELECT d.id, e.name, t.name, d.buyer, d.server, d.currency, d.quantity, d.first_number,"
        "       d.amount, d.created_at, d.state, coalesce(d.request, d.id), d.expires_at,"
        "       d.router, d.key"
        "  FROM decisions d CROSS JOIN events e ON e.event = d.event"
        "  CROSS JOIN tiers t ON t.event = d.event AND t.tier = d.tier"
        "  WHERE d.first_number IS NOT NULL ORDER BY d.decision",
    [STATEMENT_EACH_SERVER] =
        "SELECT v.server, v.boot, (SELECT coalesce(sum(sold), 0) FROM totals t"
        "                          WHERE t.server = v.server)"
        "  FROM servers v ORDER BY v.server",
};

const char *statement_text(enum statement which)
{
    return texts[which];
}
