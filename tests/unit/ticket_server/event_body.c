#include "ticket_server/event_body.h"

#include <stdio.h>
#include <string.h>

#include "common/wire.h"
#include "tests/lib/suite.h"

#define TIER(name)  "{\"name\":\"" name "\",\"price\":2500,\"currency\":\"EUR\",\"capacity\":500}"
#define EVENT(more) "{\"name\":\"gala\",\"tiers\":[" TIER("standard") "]" more "}"

static struct event_body body;
static char detail[PROBLEM_DETAIL_SIZE];

static enum problem parse(enum event_body_kind kind, const char *text)
{
    detail[0] = '\0';
    return event_body_parse(kind, text, strlen(text), &body, detail);
}

static void expect(enum event_body_kind kind, const char *text, enum problem due, const char *said)
{
    enum problem problem = parse(kind, text);
    bool fine = problem == due && strstr(detail, said) != NULL;
    CU_ASSERT(fine);
    if (!fine)
        printf("  %s: %d, %s\n", text, problem, detail);
}

static void what_goes_without_saying_is_filled_in(void)
{
    CU_ASSERT_EQUAL(parse(EVENT_CREATE, EVENT("")), PROBLEM_NONE);
    CU_ASSERT_STRING_EQUAL(body.event.name, "gala");
    CU_ASSERT_STRING_EQUAL(body.event.title, "gala");
    CU_ASSERT_STRING_EQUAL(body.event.zone, "UTC");
    CU_ASSERT_EQUAL(body.event.hold_seconds, 600);
    CU_ASSERT_EQUAL(body.event.buyer_limit, 0);
    CU_ASSERT_FALSE(body.event.waiting_list);
    CU_ASSERT_EQUAL(body.tier_count, 1);
    CU_ASSERT_STRING_EQUAL(body.tiers[0].name, "standard");
    CU_ASSERT_STRING_EQUAL(body.tiers[0].currency, "EUR");
    CU_ASSERT_EQUAL(body.tiers[0].price, 2500);
    CU_ASSERT_EQUAL(body.tiers[0].capacity, 500);
    CU_ASSERT_EQUAL(body.tiers[0].limit, STORE_ORDER_LIMIT);
}

static void all_fields_are_read(void)
{
    CU_ASSERT_EQUAL(
        parse(EVENT_CREATE,
              EVENT(",\"title\":\"مهرجان\",\"time_zone\":\"UTC\","
                    "\"starts_at\":\"2026-12-31T20:00:00+01:00\","
                    "\"sale_from\":\"2026-12-01T00:00:00Z\",\"sale_until\":null,\"buyer_limit\":4,"
                    "\"hold_seconds\":90,\"waiting_list\":true,\"closed\":true")),
        PROBLEM_NONE);
    CU_ASSERT_STRING_EQUAL(body.event.title, "مهرجان");
    CU_ASSERT_EQUAL(body.event.starts_at, INT64_C(1798743600000000));
    CU_ASSERT_EQUAL(body.event.sale_from, INT64_C(1796083200000000));
    CU_ASSERT_EQUAL(body.event.sale_until, 0);
    CU_ASSERT_EQUAL(body.event.buyer_limit, 4);
    CU_ASSERT_EQUAL(body.event.hold_seconds, 90);
    CU_ASSERT(body.event.waiting_list && body.event.closed);
}

static void a_change_sets_what_came(void)
{
    CU_ASSERT_EQUAL(parse(EVENT_CHANGE, "{\"sale_until\":null,\"closed\":false}"), PROBLEM_NONE);
    CU_ASSERT_EQUAL(body.set, SET_SALE_UNTIL | SET_CLOSED);
    CU_ASSERT_EQUAL(body.event.sale_until, 0);
    CU_ASSERT_EQUAL(parse(TIER_CHANGE, "{\"capacity\":0,\"limit\":1000}"), PROBLEM_NONE);
    CU_ASSERT_EQUAL(body.set, SET_CAPACITY | SET_LIMIT);
    CU_ASSERT_EQUAL(body.tiers[0].limit, 1000);
    CU_ASSERT_EQUAL(body.tier_count, 1);
    CU_ASSERT_EQUAL(parse(TIER_CREATE, TIER("vip")), PROBLEM_NONE);
    CU_ASSERT_EQUAL(body.tiers[0].limit, STORE_ORDER_LIMIT);
}

static void what_cannot_be_read_is_malformed(void)
{
    static const struct {
        enum event_body_kind kind;
        const char *text, *said;
    } rows[] = {
        {EVENT_CREATE, "", "ends"},
        {EVENT_CREATE, "[]", "an object"},
        {EVENT_CREATE, "{}", "\"name\" is missing"},
        {EVENT_CREATE, "{\"name\":\"a\"}", "\"tiers\" is missing"},
        {EVENT_CREATE, EVENT(",\"extra\":1"), "unknown field \"extra\""},
        {EVENT_CREATE, EVENT(",\"name\":\"b\""), "comes twice"},
        {EVENT_CREATE, EVENT(",\"title\":7"), "title must be a string"},
        {EVENT_CREATE, EVENT(",\"title\":null"), "title must be a string"},
        {EVENT_CREATE, EVENT(",\"starts_at\":12"), "starts_at must be a string"},
        {EVENT_CREATE, EVENT(",\"closed\":1"), "true or false"},
        {EVENT_CREATE, EVENT(",\"buyer_limit\":\"4\""), "buyer_limit must be a number"},
        {EVENT_CREATE, EVENT("") "x", "follows"},
        {EVENT_CREATE, "{\"name\":\"a\",\"tiers\":{}}", "tiers must be an array"},
        {EVENT_CREATE, "{\"name\":\"a\",\"tiers\":[1]}", "an object"},
        {EVENT_CREATE, "{\"name\":\"a\",\"tiers\":[{\"name\":\"b\"}]}", "\"price\" is missing"},
        {EVENT_CHANGE, "{\"name\":\"b\"}", "unknown field \"name\""},
        {EVENT_CHANGE, "{\"tiers\":[]}", "unknown field \"tiers\""},
        {TIER_CHANGE, "{\"currency\":\"EUR\"}", "unknown field \"currency\""},
        {TIER_CREATE, "{\"name\":\"b\",\"price\":1,\"currency\":\"EUR\"}",
         "\"capacity\" is missing"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(rows[i].kind, rows[i].text, PROBLEM_MALFORMED, rows[i].said);
}

static void what_breaks_a_rule_is_told(void)
{
    static const struct {
        enum event_body_kind kind;
        const char *text, *said;
    } rows[] = {
        {EVENT_CREATE, "{\"name\":\"-a\",\"tiers\":[" TIER("b") "]}", "name must be"},
        {EVENT_CREATE, "{\"name\":\"a/b\",\"tiers\":[" TIER("b") "]}", "name must be"},
        {EVENT_CREATE, "{\"name\":\"a\",\"tiers\":[]}", "at least one"},
        {EVENT_CREATE, "{\"name\":\"a\",\"tiers\":[" TIER("b") "," TIER("b") "]}", "b comes twice"},
        {EVENT_CREATE,
         "{\"name\":\"a\",\"tiers\":[" TIER("b") ",{\"name\":\"c\",\"price\":1,"
                                                 "\"currency\":\"USD\",\"capacity\":1}]}",
         "same currency"},
        {EVENT_CREATE, EVENT(",\"title\":\"\""), "title must be"},
        {EVENT_CREATE, EVENT(",\"title\":\"a\\u202eb\""), "title must be"},
        {EVENT_CREATE, EVENT(",\"time_zone\":\"../etc/passwd\""), "time_zone must be"},
        {EVENT_CREATE, EVENT(",\"time_zone\":\"right/Europe/Berlin\""), "time_zone must be"},
        {EVENT_CHANGE, "{\"time_zone\":\"Europe/Nowhere\"}", "time_zone must be"},
        {EVENT_CHANGE, "{\"time_zone\":\"\"}", "time_zone must be"},
        {EVENT_CREATE, EVENT(",\"starts_at\":\"2026-02-30T00:00:00Z\""), "starts_at must be"},
        {EVENT_CREATE, EVENT(",\"starts_at\":\"1970-01-01T00:00:00Z\""), "starts_at must be"},
        {EVENT_CREATE, EVENT(",\"sale_from\":\"2112-09-17T23:53:47.370497Z\""),
         "no later than 2112"},
        {EVENT_CHANGE, "{\"sale_until\":\"9999-12-31T23:59:59Z\"}", "no later than 2112"},
        {EVENT_CREATE,
         EVENT(",\"sale_from\":\"2026-12-01T00:00:00Z\",\"sale_until\":\"2026-12-01T00:00:00Z\""),
         "sale_until must be later"},
        {EVENT_CREATE, EVENT(",\"buyer_limit\":0"), "buyer_limit must be"},
        {EVENT_CREATE, EVENT(",\"hold_seconds\":86401"), "from 1 to 86400"},
        {EVENT_CREATE, EVENT(",\"hold_seconds\":1.5"), "whole number"},
        {EVENT_CHANGE, "{}", "at least one field"},
        {TIER_CHANGE, "{}", "at least one field"},
        {TIER_CHANGE, "{\"capacity\":-1}", "capacity must be"},
        {TIER_CHANGE, "{\"capacity\":1000000001}", "capacity must be"},
        {TIER_CHANGE, "{\"limit\":1001}", "limit must be"},
        {TIER_CREATE, "{\"name\":\"b\",\"price\":-1,\"currency\":\"EUR\",\"capacity\":1}",
         "price must be"},
        {TIER_CREATE, "{\"name\":\"b\",\"price\":1,\"currency\":\"eur\",\"capacity\":1}",
         "currency must be"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(rows[i].kind, rows[i].text, PROBLEM_INVALID, rows[i].said);
}

/* Or one event's sale would make the answers to everybody else unreadable. */
static void times_are_such_as_flights_carry(void)
{
    expect(EVENT_CHANGE, "{\"sale_from\":\"2112-09-17T23:53:47.370496Z\"}", PROBLEM_NONE, "");
    CU_ASSERT_EQUAL(body.event.sale_from, WIRE_TIME_MAX);
}

/* What is malformed goes before what is wrong: it cannot be known what else was meant. */
static void malformed_goes_first(void)
{
    expect(EVENT_CREATE, EVENT(",\"title\":\"\",\"closed\":2"), PROBLEM_MALFORMED, "true or false");
}

static void too_many_tiers_are_refused(void)
{
    struct buffer text = {0};
    buffer_add(&text, "{\"name\":\"a\",\"tiers\":[");
    for (int i = 0; i <= STORE_TIERS_MAX; i++) {
        buffer_printf(&text, "%s{\"name\":\"t%d\",\"price\":1,\"currency\":\"EUR\",\"capacity\":1}",
                      i > 0 ? "," : "", i);
        if (i == STORE_TIERS_MAX - 1) {
            size_t length = text.length;
            buffer_add(&text, "]}");
            expect(EVENT_CREATE, buffer_text(&text), PROBLEM_NONE, "");
            CU_ASSERT_EQUAL(body.tier_count, STORE_TIERS_MAX);
            text.length = length;
        }
    }
    buffer_add(&text, "]}");
    expect(EVENT_CREATE, buffer_text(&text), PROBLEM_INVALID, "at most 64");
    buffer_free(&text);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("event_body", "what goes without saying is filled in",
              what_goes_without_saying_is_filled_in);
    suite_add("event_body", "all fields are read", all_fields_are_read);
    suite_add("event_body", "a change sets what came", a_change_sets_what_came);
    suite_add("event_body", "what cannot be read is malformed", what_cannot_be_read_is_malformed);
    suite_add("event_body", "what breaks a rule is told", what_breaks_a_rule_is_told);
    suite_add("event_body", "times are such as flights carry", times_are_such_as_flights_carry);
    suite_add("event_body", "malformed goes first", malformed_goes_first);
    suite_add("event_body", "too many tiers are refused", too_many_tiers_are_refused);
}
