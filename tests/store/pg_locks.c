/* Sellers of the same events at once on PostgreSQL, which name them in different orders: they wait for each other, but
 * never in a circle. */
#include <stdlib.h>

#include "tests/lib/postgres.h"
#include "tests/store/child.h"

enum {
    SELLERS = 3,
    EVENTS = 3,
    BATCHES = 40,
    PLENTY = 1000000,
};

static const char *const events[EVENTS] = {"demo", "second", "third"};

static void add_items(struct basket *basket, int number, int batch, const struct id *held)
{
    basket_clear(basket);
    for (int i = 0; i < EVENTS; i++) {
        int turn = number % 2 == 0 ? i : EVENTS - i;
        basket_ask(basket, NULL, events[(turn + batch) % EVENTS], "", 1);
    }
    if (held != NULL)
        basket_confirm(basket, held, "payment");
    basket_hold(basket, NULL, "", 1);
}

/* Each batch also confirms what the one before has held. */
static int sell(struct fixture *fixture, int number, int parent)
{
    struct basket basket = {0};
    struct id held = {0};
    char server[] = "server-0";
    (void)parent;
    server[sizeof server - 2] = (char)('0' + number);
    struct store *store = fixture_seller(fixture, server);
    for (int i = 0; i < BATCHES; i++) {
        add_items(&basket, number, i, i == 0 ? NULL : &held);
        child_renew_ids(&basket, number * BATCHES + i);
        if (basket_decide(&basket, store) != STORE_DURABLE)
            return EXIT_FAILURE;
        held = basket_outcome(&basket, basket.count - 1)->sale.id;
    }
    store_close(store);
    basket_free(&basket);
    return EXIT_SUCCESS;
}

static int deadlocks(void)
{
    char count[PG_SERVER_VALUE_SIZE];
    pg_server_ask(pg_server_shared(), count, "%s",
                  "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    return atoi(count);
}

static void no_circles(struct fixture *fixture)
{
    struct child children[SELLERS];
    int before = deadlocks();
    fixture_tier(fixture, 2, events[1], 1, "standard", PLENTY);
    fixture_tier(fixture, 3, events[2], 1, "standard", PLENTY);
    for (int i = 0; i < SELLERS; i++)
        child_start(&children[i], sell, fixture, i);
    child_open_gate();
    for (int i = 0; i < SELLERS; i++)
        CU_ASSERT_EQUAL(child_wait(&children[i]), EXIT_SUCCESS);
    CU_ASSERT_EQUAL(deadlocks(), before);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "second", "standard"), SELLERS * BATCHES);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), SELLERS * (2 * BATCHES - 1));
}

static const struct fixture_case cases[] = {
    {"nobody waits in a circle", PLENTY, no_circles},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add_on("postgresql", "postgresql locks", cases, sizeof cases / sizeof *cases);
}
