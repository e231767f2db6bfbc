#include "tools/boxctl/event_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/time_zone.h"
#include "tools/boxctl/api.h"
#include "tools/boxctl/grid.h"
#include "tools/boxctl/listing.h"
#include "tools/boxctl/terms.h"

enum {
    BAR_CELLS = 20,
};

int64_t event_view_sum(const cJSON *event, const char *name)
{
    int64_t sum = 0;
    const cJSON *tier;
    cJSON_ArrayForEach(tier, cJSON_GetObjectItemCaseSensitive(event, "tiers"))
    {
        sum += api_number(tier, name);
    }
    return sum;
}

/* `otherwise`: where the event has no such time. */
static bool is_past(const cJSON *event, const char *name, int64_t now, bool otherwise)
{
    int64_t time;
    return clock_parse(api_text(event, name), &time) ? time <= now : otherwise;
}

const char *event_view_sale(const cJSON *event, int64_t now)
{
    if (api_true(event, "closed"))
        return "closed";
    if (is_past(event, "sale_until", now, false))
        return "over";
    if (!is_past(event, "sale_from", now, true))
        return "not yet";
    return event_view_sum(event, "remaining") > 0 ? "open" : "sold out";
}

/* Sold, held and free, in the shares of the capacity; nothing that was taken is shown as nothing. */
static void add_bar(struct grid *grid, int64_t sold, int64_t held, int64_t capacity)
{
    char bar[BAR_CELLS * 3 + 1] = "";
    int64_t taken = sold + held;
    for (int64_t i = 0; i < BAR_CELLS; i++) {
        bool is_sold = i * capacity < sold * BAR_CELLS;
        bool is_taken = i * capacity < taken * BAR_CELLS;
        strcat(bar, is_sold ? "█" : is_taken ? "▒" : "·");
    }
    grid_text(grid, bar);
}

static void add_tier_rows(struct grid *grid, const cJSON *event)
{
    char price[TERMS_PRICE_SIZE];
    const cJSON *tier;
    cJSON_ArrayForEach(tier, cJSON_GetObjectItemCaseSensitive(event, "tiers"))
    {
        api_price(tier, price);
        grid_text(grid, api_text(tier, "tier"));
        grid_text(grid, price);
        grid_number(grid, api_number(tier, "limit"));
        grid_number(grid, api_number(tier, "capacity"));
        grid_number(grid, api_number(tier, "sold"));
        grid_number(grid, api_number(tier, "held"));
        grid_number(grid, api_number(tier, "waiting"));
        grid_number(grid, api_number(tier, "remaining"));
        add_bar(grid, api_number(tier, "sold"), api_number(tier, "held"),
                api_number(tier, "capacity"));
    }
}

void event_view_time(const cJSON *event, const char *name, const char *none,
                     char out[EVENT_VIEW_TIME_SIZE])
{
    struct local_time local;
    int64_t time;
    if (!clock_parse(api_text(event, name), &time)) {
        snprintf(out, EVENT_VIEW_TIME_SIZE, "%s", none);
        return;
    }
    time_zone_local(api_text(event, "time_zone"), time, &local);
    snprintf(out, EVENT_VIEW_TIME_SIZE, "%04d-%02d-%02d %02d:%02d %s", local.year, local.month,
             local.day, local.hour, local.minute, local.abbreviation);
}

static void add_line(struct buffer *out, const char *name, const char *value)
{
    buffer_printf(out, "  %-12s ", name);
    listing_plain(out, value);
    buffer_add_char(out, '\n');
}

static void add_limits(struct buffer *out, const cJSON *event)
{
    char text[32];
    int64_t limit = api_number(event, "buyer_limit");
    snprintf(text, sizeof text, "%" PRId64, limit);
    add_line(out, "buyer limit", limit > 0 ? text : "none");
    snprintf(text, sizeof text, "%" PRId64 " s", api_number(event, "hold_seconds"));
    add_line(out, "hold", text);
    add_line(out, "waiting list", api_true(event, "waiting_list") ? "yes" : "no");
}

void event_view_append(struct buffer *out, const cJSON *event, int64_t now)
{
    static const struct grid_column columns[] = {
        {"TIER", false}, {"PRICE", true}, {"LIMIT", true}, {"CAPACITY", true}, {"SOLD", true},
        {"HELD", true},  {"LINE", true},  {"FREE", true},  {"", false},
    };
    struct grid grid;
    char time[EVENT_VIEW_TIME_SIZE];
    listing_plain(out, api_text(event, "event"));
    buffer_add(out, ": ");
    listing_plain(out, api_text(event, "title"));
    buffer_add_char(out, '\n');
    add_line(out, "sale", event_view_sale(event, now));
    add_line(out, "time zone", api_text(event, "time_zone"));
    event_view_time(event, "starts_at", "not told", time);
    add_line(out, "starts", time);
    event_view_time(event, "sale_from", "at once", time);
    add_line(out, "sale from", time);
    event_view_time(event, "sale_until", "no end", time);
    add_line(out, "sale until", time);
    add_limits(out, event);
    buffer_add_char(out, '\n');
    grid_open(&grid, columns, sizeof columns / sizeof *columns);
    add_tier_rows(&grid, event);
    grid_close(&grid, out);
}
