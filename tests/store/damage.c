/* The audit finds each kind of damage: rows are edited behind the store's back. */
#include <stdio.h>

#include "tests/store/wound.h"

static const struct wound wounds[] = {
    {"oversold", "UPDATE tiers SET capacity = 5", "sold + held <= capacity"},
    {"held below zero", "UPDATE tiers SET held = -1", "sold + held <= capacity"},
    {"held too much", "UPDATE tiers SET held = 94", "sold + held <= capacity"},
    {"sold too high", "UPDATE tiers SET sold = sold + 1", "sold is the sum of its sales"},
    {"sold too low", "UPDATE tiers SET sold = sold - 1", "sold is the number of its tickets"},
    {"a sale is gone", "DELETE FROM decisions WHERE key = 'key-number-2'",
     "a ticket belongs to the sale"},
    {"a sale is gone: count", "DELETE FROM decisions WHERE key = 'key-number-2'",
     "sold is the sum of its sales"},
    {"a sale is gone: total", "DELETE FROM decisions WHERE key = 'key-number-2'",
     "total is the sum of its sales"},
    {"a ticket is gone", "DELETE FROM tickets WHERE number = 3", "a sale holds its tickets"},
    {"a ticket is gone: count", "DELETE FROM tickets WHERE number = 3",
     "sold is the number of its tickets"},
    {"a ticket too many",
     "INSERT INTO tickets (event, tier, number, decision)"
     "  SELECT event, tier, 50, decision FROM tickets LIMIT 1",
     "a ticket belongs to the sale"},
    {"a ticket of another sale",
     "UPDATE tickets SET decision = (SELECT decision FROM decisions WHERE key = 'key-number-1')"
     "  WHERE number = 3",
     "a sale holds its tickets"},
    {"a ticket of no sale", "UPDATE tickets SET decision = 999 WHERE number = 3",
     "every reference"},
    {"a sale grew", "UPDATE decisions SET quantity = 3 WHERE key = 'key-number-2'",
     "a sale holds its tickets"},
    {"a number given twice", "UPDATE decisions SET first_number = 2 WHERE key = 'key-number-2'",
     "no ticket number is given twice"},
    {"a number given twice: all",
     "UPDATE decisions SET first_number = 1 WHERE key = 'key-number-3'",
     "no ticket number is given twice"},
    {"the counter fell", "UPDATE tiers SET next_number = 6", "next number is above"},
    {"two outcomes of one key",
     "UPDATE decisions SET problem = 'sold_out', remaining = 0 WHERE key = 'key-number-1'",
     "a key has one outcome"},
    {"no outcome of a key",
     "UPDATE decisions SET problem = NULL, remaining = NULL WHERE id IS NULL",
     "a key has one outcome"},
    {"a key that is an id, as text",
     "UPDATE decisions SET key = '01a1fdc0-0b42-7d4f-ade8-644406c6f647' WHERE key = 'key-number-1'",
     "a key that is an id"},
    {"an id given twice",
     "UPDATE decisions SET key = zeroblob(16), id = zeroblob(16) WHERE key = 'key-number-1';"
     "UPDATE decisions SET id = zeroblob(16) WHERE key = 'key-number-2'",
     "id is given once"},
    {"half a sale", "UPDATE decisions SET server = NULL WHERE key = 'key-number-1'",
     "all that belongs to an order"},
    {"a refusal uncounted", "UPDATE events SET refusals = 0", "count of refusals"},
    {"a refusal gone", "DELETE FROM decisions WHERE id IS NULL", "count of refusals"},
    {"a total too high", "UPDATE totals SET sold = sold + 1", "total is the sum of its sales"},
    {"a total gone", "DELETE FROM totals", "total is the sum of its sales"},
    {"a total of no sale", "INSERT INTO totals VALUES (1, 1, 'server-9', 1)",
     "total is the sum of its sales"},
    {"a sale changed servers",
     "UPDATE decisions SET server = 'server-2' WHERE key = 'key-number-1'",
     "total is the sum of its sales"},
    {"a server without a boot", "DELETE FROM servers", "has a boot number"},
    {"an event is gone", "DELETE FROM events", "every reference"},
    {"a tier is gone", "DELETE FROM tiers", "every reference"},
    {"no key at all", "DELETE FROM signing_keys", "a key that signs tickets"},
    {"no key that signs", "UPDATE signing_keys SET retired_at = 1", "a key that signs tickets"},
    {"another key's id", "UPDATE signing_keys SET id = 'AAAAAAAAAAA'",
     "a signing key is its seed's"},
    {"another key's seed", "UPDATE signing_keys SET seed = zeroblob(32)",
     "a signing key is its seed's"},
    {"another key's public half", "UPDATE signing_keys SET public_key = zeroblob(32)",
     "a signing key is its seed's"},
    {"a key without a seed", "UPDATE signing_keys SET seed = zeroblob(0)",
     "a signing key is its seed's"},
    {"numbers that may have been given", "UPDATE store SET first_number = 10",
     "next number is below where new tiers begin"},
};

static const struct wound sqlite_wounds[] = {
    {"an index is damaged",
     "PRAGMA writable_schema = ON;"
     "UPDATE sqlite_schema SET sql = replace(sql, 'WHERE id IS NULL', 'WHERE id IS NOT NULL')"
     "  WHERE name = 'refusals'",
     "the database file is whole"},
};

static void sell_a_few(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    char key[32];
    for (int i = 1; i <= 4; i++) {
        snprintf(key, sizeof key, "key-number-%d", i);
        basket_add(&basket, key, 2);
    }
    basket_settle(&basket, store);
    basket_clear(&basket);
    fixture_sql(fixture, "UPDATE tiers SET capacity = 8");
    basket_add(&basket, "key-refused-12345", 2);
    basket_settle(&basket, store);
    fixture_sql(fixture, "UPDATE tiers SET capacity = 100");
    basket_free(&basket);
    store_close(store);
}

static __attribute__((constructor)) void suite(void)
{
    wound_add(NULL, "store damage", wounds, sizeof wounds / sizeof *wounds, 100, sell_a_few);
    wound_add("sqlite", "sqlite damage", sqlite_wounds,
              sizeof sqlite_wounds / sizeof *sqlite_wounds, 100, sell_a_few);
}
