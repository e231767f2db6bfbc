#include "tools/boxctl/terms.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tools/boxctl/grid.h"

static void prices_are_exact(void)
{
    static const struct {
        const char *text;
        int64_t amount;
        const char *currency, *shown;
    } good[] = {
        {"25.00EUR", 2500, "EUR", "25.00 EUR"}, {"25EUR", 2500, "EUR", "25.00 EUR"},
        {"0.05USD", 5, "USD", "0.05 USD"},      {"1500JPY", 1500, "JPY", "1500 JPY"},
        {"1.234KWD", 1234, "KWD", "1.234 KWD"}, {"0EUR", 0, "EUR", "0.00 EUR"},
    };
    static const char *const bad[] = {
        "",         "EUR",       "25",        "25.0EUR", "25.000EUR",
        "25.EUR",   ".50EUR",    "-1EUR",     "1,50EUR", "1.5JPY",
        "25.00eur", "25.00 EUR", "25.00EURO", "1e3EUR",  "1234567890123EUR"};
    int64_t amount;
    char currency[4], shown[TERMS_PRICE_SIZE];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CU_ASSERT(terms_price(good[i].text, &amount, currency));
        CU_ASSERT_EQUAL(amount, good[i].amount);
        CU_ASSERT_STRING_EQUAL(currency, good[i].currency);
        terms_show_price(amount, currency, shown);
        CU_ASSERT_STRING_EQUAL(shown, good[i].shown);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CU_ASSERT_FALSE(terms_price(bad[i], &amount, currency));
        if (terms_price(bad[i], &amount, currency))
            printf("  %s\n", bad[i]);
    }
}

static void spans_are_seconds(void)
{
    int64_t seconds = 0;
    CU_ASSERT(terms_span("90s", &seconds) && seconds == 90);
    CU_ASSERT(terms_span("10m", &seconds) && seconds == 600);
    CU_ASSERT(terms_span("2h", &seconds) && seconds == 7200);
    CU_ASSERT_FALSE(terms_span("10", &seconds));
    CU_ASSERT_FALSE(terms_span("m", &seconds));
    CU_ASSERT_FALSE(terms_span("1.5h", &seconds));
    CU_ASSERT_FALSE(terms_span("500ms", &seconds));
}

static void tiers_become_json(void)
{
    static const char *const bad[] = {"",           "a",          "a:1",          "a:1:2",
                                      "a:x:1EUR",   "a:1:1EUR:x", "a:1:1EUR:1:1", ":1:1EUR",
                                      "a/b:1:1EUR", "a::1EUR"};
    struct buffer out = {0};
    CU_ASSERT(terms_tier(&out, "standard:500:25.00EUR"));
    CU_ASSERT_STRING_EQUAL(
        buffer_text(&out),
        "{\"name\":\"standard\",\"price\":2500,\"currency\":\"EUR\",\"capacity\":500}");
    buffer_clear(&out);
    CU_ASSERT(terms_tier(&out, "vip:20:99.00EUR:4"));
    CU_ASSERT_STRING_EQUAL(
        buffer_text(&out),
        "{\"name\":\"vip\",\"price\":9900,\"currency\":\"EUR\",\"capacity\":20,\"limit\":4}");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CU_ASSERT_FALSE(terms_tier(&out, bad[i]));
    buffer_free(&out);
}

/* A Chinese character takes two cells, a combining accent none. */
static void columns_are_as_wide_as_they_look(void)
{
    static const struct grid_column columns[] = {{"TITLE", false}, {"SOLD", true}, {"X", false}};
    struct grid grid;
    struct buffer out = {0};
    CU_ASSERT_EQUAL(grid_width("春のガラ"), 8);
    CU_ASSERT_EQUAL(grid_width("e\xcc\x81"), 1);
    CU_ASSERT_EQUAL(grid_width("Ελλάδα"), 6);
    grid_open(&grid, columns, 3);
    grid_text(&grid, "春のガラ");
    grid_number(&grid, 12345);
    grid_text(&grid, "a");
    grid_text(&grid, "a\033[31mb");
    grid_number(&grid, -1);
    grid_text(&grid, "");
    grid_close(&grid, &out);
    CU_ASSERT_STRING_EQUAL(buffer_text(&out), "TITLE      SOLD  X\n"
                                              "春のガラ  12345  a\n"
                                              "a?[31mb      -1\n");
    buffer_free(&out);
}

static void times_are_shown_with_their_zone(void)
{
    char text[TERMS_TIME_SIZE];
    terms_show_time("2026-11-22T03:14:18.058086Z", "no", text);
    CU_ASSERT_STRING_EQUAL(text, "2026-11-22T03:14:18Z");
    terms_show_time("", "no", text);
    CU_ASSERT_STRING_EQUAL(text, "no");
}

static void one_is_counted_in_the_singular(void)
{
    char text[TERMS_COUNT_SIZE];
    terms_show_count(1, "ticket", text);
    CU_ASSERT_STRING_EQUAL(text, "1 ticket");
    terms_show_count(0, "ticket", text);
    CU_ASSERT_STRING_EQUAL(text, "0 tickets");
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("terms", "prices are exact", prices_are_exact);
    suite_add("terms", "spans are seconds", spans_are_seconds);
    suite_add("terms", "times are shown with their zone", times_are_shown_with_their_zone);
    suite_add("terms", "one is counted in the singular", one_is_counted_in_the_singular);
    suite_add("terms", "tiers become JSON", tiers_become_json);
    suite_add("terms", "columns are as wide as they look", columns_are_as_wide_as_they_look);
}
