#include "db/sql/audit_check.h"

#define OF_TIER " FROM tiers t JOIN events e ON e.event = t.event "
#define PLACE   "SELECT e.name || '/' || t.name AS place, "

/* A tier's count against what is summed up of its orders. */
#define TIER_COUNT(count, sum, state)                                                              \
    PLACE "t." count " <> coalesce(s.counted, 0) AS bad" OF_TIER                                   \
          "LEFT JOIN (SELECT event, tier, " sum " AS counted FROM decisions"                       \
          "     WHERE id IS NOT NULL AND state = " state " GROUP BY event, tier) AS s"             \
          "    ON s.event = t.event AND s.tier = t.tier"

static const struct audit_check checks[] = {
    {"sold + held <= capacity, neither below zero", "tiers", AUDIT_TEXT,
     PLACE "NOT (t.sold >= 0 AND t.held >= 0 AND t.sold + t.held <= t.capacity) AS bad" OF_TIER},

    {"a tier's sold is the sum of its sales", "tiers", AUDIT_TEXT,
     TIER_COUNT("sold", "sum(quantity)", "0")},

    {"a tier's held is the sum of its holds", "tiers", AUDIT_TEXT,
     TIER_COUNT("held", "sum(quantity)", "1")},

    {"a tier's line is as long as it is told", "tiers", AUDIT_TEXT,
     TIER_COUNT("waiting", "count(*)", "2")},

    {"a tier's sold is the number of its tickets", "tiers", AUDIT_TEXT,
     PLACE "t.sold <> coalesce(n.sold, 0) AS bad" OF_TIER
           "LEFT JOIN (SELECT k.event, k.tier, count(*) AS sold FROM tickets k"
           "     LEFT JOIN decisions d ON d.event = k.event AND d.decision = k.decision"
           "     WHERE d.state IS NULL OR d.state <> 5 GROUP BY k.event, k.tier) AS n"
           "    ON n.event = t.event AND n.tier = t.tier"},

    {"a sale holds its tickets, first_number onwards without a gap", "sales", AUDIT_KEY,
     "SELECT s.id AS place, s.quantity <>"
     "   (SELECT count(*) FROM tickets k WHERE k.event = s.event AND k.tier = s.tier AND"
     "    k.number >= s.first_number AND k.number < s.first_number + s.quantity AND"
     "    k.decision = s.decision) AS bad"
     "  FROM decisions s WHERE s.first_number IS NOT NULL"},

    {"a ticket belongs to the sale that it names", "tickets", AUDIT_TEXT,
     "SELECT 'number ' || k.number AS place, (s.first_number IS NULL OR"
     "   s.tier <> k.tier OR k.number < s.first_number OR"
     "   k.number >= s.first_number + s.quantity) AS bad"
     "  FROM tickets k LEFT JOIN decisions s ON s.decision = k.decision AND s.event = k.event"},

    {"no ticket number is given twice", "sales", AUDIT_TEXT,
     "SELECT 'number ' || first_number AS place,"
     "   first_number < max(first_number + quantity)"
     "   OVER (PARTITION BY event, tier ORDER BY first_number, decision"
     "         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bad"
     "  FROM decisions WHERE first_number IS NOT NULL"},

    {"a tier's next number is above all given", "tiers", AUDIT_TEXT,
     PLACE "t.next_number <= coalesce((SELECT max(number) FROM tickets k"
           "    WHERE k.event = t.event AND k.tier = t.tier), 0) AS bad" OF_TIER},

    {"no tier's next number is below where new tiers begin", "tiers", AUDIT_TEXT,
     PLACE "t.next_number < s.first_number AS bad" OF_TIER "CROSS JOIN store s"},

    {"who was let in, was so once, at a gate", "tickets", AUDIT_TEXT,
     "SELECT 'number ' || number AS place, (checked_in_at IS NULL) <>"
     "   (gate IS NULL) OR (checked_in_at IS NULL) <> (check_in_key IS NULL) OR"
     "   checked_in_at <= 0 OR gate = '' OR check_in_key = '' AS bad FROM tickets"},

    {"no ticket of a refunded sale was let in", "tickets", AUDIT_TEXT,
     "SELECT 'number ' || k.number AS place, k.checked_in_at IS NOT NULL AND d.state = 5 AS bad"
     "  FROM tickets k JOIN decisions d ON d.event = k.event AND d.decision = k.decision"},
};

const struct audit_checks audit_tickets = {checks, sizeof checks / sizeof *checks};
