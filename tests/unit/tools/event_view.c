#include "tools/boxctl/event_view.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "tests/lib/suite.h"

#define TIER(name, remaining)                                                                      \
    "{\"tier\":\"" name "\",\"price\":{\"amount\":2500,\"currency\":\"EUR\"},\"limit\":10,"        \
    "\"capacity\":5,\"sold\":2,\"held\":1,\"waiting\":0,\"remaining\":" remaining "}"
#define EVENT(bounds, tiers)                                                                       \
    "{\"event\":\"gala\",\"title\":\"Gala\",\"time_zone\":\"UTC\",\"hold_seconds\":600," bounds    \
    "\"tiers\":[" tiers "]}"

static int64_t now_of(void)
{
    int64_t now = 0;
    CU_ASSERT_FATAL(clock_parse("2026-11-22T12:00:00.000000Z", &now));
    return now;
}

static cJSON *read(const char *text)
{
    char error[JSON_ERROR_SIZE];
    cJSON *json = json_parse(text, strlen(text), error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    return json;
}

#define BEFORE "\"2026-11-22T11:59:59.000000Z\""
#define NOW    "\"2026-11-22T12:00:00.000000Z\""
#define AFTER  "\"2026-11-22T12:00:01.000000Z\""

static void whether_tickets_are_to_be_had(void)
{
    static const struct {
        const char *event, *sale;
    } rows[] = {
        {EVENT("", TIER("a", "2")), "open"},
        {EVENT("", TIER("a", "0") "," TIER("b", "1")), "open"},
        {EVENT("", TIER("a", "0") "," TIER("b", "0")), "sold out"},
        {EVENT("\"sale_from\":" AFTER ",", TIER("a", "2")), "not yet"},
        {EVENT("\"sale_from\":" NOW ",", TIER("a", "2")), "open"},
        {EVENT("\"sale_from\":null,\"sale_until\":null,", TIER("a", "2")), "open"},
        {EVENT("\"sale_until\":" AFTER ",", TIER("a", "2")), "open"},
        {EVENT("\"sale_until\":" NOW ",", TIER("a", "2")), "over"},
        {EVENT("\"sale_from\":" BEFORE ",\"sale_until\":" BEFORE ",", TIER("a", "0")), "over"},
        {EVENT("\"closed\":true,\"sale_from\":" AFTER ",", TIER("a", "2")), "closed"},
        {EVENT("\"closed\":false,", TIER("a", "2")), "open"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cJSON *event = read(rows[i].event);
        const char *sale = event_view_sale(event, now_of());
        CU_ASSERT_STRING_EQUAL(sale, rows[i].sale);
        if (strcmp(sale, rows[i].sale) != 0)
            printf("  row %zu: %s\n", i, sale);
        cJSON_Delete(event);
    }
}

static void an_event_is_shown_with_its_tiers(void)
{
    struct buffer out = {0};
    cJSON *event = read(EVENT("\"sale_from\":" AFTER ",", TIER("a", "2")));
    event_view_append(&out, event, now_of());
    CU_ASSERT_STRING_EQUAL(buffer_text(&out),
                           "gala: Gala\n"
                           "  sale         not yet\n"
                           "  time zone    UTC\n"
                           "  starts       not told\n"
                           "  sale from    2026-11-22 12:00 UTC\n"
                           "  sale until   no end\n"
                           "  buyer limit  none\n"
                           "  hold         600 s\n"
                           "  waiting list no\n"
                           "\n"
                           "TIER      PRICE  LIMIT  CAPACITY  SOLD  HELD  LINE  FREE\n"
                           "a     25.00 EUR     10         5     2     1     0     2  "
                           "████████▒▒▒▒········\n");
    cJSON_Delete(event);
    buffer_free(&out);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("event view", "whether tickets are to be had", whether_tickets_are_to_be_had);
    suite_add("event view", "an event is shown with its tiers", an_event_is_shown_with_its_tiers);
}
