#include "ticket_server/catalog.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/asks.h"
#include "tests/lib/suite.h"
#include "tests/unit/ticket_server/place.h"

static struct catalog *open_catalog(const struct place *place)
{
    char error[STORE_ERROR_SIZE] = "";
    struct catalog *catalog = catalog_open(place->url, error);
    CU_ASSERT_STRING_EQUAL(error, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(catalog);
    return catalog;
}

/* Sells one purchase past the server under test; its id. */
static struct id sell(const struct place *place, int quantity)
{
    char error[STORE_ERROR_SIZE];
    struct item item = place_item(quantity);
    struct decision decision = {.item = &item, .router = ""};
    struct figures figures;
    strcpy(item.purchase.buyer, "somebody");
    purchase_fingerprint(&item.purchase, decision.fingerprint);
    struct store *store = store_open_seller(place->url, "server-9", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    CU_ASSERT_EQUAL(store_decide(store, &decision, 1, &figures), STORE_DURABLE);
    CU_ASSERT_EQUAL(decision.outcome.problem, PROBLEM_NONE);
    store_close(store);
    return item.request;
}

static void events_show_every_sale_at_once(void)
{
    struct place place;
    struct buffer out = {0};
    char last[NAME_SIZE];
    place_open(&place, 10);
    struct catalog *catalog = open_catalog(&place);
    sell(&place, 3);
    CU_ASSERT_EQUAL(catalog_event(catalog, "demo", &out), PROBLEM_NONE);
#define DEMO(sold, remaining)                                                                      \
    "{\"event\":\"demo\",\"title\":\"Demo\",\"time_zone\":\"UTC\",\"hold_seconds\":600,"           \
    "\"waiting_list\":false,\"closed\":false,\"tiers\":[{\"tier\":\"standard\",\"capacity\":10,"   \
    "\"sold\":" sold ",\"held\":0,\"waiting\":0,\"remaining\":" remaining                          \
    ",\"limit\":10,\"price\":{\"amount\":2500,\"currency\":\"EUR\"}}]}"
    CU_ASSERT_STRING_EQUAL(buffer_text(&out), DEMO("3", "7"));
    sell(&place, 2);
    buffer_clear(&out);
    CU_ASSERT_EQUAL(catalog_events(catalog, "", 100, last, &out), PROBLEM_NONE);
    CU_ASSERT_STRING_EQUAL(buffer_text(&out), "{\"events\":[" DEMO("5", "5") "]}");
    CU_ASSERT_STRING_EQUAL(last, "");
    buffer_free(&out);
    catalog_close(catalog);
    place_close(&place);
}

static void a_store_without_events_lists_none(void)
{
    struct place place;
    struct buffer out = {0};
    char last[NAME_SIZE];
    place_open(&place, 0);
    struct catalog *catalog = open_catalog(&place);
    CU_ASSERT_EQUAL(catalog_events(catalog, "", 100, last, &out), PROBLEM_NONE);
    CU_ASSERT_STRING_EQUAL(buffer_text(&out), "{\"events\":[]}");
    CU_ASSERT_STRING_EQUAL(last, "");
    buffer_free(&out);
    catalog_close(catalog);
    place_close(&place);
}

static void add_event(struct store *store, int number)
{
    struct tier_terms tiers[] = {
        {.name = "balcony", .currency = "EUR", .price = 1, .capacity = 1, .limit = 1},
        {.name = "stalls", .currency = "EUR", .price = 1, .capacity = 1, .limit = 1},
    };
    struct change change = {.kind = CHANGE_EVENT_CREATE, .tiers = tiers, .tier_count = 2};
    snprintf(change.event.name, sizeof change.event.name, "event-%03d", number);
    strcpy(change.event.title, "Event");
    strcpy(change.event.zone, "UTC");
    change.event.hold_seconds = 600;
    CU_ASSERT_EQUAL(store_change(store, &change), STORE_DURABLE);
    CU_ASSERT_EQUAL(change.problem, PROBLEM_NONE);
}

/* What the store is asked for a page of so many events. */
static size_t asks_for_page(struct catalog *catalog, size_t limit, const char *expected_last)
{
    struct buffer out = {0};
    char last[NAME_SIZE];
    size_t events = 0;
    asks_begin(catalog_store(catalog));
    CU_ASSERT_EQUAL(catalog_events(catalog, "", limit, last, &out), PROBLEM_NONE);
    size_t asks = asks_end(catalog_store(catalog));
    for (const char *at = buffer_text(&out); (at = strstr(at, "\"event\":")) != NULL; at++)
        events++;
    CU_ASSERT_EQUAL(events, limit);
    CU_ASSERT_STRING_EQUAL(last, expected_last);
    buffer_free(&out);
    return asks;
}

/* The loop waits for nothing else meanwhile: at a server's, each question is a way there and back. */
static void a_page_of_many_events_is_asked_for_at_once(void)
{
    struct place place;
    char error[STORE_ERROR_SIZE];
    place_open(&place, 0);
    struct store *store = store_open_seller(place.url, "server-9", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    for (int i = 1; i <= 101; i++)
        add_event(store, i);
    store_close(store);
    struct catalog *catalog = open_catalog(&place);
    CU_ASSERT_EQUAL(asks_for_page(catalog, 1, "event-001"), 1);
    CU_ASSERT_EQUAL(asks_for_page(catalog, 100, "event-100"), 1);
    CU_ASSERT_EQUAL(asks_for_page(catalog, 101, ""), 1);
    catalog_close(catalog);
    place_close(&place);
}

static void a_purchase_is_shown_without_its_buyer(void)
{
    struct place place;
    struct buffer out = {0};
    char id[ID_TEXT_SIZE];
    place_open(&place, 10);
    struct catalog *catalog = open_catalog(&place);
    struct id sale = sell(&place, 2);
    id_format(&sale, id);
    CU_ASSERT_EQUAL(catalog_purchase(catalog, "demo", id, &out), PROBLEM_NONE);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), id));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(buffer_text(&out), "\"tickets\":[{\"number\":1},{\"number\":2}]"));
    CU_ASSERT_PTR_NULL(strstr(buffer_text(&out), "somebody"));
    CU_ASSERT_EQUAL(catalog_purchase(catalog, "other", id, &out), PROBLEM_NO_SUCH_EVENT);
    buffer_free(&out);
    catalog_close(catalog);
    place_close(&place);
}

static void what_is_not_there_is_not_found(void)
{
    static const char unknown[] = "0193b0aa-0000-7abc-8def-0123456789ab";
    struct place place;
    struct buffer out = {0};
    place_open(&place, 10);
    struct catalog *catalog = open_catalog(&place);
    CU_ASSERT_EQUAL(catalog_event(catalog, "nope", &out), PROBLEM_NO_SUCH_EVENT);
    CU_ASSERT_EQUAL(catalog_event(catalog, "", &out), PROBLEM_NO_SUCH_EVENT);
    CU_ASSERT_EQUAL(catalog_event(catalog, "de mo", &out), PROBLEM_NO_SUCH_EVENT);
    CU_ASSERT_EQUAL(catalog_purchase(catalog, "demo", unknown, &out), PROBLEM_NO_SUCH_PURCHASE);
    CU_ASSERT_EQUAL(catalog_purchase(catalog, "demo", "1", &out), PROBLEM_NO_SUCH_PURCHASE);
    CU_ASSERT_EQUAL(catalog_purchase(catalog, "nope", unknown, &out), PROBLEM_NO_SUCH_EVENT);
    CU_ASSERT_EQUAL(catalog_purchase(catalog, "%", unknown, &out), PROBLEM_NO_SUCH_EVENT);
    buffer_free(&out);
    catalog_close(catalog);
    place_close(&place);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("catalog", "events show every sale at once", events_show_every_sale_at_once);
    suite_add("catalog", "a store without events lists none", a_store_without_events_lists_none);
    suite_add("catalog", "a page of many events is asked for at once",
              a_page_of_many_events_is_asked_for_at_once);
    suite_add("catalog", "a purchase is shown without its buyer",
              a_purchase_is_shown_without_its_buyer);
    suite_add("catalog", "what is not there is not found", what_is_not_there_is_not_found);
}
