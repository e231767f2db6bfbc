#include "tests/cluster/organiser.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/audit.h"
#include "tests/lib/suite.h"

void organiser_open(struct organiser *organiser, int64_t capacity)
{
    memset(organiser, 0, sizeof *organiser);
    cluster_open(&organiser->cluster, capacity, 2);
    organiser->client = client_open();
    organiser->token = organiser->cluster.token;
}

/* Of any number of events and tiers: as the tools see it. */
static void prove(struct cluster *cluster)
{
    struct process audit;
    const char *argv[] = {"audit", "--store", cluster->store, NULL};
    CU_ASSERT(cluster_quiet(cluster));
    process_run(&audit, cluster->dir, argv, 0);
    audit_report(cluster, cluster->logs, 0);
}

void organiser_close(struct organiser *organiser)
{
    response_free(&organiser->answer);
    client_close(organiser->client);
    prove(&organiser->cluster);
    cluster_close(&organiser->cluster);
}

long organiser_ask(struct organiser *organiser, const char *method, const char *path,
                   const char *body)
{
    struct query query = {.method = method,
                          .url = organiser->cluster.url,
                          .path = path,
                          .type = body != NULL ? "application/json" : NULL,
                          .body = body,
                          .token = organiser->token};
    client_ask(organiser->client, &query, &organiser->answer);
    return organiser->answer.status;
}

static void judge(struct organiser *organiser, const char *asked, long status, const char *text)
{
    const char *body = buffer_text(&organiser->answer.body);
    bool fine = organiser->answer.status == status && strstr(body, text) != NULL;
    CU_ASSERT(fine);
    if (!fine)
        printf("  %s: %ld %s, not %ld with %s\n", asked, organiser->answer.status, body, status,
               text);
}

void organiser_expect(struct organiser *organiser, const char *method, const char *path,
                      const char *body, long status, const char *text)
{
    char asked[160];
    organiser_ask(organiser, method, path, body);
    snprintf(asked, sizeof asked, "%s %s %.80s", method, path, body != NULL ? body : "");
    judge(organiser, asked, status, text);
}

void organiser_buy(struct organiser *organiser, const char *form, long status, const char *text)
{
    struct query query = {.url = organiser->cluster.url, .path = "/purchases", .body = form};
    client_ask(organiser->client, &query, &organiser->answer);
    judge(organiser, form, status, text);
}

void organiser_take(struct organiser *organiser, const char *member, char *out, size_t size)
{
    char begin[64];
    snprintf(begin, sizeof begin, "\"%s\":\"", member);
    const char *at = strstr(buffer_text(&organiser->answer.body), begin);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    at += strlen(begin);
    snprintf(out, size, "%.*s", (int)strcspn(at, "\""), at);
}

/* --- the whole life of an event -------------------------------------------------------------------- */

static struct organiser box;

#define ASK(method, path, body, status, text)                                                      \
    organiser_expect(&box, method, path, body, status, text)

static void make_gala(void)
{
    char header[128];
    ASK("POST", "/events",
        "{\"name\":\"gala\",\"title\":\"Η γιορτή\",\"time_zone\":\"Europe/Athens\","
        "\"starts_at\":\"2031-12-31T20:00:00+02:00\",\"buyer_limit\":4,\"hold_seconds\":60,"
        "\"tiers\":[{\"name\":\"standard\",\"price\":2500,\"currency\":\"EUR\",\"capacity\":50},"
        "{\"name\":\"vip\",\"price\":9900,\"currency\":\"EUR\",\"capacity\":10,\"limit\":2}]}",
        201, "\"starts_at\":\"2031-12-31T18:00:00.000000Z\"");
    CU_ASSERT(response_header(&box.answer, "Location", header, sizeof header));
    CU_ASSERT_STRING_EQUAL(header, "/events/gala");
    ASK("GET", "/events/gala", NULL, 200, "\"title\":\"Η γιορτή\"");
    ASK("POST", "/events",
        "{\"name\":\"gala\",\"tiers\":[{\"name\":\"a\",\"price\":1,\"currency\":\"EUR\","
        "\"capacity\":1}]}",
        409, "\"code\":\"event_exists\"");
}

static void limits_hold(void)
{
    organiser_buy(&box, "event=gala&tier=vip&quantity=3&buyer=ada", 422, "\"limit\":2");
    organiser_buy(&box, "event=gala&tier=standard", 422, "\"code\":\"buyer_required\"");
    organiser_buy(&box, "event=gala&tier=standard&quantity=3&buyer=ada", 201, "\"quantity\":3");
    organiser_buy(&box, "event=gala&tier=vip&quantity=2&buyer=ADA", 409, "\"remaining\":1");
    organiser_buy(&box, "event=gala&tier=vip&quantity=1&buyer=ada", 201, "\"tier\":\"vip\"");
    organiser_buy(&box, "event=gala&tier=vip&quantity=1&buyer=ada", 409, "\"remaining\":0");
}

static void capacity_is_never_below_what_is_taken(void)
{
    ASK("PATCH", "/events/gala/tiers/standard", "{\"capacity\":2}", 409, "\"taken\":3");
    ASK("PATCH", "/events/gala/tiers/standard", "{\"capacity\":3,\"price\":2600}", 200,
        "\"capacity\":3,\"sold\":3,\"held\":0,\"waiting\":0,\"remaining\":0");
    organiser_buy(&box, "event=gala&tier=standard&buyer=bob", 409, "\"code\":\"sold_out\"");
    ASK("PATCH", "/events/gala/tiers/standard", "{\"capacity\":50}", 200, "\"remaining\":47");
    organiser_buy(&box, "event=gala&tier=standard&buyer=bob", 201, "\"amount\":2600");
    ASK("PATCH", "/events/gala/tiers/nope", "{\"capacity\":3}", 404, "\"code\":\"no_such_tier\"");
    ASK("PATCH", "/events/nope/tiers/a", "{\"capacity\":3}", 404, "\"code\":\"no_such_event\"");
}

static void the_sale_has_a_window(void)
{
    char header[32];
    ASK("PATCH", "/events/gala", "{\"sale_from\":\"2031-01-01T00:00:00+01:00\"}", 200,
        "\"sale_from\":\"2030-12-31T23:00:00.000000Z\"");
    organiser_buy(&box, "event=gala&tier=vip&buyer=eve", 409, "\"code\":\"not_on_sale_yet\"");
    CU_ASSERT(response_header(&box.answer, "Retry-After", header, sizeof header));
    ASK("PATCH", "/events/gala", "{\"sale_until\":\"2030-01-01T00:00:00Z\"}", 422,
        "sale_until must be later than sale_from");
    ASK("PATCH", "/events/gala", "{\"sale_from\":null,\"sale_until\":\"2020-01-01T00:00:00Z\"}",
        200, "\"sale_until\":\"2020-01-01");
    organiser_buy(&box, "event=gala&tier=vip&buyer=eve", 409, "\"code\":\"sale_over\"");
    ASK("PATCH", "/events/gala", "{\"sale_until\":null,\"closed\":true}", 200, "\"closed\":true");
    organiser_buy(&box, "event=gala&tier=vip&buyer=eve", 409, "\"code\":\"sale_over\"");
    ASK("PATCH", "/events/gala", "{\"closed\":false,\"buyer_limit\":null}", 200,
        "\"closed\":false");
    organiser_buy(&box, "event=gala&tier=vip&quantity=2&buyer=ada", 201, "\"quantity\":2");
}

static void tiers_are_added(void)
{
    ASK("POST", "/events/gala/tiers",
        "{\"name\":\"child\",\"price\":500,\"currency\":\"EUR\",\"capacity\":5}", 201,
        "\"tier\":\"child\"");
    ASK("POST", "/events/gala/tiers",
        "{\"name\":\"child\",\"price\":500,\"currency\":\"EUR\",\"capacity\":5}", 409,
        "\"code\":\"tier_exists\"");
    ASK("POST", "/events/gala/tiers",
        "{\"name\":\"us\",\"price\":500,\"currency\":\"USD\",\"capacity\":5}", 422, "which is EUR");
    organiser_buy(&box, "event=gala&tier=child&quantity=5&buyer=eve", 201, "\"tier\":\"child\"");
}

/* What comes back is sold again, and a refund is once. */
static void refunds_free_tickets_once(void)
{
    char id[ID_TEXT_SIZE], path[160];
    organiser_take(&box, "id", id, sizeof id);
    organiser_buy(&box, "event=gala&tier=child&buyer=bob", 409, "sold_out");
    snprintf(path, sizeof path, "/events/gala/purchases/%s/refund", id);
    ASK("POST", path, "{\"quantity\":1}", 400, "unknown field");
    for (int i = 0; i < 2; i++)
        ASK("POST", path, NULL, 200, "\"state\":\"refunded\"");
    ASK("GET", "/events/gala", NULL, 200, "\"tier\":\"child\",\"capacity\":5,\"sold\":0");
    organiser_buy(&box, "event=gala&tier=child&quantity=5&buyer=bob", 201, "\"number\":6");
    ASK("POST", "/events/gala/purchases/01930000-0000-7000-8000-000000000000/refund", NULL, 404,
        "no_such_purchase");
    snprintf(path, sizeof path, "/events/demo/purchases/%s/refund", id);
    ASK("POST", path, NULL, 404, "no_such_purchase");
}

static void an_event_lives(void)
{
    organiser_open(&box, 10);
    make_gala();
    limits_hold();
    capacity_is_never_below_what_is_taken();
    the_sale_has_a_window();
    tiers_are_added();
    refunds_free_tickets_once();
    ASK("GET", "/events/gala/orders", NULL, 200, "\"buyer\":\"eve\"");
    ASK("GET", "/events/gala/owed", NULL, 200, "{\"owed\":[]}");
    ASK("POST", "/events/gala/owed/settle",
        "{\"order\":\"01930000-0000-7000-8000-000000000000\",\"reference\":\"a\"}", 404,
        "No payment");
    organiser_close(&box);
}

static void titles_are_of_any_script(void)
{
    static const char *const titles[] = {"Η γιορτή της Αθήνας", "مهرجان الموسيقى ٢٠٢٦",
                                         "二〇二六年音樂會", "שיר השירים", "🎭 Theater 🎶"};
    char body[512], name[16], path[32];
    organiser_open(&box, 10);
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
        snprintf(name, sizeof name, "e%zu", i);
        snprintf(path, sizeof path, "/events/%s", name);
        snprintf(body, sizeof body,
                 "{\"name\":\"%s\",\"title\":\"%s\",\"tiers\":[{\"name\":\"a\",\"price\":0,"
                 "\"currency\":\"EUR\",\"capacity\":1}]}",
                 name, titles[i]);
        ASK("POST", "/events", body, 201, titles[i]);
        ASK("GET", path, NULL, 200, titles[i]);
        ASK("GET", "/events", NULL, 200, titles[i]);
    }
    ASK("POST", "/events",
        "{\"name\":\"x\",\"title\":\"a\\u202eb\",\"tiers\":[{\"name\":\"a\",\"price\":0,"
        "\"currency\":\"EUR\",\"capacity\":1}]}",
        422, "title must be");
    organiser_close(&box);
}

/* The media type, and bodies that are too long, before anything else of them. */
static void bodies_are_json_and_short(void)
{
    struct buffer body = {0};
    organiser_open(&box, 10);
    struct query query = {
        .url = box.cluster.url, .path = "/events", .body = "name=a", .token = box.cluster.token};
    client_ask(box.client, &query, &box.answer);
    CU_ASSERT_EQUAL(box.answer.status, 415);
    buffer_add(&body, "{\"name\":\"a\",\"title\":\"");
    for (int i = 0; i < 20000; i++)
        buffer_add_char(&body, 'a');
    buffer_add(&body, "\"}");
    ASK("POST", "/events", buffer_text(&body), 413, "too_large");
    ASK("POST", "/events", "{\"name\":", 400, "The body cannot be read");
    ASK("PUT", "/events/demo", "{}", 405, "method_not_allowed");
    buffer_free(&body);
    organiser_close(&box);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("organiser", "an_event_lives", an_event_lives);
    suite_add("organiser", "titles_are_of_any_script", titles_are_of_any_script);
    suite_add("organiser", "bodies_are_json_and_short", bodies_are_json_and_short);
}
