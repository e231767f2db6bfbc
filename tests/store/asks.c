/* A page of a list is asked for with so many queries, however much it holds: on a server each of them is a way there and
 * back, and whoever reads is an event loop. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/asks.h"
#include "tests/store/fixture.h"
#include "tests/store/peek.h"

enum {
    MANY = 100,
    TIERS = 16,
};

static size_t told;

static void tell_event(void *context, const struct event_terms *event,
                       const struct tier_counts *tiers, size_t tier_count)
{
    (void)context, (void)event, (void)tiers;
    CU_ASSERT_EQUAL(tier_count, 1);
    told++;
}

static size_t asks_for_events(struct store *store, size_t max)
{
    bool more;
    told = 0;
    asks_begin(store);
    CU_ASSERT_EQUAL(store_list_events(store, "", max, &more, tell_event, NULL), STORE_FOUND);
    CU_ASSERT_EQUAL(told, max);
    return asks_end(store);
}

static void events(struct fixture *fixture)
{
    for (int i = 2; i <= MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "event-%d", i);
        fixture_tier(fixture, i, name, 1, "stalls", 1);
    }
    struct store *store = fixture_reader(fixture);
    CU_ASSERT_EQUAL(asks_for_events(store, 1), 1);
    CU_ASSERT_EQUAL(asks_for_events(store, MANY), 1);
    store_close(store);
}

static void tell_order(void *context, int64_t place_in_list, const struct order *order)
{
    (void)context, (void)place_in_list;
    CU_ASSERT_EQUAL(order->place, (int64_t)told / TIERS + 1);
    told++;
}

static size_t asks_for_orders(struct store *store, size_t max)
{
    told = 0;
    asks_begin(store);
    CU_ASSERT_EQUAL(store_list_orders(store, "opera", 0, max, tell_order, NULL), STORE_FOUND);
    CU_ASSERT_EQUAL(told, max);
    return asks_end(store);
}

/* In the lines of many tiers: the event, the orders, their places. */
static void orders(struct fixture *fixture)
{
    struct basket basket = {0};
    for (int i = 0; i < TIERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "tier-%d", i);
        fixture_tier(fixture, 2, "opera", i + 1, name, 0);
    }
    fixture_sql(fixture, "UPDATE events SET waiting_list = 1");
    struct store *store = fixture_seller(fixture, "server-1");
    for (int i = 0; i < MANY; i++) {
        struct item *item = basket_wait(&basket, NULL, "", 1);
        strcpy(item->purchase.event, "opera");
        snprintf(item->purchase.tier, sizeof item->purchase.tier, "tier-%d", i % TIERS);
    }
    basket_settle(&basket, store);
    CU_ASSERT_EQUAL(asks_for_orders(store, 1), 3);
    CU_ASSERT_EQUAL(asks_for_orders(store, MANY), 3);
    basket_free(&basket);
    store_close(store);
}

static void tell_ticket(void *context, const struct ticket *ticket)
{
    (void)context, (void)ticket;
    told++;
}

static size_t asks_for_tickets(struct store *store, size_t max)
{
    told = 0;
    asks_begin(store);
    CU_ASSERT_EQUAL(store_list_tickets(store, "demo", "", 0, max, tell_ticket, NULL), STORE_FOUND);
    CU_ASSERT_EQUAL(told, max);
    return asks_end(store);
}

static void tickets(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    for (int i = 0; i < MANY / 10; i++)
        buy(store, NULL, 10);
    CU_ASSERT_EQUAL(asks_for_tickets(store, 1), 2);
    CU_ASSERT_EQUAL(asks_for_tickets(store, MANY), 2);
    store_close(store);
}

static const struct fixture_case cases[] = {
    {"a page of events", 1, events},
    {"a page of orders in many lines", 1, orders},
    {"a page of tickets", 2 * MANY, tickets},
};

static __attribute__((constructor)) void add(void)
{
    fixture_add("store asks", cases, sizeof cases / sizeof *cases);
}
