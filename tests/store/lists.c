/* Lists, page by page: nothing is left out or told twice, and only what belongs to the event. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/changes.h"
#include "tests/store/peek.h"

enum {
    NOTED_MAX = 4096,
};

/* What a list told: the last place, and what it told by then. */
struct noted {
    size_t count;
    int64_t place;
    char name[NAME_SIZE];
    int64_t number;
    struct order order[NOTED_MAX];
};
static struct noted noted;

static void note_event(void *context, const struct event_terms *event,
                       const struct tier_counts *tiers, size_t tier_count)
{
    (void)context;
    CU_ASSERT(strcmp(event->name, noted.name) > 0);
    strcpy(noted.name, event->name);
    noted.count++;
    noted.number += (int64_t)tier_count;
    for (size_t i = 0; i < tier_count; i++) {
        CU_ASSERT_STRING_EQUAL(tiers[i].event, event->name);
        CU_ASSERT(i == 0 || strcmp(tiers[i].tier, tiers[i - 1].tier) > 0);
    }
}

/* All that there are, in pages; how many it took. */
static size_t list_events(struct store *store, size_t page)
{
    size_t pages = 0;
    bool more = true;
    memset(&noted, 0, sizeof noted);
    for (; more; pages++) {
        size_t before = noted.count;
        char after[NAME_SIZE];
        strcpy(after, noted.name);
        CU_ASSERT_EQUAL_FATAL(store_list_events(store, after, page, &more, note_event, NULL),
                              STORE_FOUND);
        CU_ASSERT(noted.count - before <= page);
        CU_ASSERT_FATAL(!more || noted.count > before);
    }
    return pages;
}

static void events_come_in_pages(struct fixture *fixture)
{
    for (int i = 2; i <= 26; i++) {
        char name[16];
        snprintf(name, sizeof name, "event-%02d", i * 7 % 26);
        fixture_tier(fixture, i, name, 1, "stalls", 1);
    }
    struct store *store = fixture_reader(fixture);
    CU_ASSERT_EQUAL(list_events(store, 10), 3);
    CU_ASSERT_EQUAL(noted.count, 26);
    CU_ASSERT_EQUAL(list_events(store, 13), 2);
    CU_ASSERT_EQUAL(noted.count, 26);
    CU_ASSERT_EQUAL(list_events(store, STORE_PAGE_MAX), 1);
    CU_ASSERT_EQUAL(noted.count, 26);
    store_close(store);
}

/* One moment: each with the tiers that it has then, and none with a part of them, however many a page would have. */
static void events_have_all_their_tiers(struct fixture *fixture)
{
    for (int i = 2; i <= 71; i++) {
        char name[16];
        snprintf(name, sizeof name, "event-%02d", i);
        fixture_tier(fixture, i, name, 1, "tier-01", 1);
    }
    fixture_sql(fixture,
                "INSERT INTO tiers (event, tier, name, price, currency, capacity, order_limit)"
                " WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                " SELECT event, i, 'tier-' || (100 - i), 1, 'EUR', 1, 10"
                " FROM events CROSS JOIN n WHERE event > 1 AND event < 71",
                STORE_TIERS_MAX);
    fixture_sql(fixture, "INSERT INTO events (event, name, title) VALUES (72, 'z', 'No tiers')");
    struct store *store = fixture_reader(fixture);
    CU_ASSERT_EQUAL(list_events(store, STORE_PAGE_MAX), 2);
    CU_ASSERT_EQUAL(noted.count, 72);
    CU_ASSERT_EQUAL(noted.number, 1 + 69 * STORE_TIERS_MAX + 1);
    memset(&noted, 0, sizeof noted);
    CU_ASSERT_EQUAL(store_read_whole_event(store, "event-07", note_event, NULL), STORE_FOUND);
    CU_ASSERT(noted.count == 1 && noted.number == STORE_TIERS_MAX);
    CU_ASSERT_EQUAL(store_read_whole_event(store, "nowhere", note_event, NULL), STORE_ABSENT);
    CU_ASSERT_EQUAL(noted.count, 1);
    store_close(store);
}

static void note_order(void *context, int64_t place, const struct order *order)
{
    (void)context;
    CU_ASSERT(place > noted.place);
    noted.place = place;
    CU_ASSERT_FATAL(noted.count < NOTED_MAX);
    noted.order[noted.count++] = *order;
}

static void list_all(struct store *store, const char *event, size_t page)
{
    memset(&noted, 0, sizeof noted);
    for (size_t before = 1; before != noted.count;) {
        before = noted.count;
        CU_ASSERT_EQUAL_FATAL(store_list_orders(store, event, noted.place, page, note_order, NULL),
                              STORE_FOUND);
        CU_ASSERT(noted.count - before <= page);
    }
}

/* Two events share the decisions, one of them has few: both are listed whole, whatever the pages. */
static void orders_come_in_pages(struct fixture *fixture)
{
    struct basket basket = {0};
    fixture_tier(fixture, 2, "gala", 1, "stalls", 1000);
    struct store *store = fixture_seller(fixture, "server-1");
    for (int i = 0; i < 1200; i++)
        basket_ask(&basket, NULL, i % 300 == 17 ? "gala" : "demo", "", 1);
    basket_settle(&basket, store);
    list_all(store, "gala", 3);
    CU_ASSERT_EQUAL(noted.count, 4);
    CU_ASSERT(id_equal(&noted.order[1].sale.id, &basket_outcome(&basket, 317)->sale.id));
    list_all(store, "demo", 97);
    CU_ASSERT_EQUAL(noted.count, 1196);
    list_all(store, "demo", STORE_PAGE_MAX);
    CU_ASSERT_EQUAL(noted.count, 1196);
    CU_ASSERT_EQUAL(store_list_orders(store, "nowhere", 0, 10, note_order, NULL), STORE_ABSENT);
    basket_free(&basket);
    store_close(store);
}

/* A batch that fails in one item is decided again item by item: the orders are in the list still. */
static void orders_of_a_broken_batch_are_listed(struct fixture *fixture)
{
    struct basket basket = {0};
    struct store *store = fixture_seller(fixture, "server-1");
    fixture_on_insert(fixture, "decisions", "NEW.quantity = 7", NULL);
    basket_add(&basket, NULL, 1);
    basket_add(&basket, NULL, 7);
    basket_add(&basket, NULL, 2);
    basket_settle(&basket, store);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 1)->problem, PROBLEM_STORE_UNAVAILABLE);
    list_all(store, "demo", 10);
    CU_ASSERT_EQUAL(noted.count, 2);
    CU_ASSERT_EQUAL(noted.order[1].sale.quantity, 2);
    basket_free(&basket);
    store_close(store);
}

static void orders_say_all_of_themselves(struct fixture *fixture)
{
    struct order one;
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = hold_as(store, "ada", 3).sale.id;
    struct id bought = buy_as(store, "bob", 1).sale.id;
    confirm(store, &id, "payment-1");
    list_all(store, "demo", 10);
    CU_ASSERT_EQUAL_FATAL(noted.count, 2);
    CU_ASSERT_EQUAL(store_read_hold(store, &id, &one), STORE_FOUND);
    CU_ASSERT_EQUAL(one.sale.state, ORDER_SOLD);
    CU_ASSERT_STRING_EQUAL(one.payment, "payment-1");
    CU_ASSERT(!one.late && one.place == 0 && one.sale.expires_at > 0);
    CU_ASSERT(!id_equal(&one.sale.request, &id));
    CU_ASSERT_EQUAL(one.sale.first_number, 2);
    CU_ASSERT_STRING_EQUAL(noted.order[0].payment, one.payment);
    CU_ASSERT(id_equal(&noted.order[0].sale.request, &one.sale.request));
    CU_ASSERT_EQUAL(noted.order[0].changed_at, one.changed_at);
    CU_ASSERT_STRING_EQUAL(noted.order[1].sale.buyer, "bob");
    CU_ASSERT_EQUAL(noted.order[1].changed_at, noted.order[1].sale.created_at);
    CU_ASSERT(id_equal(&noted.order[1].sale.request, &bought));
    CU_ASSERT_EQUAL(store_read_hold(store, &bought, &one), STORE_ABSENT);
    store_close(store);
}

static struct {
    size_t count;
    struct order order[4];
    char router[4][ID_TEXT_SIZE];
} seen;

static void see_hold(void *context, const struct store_hold_row *row)
{
    (void)context;
    CU_ASSERT_FATAL(seen.count < 4);
    strcpy(seen.router[seen.count], row->router);
    seen.order[seen.count++] = row->order;
}

/* All that ever were held, in every state, and no purchase. */
static void every_hold_is_read(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    seen.count = 0;
    CU_ASSERT_EQUAL(store_each_hold(store, see_hold, NULL), STORE_FOUND);
    CU_ASSERT_EQUAL(seen.count, 0);
    struct id first = hold_as(store, "ada", 3).sale.id;
    buy_as(store, "bob", 1);
    struct id second = hold_as(store, "eve", 2).sale.id;
    confirm(store, &first, "payment-1");
    CU_ASSERT_EQUAL(store_each_hold(store, see_hold, NULL), STORE_FOUND);
    CU_ASSERT_EQUAL_FATAL(seen.count, 2);
    CU_ASSERT(id_equal(&seen.order[0].sale.id, &first));
    CU_ASSERT(id_equal(&seen.order[1].sale.id, &second));
    CU_ASSERT(seen.order[0].sale.state == ORDER_SOLD && seen.order[1].sale.state == ORDER_HELD);
    CU_ASSERT_EQUAL(seen.order[1].sale.quantity, 2);
    CU_ASSERT_STRING_EQUAL(seen.order[1].sale.server, "server-1");
    CU_ASSERT_STRING_EQUAL(seen.router[1], "");
    store_close(store);
}

static void those_in_line_have_places(struct fixture *fixture)
{
    struct order one;
    set_demo(fixture, "waiting_list = 1");
    fixture_sql(fixture,
                "INSERT INTO tiers (event, tier, name, price, currency, capacity, order_limit)"
                " VALUES (1, 2, 'balcony', 1, 'EUR', 0, 10)");
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    for (int i = 0; i < 6; i++) {
        struct item *item = basket_wait(&basket, NULL, "", 1);
        strcpy(item->purchase.tier, i % 3 == 0 ? "balcony" : "standard");
    }
    basket_settle(&basket, store);
    struct id last = basket_outcome(&basket, 5)->sale.id;
    list_all(store, "demo", 4); /* a page begins within the lines */
    CU_ASSERT_EQUAL_FATAL(noted.count, 6);
    static const int64_t places[] = {1, 0, 1, 2, 2, 3}; /* the second one has the ticket */
    for (size_t i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(noted.order[i].place, places[i]);
    CU_ASSERT_EQUAL(store_read_hold(store, &last, &one), STORE_FOUND);
    CU_ASSERT_EQUAL(one.place, 3);
    CU_ASSERT_EQUAL(peek_counts(fixture).waiting, 3);
    basket_free(&basket);
    store_close(store);
}

static void note_ticket(void *context, const struct ticket *ticket)
{
    (void)context;
    int order = strcmp(ticket->tier, noted.name);
    CU_ASSERT(order > 0 || (order == 0 && ticket->number > noted.number));
    strcpy(noted.name, ticket->tier);
    noted.number = ticket->number;
    noted.count++;
}

static void tickets_come_in_pages(struct fixture *fixture)
{
    struct basket basket = {0};
    fixture_sql(fixture,
                "INSERT INTO tiers (event, tier, name, price, currency, capacity, order_limit)"
                " VALUES (1, 2, 'balcony', 1, 'EUR', 90, 10)");
    struct store *store = fixture_seller(fixture, "server-1");
    for (int i = 0; i < 16; i++)
        basket_ask(&basket, NULL, "demo", i % 2 == 0 ? "balcony" : "standard", 3);
    basket_settle(&basket, store);
    memset(&noted, 0, sizeof noted);
    for (size_t before = 1; before != noted.count;) {
        char after[NAME_SIZE];
        before = noted.count;
        strcpy(after, noted.name);
        CU_ASSERT_EQUAL_FATAL(
            store_list_tickets(store, "demo", after, noted.number, 7, note_ticket, NULL),
            STORE_FOUND);
        CU_ASSERT(noted.count - before <= 7);
    }
    CU_ASSERT_EQUAL(noted.count, 48);
    memset(&noted, 0, sizeof noted);
    struct id id = basket_outcome(&basket, 3)->sale.id;
    CU_ASSERT_EQUAL(store_read_tickets(store, "demo", &id, note_ticket, NULL), STORE_FOUND);
    CU_ASSERT_EQUAL(noted.count, 3);
    CU_ASSERT_EQUAL(noted.number, 6);
    CU_ASSERT_EQUAL(store_read_tickets(store, "gala", &id, note_ticket, NULL), STORE_ABSENT);
    id = id_make();
    CU_ASSERT_EQUAL(store_read_tickets(store, "demo", &id, note_ticket, NULL), STORE_ABSENT);
    basket_free(&basket);
    store_close(store);
}

static void held_tickets_are_none_yet(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = hold(store, NULL, 2).sale.id;
    memset(&noted, 0, sizeof noted);
    CU_ASSERT_EQUAL(store_read_tickets(store, "demo", &id, note_ticket, NULL), STORE_ABSENT);
    CU_ASSERT_EQUAL(store_list_tickets(store, "demo", "", 0, 10, note_ticket, NULL), STORE_FOUND);
    CU_ASSERT_EQUAL(noted.count, 0);
    store_close(store);
}

static void count_due(void *context, const char *event)
{
    size_t *count = context;
    CU_ASSERT_STRING_EQUAL(event, "demo");
    ++*count;
}

static size_t due(struct store *store, int64_t at)
{
    size_t count = 0;
    CU_ASSERT_EQUAL(store_each_due(store, at, count_due, &count), STORE_FOUND);
    return count;
}

static void tells_what_is_due(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    set_demo(fixture, "waiting_list = 1");
    int64_t expires = hold(store, NULL, 10).sale.expires_at;
    CU_ASSERT_EQUAL(due(store, expires - 1), 0);
    CU_ASSERT_EQUAL(due(store, expires), 1);
    CU_ASSERT_EQUAL(wait_for(store, NULL, 1).sale.state, ORDER_WAITING);
    CU_ASSERT_EQUAL(due(store, 1), 0);
    fixture_sql(fixture,
                "UPDATE tiers SET capacity = 11"); /* the one who waits can be offered it */
    CU_ASSERT_EQUAL(due(store, 1), 1);
    fixture_sql(fixture, "UPDATE events SET closed = 1");
    CU_ASSERT_EQUAL(due(store, 1), 0);
    fixture_sql(fixture, "UPDATE events SET closed = 0, sale_until = 2");
    CU_ASSERT_EQUAL(due(store, 1), 1);
    CU_ASSERT_EQUAL(due(store, 2), 0);
    store_close(store);
}

static const struct fixture_case cases[] = {
    {"events come in pages", 1, events_come_in_pages},
    {"events have all their tiers", 1, events_have_all_their_tiers},
    {"orders come in pages", 2000, orders_come_in_pages},
    {"orders of a broken batch are listed", 20, orders_of_a_broken_batch_are_listed},
    {"orders say all of themselves", 20, orders_say_all_of_themselves},
    {"every hold is read", 20, every_hold_is_read},
    {"those in line have places", 1, those_in_line_have_places},
    {"tickets come in pages", 90, tickets_come_in_pages},
    {"held tickets are none yet", 20, held_tickets_are_none_yet},
    {"tells what is due", 10, tells_what_is_due},
};

static __attribute__((constructor)) void add(void)
{
    fixture_add("store lists", cases, sizeof cases / sizeof *cases);
}
