/* What an organiser changes: events and their tiers. */
#include <stdio.h>
#include <string.h>

#include "tests/store/changes.h"
#include "tests/store/peek.h"

static void creates_an_event(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct tier_terms tiers[] = {tier_terms("stalls", 10), tier_terms("circle", 5)};
    struct change change = event_change("gala", tiers, 2);
    struct event_terms terms;
    strcpy(change.event.title, "Das große Fest am Сад");
    change.event.sale_from = 7;
    change.event.buyer_limit = 4;
    change.event.waiting_list = true;
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
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

/* Of an event that cannot be made whole, nothing is made. */
static void makes_no_half_event(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct tier_terms tiers[] = {tier_terms("stalls", 10), tier_terms("circle", 5)};
    struct change change = event_change("gala", tiers, 2);
    struct event_terms terms;
    strcpy(tiers[1].currency, "USD");
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_INVALID);
    tiers[1] = tiers[0];
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_TIER_EXISTS);
    CU_ASSERT_EQUAL(store_read_event(store, "gala", &terms), STORE_ABSENT);
    change.tier_count = 1;
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    store_close(store);
}

static void counts_what_it_wrote(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct tier_terms tier = tier_terms("stalls", 10);
    struct change change = event_change("gala", &tier, 1);
    struct figures before;
    struct figures after;
    store_figures(store, &before);
    changed(store, &change);
    store_figures(store, &after);
    CU_ASSERT_EQUAL(after.commit, before.commit + 1);
    CU_ASSERT_EQUAL(after.sold, before.sold);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_EVENT_EXISTS);
    store_figures(store, &after);
    CU_ASSERT_EQUAL(after.commit, before.commit + 1);
    store_close(store);
}

static void sets_what_is_said(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct change change = {.kind = CHANGE_EVENT, .set = SET_TITLE | SET_CLOSED};
    struct event_terms terms;
    strcpy(change.event.name, "demo");
    strcpy(change.event.title, "Übung");
    change.event.closed = true;
    change.event.buyer_limit = 7; /* is not set */
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    CU_ASSERT_EQUAL(store_read_event(store, "demo", &terms), STORE_FOUND);
    CU_ASSERT_STRING_EQUAL(terms.title, "Übung");
    CU_ASSERT(terms.closed);
    CU_ASSERT_EQUAL(terms.buyer_limit, 0);
    CU_ASSERT_EQUAL(terms.hold_seconds, HOLD_SECONDS);
    expect_problem(&(struct outcome){.problem = buy(store, NULL, 1).problem}, PROBLEM_SALE_OVER);
    change.set = SET_CLOSED;
    change.event.closed = false;
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_NONE);
    strcpy(change.event.name, "nowhere");
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NO_SUCH_EVENT);
    store_close(store);
}

/* Each bound is moved on its own: only together they say whether there is a sale. */
static void sale_begins_before_it_ends(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct change change = {.kind = CHANGE_EVENT, .set = SET_SALE_UNTIL};
    struct event_terms terms;
    strcpy(change.event.name, "demo");
    change.event.sale_until = 500;
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    change.set = SET_SALE_FROM;
    change.event.sale_from = 500;
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_INVALID);
    CU_ASSERT_EQUAL(store_read_event(store, "demo", &terms), STORE_FOUND);
    CU_ASSERT_EQUAL(terms.sale_from, 0);
    change.event.sale_from = 499;
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    change.set = SET_SALE_UNTIL;
    change.event.sale_until = 0; /* takes the bound away */
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    store_close(store);
}

static struct change limit_buyers(int64_t limit)
{
    struct change change = {.kind = CHANGE_EVENT, .set = SET_BUYER_LIMIT};
    strcpy(change.event.name, "demo");
    change.event.buyer_limit = limit;
    return change;
}

/* What buyers have already counts: sold, held and waiting, but not what was given up; whatever the case. */
static void limit_counts_what_buyers_have(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    CU_ASSERT_EQUAL(buy_as(store, "Ada@Example.org", 2).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(hold_as(store, "ada@example.ORG", 1).problem, PROBLEM_NONE);
    struct id gone = hold_as(store, "ada@example.org", 3).sale.id;
    release(store, &gone);
    gone = buy_as(store, "ada@example.org", 1).sale.id;
    refund(store, &gone);
    struct change change = limit_buyers(4);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    struct outcome outcome = buy_as(store, "ADA@example.org", 2);
    CU_ASSERT_EQUAL(outcome.problem, PROBLEM_BUYER_LIMIT);
    CU_ASSERT_EQUAL(outcome.remaining, 1);
    CU_ASSERT_EQUAL(buy_as(store, "ada@example.org", 1).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy_as(store, "bob", 4).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_BUYER_REQUIRED);
    store_close(store);
}

/* From one limit to another, and from none to one again, after sales without. */
static void limit_comes_and_goes(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct change change = limit_buyers(3);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy_as(store, "ada", 3).problem, PROBLEM_NONE);
    change = limit_buyers(4);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy_as(store, "ada", 2).problem, PROBLEM_BUYER_LIMIT);
    change = limit_buyers(0);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy_as(store, "ada", 2).problem, PROBLEM_NONE);
    change = limit_buyers(6);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy_as(store, "ada", 2).remaining, 1);
    store_close(store);
}

static struct change tier_change(enum change_kind kind, const struct tier_terms *tier)
{
    struct change change = {.kind = kind, .tiers = tier, .tier_count = 1};
    strcpy(change.event.name, "demo");
    change.set = SET_PRICE | SET_CAPACITY | SET_LIMIT;
    return change;
}

static void adds_a_tier(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct tier_terms tier = tier_terms("balcony", 4);
    struct change change = tier_change(CHANGE_TIER_CREATE, &tier);
    struct basket basket = {0};
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_TIER_EXISTS);
    basket_ask(&basket, NULL, "demo", "balcony", 4);
    basket_settle(&basket, store);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 0)->problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 0)->sale.amount, 10000);
    strcpy(tier.name, "box");
    strcpy(tier.currency, "USD");
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_INVALID);
    strcpy(change.event.name, "nowhere");
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NO_SUCH_EVENT);
    basket_free(&basket);
    store_close(store);
}

static void tiers_are_bounded(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    for (int i = 1; i <= STORE_TIERS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "tier-%d", i);
        struct tier_terms tier = tier_terms(name, 4);
        struct change change = tier_change(CHANGE_TIER_CREATE, &tier);
        CU_ASSERT_EQUAL(changed(store, &change),
                        i < STORE_TIERS_MAX ? PROBLEM_NONE : PROBLEM_TOO_MANY);
    }
    store_close(store);
}

static void capacity_stays_above_what_is_taken(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct tier_terms tier = tier_terms("standard", 6);
    struct change change = tier_change(CHANGE_TIER, &tier);
    buy(store, NULL, 4);
    hold(store, NULL, 3);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_CAPACITY_TAKEN);
    CU_ASSERT_EQUAL(change.taken, 7);
    CU_ASSERT_EQUAL(peek_counts(fixture).capacity, 20);
    tier.capacity = 7;
    tier.price = 100;
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
    tier.capacity = 8;
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).sale.amount, 100);
    strcpy(tier.name, "none");
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NO_SUCH_TIER);
    store_close(store);
}

/* Another process sells under the same id: what the elder one is asked to change is not. */
static void elder_process_changes_nothing(struct fixture *fixture)
{
    struct store *elder = fixture_seller(fixture, "server-1");
    struct store *younger = fixture_seller(fixture, "server-1");
    struct tier_terms tier = tier_terms("stalls", 10);
    struct change change = event_change("gala", &tier, 1);
    struct event_terms terms;
    CU_ASSERT_EQUAL(store_change(elder, &change), STORE_FENCED);
    CU_ASSERT_EQUAL(store_read_event(younger, "gala", &terms), STORE_ABSENT);
    CU_ASSERT_EQUAL(changed(younger, &change), PROBLEM_NONE);
    store_close(elder);
    store_close(younger);
}

/* Notes orders of so many parts of the decisions. */
static void spread_orders(struct fixture *fixture, int spans)
{
    fixture_sql(fixture,
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                "  INSERT INTO order_spans (event, span) SELECT 1, 1000 + i FROM n",
                spans);
}

/* In a busy shop a few orders lie far apart. */
static void limit_counts_far_and_wide(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct change change = limit_buyers(4);
    CU_ASSERT_EQUAL(buy_as(store, "ada", 1).problem, PROBLEM_NONE);
    fixture_sql(fixture, "UPDATE decisions SET decision = 100000000; UPDATE tickets SET"
                         "  decision = 100000000; UPDATE order_spans SET span = 100000000 >> 8");
    CU_ASSERT_EQUAL(buy_as(store, "ada", 2).problem, PROBLEM_NONE);
    spread_orders(fixture, 2 * STORE_BUYERS_COUNTED_MAX / 256);
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy_as(store, "ada", 2).remaining, 1);
    fixture_sql(fixture, "DELETE FROM order_spans WHERE span BETWEEN 1001 AND 100000");
    store_close(store);
}

/* Refusals that are kept, which have keys of the event, too. */
static void keep_refusals(struct fixture *fixture, int from, int to)
{
    fixture_sql(fixture,
                "WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                "  INSERT INTO decisions (decision, event, key, fingerprint, created_at, problem, "
                "remaining)"
                "    SELECT 1000 + i, 1, key_text('key-of-somebody-' || i), zeroblob(16), 1, "
                "'sold_out', 0 FROM n",
                from, to);
}

/* It would stop all selling for as long as it counts; a limit that is there already may be changed at any time. */
static void limit_comes_before_the_sale(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct change first = limit_buyers(4), higher = limit_buyers(5), none = limit_buyers(0);
    struct event_terms terms;
    CU_ASSERT_EQUAL(buy_as(store, "ada", 1).problem, PROBLEM_NONE);
    keep_refusals(fixture, 1, STORE_BUYERS_COUNTED_MAX);
    CU_ASSERT_EQUAL(changed(store, &first), PROBLEM_TOO_MANY);
    CU_ASSERT_EQUAL(store_read_event(store, "demo", &terms), STORE_FOUND);
    CU_ASSERT_EQUAL(terms.buyer_limit, 0);
    CU_ASSERT_EQUAL(changed(store, &none), PROBLEM_NONE);
    fixture_sql(fixture, "DELETE FROM decisions WHERE key = 'key-of-somebody-1'");
    CU_ASSERT_EQUAL(changed(store, &first), PROBLEM_NONE);
    keep_refusals(fixture, 1, 1);
    CU_ASSERT_EQUAL(changed(store, &higher), PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy_as(store, "ada", 5).remaining, 4);
    fixture_sql(fixture, "DELETE FROM decisions WHERE id IS NULL");
    store_close(store);
}

static const struct fixture_case cases[] = {
    {"creates an event", 0, creates_an_event},
    {"makes no half event", 0, makes_no_half_event},
    {"counts what it wrote", 0, counts_what_it_wrote},
    {"sets what is said and nothing else", 20, sets_what_is_said},
    {"a sale begins before it ends", 20, sale_begins_before_it_ends},
    {"a limit counts what buyers have already", 20, limit_counts_what_buyers_have},
    {"a limit comes and goes", 20, limit_comes_and_goes},
    {"a limit comes before the sale", 20, limit_comes_before_the_sale},
    {"adds a tier", 20, adds_a_tier},
    {"tiers are bounded", 20, tiers_are_bounded},
    {"capacity stays above what is taken", 20, capacity_stays_above_what_is_taken},
    {"an elder process changes nothing", 0, elder_process_changes_nothing},
};

/* About its table of spans. */
static const struct fixture_case sqlite_cases[] = {
    {"a limit counts far and wide", 20, limit_counts_far_and_wide},
};

static __attribute__((constructor)) void add(void)
{
    fixture_add("store changes", cases, sizeof cases / sizeof *cases);
    fixture_add_on("sqlite", "sqlite changes", sqlite_cases,
                   sizeof sqlite_cases / sizeof *sqlite_cases);
}
