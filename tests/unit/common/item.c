#include "common/item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"

#define REQUEST "0193b0aa-0000-7abc-8def-0123456789ab"
#define ROUTER  "0193b0aa-0000-7abc-8def-ffffffffffff"
#define ITEM                                                                                       \
    "\"request\":\"" REQUEST "\",\"key\":\"0123456789abcdef\",\"attempt\":1,\"admitted\":1,"       \
    "\"deadline\":2,\"event\":\"demo\""
#define FLIGHT(items) "{\"router\":\"" ROUTER "\",\"items\":[" items "]}"
#define SALE                                                                                       \
    "\"sale\":\"" REQUEST "\",\"event\":\"demo\",\"tier\":\"a\",\"quantity\":2,\"first\":17,"      \
    "\"amount\":5000,\"currency\":\"EUR\",\"server\":\"server-1\",\"created_at\":1700000000000000"
#define ANSWER(outcomes)                                                                           \
    "{\"server\":\"server-1\",\"boot\":3,\"commit\":17,\"sold\":6,\"outcomes\":[" outcomes "]}"

static struct item full_item(void)
{
    struct item item = {.key = "\"\\key-of-sixteen!~", .key_made = true, .attempt = 7};
    item.request = id_make();
    item.admitted = 1700000000000000;
    item.deadline = 1700000005000000;
    item.purchase = (struct purchase){
        .event = "demo", .tier = "standard", .buyer = "Zo\xc3\xab \"Z\" \\", .quantity = 10};
    return item;
}

static struct item bare_item(void)
{
    struct item item = {.key = "0123456789abcdef", .attempt = 1, .deadline = 1};
    item.request = id_make();
    item.purchase = (struct purchase){.event = "demo"};
    return item;
}

static bool same_item(const struct item *a, const struct item *b)
{
    return id_equal(&a->request, &b->request) && strcmp(a->key, b->key) == 0 &&
           a->key_made == b->key_made && a->attempt == b->attempt && a->admitted == b->admitted &&
           a->deadline == b->deadline && a->purchase.quantity == b->purchase.quantity &&
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
    CU_ASSERT_EQUAL(flight_parse(out.data, out.length, read, 1, router, error), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "more than 1 items"));
    buffer_free(&out);
}

/* The biggest flight there can be must fit into what both sides accept. */
static void the_biggest_flight_fits(void)
{
    struct item item = full_item();
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
    {"{\"router\":\"" ROUTER "\"}", "items is missing"},
    {"{\"router\":\"" ROUTER "\",\"items\":[]}", "without items"},
    {"{\"router\":\"" ROUTER "\",\"items\":{}}", "an array is expected"},
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
    {FLIGHT("{" ITEM ",\"made\":1}"), "true or false is expected"},
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
    {FLIGHT("{\"request\":\"" REQUEST "\"}"), "key is missing"},
    {FLIGHT("{\"key\":\"\"}"), "key is not valid"},
    {FLIGHT("{\"key\":\"0123456789 abcdef\"}"), "key is not valid"},
    {FLIGHT("{\"attempt\":0}"), "attempt is not valid"},
    {FLIGHT("{\"attempt\":1001}"), "attempt is not valid"},
    {FLIGHT("{\"attempt\":4294967297}"), "attempt is not valid"},
    {FLIGHT("{\"deadline\":-1}"), "deadline is not valid"},
    {FLIGHT("{\"admitted\":1e30}"), "admitted is not valid"},
    {FLIGHT("{\"event\":\"de mo\"}"), "event is not valid"},
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
        if (read != -1 || !strstr(error, row->error)) {
            printf("\n  %s: %d, \"%s\"\n", row->text, read, error);
            CU_FAIL("a flight is not refused as it should be");
        }
    }
}

/* Cuts a text at every byte: none of the pieces may be taken, nor a byte past its end be read. */
static void refuses_whatever_is_cut_short(void)
{
    static const char flight[] = FLIGHT("{" ITEM ",\"buyer\":\"\\u00e9\xc3\xa9\"}");
    static const char answer[] = ANSWER("{" SALE ",\"replayed\":true}");
    struct item items[1];
    struct outcome outcomes[1];
    struct figures figures;
    char router[ID_TEXT_SIZE];
    char error[JSON_ERROR_SIZE];
    for (size_t length = 0; length < sizeof flight - 1; length++) {
        char *exact = memory_new(length);
        memcpy(exact, flight, length);
        CU_ASSERT_EQUAL(flight_parse(exact, length, items, 1, router, error), -1);
        free(exact);
    }
    for (size_t length = 0; length < sizeof answer - 1; length++) {
        char *exact = memory_new(length);
        memcpy(exact, answer, length);
        CU_ASSERT_FALSE(answer_parse(exact, length, 1, &figures, outcomes, error));
        free(exact);
    }
}

static struct outcome a_sale(void)
{
    struct outcome outcome = {.stored = true, .replayed = true};
    outcome.sale = (struct sale){.event = "demo",
                                 .tier = "standard",
                                 .server = "server-2",
                                 .currency = "EUR",
                                 .quantity = 2,
                                 .first_number = 17,
                                 .amount = 5000,
                                 .created_at = 1700000000123456};
    outcome.sale.id = id_make();
    return outcome;
}

static bool same_sale(const struct sale *a, const struct sale *b)
{
    return id_equal(&a->id, &b->id) && strcmp(a->event, b->event) == 0 &&
           strcmp(a->tier, b->tier) == 0 && strcmp(a->server, b->server) == 0 &&
           strcmp(a->currency, b->currency) == 0 && a->quantity == b->quantity &&
           a->first_number == b->first_number && a->amount == b->amount &&
           a->created_at == b->created_at;
}

static void an_answer_comes_back(void)
{
    struct outcome outcomes[] = {
        a_sale(),
        {.problem = PROBLEM_SOLD_OUT, .remaining = 3, .stored = true},
        {.problem = PROBLEM_OVER_LIMIT, .limit = 10, .replayed = true},
        {.problem = PROBLEM_EXPIRED},
    };
    struct figures figures = {.server = "server-1", .boot = 3, .commit = 17, .sold = 6};
    struct figures told;
    struct outcome read[4];
    struct buffer out = {0};
    char error[JSON_ERROR_SIZE] = "";
    answer_begin(&out, &figures);
    for (int i = 0; i < 4; i++)
        answer_add(&out, &outcomes[i]);
    answer_end(&out);
    CU_ASSERT(answer_parse(out.data, out.length, 4, &told, read, error));
    CU_ASSERT_STRING_EQUAL(error, "");
    CU_ASSERT_STRING_EQUAL(told.server, "server-1");
    CU_ASSERT(told.boot == 3 && told.commit == 17 && told.sold == 6);
    CU_ASSERT(same_sale(&outcomes[0].sale, &read[0].sale));
    for (int i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(outcomes[i].problem, read[i].problem);
        CU_ASSERT_EQUAL(outcomes[i].remaining, read[i].remaining);
        CU_ASSERT_EQUAL(outcomes[i].limit, read[i].limit);
        CU_ASSERT_EQUAL(outcomes[i].stored, read[i].stored);
        CU_ASSERT_EQUAL(outcomes[i].replayed, read[i].replayed);
    }
    CU_ASSERT_FALSE(answer_parse(out.data, out.length, 3, &told, read, error));
    buffer_free(&out);
}

static const struct row answer_rows[] = {
    {"{}", "server is missing"},
    {ANSWER(""), "0 outcomes where 1 were asked for"},
    {ANSWER("{" SALE "},{" SALE "}"), "more than 1 outcomes"},
    {ANSWER("{}"), "neither a sale nor a refusal"},
    {ANSWER("{\"replayed\":true}"), "neither a sale nor a refusal"},
    {ANSWER("{\"remaining\":1}"), "neither a sale nor a refusal"},
    {ANSWER("{\"sale\":\"" REQUEST "\"}"), "neither a sale nor a refusal"},
    {ANSWER("{" SALE ",\"problem\":\"sold_out\"}"), "neither a sale nor a refusal"},
    {ANSWER("{" SALE ",\"stored\":true}"), "neither a sale nor a refusal"},
    {ANSWER("{\"problem\":\"sold_out\",\"event\":\"demo\"}"), "neither a sale nor a refusal"},
    {ANSWER("{\"problem\":\"sold\"}"), "problem is not valid"},
    {ANSWER("{\"problem\":\"\"}"), "problem is not valid"},
    {ANSWER("{\"problem\":\"sold_out\",\"remaining\":-1}"), "remaining is not valid"},
    {ANSWER("{\"first\":0}"), "first is not valid"},
    {ANSWER("{\"currency\":\"EU\"}"), "currency is not valid"},
    {ANSWER("{\"server\":\"Server\"}"), "server is not valid"},
    {ANSWER("{\"x\":1}"), "unknown field \"x\""},
    {"{\"server\":\"server-1\",\"boot\":-3}", "boot is not valid"},
    {"{\"server\":\"\"}", "server is not valid"},
    {"{\"store\":\"x\"}", "unknown field"},
};

static void refuses_any_other_answer(void)
{
    struct outcome outcomes[1];
    struct figures figures;
    char error[JSON_ERROR_SIZE];
    static const char good[] = ANSWER("{" SALE "}");
    CU_ASSERT(answer_parse(good, sizeof good - 1, 1, &figures, outcomes, error));
    CU_ASSERT(outcomes[0].stored && !outcomes[0].replayed);
    for (size_t i = 0; i < sizeof answer_rows / sizeof *answer_rows; i++) {
        const struct row *row = &answer_rows[i];
        bool read = answer_parse(row->text, strlen(row->text), 1, &figures, outcomes, error);
        if (read || !strstr(error, row->error)) {
            printf("\n  %s: %d, \"%s\"\n", row->text, read, error);
            CU_FAIL("an answer is not refused as it should be");
        }
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
    suite_add("item", "a flight comes back", a_flight_comes_back);
    suite_add("item", "the biggest flight fits", the_biggest_flight_fits);
    suite_add("item", "refuses any other flight", refuses_any_other_flight);
    suite_add("item", "refuses whatever is cut short", refuses_whatever_is_cut_short);
    suite_add("item", "an answer comes back", an_answer_comes_back);
    suite_add("item", "refuses any other answer", refuses_any_other_answer);
    suite_add("item", "figures are ordered by boot, then commit",
              figures_are_ordered_by_boot_then_commit);
}
