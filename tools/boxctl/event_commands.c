/* boxctl event ...: making, changing, closing, listing and showing events. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "tools/boxctl/event_view.h"
#include "tools/boxctl/shop.h"
#include "tools/boxctl/terms.h"

enum {
    PATH_SIZE = 160,
    FILE_MAX = 16 << 10, /* what the shop takes */
};

/* What is said of an event; NULL: nothing. */
struct event_options {
    struct option_list tiers;
    const char *title, *zone, *starts, *sale_from, *sale_until, *buyer_limit, *hold, *file;
    bool waiting_list, no_waiting_list;
};

/* --- what is typed, as JSON ------------------------------------------------------------------------ */

static void add_lead(struct buffer *out, const char *name)
{
    buffer_printf(out, "%s\"%s\":", out->length > 1 ? "," : "", name);
}

static void add_text(struct buffer *out, const char *name, const char *text)
{
    if (text == NULL)
        return;
    add_lead(out, name);
    json_append(out, text);
}

/* "none" takes a bound away. */
static void add_bound(struct buffer *out, const char *name, const char *text)
{
    if (text != NULL && strcmp(text, "none") == 0) {
        add_lead(out, name);
        buffer_add(out, "null");
    } else {
        add_text(out, name, text);
    }
}

static void add_buyer_limit(struct buffer *out, const char *text)
{
    int64_t number;
    if (text == NULL)
        return;
    if (strcmp(text, "none") == 0) {
        add_bound(out, "buyer_limit", text);
        return;
    }
    if (!terms_number(text, &number))
        die(EXIT_USAGE, "--buyer-limit takes a number, or none, not '%s'", text);
    add_lead(out, "buyer_limit");
    buffer_add_number(out, number);
}

static void add_hold(struct buffer *out, const char *text)
{
    int64_t seconds;
    if (text == NULL)
        return;
    if (!terms_span(text, &seconds))
        die(EXIT_USAGE, "--hold takes a time like 90s, 10m or 2h, not '%s'", text);
    add_lead(out, "hold_seconds");
    buffer_add_number(out, seconds);
}

static void add_tiers(struct buffer *out, const struct option_list *tiers)
{
    if (tiers->count == 0)
        return;
    add_lead(out, "tiers");
    for (size_t i = 0; i < tiers->count; i++) {
        buffer_add_char(out, i == 0 ? '[' : ',');
        if (!terms_tier(out, tiers->texts[i]))
            die(EXIT_USAGE,
                "--tier takes NAME:CAPACITY:PRICE[:LIMIT], like standard:500:25.00EUR, not '%s'",
                tiers->texts[i]);
    }
    buffer_add_char(out, ']');
}

static void add_options(struct buffer *out, const struct event_options *options)
{
    add_text(out, "title", options->title);
    add_text(out, "time_zone", options->zone);
    add_bound(out, "starts_at", options->starts);
    add_bound(out, "sale_from", options->sale_from);
    add_bound(out, "sale_until", options->sale_until);
    add_buyer_limit(out, options->buyer_limit);
    add_hold(out, options->hold);
    if (options->waiting_list || options->no_waiting_list) {
        add_lead(out, "waiting_list");
        buffer_add(out, options->waiting_list ? "true" : "false");
    }
    add_tiers(out, &options->tiers);
}

static void read_file(const char *path, struct buffer *out)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length;
    do {
        length = fd < 0 ? -1 : read(fd, buffer_reserve(out, FILE_MAX), FILE_MAX);
        if (length < 0)
            die(EXIT_TROUBLE, "%s cannot be read: %s", path, strerror(errno));
        out->length += (size_t)length;
        if (out->length > FILE_MAX)
            die(EXIT_TROUBLE, "%s is longer than 16 KiB", path);
    } while (length > 0);
    if (fd != STDIN_FILENO)
        close(fd);
}

/* --- commands --------------------------------------------------------------------------------------- */

static bool print_event(struct shop *shop)
{
    struct buffer out = {0};
    event_view_append(&out, shop->answer.json, clock_now());
    bool fine = shop_print(shop, &out);
    buffer_free(&out);
    return fine;
}

#define EVENT_OPTIONS(options)                                                                     \
    {"title",          "TEXT", OPTION_TEXT, NULL, 0, 0, "what people read, in any script",         \
     &(options)->title},                                                                           \
        {"zone",                                                                                   \
         "ZONE",                                                                                   \
         OPTION_TEXT,                                                                              \
         NULL,                                                                                     \
         0,                                                                                        \
         0,                                                                                        \
         "IANA time zone, like Europe/Berlin; of a new event UTC",                                 \
         &(options)->zone},                                                                        \
        {"starts",          "TIME", OPTION_TEXT, NULL, 0, 0, "2026-12-31T20:00:00+01:00",          \
         &(options)->starts},                                                                      \
        {"sale-from",          "TIME", OPTION_TEXT, NULL, 0, 0, "nothing is sold before",          \
         &(options)->sale_from},                                                                   \
        {"sale-until",          "TIME", OPTION_TEXT, NULL, 0, 0, "nothing is sold from then on",   \
         &(options)->sale_until},                                                                  \
        {"buyer-limit",          "N", OPTION_TEXT, NULL, 0, 0, "tickets that one buyer may have",  \
         &(options)->buyer_limit},                                                                 \
        {"hold",                                                                                   \
         "TIME",                                                                                   \
         OPTION_TEXT,                                                                              \
         NULL,                                                                                     \
         0,                                                                                        \
         0,                                                                                        \
         "how long tickets are held: 90s, 10m, 2h; of a new event 10m",                            \
         &(options)->hold},                                                                        \
    {                                                                                              \
        "waiting-list", NULL, OPTION_FLAG, NULL, 0, 0, "who comes too late may wait in line",      \
            &(options)->waiting_list                                                               \
    }

static bool create_event(struct shop *shop, int argc, char **argv)
{
    struct event_options given;
    struct buffer body = {0};
    const struct option_entry table[] = {
        SHOP_OPTIONS(shop),
        EVENT_OPTIONS(&given),
        {"tier", "TIER", OPTION_LIST, NULL, 0, 0,
         "NAME:CAPACITY:PRICE[:LIMIT], like vip:50:99.00EUR:4; again for each; LIMIT tickets in "
         "one order, else 10",
         &given.tiers},
        {"file", "FILE", OPTION_TEXT, NULL, 0, 0, "all of it as JSON, instead; - is stdin",
         &given.file},
    };
    given.no_waiting_list = false;
    shop_read(shop, table, sizeof table / sizeof *table, argc, argv, 0, 1);
    if ((given.file != NULL) == (shop->count == 1))
        die(EXIT_USAGE,
            "event create takes either a name with --tier, or --file, not both; see --help");
    if (given.file != NULL) {
        read_file(given.file, &body);
    } else {
        buffer_add_char(&body, '{');
        add_text(&body, "name", shop_name("name of an event", shop->words[0]));
        add_options(&body, &given);
        buffer_add_char(&body, '}');
        if (given.tiers.count == 0)
            die(EXIT_USAGE, "which tickets? --tier standard:500:25.00EUR");
    }
    shop_open(shop, true);
    bool fine = shop_ask(shop, "POST", "/events", buffer_text(&body)) && print_event(shop);
    buffer_free(&body);
    return fine;
}

static bool ask_event(struct shop *shop, const char *method, const char *body)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/events/%s", shop_name("name of an event", shop->words[0]));
    return shop_ask(shop, method, path, body) && print_event(shop);
}

static bool change_event(struct shop *shop, int argc, char **argv)
{
    struct event_options given = {.title = NULL};
    struct buffer body = {0};
    const struct option_entry table[] = {
        SHOP_OPTIONS(shop),
        EVENT_OPTIONS(&given),
        {"no-waiting-list", NULL, OPTION_FLAG, NULL, 0, 0, "nobody may wait any more",
         &given.no_waiting_list},
    };
    shop_read(shop, table, sizeof table / sizeof *table, argc, argv, 1, 1);
    if (given.waiting_list && given.no_waiting_list)
        die(EXIT_USAGE, "--waiting-list and --no-waiting-list do not go together");
    buffer_add_char(&body, '{');
    add_options(&body, &given);
    buffer_add_char(&body, '}');
    shop_open(shop, true);
    bool fine = ask_event(shop, "PATCH", buffer_text(&body));
    buffer_free(&body);
    return fine;
}

static bool close_event(struct shop *shop, int argc, char **argv)
{
    shop_read_words(shop, argc, argv, 1);
    shop_open(shop, true);
    return ask_event(shop, "PATCH", "{\"closed\":true}");
}

static bool open_event(struct shop *shop, int argc, char **argv)
{
    shop_read_words(shop, argc, argv, 1);
    shop_open(shop, true);
    return ask_event(shop, "PATCH", "{\"closed\":false}");
}

static bool show_event(struct shop *shop, int argc, char **argv)
{
    shop_read_words(shop, argc, argv, 1);
    shop_open(shop, false);
    return ask_event(shop, "GET", NULL);
}

static void list_page(struct shop *shop, const cJSON *page, struct buffer *out)
{
    static const struct grid_column columns[] = {
        {"EVENT", false}, {"STARTS", false}, {"CAPACITY", true}, {"SOLD", true},
        {"HELD", true},   {"FREE", true},    {"SALE", false},    {"TITLE", false},
    };
    struct grid grid;
    const cJSON *event;
    int64_t now = clock_now();
    (void)shop;
    grid_open(&grid, columns, sizeof columns / sizeof *columns);
    cJSON_ArrayForEach(event, cJSON_GetObjectItemCaseSensitive(page, "events"))
    {
        char starts[EVENT_VIEW_TIME_SIZE];
        event_view_time(event, "starts_at", "-", starts);
        grid_text(&grid, api_text(event, "event"));
        grid_text(&grid, starts);
        grid_number(&grid, event_view_sum(event, "capacity"));
        grid_number(&grid, event_view_sum(event, "sold"));
        grid_number(&grid, event_view_sum(event, "held"));
        grid_number(&grid, event_view_sum(event, "remaining"));
        grid_text(&grid, event_view_sale(event, now));
        grid_text(&grid, api_text(event, "title"));
    }
    grid_close(&grid, out);
}

static bool list_events(struct shop *shop, int argc, char **argv)
{
    shop_read_words(shop, argc, argv, 0);
    shop_open(shop, false);
    return shop_each_page(shop, "/events", list_page);
}

const struct shop_command event_commands[] = {
    {"event", "create", "NAME --tier TIER ...", "make an event with its tiers", create_event},
    {"event", "change", "NAME [options]", "change it; `none` as a value removes a bound",
     change_event},
    {"event", "close", "NAME", "sell and hold nothing more", close_event},
    {"event", "open", "NAME", "sell again", open_event},
    {"event", "list", "", "list all events", list_events},
    {"event", "show", "NAME", "show one, with what is sold and held", show_event},
    {0},
};
