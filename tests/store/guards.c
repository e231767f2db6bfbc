/* What the database itself refuses, whatever a seller believes: each of its guards with the others out
 * of the way. */
#include "tests/store/fixture.h"

/* Somebody else changes the tier between the counting and the taking, and no CHECK is checked. */
static void expect_refused_after(struct fixture *fixture, const char *change)
{
    struct store *store = fixture_seller(fixture, "server-1");
    int64_t sold = fixture_sold(fixture, "demo", "standard");
    fixture_unguard(fixture, store);
    fixture_on_insert(fixture, "tickets", "true", change);
    CU_ASSERT_EQUAL(buy(store, NULL, 3).problem, PROBLEM_STORE_UNAVAILABLE);
    fixture_on_insert_no_more(fixture, "tickets");
    CU_ASSERT_EQUAL(buy(store, NULL, 3).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), sold + 3);
    store_close(store);
}

static void taking_needs_room(struct fixture *fixture)
{
    expect_refused_after(fixture, "UPDATE tiers SET held = capacity - sold");
    expect_refused_after(fixture, "UPDATE tiers SET capacity = 2");
}

static void taking_needs_the_number(struct fixture *fixture)
{
    expect_refused_after(fixture, "UPDATE tiers SET next_number = next_number + 1");
}

static void tables_refuse(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    buy(store, "key-of-a-sale-0001", 3);
    store_close(store);
    CU_ASSERT_FALSE(fixture_attempt(fixture, "UPDATE tiers SET sold = 11"));
    CU_ASSERT_FALSE(fixture_attempt(fixture, "UPDATE tiers SET held = 8"));
    CU_ASSERT_FALSE(fixture_attempt(fixture, "UPDATE tiers SET capacity = 2"));
    CU_ASSERT_TRUE(fixture_attempt(fixture, "UPDATE tiers SET sold = 10"));
    CU_ASSERT_FALSE(fixture_attempt(fixture, "INSERT INTO tickets SELECT * FROM tickets"));
    CU_ASSERT_FALSE(fixture_attempt(fixture, "INSERT INTO decisions SELECT * FROM decisions"));
}

static const struct fixture_case cases[] = {
    {"taking needs room", 10, taking_needs_room},
    {"taking needs the number that was counted", 10, taking_needs_the_number},
    {"the tables refuse to oversell", 10, tables_refuse},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store guards", cases, sizeof cases / sizeof *cases);
}
