/* How often a batch waits for PostgreSQL, whatever is in it: while it does, it keeps the locks of its events. Linked
 * around libpq's PQpipelineSync, with which whatever is waited for is sent. */
#include <postgresql/libpq-fe.h>
#include <stdio.h>

#include "tests/store/fixture.h"

int __real_PQpipelineSync(PGconn *connection);
int __wrap_PQpipelineSync(PGconn *connection);

enum {
    MANY = 50,
    PLENTY = 1000,
};

static int ways;

int __wrap_PQpipelineSync(PGconn *connection)
{
    ways++;
    return __real_PQpipelineSync(connection);
}

/* Decides the basket, which everything is well with. */
static int ways_of(struct basket *basket, struct store *store)
{
    int before = ways;
    basket_settle(basket, store);
    for (size_t i = 0; i < basket->count; i++)
        CU_ASSERT_EQUAL(basket_outcome(basket, i)->problem, PROBLEM_NONE);
    return ways - before;
}

/* Once the session knows the queries. */
static struct store *warm_seller(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    buy(store, NULL, 1);
    return store;
}

/* The locks with what is read first; what is written; the commit. */
static void purchases(struct fixture *fixture)
{
    struct basket basket = {0};
    struct store *store = warm_seller(fixture);
    for (int i = 0; i < MANY; i++)
        basket_add(&basket, NULL, 1);
    CU_ASSERT_EQUAL(ways_of(&basket, store), 3);
    store_close(store);
    basket_free(&basket);
}

/* And the keys. */
static void keys(struct fixture *fixture)
{
    struct basket basket = {0};
    struct store *store = warm_seller(fixture);
    for (int i = 0; i < MANY; i++) {
        char key[KEY_SIZE];
        snprintf(key, sizeof key, "a key of a buyer's own %d", i);
        basket_add(&basket, key, 1);
    }
    CU_ASSERT_EQUAL(ways_of(&basket, store), 4);
    store_close(store);
    basket_free(&basket);
}

/* And the buyers. */
static void buyers(struct fixture *fixture)
{
    struct basket basket = {0};
    fixture_sql(fixture, "UPDATE events SET buyer_limit = 2");
    struct store *store = warm_seller(fixture);
    for (int i = 0; i < MANY; i++) {
        struct item *item = basket_add(&basket, NULL, 1);
        snprintf(item->purchase.buyer, sizeof item->purchase.buyer, "buyer-%d@example.com", i);
    }
    CU_ASSERT_EQUAL(ways_of(&basket, store), 4);
    store_close(store);
    basket_free(&basket);
}

/* The locks; the orders; their event; its tiers; what is due there; what is written; the commit. */
static void confirms(struct fixture *fixture)
{
    struct basket held = {0}, basket = {0};
    struct store *store = warm_seller(fixture);
    for (int i = 0; i < MANY; i++)
        basket_hold(&held, NULL, "", 1);
    CU_ASSERT_EQUAL(ways_of(&held, store), 3);
    for (int i = 0; i < MANY; i++)
        basket_confirm(&basket, &basket_outcome(&held, (size_t)i)->sale.id, "payment");
    CU_ASSERT_EQUAL(ways_of(&basket, store), 7);
    store_close(store);
    basket_free(&held);
    basket_free(&basket);
}

/* The locks; the tickets; what is written; the commit. */
static void check_ins(struct fixture *fixture)
{
    struct basket sold = {0}, basket = {0};
    struct store *store = warm_seller(fixture);
    for (int i = 0; i < MANY; i++)
        basket_add(&sold, NULL, 1);
    ways_of(&sold, store);
    for (int i = 0; i < MANY; i++)
        basket_check_in(&basket, NULL, basket_outcome(&sold, (size_t)i)->sale.first_number, "A");
    CU_ASSERT_EQUAL(ways_of(&basket, store), 4);
    store_close(store);
    basket_free(&sold);
    basket_free(&basket);
}

/* One that cannot be written is found by halves. */
static void spoilt(struct fixture *fixture)
{
    struct basket basket = {0};
    struct store *store = warm_seller(fixture);
    fixture_on_insert(fixture, "decisions", "NEW.quantity = 7", NULL);
    for (int i = 0; i < PLENTY / 2; i++)
        basket_add(&basket, NULL, i == PLENTY / 3 ? 7 : 1);
    int before = ways;
    basket_settle(&basket, store);
    CU_ASSERT(ways - before < 100);
    CU_ASSERT_EQUAL(basket_outcome(&basket, PLENTY / 3)->problem, PROBLEM_STORE_UNAVAILABLE);
    store_close(store);
    basket_free(&basket);
}

static const struct fixture_case cases[] = {
    {"purchases", PLENTY, purchases},
    {"purchases under keys of buyers' own", PLENTY, keys},
    {"purchases of buyers with a limit", PLENTY, buyers},
    {"holds, and their confirms", PLENTY, confirms},
    {"check-ins", PLENTY, check_ins},
    {"purchases, one of which is spoilt", PLENTY, spoilt},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add_on("postgresql", "postgresql ways", cases, sizeof cases / sizeof *cases);
}
