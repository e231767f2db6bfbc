/* boxctl orders, export, refund, owed, settle: what was sold, and money that goes back. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/id.h"
#include "common/json.h"
#include "common/log.h"
#include "tools/boxctl/shop.h"

enum {
    PATH_SIZE = 256,
};

static void read_words(struct shop *shop, int argc, char **argv, size_t words)
{
    shop_read_words(shop, argc, argv, words);
    shop_name("name of an event", shop->words[0]);
}

static void list_orders(struct shop *shop, const cJSON *page, struct buffer *out)
{
    static const struct grid_column columns[] = {
        {"ORDER", false}, {"CREATED", false}, {"TIER", false},  {"QUANTITY", true},
        {"STATE", false}, {"PRICE", true},    {"BUYER", false},
    };
    struct grid grid;
    const cJSON *order;
    (void)shop;
    grid_open(&grid, columns, sizeof columns / sizeof *columns);
    cJSON_ArrayForEach(order, cJSON_GetObjectItemCaseSensitive(page, "orders"))
    {
        char price[TERMS_PRICE_SIZE];
        api_price(order, price);
        grid_text(&grid, api_text(order, "id"));
        grid_time(&grid, api_text(order, "created_at"));
        grid_text(&grid, api_text(order, "tier"));
        grid_number(&grid, api_number(order, "quantity"));
        grid_text(&grid, api_text(order, "state"));
        grid_text(&grid, price);
        grid_text(&grid, api_text(order, "buyer"));
    }
    grid_close(&grid, out);
}

static bool show_orders(struct shop *shop, int argc, char **argv)
{
    char path[PATH_SIZE];
    read_words(shop, argc, argv, 1);
    snprintf(path, sizeof path, "/events/%s/orders?limit=1000", shop->words[0]);
    shop_open(shop, true);
    return shop_each_page(shop, path, list_orders);
}

static bool export_orders(struct shop *shop, int argc, char **argv)
{
    char path[PATH_SIZE];
    read_words(shop, argc, argv, 1);
    snprintf(path, sizeof path, "/events/%s/orders.csv", shop->words[0]);
    return shop_download(shop, path);
}

static void list_owed(struct shop *shop, const cJSON *page, struct buffer *out)
{
    static const struct grid_column columns[] = {
        {"ORDER", false}, {"SINCE", false},   {"AMOUNT", true},
        {"WHY", false},   {"SETTLED", false}, {"REFERENCE", false},
    };
    struct grid grid;
    const cJSON *owed;
    (void)shop;
    grid_open(&grid, columns, sizeof columns / sizeof *columns);
    cJSON_ArrayForEach(owed, cJSON_GetObjectItemCaseSensitive(page, "owed"))
    {
        char price[TERMS_PRICE_SIZE];
        api_price(owed, price);
        grid_text(&grid, api_text(owed, "order"));
        grid_time(&grid, api_text(owed, "at"));
        grid_text(&grid, price);
        grid_text(&grid, api_text(owed, "reason"));
        grid_time(&grid, api_text(owed, "settled_at"));
        grid_text(&grid, api_text(owed, "reference"));
    }
    grid_close(&grid, out);
}

static bool show_owed(struct shop *shop, int argc, char **argv)
{
    char path[PATH_SIZE];
    read_words(shop, argc, argv, 1);
    snprintf(path, sizeof path, "/events/%s/owed?limit=1000", shop->words[0]);
    shop_open(shop, true);
    return shop_each_page(shop, path, list_owed);
}

/* An id that is none would be another path. */
static const char *order_id(const char *text)
{
    struct id id;
    if (!id_parse(text, &id))
        die(EXIT_USAGE, "'%s' is no order's id; `boxctl orders EVENT` lists them", text);
    return text;
}

static bool settle(struct shop *shop, int argc, char **argv)
{
    char path[PATH_SIZE];
    struct buffer body = {0};
    read_words(shop, argc, argv, 3);
    snprintf(path, sizeof path, "/events/%s/owed/settle", shop->words[0]);
    buffer_printf(&body, "{\"order\":\"%s\",\"reference\":", order_id(shop->words[1]));
    json_append(&body, shop->words[2]);
    buffer_add_char(&body, '}');
    shop_open(shop, true);
    bool fine = shop_ask(shop, "POST", path, buffer_text(&body)) &&
                shop_say(shop, "%s is paid back\n", shop->words[2]);
    buffer_free(&body);
    return fine;
}

static bool refund(struct shop *shop, int argc, char **argv)
{
    char path[PATH_SIZE], price[TERMS_PRICE_SIZE], tickets[TERMS_COUNT_SIZE];
    read_words(shop, argc, argv, 2);
    snprintf(path, sizeof path, "/events/%s/purchases/%s/refund", shop->words[0],
             order_id(shop->words[1]));
    shop_open(shop, true);
    if (!shop_ask(shop, "POST", path, NULL))
        return false;
    api_price(shop->answer.json, price);
    int64_t quantity = api_number(shop->answer.json, "quantity");
    terms_show_count(quantity, "ticket", tickets);
    return shop_say(shop,
                    "%s is refunded: %s (%s%s) %s free again; a payment that must be given back is "
                    "in `boxctl owed %s`\n",
                    shop->words[1], tickets, price, quantity == 1 ? "" : " in all",
                    quantity == 1 ? "is" : "are", shop->words[0]);
}

const struct shop_command sales_commands[] = {
    {"orders", NULL, "EVENT",
     "list what was sold and held; who knows an order's id has its tickets", show_orders},
    {"export", NULL, "EVENT > FILE.csv",
     "the same as CSV, for a spreadsheet; keep it as you keep tickets", export_orders},
    {"refund", NULL, "EVENT ORDER", "take a sale back: its tickets are free again", refund},
    {"owed", NULL, "EVENT", "list payments to be given back", show_owed},
    {"settle", NULL, "EVENT ORDER REFERENCE", "note that such a payment was given back", settle},
    {0},
};
