/* What an organiser changes: events, tiers, tokens, keys, what is owed. */
#include <stdio.h>
#include <string.h>

#include "tests/store/changes.h"

static void creates_an_event(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct tier_terms tiers[] = {tier_terms("stalls", 10), tier_terms("circle", 5)};
    struct change change = event_change("gala", tiers, 2);
    strcpy(change.event.title, "Das große Fest am Сад");
    change.event.sale_from = 7;
    change.event.buyer_limit = 4;
    change.event.waiting_list = true;
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    struct event_terms terms;
    CU_ASSERT_EQUAL(store_read_event(store, "gala", &terms), STORE_FOUND);
    CU_ASSERT_STRING_EQUAL(terms.name, "gala");
    CU_ASSERT_STRING_EQUAL(terms.title, "Das große Fest am Сад");
    CU_ASSERT_STRING_EQUAL(terms.zone, "Europe/Berlin");
    CU_ASSERT_EQUAL(terms.sale_from, 7);
    CU_ASSERT_EQUAL(terms.buyer_limit, 4);
    CU_ASSERT_EQUAL(terms.hold_seconds, 600);
    CU_ASSERT(terms.waiting_list && !terms.closed);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_EVENT_EXISTS);
    CU_ASSERT_EQUAL(store_read_event(store, "nowhere", &terms), STORE_ABSENT);
    store_close(store);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "gala", "circle"), 0);
}

static const struct fixture_case cases[] = {
    {"creates an event", 0, creates_an_event},
};

static __attribute__((constructor)) void add(void)
{
    fixture_add("store changes", cases, sizeof cases / sizeof *cases);
}
