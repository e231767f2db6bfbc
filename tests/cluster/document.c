/* The API's document, as the product shows it; and a tour through all that it describes, so that tests/api/check, which
 * holds every answer against it, has heard of all. */
#include <stdio.h>
#include <string.h>

#include "db/store.h"
#include "tests/cluster/tour.h"
#include "tests/lib/postgres.h"
#include "tests/lib/suite.h"

#define NOBODY "01930000-0000-7000-8000-000000000000"
#define TIER(name, capacity)                                                                       \
    "{\"name\":\"" name "\",\"price\":2500,\"currency\":\"EUR\",\"capacity\":" capacity            \
    ",\"limit\":4}"
#define EVENT(name, capacity, further)                                                             \
    "{\"name\":\"" name "\",\"tiers\":[" TIER("std", capacity) "]" further "}"
#define STEPS(table) table, sizeof(table) / sizeof *(table)

static long get(struct client *client, const char *url, const char *path, struct response *response)
{
    struct query query = {.url = url, .path = path};
    CU_ASSERT(client_ask(client, &query, response));
    return response->status;
}

static void is_shown_by_both(void)
{
    struct cluster cluster;
    struct buffer file = {0};
    struct response response = {0};
    char type[64];
    struct client *client = client_open();
    cluster_open(&cluster, 1, 1);
    files_read("ticket_server/openapi.json", &file);
    const char *const urls[] = {cluster.url, cluster.server[0].url};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        CU_ASSERT_EQUAL(get(client, urls[i], "/openapi.json", &response), 200);
        CU_ASSERT(response_header(&response, "Content-Type", type, sizeof type));
        CU_ASSERT_STRING_EQUAL(type, "application/json");
        CU_ASSERT_STRING_EQUAL(buffer_text(&response.body), buffer_text(&file));
    }
    CU_ASSERT_EQUAL(get(client, cluster.url, "/healthz", &response), 404);
    CU_ASSERT_EQUAL(get(client, cluster.server[0].url, "/healthz", &response), 200);
    response_free(&response);
    buffer_free(&file);
    client_close(client);
    cluster_close(&cluster);
}

/* --- tokens ------------------------------------------------------------------------------------ */

static const struct step tokens[] = {
    {"POST", "/tokens", 'A', "{\"name\":\"e\",\"scopes\":[\"events\"]}", .status = 201, .keep = 'E',
     .member = "token"},
    {"POST", "/tokens", 'A', "{\"name\":\"s\",\"scopes\":[\"sales\"]}", .status = 201, .keep = 'S',
     .member = "token"},
    {"POST", "/tokens", 'A', "{\"name\":\"r\",\"scopes\":[\"refunds\"]}", .status = 201,
     .keep = 'R', .member = "token"},
    {"POST", "/tokens", 'A', "{\"name\":\"c\",\"scopes\":[\"check-in\"]}", .status = 201,
     .keep = 'C', .member = "token"},
    {"POST", "/tokens", 'A', "{\"name\":\"t\",\"scopes\":[\"admin\"]}", .status = 201, .keep = 'T',
     .member = "id"},
    {"POST", "/tokens", 'A', "{\"name\":\"\",\"scopes\":[\"admin\"]}", .status = 422,
     .code = "invalid"},
    {"POST", "/tokens", 'A', "{\"name\":", .status = 400, .code = "malformed"},
    {"DELETE", "/tokens/$T", 'A', NULL, .status = 200},
    {"DELETE", "/tokens/$T", 'A', NULL, .status = 200},
    {"DELETE", "/tokens/" NOBODY, 'A', NULL, .status = 404, .code = "no_such_token"},
    {"GET", "/tokens", 'A', NULL, .status = 200},
};

/* All that demands a token, and one that has another scope. */
static const struct guarded {
    const char *method, *path;
    char token;
} guarded[] = {
    {"GET", "/tokens", 'E'},
    {"POST", "/tokens", 'E'},
    {"DELETE", "/tokens/" NOBODY, 'E'},
    {"POST", "/keys", 'E'},
    {"DELETE", "/keys/AAAAAAAAAAA", 'E'},
    {"POST", "/events", 'S'},
    {"PATCH", "/events/tour", 'S'},
    {"POST", "/events/tour/tiers", 'S'},
    {"PATCH", "/events/tour/tiers/std", 'S'},
    {"GET", "/events/tour/orders", 'E'},
    {"GET", "/events/tour/orders.csv", 'E'},
    {"GET", "/events/tour/owed", 'E'},
    {"POST", "/events/tour/owed/settle", 'S'},
    {"POST", "/events/tour/purchases/" NOBODY "/refund", 'S'},
    {"POST", "/check-ins", 'S'},
    {"GET", "/events/tour/tickets.csv", 'S'},
};

static void be_turned_away(struct tour *tour)
{
    for (size_t i = 0; i < sizeof guarded / sizeof *guarded; i++) {
        const struct guarded *one = &guarded[i];
        const char *body = strcmp(one->method, "GET") == 0 ? NULL : "{}";
        tour_step(tour, &(struct step){one->method, one->path, 0, body, .status = 401,
                                       .code = "unauthorized"});
        tour_step(tour, &(struct step){one->method, one->path, one->token, body, .status = 403,
                                       .code = "forbidden"});
    }
}

/* --- events ------------------------------------------------------------------------------------ */

static const struct step events[] = {
    {"POST", "/events", 'E', EVENT("tour", "20", ""), .status = 201},
    {"POST", "/events", 'E', EVENT("tour", "20", ""), .status = 409, .code = "event_exists"},
    {"POST", "/events", 'E', EVENT("bad", "20", ",\"time_zone\":\"Nowhere\""), .status = 422,
     .code = "invalid"},
    {"POST", "/events", 'E', EVENT("later", "9", ",\"sale_from\":\"2099-01-01T00:00:00Z\""),
     .status = 201},
    {"POST", "/events", 'E', EVENT("few", "9", ",\"buyer_limit\":2"), .status = 201},
    {"POST", "/events", 'E', EVENT("line", "1", ",\"waiting_list\":true"), .status = 201},
    {"POST", "/events", 'E', EVENT("last", "1", ",\"hold_seconds\":1"), .status = 201},
    {"GET", "/events?limit=1", 0, NULL, .status = 200},
    {"GET", "/events?limit=0", 0, NULL, .status = 422, .code = "invalid"},
    {"GET", "/events?limit=x", 0, NULL, .status = 400, .code = "malformed"},
    {"GET", "/events/tour", 0, NULL, .status = 200},
    {"GET", "/events/none", 0, NULL, .status = 404, .code = "no_such_event"},
    {"PATCH", "/events/tour", 'E',
     "{\"title\":\"Große Oper\",\"starts_at\":\"2099-01-01T20:00:00+01:00\"}", .status = 200},
    {"PATCH", "/events/none", 'E', "{\"closed\":true}", .status = 404, .code = "no_such_event"},
    {"PATCH", "/events/tour", 'E', "{\"hold_seconds\":0}", .status = 422, .code = "invalid"},
    {"POST", "/events/tour/tiers", 'E', TIER("vip", "2"), .status = 201},
    {"POST", "/events/tour/tiers", 'E', TIER("vip", "2"), .status = 409, .code = "tier_exists"},
    {"POST", "/events/none/tiers", 'E', TIER("vip", "2"), .status = 404, .code = "no_such_event"},
    {"POST", "/events/tour/tiers", 'E', TIER("big", "-1"), .status = 422, .code = "invalid"},
    {"PATCH", "/events/tour/tiers/vip", 'E', "{\"capacity\":3,\"price\":9900}", .status = 200},
    {"PATCH", "/events/none/tiers/vip", 'E', "{\"capacity\":3}", .status = 404,
     .code = "no_such_event"},
    {"PATCH", "/events/tour/tiers/none", 'E', "{\"capacity\":3}", .status = 404,
     .code = "no_such_tier"},
    {"PATCH", "/events/tour/tiers/vip", 'E', "{\"limit\":0}", .status = 422, .code = "invalid"},
};

/* As many tiers as there may be. */
static void fill_with_tiers(struct tour *tour)
{
    char body[160];
    tour_step(tour, &(struct step){"POST", "/events", 'E', EVENT("wide", "1", ""), .status = 201});
    for (int i = 1; i <= 64; i++) {
        bool room = i < 64;
        snprintf(body, sizeof body,
                 "{\"name\":\"t%d\",\"price\":1,\"currency\":\"EUR\",\"capacity\":1}", i);
        tour_step(tour,
                  &(struct step){"POST", "/events/wide/tiers", 'E', body,
                                 .status = room ? 201 : 409, .code = room ? NULL : "too_many"});
    }
}

/* --- purchases and holds ----------------------------------------------------------------------- */

static const struct step purchases[] = {
    {"POST", "/purchases", 0,
     "{\"event\":\"tour\",\"tier\":\"std\",\"quantity\":2,\"buyer\":\"ada\"}", .status = 201,
     .keep = 'P', .member = "id"},
    {"POST", "/purchases", 0, "{\"event\":\"tour\",\"tier\":\"std\"}", .status = 201, .keep = 'Q',
     .member = "id", .key = "the-purchase-of-Q"},
    {"POST", "/purchases", 0, "{\"event\":\"none\"}", .status = 404, .code = "no_such_event"},
    {"POST", "/purchases", 0, "{\"event\":\"tour\",\"tier\":\"none\"}", .status = 404,
     .code = "no_such_tier"},
    {"POST", "/purchases", 0, "{\"event\":\"tour\"}", .status = 422, .code = "tier_required"},
    {"POST", "/purchases", 0, "{\"event\":\"tour\",\"tier\":\"std\",\"quantity\":5}", .status = 422,
     .code = "over_limit"},
    {"POST", "/purchases", 0, "{\"event\":\"tour\",\"tier\":\"vip\",\"quantity\":4}", .status = 409,
     .code = "sold_out"},
    {"POST", "/purchases", 0, "{\"event\":\"later\"}", .status = 409, .code = "not_on_sale_yet"},
    {"POST", "/purchases", 0, "{\"event\":\"few\"}", .status = 422, .code = "buyer_required"},
    {"POST", "/purchases", 0, "{\"event\":\"few\",\"buyer\":\"ada\",\"quantity\":3}", .status = 409,
     .code = "buyer_limit"},
    {"PATCH", "/events/few", 'E', "{\"closed\":true}", .status = 200},
    {"POST", "/purchases", 0, "{\"event\":\"few\",\"buyer\":\"ada\"}", .status = 409,
     .code = "sale_over"},
    {"GET", "/events/tour/purchases/$P", 0, NULL, .status = 200},
    {"GET", "/events/tour/purchases/" NOBODY, 0, NULL, .status = 404, .code = "no_such_purchase"},
    {"GET", "/events/none/purchases/$P", 0, NULL, .status = 404, .code = "no_such_event"},
    {"PATCH", "/events/tour/tiers/std", 'E', "{\"capacity\":1}", .status = 409,
     .code = "capacity_taken"},
};

static const struct step holds[] = {
    {"POST", "/holds", 0, "{\"event\":\"tour\",\"tier\":\"std\",\"seconds\":300}", .status = 201,
     .keep = 'H', .member = "id"},
    {"POST", "/holds", 0, "{\"event\":\"none\"}", .status = 404, .code = "no_such_event"},
    {"POST", "/holds", 0, "{\"event\":\"tour\",\"tier\":\"vip\",\"quantity\":4}", .status = 409,
     .code = "sold_out"},
    {"POST", "/holds", 0, "{\"event\":\"tour\",\"tier\":\"vip\",\"quantity\":4,\"wait\":true}",
     .status = 422, .code = "no_waiting_list"},
    {"GET", "/holds/$H", 0, NULL, .status = 200},
    {"GET", "/holds/" NOBODY, 0, NULL, .status = 404, .code = "no_such_hold"},
    {"POST", "/holds/$H/confirm", 0, "{\"payment\":\"pay-1\"}", .status = 201},
    {"POST", "/holds/$H/confirm", 0, "{\"payment\":\"pay-1\"}", .status = 201},
    {"POST", "/holds/$H/confirm", 0, "{\"payment\":\"pay-2\"}", .status = 409,
     .code = "already_paid"},
    {"POST", "/holds/$H/confirm", 0, "{\"payment\":\"with space\"}", .status = 422,
     .code = "invalid"},
    {"POST", "/holds/$H/confirm", 0, "{}", .status = 400, .code = "malformed"},
    {"POST", "/holds/" NOBODY "/confirm", 0, "{\"payment\":\"pay-1\"}", .status = 404,
     .code = "no_such_hold"},
    {"GET", "/holds/$H", 0, NULL, .status = 200},
    {"DELETE", "/holds/$H", 0, NULL, .status = 409, .code = "already_sold"},
    {"DELETE", "/holds/" NOBODY, 0, NULL, .status = 404, .code = "no_such_hold"},
    {"POST", "/holds", 0, "{\"event\":\"tour\",\"tier\":\"std\"}", .status = 201, .keep = 'G',
     .member = "id", .key = "the-hold-of-gill"},
    {"DELETE", "/holds/$G", 0, NULL, .status = 200},
    {"POST", "/holds", 0, "{\"event\":\"tour\",\"tier\":\"std\"}", .status = 200,
     .key = "the-hold-of-gill"},
    {"DELETE", "/holds/$G", 0, NULL, .status = 200},
    {"POST", "/holds/$G/confirm", 0, "{\"payment\":\"pay-3\"}", .status = 410,
     .code = "hold_released"},
    {"POST", "/holds", 0, "{\"event\":\"line\"}", .status = 201, .keep = 'L', .member = "id"},
    {"POST", "/holds", 0, "{\"event\":\"line\",\"wait\":true}", .status = 202, .keep = 'W',
     .member = "id"},
    {"GET", "/holds/$W", 0, NULL, .status = 200},
    {"POST", "/holds/$W/confirm", 0, "{\"payment\":\"pay-4\"}", .status = 409,
     .code = "not_offered"},
    {"POST", "/holds", 0, "{\"event\":\"last\",\"seconds\":1}", .status = 201, .keep = 'X',
     .member = "id"},
};

/* The last ticket's hold expires, and somebody else has it. */
static void let_expire(struct tour *tour)
{
    tour_await(tour,
               &(struct step){"POST", "/purchases", 0, "{\"event\":\"last\"}", .status = 201});
    tour_step(tour, &(struct step){"POST", "/holds/$X/confirm", 0, "{\"payment\":\"pay-5\"}",
                                   .status = 410, .code = "hold_expired"});
    tour_step(tour, &(struct step){"DELETE", "/holds/$X", 0, NULL, .status = 410,
                                   .code = "hold_expired"});
    tour_step(tour, &(struct step){"GET", "/holds/$X", 0, NULL, .status = 200});
}

/* What cannot be read at all. */
static void ask_oddly(struct tour *tour)
{
    static char big[17 << 10], field[8 << 10] = "X-Long: ";
    memset(big, 'x', sizeof big - 1);
    memset(field + strlen(field), 'x', sizeof field - strlen(field) - 1);
    const struct query queries[] = {
        {.body = "event=tour", .type = "text/plain"},
        {.body = big},
        {.body = "event=tour", .fields = {field}},
        {.body = "event=tour&tier=std", .key = "a-key-of-the-tour"},
        {.body = "event=tour&tier=vip", .key = "a-key-of-the-tour"},
    };
    static const long statuses[] = {415, 413, 431, 201, 422};
    struct response response = {0};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct query query = queries[i];
        query.url = tour->cluster.url;
        query.path = "/purchases";
        CU_ASSERT(client_ask(tour->client, &query, &response));
        CU_ASSERT_EQUAL(response.status, statuses[i]);
    }
    response_free(&response);
}

/* --- tickets and money ------------------------------------------------------------------------- */

static const struct step tickets[] = {
    {"GET", "/events/tour/purchases/$P/tickets", 0, NULL, .status = 200, .keep = 'D',
     .member = "tickets.0.code"},
    {"GET", "/events/tour/purchases/" NOBODY "/tickets", 0, NULL, .status = 404,
     .code = "no_such_purchase"},
    {"GET", "/events/none/purchases/$P/tickets", 0, NULL, .status = 404, .code = "no_such_event"},
    {"GET", "/events/tour/purchases/$P/tickets.html", 0, NULL, .status = 200},
    {"GET", "/events/tour/purchases/" NOBODY "/tickets.html", 0, NULL, .status = 404,
     .code = "no_such_purchase"},
    {"GET", "/events/tour/purchases/$P/tickets/1.svg", 0, NULL, .status = 200},
    {"GET", "/events/tour/purchases/$P/tickets/99.svg", 0, NULL, .status = 404,
     .code = "not_found"},
    {"GET", "/keys", 0, NULL, .status = 200, .keep = 'O', .member = "keys.0.kid"},
    {"POST", "/keys", 'A', "{}", .status = 201, .keep = 'K', .member = "kid"},
    {"DELETE", "/keys/$K", 'A', NULL, .status = 409, .code = "last_key"},
    {"DELETE", "/keys/AAAAAAAAAAA", 'A', NULL, .status = 404, .code = "no_such_key"},
    {"POST", "/check-ins", 'C', "{\"code\":\"$D\",\"gate\":\"north\",\"event\":\"few\"}",
     .status = 422, .code = "wrong_event"},
    {"POST", "/check-ins", 'C', "{\"code\":\"$D\",\"gate\":\"\"}", .status = 422,
     .code = "invalid"},
    {"POST", "/check-ins", 'C', "{\"code\":\"$D\",\"gate\":\"north\"}", .status = 200},
    {"POST", "/check-ins", 'C', "{\"code\":\"$D\",\"gate\":\"south\"}", .status = 409,
     .code = "already_checked_in"},
    {"POST", "/check-ins", 'C', "{\"code\":\"$D.\",\"gate\":\"north\"}", .status = 422,
     .code = "invalid_code"},
    {"GET", "/events/tour/purchases/$P/tickets", 0, NULL, .status = 200},
    {"GET", "/events/tour/purchases/$Q/tickets", 0, NULL, .status = 200, .keep = 'F',
     .member = "tickets.0.code"},
    {"POST", "/events/tour/purchases/$Q/refund", 'R', NULL, .status = 200},
    {"POST", "/events/tour/purchases/$Q/refund", 'R', NULL, .status = 200},
    {"POST", "/events/tour/purchases/$P/refund", 'R', NULL, .status = 409, .code = "tickets_used"},
    {"POST", "/events/tour/purchases/" NOBODY "/refund", 'R', NULL, .status = 404,
     .code = "no_such_purchase"},
    {"GET", "/events/tour/purchases/$Q", 0, NULL, .status = 200},
    {"GET", "/events/tour/purchases/$Q/tickets", 0, NULL, .status = 200},
    {"GET", "/events/tour/purchases/$Q/tickets/3.svg", 0, NULL, .status = 409,
     .code = "ticket_refunded"},
    {"POST", "/check-ins", 'C', "{\"code\":\"$F\",\"gate\":\"north\"}", .status = 409,
     .code = "ticket_refunded"},
    {"POST", "/events/tour/purchases/$H/refund", 'R', "{}", .status = 200},
    {"POST", "/purchases", 0, "{\"event\":\"tour\",\"tier\":\"std\"}", .status = 200,
     .key = "the-purchase-of-Q"},
    {"POST", "/holds/$H/confirm", 0, "{\"payment\":\"pay-1\"}", .status = 200},
    {"DELETE", "/keys/$O", 'A', NULL, .status = 200},
    {"GET", "/events/tour/tickets.csv", 'C', NULL, .status = 200},
    {"GET", "/events/none/tickets.csv", 'C', NULL, .status = 404, .code = "no_such_event"},
};

static const struct step money[] = {
    {"GET", "/events/tour/orders?limit=2", 'S', NULL, .status = 200},
    {"GET", "/events/line/orders", 'S', NULL, .status = 200},
    {"GET", "/events/none/orders", 'S', NULL, .status = 404, .code = "no_such_event"},
    {"GET", "/events/tour/orders?limit=1001", 'S', NULL, .status = 422, .code = "invalid"},
    {"GET", "/events/tour/orders.csv", 'S', NULL, .status = 200},
    {"GET", "/events/none/orders.csv", 'S', NULL, .status = 404, .code = "no_such_event"},
    {"GET", "/events/tour/owed?limit=1", 'S', NULL, .status = 200},
    {"GET", "/events/tour/owed", 'S', NULL, .status = 200},
    {"GET", "/events/none/owed", 'S', NULL, .status = 404, .code = "no_such_event"},
    {"GET", "/events/tour/owed?limit=0", 'S', NULL, .status = 422, .code = "invalid"},
    {"POST", "/events/tour/owed/settle", 'R', "{\"order\":\"$H\",\"reference\":\"pay-2\"}",
     .status = 200},
    {"POST", "/events/tour/owed/settle", 'R', "{\"order\":\"$H\",\"reference\":\"pay-2\"}",
     .status = 200},
    {"POST", "/events/tour/owed/settle", 'R', "{\"order\":\"$H\",\"reference\":\"pay-9\"}",
     .status = 404, .code = "no_such_purchase"},
    {"POST", "/events/tour/owed/settle", 'R', "{\"order\":\"no\",\"reference\":\"pay-9\"}",
     .status = 422, .code = "invalid"},
    {"GET", "/events/tour/owed", 'S', NULL, .status = 200},
};

/* As many signing keys as there may be. */
static void fill_with_keys(struct tour *tour)
{
    const struct step one_more = {"POST", "/keys", 'A', "{}", .status = 201},
                      too_many = {"POST", "/keys", 'A', "{}", .status = 409, .code = "too_many"};
    for (int i = 1; i < STORE_KEYS_MAX; i++) /* one of them signs already */
        tour_step(tour, &one_more);
    tour_step(tour, &too_many);
}

static void meet_everything(struct tour *tour)
{
    tour_steps(tour, STEPS(tokens));
    be_turned_away(tour);
    tour_steps(tour, STEPS(events));
    fill_with_tiers(tour);
    tour_steps(tour, STEPS(purchases));
    tour_steps(tour, STEPS(holds));
    let_expire(tour);
    ask_oddly(tour);
    tour_steps(tour, STEPS(tickets));
    tour_steps(tour, STEPS(money));
    fill_with_keys(tour);
}

static void everything_is_met(void)
{
    static struct tour tour;
    tour_open(&tour, 1);
    meet_everything(&tour);
    tour_close(&tour);
}

static void everything_is_met_on_postgresql(void)
{
    static struct tour tour;
    struct pg_server database;
    char url[PG_SERVER_URL_SIZE];
    process_sweep();
    pg_server_start(&database, &(struct pg_server_terms){.durable = false});
    process_spare(database.process.pid);
    pg_server_url(&database, url);
    tour_open_store(&tour, url, 1);
    meet_everything(&tour);
    tour_close(&tour);
    pg_server_discard(&database);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("document", "everything_is_met", everything_is_met);
    suite_add("document", "everything_is_met_on_postgresql", everything_is_met_on_postgresql);
    suite_add("document", "is_shown_by_both", is_shown_by_both);
}
