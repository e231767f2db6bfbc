/* What comes on PostgreSQL just as a batch takes its locks: it is sold from only once that is locked, too. */
#include <stdlib.h>
#include <string.h>

#include "tests/lib/postgres.h"
#include "tests/lib/wait.h"
#include "tests/store/changes.h"
#include "tests/store/child.h"
#include "tests/store/peek.h"

/* A request that parent and child know. */
static const struct id agreed = {.bytes = "held by another"};

/* Of each decision that is added or changed, whether who adds or changes it has locked the tiers of its event. */
static void watch_locks(struct fixture *fixture)
{
    fixture_sql(
        fixture,
        "CREATE TABLE seen (event bigint, locked boolean);"
        "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
        "  INSERT INTO seen SELECT NEW.event, bool_and(xmax = pg_current_xact_id()::xid) FROM tiers"
        "    WHERE event = NEW.event; RETURN NULL; END$$;"
        "CREATE TRIGGER see AFTER INSERT OR UPDATE ON decisions"
        "  FOR EACH ROW EXECUTE FUNCTION see()");
}

/* Fails where an event's tiers were not; each of so many was seen. */
static void expect_locked(struct fixture *fixture, int times)
{
    fixture_sql(fixture,
                "DO $$BEGIN ASSERT (SELECT count(*) = %d AND bool_and(locked) FROM seen),"
                "  (SELECT string_agg(event || ' ' || locked, ', ') FROM seen); END$$",
                times);
}

static bool waits_for_a_lock(void *context)
{
    char value[PG_SERVER_VALUE_SIZE];
    (void)context;
    pg_server_ask(pg_server_shared(), value, "%s",
                  "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                  "  AND application_name LIKE 'box_office/%/server-1'");
    return strcmp(value, "1") == 0;
}

/* Begins a transaction that keeps the child's batch from going on, and waits until it does. */
static void hold_up(struct fixture *fixture, struct child *child, child_body *body)
{
    child_start(child, body, fixture, 1);
    fixture_sql(fixture, "BEGIN; SELECT 1 FROM tiers WHERE event = 1 FOR UPDATE");
    child_open_gate();
    CU_ASSERT(wait_until(waits_for_a_lock, NULL, FIXTURE_SECONDS));
}

static int sell_both(struct fixture *fixture, int number, int parent)
{
    struct basket basket = {0};
    (void)parent;
    struct store *store = fixture_seller(fixture, "server-1");
    basket_add(&basket, NULL, 1);
    basket_ask(&basket, NULL, "gala", "stalls", 2);
    child_renew_ids(&basket, number);
    bool sold = basket_decide(&basket, store) == STORE_DURABLE &&
                basket_outcome(&basket, 0)->problem == PROBLEM_NONE &&
                basket_outcome(&basket, 1)->problem == PROBLEM_NONE;
    store_close(store);
    basket_free(&basket);
    return sold ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* It was not there when the locks were taken, and is when events are read. */
static void an_event_comes(struct fixture *fixture)
{
    struct child child;
    watch_locks(fixture);
    hold_up(fixture, &child, sell_both);
    fixture_tier(fixture, 2, "gala", 1, "stalls", 5);
    fixture_sql(fixture, "COMMIT");
    CU_ASSERT_EQUAL(child_wait(&child), EXIT_SUCCESS);
    expect_locked(fixture, 2);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "gala", "stalls"), 2);
}

static void a_tier_comes(struct fixture *fixture)
{
    struct child child;
    fixture_tier(fixture, 2, "gala", 1, "circle", 5);
    watch_locks(fixture);
    hold_up(fixture, &child, sell_both);
    fixture_tier(fixture, 2, "gala", 2, "stalls", 5);
    fixture_sql(fixture, "COMMIT");
    CU_ASSERT_EQUAL(child_wait(&child), EXIT_SUCCESS);
    expect_locked(fixture, 2);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "gala", "stalls"), 2);
}

static int confirm_another(struct fixture *fixture, int number, int parent)
{
    struct basket basket = {0};
    (void)parent;
    struct store *store = fixture_seller(fixture, "server-1");
    basket_add(&basket, NULL, 1);
    basket_confirm(&basket, &agreed, "payment");
    child_renew_ids(&basket, number);
    bool sold = basket_decide(&basket, store) == STORE_DURABLE &&
                basket_outcome(&basket, 1)->problem == PROBLEM_NONE;
    store_close(store);
    basket_free(&basket);
    return sold ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* It is named by its id alone: of which event it is was not known when the locks were taken. */
static void an_order_comes(struct fixture *fixture)
{
    struct child child;
    struct basket basket = {0};
    fixture_tier(fixture, 2, "gala", 1, "stalls", 5);
    hold_up(fixture, &child, confirm_another);
    struct store *store = fixture_seller(fixture, "server-2");
    struct item *item = basket_ask(&basket, NULL, "gala", "stalls", 2);
    item->verb = VERB_HOLD;
    item->request = agreed;
    basket_settle(&basket, store);
    watch_locks(fixture);
    fixture_sql(fixture, "COMMIT");
    CU_ASSERT_EQUAL(child_wait(&child), EXIT_SUCCESS);
    expect_locked(fixture, 2);
    store_close(store);
    basket_free(&basket);
}

/* What is read can never be locked: that ends, and nothing was sold. */
static void cannot_be_locked(struct fixture *fixture)
{
    struct basket basket = {0};
    struct tier_terms tier = tier_terms("standard", 30);
    struct change change = event_change("demo", &tier, 1);
    struct store *store = fixture_seller(fixture, "server-1");
    fixture_sql(fixture, "ALTER TABLE tiers ENABLE ROW LEVEL SECURITY;"
                         "ALTER TABLE tiers FORCE ROW LEVEL SECURITY;"
                         "CREATE POLICY look ON tiers FOR SELECT USING (true)");
    basket_add(&basket, NULL, 1);
    CU_ASSERT_EQUAL(basket_decide(&basket, store), STORE_REFUSED);
    CU_ASSERT_PTR_NOT_NULL(strstr(store_error(store), "as its tiers were locked"));
    change.kind = CHANGE_TIER;
    change.set = SET_CAPACITY;
    CU_ASSERT_EQUAL(store_change(store, &change), STORE_REFUSED);
    fixture_sql(fixture, "DROP POLICY look ON tiers;"
                         "ALTER TABLE tiers NO FORCE ROW LEVEL SECURITY;"
                         "ALTER TABLE tiers DISABLE ROW LEVEL SECURITY");
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 0);
    basket_settle(&basket, store);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    basket_free(&basket);
    store_close(store);
}

static const struct fixture_case cases[] = {
    {"an event comes", 20, an_event_comes},
    {"a tier comes", 20, a_tier_comes},
    {"an order comes", 20, an_order_comes},
    {"what cannot be locked", 20, cannot_be_locked},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add_on("postgresql", "postgresql meanwhile", cases, sizeof cases / sizeof *cases);
}
