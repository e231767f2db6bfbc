#include "db/sqlite/statement.h"

/* The columns of a sale, in the order in which column_sale takes them. */
static const char *const texts[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN_WRITING] = "BEGIN IMMEDIATE",
    [STATEMENT_BEGIN_READING] = "BEGIN",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_SAVEPOINT] = "SAVEPOINT one_item",
    [STATEMENT_RELEASE] = "RELEASE one_item",
    [STATEMENT_BACK_TO_SAVEPOINT] = "ROLLBACK TO one_item",

    [STATEMENT_BOOT] = "SELECT boot FROM servers WHERE server = ?1",
    [STATEMENT_EVENT] = "SELECT event, refusals FROM events WHERE name = ?1",
    [STATEMENT_TIERS_OF_EVENT] =
        "SELECT tier, name, currency, price, capacity, sold, held, order_limit, next_number"
        "  FROM tiers WHERE event = ?1 ORDER BY tier",
    /* Event and tier are known to the batch by name: joining them would cost each purchase. */
    [STATEMENT_KEY] =
        "SELECT id, '', '', buyer, server, currency, quantity, first_number, amount, created_at,"
        "       fingerprint, problem, remaining, tier"
        "  FROM decisions WHERE event = ?1 AND key = ?2",

    /* Oldest first, a bounded number: a batch must not pay for a million of them. */
    [STATEMENT_REMOVE_REFUSALS] =
        "DELETE FROM decisions WHERE decision IN"
        "  (SELECT decision FROM decisions WHERE event = ?1 AND id IS NULL AND created_at < ?2"
        "   ORDER BY created_at LIMIT ?3)",
    [STATEMENT_ADD_SALE] =
        "INSERT INTO decisions (event, key, fingerprint, created_at, id, tier, quantity,"
        "                       first_number, amount, currency, buyer, server, router)"
        "  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [STATEMENT_ADD_REFUSAL] =
        "INSERT INTO decisions (event, key, fingerprint, created_at, problem, remaining)"
        "  VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [STATEMENT_ADD_TICKET] = "INSERT INTO tickets (event, tier, number, decision)"
                             "  VALUES (?1, ?2, ?3, ?4)",
    [STATEMENT_TAKE_FROM_TIER] =
        "UPDATE tiers SET sold = sold + ?3, next_number = next_number + ?3"
        "  WHERE event = ?1 AND tier = ?2 AND sold + held + ?3 <= capacity AND next_number = ?4",
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
    [STATEMENT_SALE] =
        "SELECT d.id, e.name, t.name, d.buyer, d.server, d.currency, d.quantity, d.first_number,"
        "       d.amount, d.created_at"
        "  FROM events e JOIN decisions d ON +d.event = e.event"
        "  JOIN tiers t ON t.event = d.event AND t.tier = d.tier"
        "  WHERE e.name = ?1 AND d.decision IN" /* by one of the two indexes, not by event */
        "  (SELECT decision FROM decisions WHERE event = e.event AND key = ?2 AND id = ?2 UNION ALL"
        "   SELECT decision FROM decisions WHERE event = e.event AND id = ?2 AND id <> key)",
    [STATEMENT_EACH_SALE] =
        "SELECT d.id, e.name, t.name, d.buyer, d.server, d.currency, d.quantity, d.first_number,"
        "       d.amount, d.created_at, d.router, d.key"
        "  FROM decisions d CROSS JOIN events e ON e.event = d.event"
        "  CROSS JOIN tiers t ON t.event = d.event AND t.tier = d.tier"
        "  WHERE d.id IS NOT NULL ORDER BY d.decision",
    [STATEMENT_EACH_SERVER] =
        "SELECT v.server, v.boot, (SELECT coalesce(sum(sold), 0) FROM totals t"
        "                          WHERE t.server = v.server)"
        "  FROM servers v ORDER BY v.server",
};

const char *statement_text(enum statement which)
{
    return texts[which];
}
