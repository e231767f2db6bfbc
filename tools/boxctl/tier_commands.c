/* boxctl tier ...: adding and changing tiers. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "tools/boxctl/shop.h"
#include "tools/boxctl/terms.h"

enum {
    PATH_SIZE = 256,
};

static bool tell_tier(struct shop *shop, const char *tier)
{
    const cJSON *each;
    char price[TERMS_PRICE_SIZE], tickets[TERMS_COUNT_SIZE];
    cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(shop->answer.json, "tiers"))
    {
        if (strcmp(api_text(each, "tier"), tier) != 0)
            continue;
        api_price(each, price);
        terms_show_count(api_number(each, "capacity"), "ticket", tickets);
        return shop_say(shop, "%s of %s: %s, %s, at most %" PRId64 " in one order\n", tier,
                        shop->words[0], price, tickets, api_number(each, "limit"));
    }
    log_line("%s has no tier %s now", shop->words[0], tier);
    return false;
}

static bool add_tier(struct shop *shop, int argc, char **argv)
{
    struct buffer body = {0};
    char path[PATH_SIZE], name[80];
    shop_read_words(shop, argc, argv, 2);
    if (!terms_tier(&body, shop->words[1]))
        die(EXIT_USAGE,
            "a tier is NAME:CAPACITY:PRICE[:LIMIT], like standard:500:25.00EUR, not '%s'",
            shop->words[1]);
    snprintf(path, sizeof path, "/events/%s/tiers", shop_name("name of an event", shop->words[0]));
    snprintf(name, sizeof name, "%.*s", (int)strcspn(shop->words[1], ":"), shop->words[1]);
    shop_open(shop, true);
    bool fine = shop_ask(shop, "POST", path, buffer_text(&body)) && tell_tier(shop, name);
    buffer_free(&body);
    return fine;
}

/* The option has the name of the field. */
static void add_number(struct buffer *out, const char *name, const char *text)
{
    int64_t number;
    if (text == NULL)
        return;
    if (!terms_number(text, &number))
        die(EXIT_USAGE, "--%s takes a number, not '%s'", name, text);
    buffer_printf(out, "%s\"%s\":%" PRId64, out->length > 1 ? "," : "", name, number);
}

/* The API takes minor units, and never another currency: so the one that was typed must be the event's. */
static bool add_price(struct shop *shop, struct buffer *out, const char *text)
{
    int64_t amount;
    char path[PATH_SIZE], currency[4];
    if (text == NULL)
        return true;
    if (!terms_price(text, &amount, currency))
        die(EXIT_USAGE, "--price takes a price like 25.00EUR, not '%s'", text);
    snprintf(path, sizeof path, "/events/%s", shop->words[0]);
    if (!shop_ask(shop, "GET", path, NULL))
        return false;
    const cJSON *tier =
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(shop->answer.json, "tiers"), 0);
    const char *theirs = api_text(cJSON_GetObjectItemCaseSensitive(tier, "price"), "currency");
    if (strcmp(theirs, currency) != 0) {
        log_line("%s sells in %s, which cannot be changed to %s", shop->words[0], theirs, currency);
        return false;
    }
    buffer_printf(out, "%s\"price\":%" PRId64, out->length > 1 ? "," : "", amount);
    return true;
}

static bool change_tier(struct shop *shop, int argc, char **argv)
{
    const char *price, *capacity, *limit;
    const struct option_entry table[] = {
        SHOP_OPTIONS(shop),
        {"price", "PRICE", OPTION_TEXT, NULL, 0, 0,
         "of what is sold and held from now on: 25.00EUR", &price},
        {"capacity", "N", OPTION_TEXT, NULL, 0, 0, "no less than what is sold and held", &capacity},
        {"limit", "N", OPTION_TEXT, NULL, 0, 0, "tickets in one order", &limit},
    };
    struct buffer body = {0};
    char path[PATH_SIZE];
    shop_read(shop, table, sizeof table / sizeof *table, argc, argv, 2, 2);
    shop_name("name of an event", shop->words[0]);
    shop_name("name of a tier", shop->words[1]);
    snprintf(path, sizeof path, "/events/%s/tiers/%s", shop->words[0], shop->words[1]);
    shop_open(shop, true);
    buffer_add_char(&body, '{');
    add_number(&body, "capacity", capacity);
    add_number(&body, "limit", limit);
    bool fine = add_price(shop, &body, price);
    buffer_add_char(&body, '}');
    fine = fine && shop_ask(shop, "PATCH", path, buffer_text(&body)) &&
           tell_tier(shop, shop->words[1]);
    buffer_free(&body);
    return fine;
}

const struct shop_command tier_commands[] = {
    {"tier", "add", "EVENT NAME:CAPACITY:PRICE[:LIMIT]", "add a tier, like vip:50:99.00EUR:4",
     add_tier},
    {"tier", "change", "EVENT TIER [options]", "change price, capacity or limit", change_tier},
    {0},
};
