/* The audit finds each kind of damage to holds, lines, refunds, check-ins, buyers' counts and what is owed. */
#include <string.h>

#include "tests/store/wound.h"

static const struct wound wounds[] = {
    {"held too high", "UPDATE tiers SET held = held + 1", "held is the sum of its holds"},
    {"held too low", "UPDATE tiers SET held = held - 1", "held is the sum of its holds"},
    {"a hold is gone", "DELETE FROM decisions WHERE state = 1", "held is the sum of its holds"},
    {"a hold grew", "UPDATE decisions SET quantity = 9 WHERE state = 1",
     "held is the sum of its holds"},
    {"somebody is gone from the line", "DELETE FROM decisions WHERE state = 2",
     "line is as long as it is told"},
    {"the line is told shorter", "UPDATE tiers SET waiting = 0", "line is as long as it is told"},
    {"a refund that freed nothing", "UPDATE tiers SET sold = sold + 2",
     "sold is the sum of its sales"},
    {"a refund is undone", "UPDATE decisions SET state = 0 WHERE state = 5",
     "sold is the number of its tickets"},
    {"a refunded ticket is gone",
     "DELETE FROM tickets WHERE decision = (SELECT decision FROM decisions WHERE state = 5)",
     "a sale holds its tickets"},
    {"a hold with a ticket",
     "INSERT INTO tickets (event, tier, number, decision)"
     "  SELECT event, tier, 99, decision FROM decisions WHERE state = 1",
     "a ticket belongs to the sale"},
    {"let in without a gate", "UPDATE tickets SET gate = NULL WHERE gate = 'north'",
     "so once, at a gate"},
    {"let in under no key", "UPDATE tickets SET check_in_key = NULL WHERE gate = 'north'",
     "so once, at a gate"},
    {"let in before time began", "UPDATE tickets SET checked_in_at = 0 WHERE gate = 'north'",
     "so once, at a gate"},
    {"let in after a refund",
     "UPDATE tickets SET checked_in_at = 1, gate = 'south', check_in_key = 'k'"
     "  WHERE decision = (SELECT decision FROM decisions WHERE state = 5)",
     "no ticket of a refunded sale was let in"},
    {"another currency", "UPDATE decisions SET currency = 'USD' WHERE state = 1",
     "its tier's currency"},
    {"a hold with numbers", "UPDATE decisions SET first_number = 50 WHERE state = 1",
     "only what was sold has numbers"},
    {"a sale without numbers",
     "UPDATE decisions SET first_number = NULL WHERE state = 0 AND id IS NOT NULL",
     "only what was sold has numbers"},
    {"a state that is none", "UPDATE decisions SET state = 6 WHERE state = 3",
     "only what was sold has numbers"},
    {"a hold that never expires", "UPDATE decisions SET expires_at = 0 WHERE state = 1",
     "what waits has none"},
    {"a hold without its time", "UPDATE decisions SET expires_at = NULL WHERE state = 4",
     "what waits has none"},
    {"who waits expires", "UPDATE decisions SET expires_at = 5 WHERE state = 2",
     "what waits has none"},
    {"who was released never came", "UPDATE decisions SET expires_at = NULL WHERE state = 3",
     "what waits has none"},
    {"sold without a payment",
     "UPDATE decisions SET payment = NULL, request = NULL WHERE payment = 'paid-once'",
     "a hold was sold by a payment"},
    {"paid by nothing", "UPDATE decisions SET payment = '' WHERE payment = 'paid-once'",
     "a hold was sold by a payment"},
    {"a payment without its request", "UPDATE decisions SET request = NULL",
     "a hold was sold by a payment"},
    {"held and paid", "UPDATE decisions SET payment = 'p', request = id WHERE state = 1",
     "a hold was sold by a payment"},
    {"a purchase that is late", "UPDATE decisions SET late = 1 WHERE key = 'a-purchase-of-two'",
     "a hold was sold by a payment"},
    {"changed at no time", "UPDATE decisions SET changed_at = NULL WHERE state = 5",
     "what has changed says when"},
    {"a purchase that changed",
     "UPDATE decisions SET changed_at = 5 WHERE key = 'a-purchase-of-two'",
     "what has changed says when"},
    {"who waits has changed", "UPDATE decisions SET changed_at = 5 WHERE state = 2",
     "what has changed says when"},
    {"a refusal of another kind", "UPDATE decisions SET problem = 'expired' WHERE id IS NULL",
     "a refusal is no more than that"},
    {"a refusal that is held", "UPDATE decisions SET state = 1 WHERE id IS NULL",
     "a refusal is no more than that"},
    {"a refusal of a tier", "UPDATE decisions SET tier = 1 WHERE id IS NULL",
     "a refusal is no more than that"},
    {"a refund taken off the total", "UPDATE totals SET sold = sold - 2",
     "total is the sum of its sales"},
    {"a buyer has too many", "UPDATE buyers SET tickets = tickets + 1 WHERE buyer = 'ann'",
     "a buyer's count"},
    {"a buyer has too few", "UPDATE buyers SET tickets = 0 WHERE buyer = 'ann'", "a buyer's count"},
    {"a buyer is gone", "DELETE FROM buyers WHERE buyer = 'ann'", "a buyer's count"},
    {"a buyer of nothing", "INSERT INTO buyers VALUES (1, 'zoe', 1)", "a buyer's count"},
    {"a buyer counted for no limit",
     "INSERT INTO events (event, name) VALUES (2, 'circus');"
     "INSERT INTO buyers VALUES (2, 'ann', 0)",
     "only where they have a limit"},
    {"owed for nothing", "UPDATE owed SET decision = 999", "owed for an order"},
    {"owed for a purchase",
     "UPDATE owed SET decision = (SELECT decision FROM decisions WHERE key = 'a-purchase-of-two')",
     "owed for an order"},
    {"owed for no reason that there is", "UPDATE owed SET reason = 'sold_out'",
     "owed for an order"},
    {"owed though it bought", "UPDATE owed SET reference = 'paid-once' WHERE reference = 'twice'",
     "owed for an order"},
    {"owed for a refund that never was", "UPDATE owed SET reason = '' WHERE reference = 'twice'",
     "owed for an order"},
    {"owed no more", "DELETE FROM owed WHERE reason = ''", "payment of a refunded sale"},
    {"owed too often",
     "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)"
     "INSERT INTO owed (event, decision, reference, at, reason)"
     "  SELECT event, decision, reference || i, at, reason FROM owed, n WHERE reference = 'twice'",
     "few payments are owed"},
};

static const struct wound sqlite_wounds[] = {
    {"an order that no list would find", "DELETE FROM order_spans", "its event's list reads"},
    {"orders listed with another event's",
     "INSERT INTO events (name, refusals) VALUES ('circus', 0);"
     "UPDATE order_spans SET event = (SELECT event FROM events WHERE name = 'circus')",
     "its event's list reads"},
};

/* An order of each state, one of them paid twice, one that somebody came in with, and a refusal; 10 tickets. */
static void trade(struct fixture *fixture)
{
    fixture_sql(fixture, "UPDATE events SET waiting_list = 1, buyer_limit = 8");
    struct store *store = fixture_seller(fixture, "server-1");
    struct outcome expired = hold_as(store, "gus", 2);
    CU_ASSERT_EQUAL(expired.problem, PROBLEM_NONE);
    fixture_sql(fixture, "UPDATE decisions SET expires_at = 1");
    tidy(store, "demo");
    struct outcome sold = hold_as(store, "Ann", 2), refunded = hold_as(store, "Bob", 2);
    confirm(store, &sold.sale.id, "paid-once");
    CU_ASSERT_EQUAL(confirm(store, &sold.sale.id, "twice").problem, PROBLEM_ALREADY_PAID);
    confirm(store, &refunded.sale.id, "paid-for-nothing");
    CU_ASSERT_EQUAL(refund(store, &refunded.sale.id).problem, PROBLEM_NONE);
    struct outcome released = hold_as(store, "Cleo", 1);
    CU_ASSERT_EQUAL(release(store, &released.sale.id).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(hold_as(store, "ann", 4).problem, PROBLEM_NONE);
    struct basket basket = {0};
    strcpy(basket_add(&basket, "a-purchase-of-two", 2)->purchase.buyer, "Dan");
    strcpy(basket_add(&basket, "a-refused-purchase", 9)->purchase.buyer, "Dan");
    strcpy(basket_add(&basket, "the-last-purchase", 2)->purchase.buyer, "Eve");
    basket_wait(&basket, "one-waits-in-line", "Fay", 3);
    basket_settle(&basket, store);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 1)->problem, PROBLEM_BUYER_LIMIT);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 3)->sale.state, ORDER_WAITING);
    int64_t number = basket_outcome(&basket, 0)->sale.first_number;
    basket_free(&basket);
    CU_ASSERT_EQUAL(let_in(store, "gate-key-of-a-test", number, "north", NULL).problem,
                    PROBLEM_NONE);
    store_close(store);
}

static __attribute__((constructor)) void suite(void)
{
    wound_add(NULL, "store damage to orders", wounds, sizeof wounds / sizeof *wounds, 10, trade);
    wound_add("sqlite", "sqlite damage to orders", sqlite_wounds,
              sizeof sqlite_wounds / sizeof *sqlite_wounds, 10, trade);
}
