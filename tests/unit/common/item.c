#include "common/item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/suite.h"

#define REQUEST "0193b0aa-0000-7abc-8def-0123456789ab"
#define ROUTER  "0193b0aa-0000-7abc-8def-ffffffffffff"
#define ITEM                                                                                       \
    "\"request\":\"" REQUEST "\",\"admitted\":1,\"event\":\"demo\",\"key\":\"0123456789abcdef\""
#define ORDER         "\"request\":\"" REQUEST "\",\"admitted\":1,\"order\":\"" ROUTER "\""
#define BY            "{\"router\":\"" ROUTER "\""
#define FLIGHT(items) BY ",\"version\":2,\"items\":[" items "]}"

static struct item full_item(void)
{
    struct item item = {.key = "\"\\key-of-sixteen!~", .attempt = 7};
    item.request = id_make();
    item.admitted = 1700000000000000;
    item.deadline = 1700000004999999;
    item.purchase = (struct purchase){
        .event = "demo", .tier = "standard", .buyer = "Zo\xc3\xab \"Z\" \\", .quantity = 10};
    return item;
}

/* Of which nearly everything goes without saying. */
static struct item bare_item(void)
{
    struct item item = {.key_made = true, .attempt = 1, .admitted = 1};
    item.request = id_make();
    id_format(&item.request, item.key);
    item.deadline = item.admitted + PURCHASE_SECONDS * CLOCK_SECOND;
    item.purchase = (struct purchase){.event = "demo"};
    return item;
}

static bool same_item(const struct item *a, const struct item *b)
{
    return id_equal(&a->request, &b->request) && strcmp(a->key, b->key) == 0 &&
           a->key_made == b->key_made && a->attempt == b->attempt && a->admitted == b->admitted &&
           a->deadline == b->deadline && a->verb == b->verb && a->seconds == b->seconds &&
           a->wait == b->wait && id_equal(&a->order, &b->order) &&
           a->purchase.quantity == b->purchase.quantity &&
           strcmp(a->purchase.event, b->purchase.event) == 0 &&
           strcmp(a->purchase.tier, b->purchase.tier) == 0 &&
           strcmp(a->purchase.buyer, b->purchase.buyer) == 0;
}

static void a_flight_comes_back(void)
{
    struct item items[2] = {full_item(), bare_item()};
    struct item read[2];
    struct buffer out = {0};
    char router[ID_TEXT_SIZE];
    char error[JSON_ERROR_SIZE] = "";
    flight_begin(&out, ROUTER);
    item_append(&out, &items[0]);
    item_append(&out, &items[1]);
    flight_end(&out);
    CU_ASSERT_EQUAL(flight_parse(out.data, out.length, read, 2, router, error), 2);
    CU_ASSERT_STRING_EQUAL(error, "");
    CU_ASSERT_STRING_EQUAL(router, ROUTER);
    CU_ASSERT(same_item(&items[0], &read[0]));
    CU_ASSERT(same_item(&items[1], &read[1]));
    CU_ASSERT_EQUAL(flight_parse(out.data, out.length, read, 1, router, error), FLIGHT_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "more than 1 items"));
    buffer_free(&out);
}

static struct item hold_item(void)
{
    struct item item = full_item();
    item.verb = VERB_HOLD;
    item.seconds = HOLD_SECONDS_MAX;
    item.wait = true;
    return item;
}

/* Of a confirm or release. */
static struct item order_item(enum verb verb)
{
    struct item item = bare_item();
    item.verb = verb;
    item.order = id_make();
    memset(&item.purchase, 0, sizeof item.purchase);
    if (verb == VERB_CONFIRM) {
        item.key_made = false;
        strcpy(item.key, "1");
    }
    return item;
}

static void every_verb_that_flies_comes_back(void)
{
    struct item items[] = {hold_item(), order_item(VERB_CONFIRM), order_item(VERB_RELEASE),
                           bare_item()};
    struct item read[4];
    struct buffer out = {0};
    char router[ID_TEXT_SIZE], error[JSON_ERROR_SIZE] = "";
    flight_begin(&out, ROUTER);
    for (size_t i = 0; i < 4; i++)
        item_append(&out, &items[i]);
    flight_end(&out);
    CU_ASSERT_EQUAL(flight_parse(out.data, out.length, read, 4, router, error), 4);
    CU_ASSERT_STRING_EQUAL(error, "");
    for (size_t i = 0; i < 4; i++)
        CU_ASSERT(same_item(&items[i], &read[i]));
    buffer_free(&out);
}

static void a_hold_is_not_the_purchase_of_the_same(void)
{
    struct item items[4] = {full_item(), full_item(), full_item(), full_item()};
    uint8_t prints[4][FINGERPRINT_SIZE], purchase[FINGERPRINT_SIZE];
    items[1].verb = items[2].verb = items[3].verb = VERB_HOLD;
    items[2].wait = true;
    items[3].seconds = 300;
    for (int i = 0; i < 4; i++)
        item_fingerprint(&items[i], prints[i]);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            CU_ASSERT(memcmp(prints[i], prints[j], FINGERPRINT_SIZE) != 0);
    purchase_fingerprint(&items[0].purchase, purchase);
    CU_ASSERT_EQUAL(memcmp(prints[0], purchase, FINGERPRINT_SIZE), 0);
}

static void what_goes_without_saying_is_not_said(void)
{
    static const char text[] =
        FLIGHT("{\"request\":\"" REQUEST "\",\"admitted\":1,\"event\":\"demo\"}");
    struct item item = bare_item(), read;
    struct buffer out = {0};
    char router[ID_TEXT_SIZE], error[JSON_ERROR_SIZE] = "";
    CU_ASSERT(id_parse(REQUEST, &item.request));
    strcpy(item.key, REQUEST);
    flight_begin(&out, ROUTER);
    item_append(&out, &item);
    flight_end(&out);
    CU_ASSERT_STRING_EQUAL(buffer_text(&out), text);
    CU_ASSERT_EQUAL(flight_parse(text, sizeof text - 1, &read, 1, router, error), 1);
    CU_ASSERT(same_item(&item, &read));
    buffer_free(&out);
}

/* The biggest flight there can be must fit into what both sides accept. */
static void the_biggest_flight_fits(void)
{
    struct item item = hold_item();
    struct buffer out = {0};
    memset(item.key, '"', sizeof item.key - 1);
    memset(item.purchase.event, 'e', sizeof item.purchase.event - 1);
    memset(item.purchase.tier, 't', sizeof item.purchase.tier - 1);
    memset(item.purchase.buyer, '"', sizeof item.purchase.buyer - 1);
    flight_begin(&out, ROUTER);
    for (int i = 0; i < FLIGHT_ITEMS_MAX; i++)
        item_append(&out, &item);
    flight_end(&out);
    CU_ASSERT(out.length <= FLIGHT_BYTES_MAX);
    buffer_free(&out);
}

struct row {
    const char *text;
    const char *error;
};

static const struct row flight_rows[] = {
    {"", "ends where an object is expected"},
    {"[]", "an object is expected"},
    {"{}", "router is missing"},
    {BY "}", "version is missing"},
    {BY ",\"items\":[{" ITEM "}]}", "version is missing"},
    {BY ",\"version\":2}", "items is missing"},
    {BY ",\"version\":1.5,\"items\":[]}", "version is not valid"},
    {BY ",\"version\":\"1\",\"items\":[]}", "a number is expected"},
    {BY ",\"version\":2,\"version\":2,\"items\":[]}", "\"version\" comes twice"},
    {BY ",\"version\":-1,\"items\":[]}", "version is not valid"},
    {BY ",\"version\":2,\"items\":{}}", "an array is expected"},
    {"{\"router\":\"\",\"items\":[{" ITEM "}]}", "router is not valid"},
    {"{\"router\":\"a b\",\"items\":[{" ITEM "}]}", "router is not valid"},
    {"{\"router\":\"" ROUTER "x\",\"items\":[{" ITEM "}]}", "router is too long"},
    {"{\"router\":1,\"items\":[{" ITEM "}]}", "a string is expected"},
    {"{\"items\":[{" ITEM "}]}", "router is missing"},
    {FLIGHT("{" ITEM "}") "x", "something follows"},
    {FLIGHT("{" ITEM "},"), "where an object is expected"},
    {FLIGHT("1"), "an object is expected"},
    {FLIGHT("{}"), "request is missing"},
    {FLIGHT("{" ITEM ",\"x\":1}"), "unknown field \"x\""},
    {FLIGHT("{" ITEM ",\"event\":\"demo\"}"), "\"event\" comes twice"},
    {FLIGHT("{" ITEM ",\"made\":true}"), "unknown field \"made\""},
    {FLIGHT("{" ITEM ",\"tier\":\"\"}"), "tier is not valid"},
    {FLIGHT("{" ITEM ",\"tier\":null}"), "a string is expected"},
    {FLIGHT("{" ITEM ",\"quantity\":0}"), "quantity is not valid"},
    {FLIGHT("{" ITEM ",\"quantity\":1001}"), "quantity is not valid"},
    {FLIGHT("{" ITEM ",\"quantity\":1.5}"), "quantity is not valid"},
    {FLIGHT("{" ITEM ",\"quantity\":\"1\"}"), "a number is expected"},
    {FLIGHT("{" ITEM ",\"buyer\":\"\"}"), "buyer is not valid"},
    {FLIGHT("{" ITEM ",\"buyer\":\"\\n\"}"), "buyer is not valid"},
    {FLIGHT("{\"request\":\"0193b0aa\"}"), "request is not valid"},
    {FLIGHT("{\"request\":\"" REQUEST "0\"}"), "request is too long"},
    {FLIGHT("{\"request\":\"" REQUEST "\"}"), "admitted is missing"},
    {FLIGHT("{\"request\":\"" REQUEST "\",\"admitted\":1}"), "event is missing"},
    {FLIGHT("{\"key\":\"\"}"), "key is not valid"},
    {FLIGHT("{\"key\":\"0123456789 abcdef\"}"), "key is not valid"},
    {FLIGHT("{\"attempt\":0}"), "attempt is not valid"},
    {FLIGHT("{\"attempt\":1001}"), "attempt is not valid"},
    {FLIGHT("{\"attempt\":4294967297}"), "attempt is not valid"},
    {FLIGHT("{\"deadline\":-1}"), "deadline is not valid"},
    {FLIGHT("{\"admitted\":1e30}"), "admitted is not valid"},
    {FLIGHT("{\"admitted\":4503599627370496}"), "admitted is not valid"}, /* its deadline is not */
    {FLIGHT("{\"event\":\"de mo\"}"), "event is not valid"},
    {FLIGHT("{\"request\":\"" REQUEST "\",\"admitted\":1,\"event\":\"demo\",\"key\":\"short\"}"),
     "key is not valid"},
    {FLIGHT("{" ITEM ",\"verb\":\"purchase\"}"), "verb is not valid"},
    {FLIGHT("{" ITEM ",\"verb\":\"refund\"}"), "verb is not valid"},
    {FLIGHT("{" ITEM ",\"verb\":\"\"}"), "verb is not valid"},
    {FLIGHT("{" ITEM ",\"verb\":1}"), "a string is expected"},
    {FLIGHT("{" ITEM ",\"seconds\":60}"), "seconds does not go with a purchase"},
    {FLIGHT("{" ITEM ",\"wait\":true}"), "wait does not go with a purchase"},
    {FLIGHT("{" ITEM ",\"order\":\"" REQUEST "\"}"), "order does not go with a purchase"},
    {FLIGHT("{" ITEM ",\"verb\":\"hold\",\"seconds\":0}"), "seconds is not valid"},
    {FLIGHT("{" ITEM ",\"verb\":\"hold\",\"seconds\":86401}"), "seconds is not valid"},
    {FLIGHT("{" ITEM ",\"verb\":\"hold\",\"wait\":1}"), "true or false"},
    {FLIGHT("{" ITEM ",\"verb\":\"hold\",\"order\":\"" REQUEST "\"}"),
     "order does not go with a hold"},
    {FLIGHT("{" ITEM ",\"verb\":\"confirm\"}"), "order is missing"},
    {FLIGHT("{" ITEM ",\"verb\":\"confirm\",\"order\":\"" REQUEST "\"}"),
     "event does not go with a confirm"},
    {FLIGHT("{" ORDER ",\"verb\":\"confirm\"}"), "key is missing"},
    {FLIGHT("{" ORDER ",\"verb\":\"confirm\",\"key\":\"a b\"}"), "key is not valid"},
    {FLIGHT("{" ORDER ",\"verb\":\"confirm\",\"key\":\"1\",\"quantity\":1}"),
     "quantity does not go with a confirm"},
    {FLIGHT("{" ORDER ",\"verb\":\"release\",\"key\":\"0123456789abcdef\"}"),
     "key does not go with a release"},
    {FLIGHT("{" ORDER "}"), "event is missing"},
};

static void refuses_any_other_flight(void)
{
    struct item items[2];
    char router[ID_TEXT_SIZE];
    char error[JSON_ERROR_SIZE];
    static const char good[] = FLIGHT("{" ITEM "}");
    CU_ASSERT_EQUAL(flight_parse(good, sizeof good - 1, items, 2, router, error), 1);
    for (size_t i = 0; i < sizeof flight_rows / sizeof *flight_rows; i++) {
        const struct row *row = &flight_rows[i];
        int read = flight_parse(row->text, strlen(row->text), items, 2, router, error);
        if (read != FLIGHT_MALFORMED || !strstr(error, row->error)) {
            printf("\n  %s: %d, \"%s\"\n", row->text, read, error);
            CU_FAIL("a flight is not refused as it should be");
        }
    }
}

static const struct row other_versions[] = {
    {BY ",\"version\":1,\"items\":[]}", "a flight of version 1, where 2 is spoken"},
    {BY ",\"version\":0,\"items\":[{" ITEM "}]}", "version 0"},
    {BY ",\"version\":7,\"legs\":1}", "version 7"}, /* whatever that looks like */
    {"{\"version\":3", "version 3"},
};

static void a_flight_of_another_version_is_told_apart(void)
{
    struct item items[2];
    char router[ID_TEXT_SIZE], error[JSON_ERROR_SIZE];
    for (size_t i = 0; i < sizeof other_versions / sizeof *other_versions; i++) {
        const struct row *row = &other_versions[i];
        int read = flight_parse(row->text, strlen(row->text), items, 2, router, error);
        CU_ASSERT_EQUAL(read, FLIGHT_FOREIGN);
        CU_ASSERT_PTR_NOT_NULL(strstr(error, row->error));
    }
}

static void a_flight_may_be_empty(void)
{
    static const char text[] = FLIGHT("");
    struct item item;
    struct buffer out = {0};
    char router[ID_TEXT_SIZE], error[JSON_ERROR_SIZE] = "";
    flight_begin(&out, ROUTER);
    flight_end(&out);
    CU_ASSERT_STRING_EQUAL(buffer_text(&out), text);
    CU_ASSERT_EQUAL(flight_parse(text, sizeof text - 1, &item, 1, router, error), 0);
    CU_ASSERT_STRING_EQUAL(router, ROUTER);
    buffer_free(&out);
}

/* Of another version's router: the flight has others' purchases, too. */
static void takes_buyers_that_a_shop_takes_no_more(void)
{
    static const char flight[] = FLIGHT("{" ITEM ",\"buyer\":\"ada\\u202e \"}");
    struct item item;
    char router[ID_TEXT_SIZE], error[JSON_ERROR_SIZE];
    CU_ASSERT_EQUAL(flight_parse(flight, sizeof flight - 1, &item, 1, router, error), 1);
    CU_ASSERT_STRING_EQUAL(item.purchase.buyer, "ada\xe2\x80\xae ");
}

/* Cuts a text at every byte: none of the pieces may be taken, nor a byte past its end be read. */
static void refuses_whatever_is_cut_short(void)
{
    static const char flight[] = FLIGHT("{" ITEM ",\"buyer\":\"\\u00e9\xc3\xa9\"}");
    struct item items[1];
    char router[ID_TEXT_SIZE];
    char error[JSON_ERROR_SIZE];
    for (size_t length = 0; length < sizeof flight - 1; length++) {
        char *exact = memory_new(length);
        memcpy(exact, flight, length);
        CU_ASSERT_EQUAL(flight_parse(exact, length, items, 1, router, error), FLIGHT_MALFORMED);
        free(exact);
    }
}

static void figures_are_ordered_by_boot_then_commit(void)
{
    struct figures a = {.boot = 2, .commit = 1, .sold = 5};
    struct figures b = {.boot = 1, .commit = 9, .sold = 9};
    struct figures c = {.boot = 2, .commit = 2, .sold = 5};
    CU_ASSERT(figures_newer(&a, &b));
    CU_ASSERT_FALSE(figures_newer(&b, &a));
    CU_ASSERT(figures_newer(&c, &a));
    CU_ASSERT_FALSE(figures_newer(&a, &a));
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("item", "takes buyers that a shop takes no more",
              takes_buyers_that_a_shop_takes_no_more);
    suite_add("item", "a flight comes back", a_flight_comes_back);
    suite_add("item", "every verb that flies comes back", every_verb_that_flies_comes_back);
    suite_add("item", "a hold is not the purchase of the same",
              a_hold_is_not_the_purchase_of_the_same);
    suite_add("item", "what goes without saying is not said", what_goes_without_saying_is_not_said);
    suite_add("item", "the biggest flight fits", the_biggest_flight_fits);
    suite_add("item", "refuses any other flight", refuses_any_other_flight);
    suite_add("item", "a flight of another version is told apart",
              a_flight_of_another_version_is_told_apart);
    suite_add("item", "a flight may be empty", a_flight_may_be_empty);
    suite_add("item", "refuses whatever is cut short", refuses_whatever_is_cut_short);
    suite_add("item", "figures are ordered by boot, then commit",
              figures_are_ordered_by_boot_then_commit);
}
