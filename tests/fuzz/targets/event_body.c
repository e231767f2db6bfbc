/* An event or tier that is taken keeps all rules, and is JSON; a refusal has a sentence. The input: a byte that says
 * which kind, and the body. */
#include "ticket_server/event_body.h"

#include <stdlib.h>
#include <string.h>

#include "common/plain_text.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"
#include "tests/fuzz/input.h"

static bool name_good(const char *name)
{
    size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789._-");
    return length >= 1 && length <= 64 && !name[length] && !strchr("._-", name[0]);
}

static void check_tier(const struct tier_terms *tier, uint32_t set, bool whole)
{
    if (whole)
        must(name_good(tier->name) && strlen(tier->currency) == 3, "a tier has name and currency");
    if (whole || set & SET_PRICE)
        must(tier->price >= 0 && tier->price <= PRICE_MAX, "a price is within bounds");
    if (whole || set & SET_CAPACITY)
        must(tier->capacity >= 0 && tier->capacity <= CAPACITY_MAX, "a capacity is within bounds");
    must(tier->limit >= 1 && tier->limit <= QUANTITY_MAX, "an order's limit is within bounds");
}

static void check_event(const struct event_terms *event, uint32_t set, bool whole)
{
    if (whole)
        must(name_good(event->name), "an event has a name");
    if (whole || set & SET_TITLE)
        must(plain_text_valid(event->title, TITLE_SIZE) &&
                 grammar_text(event->title, strlen(event->title)),
             "a title is a plain text");
    if (whole || set & SET_HOLD_SECONDS)
        must(event->hold_seconds >= 1 && event->hold_seconds <= HOLD_SECONDS_MAX,
             "a hold is within bounds");
    if (whole || set & SET_ZONE)
        must(event->zone[0] != '\0' && event->zone[0] != '/' && strstr(event->zone, "..") == NULL,
             "a zone leads nowhere else");
    must(event->starts_at >= 0 && event->sale_from >= 0 && event->sale_until >= 0 &&
             event->buyer_limit >= 0,
         "nothing is negative");
    must(event->sale_from == 0 || event->sale_until == 0 || event->sale_from < event->sale_until,
         "a sale ends after it begins");
}

static void check_taken(enum event_body_kind kind, const struct event_body *body, const char *text,
                        size_t length)
{
    cJSON *json = grammar_json(text, length);
    must(json != NULL, "what is taken is JSON");
    cJSON_Delete(json);
    bool whole = kind == EVENT_CREATE || kind == TIER_CREATE;
    must(whole || body->set != 0, "a change changes something");
    if (kind == EVENT_CREATE || kind == EVENT_CHANGE)
        check_event(&body->event, body->set, whole);
    must(body->tier_count <= STORE_TIERS_MAX && (kind != EVENT_CREATE || body->tier_count > 0),
         "an event has some tiers");
    for (size_t i = 0; i < body->tier_count; i++)
        check_tier(&body->tiers[i], body->set, whole);
}

void fuzz_event_body(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    struct event_body body;
    char detail[PROBLEM_DETAIL_SIZE] = "";
    enum event_body_kind kind = (enum event_body_kind)(input_byte(&input) % 4);
    const char *text = (const char *)input.at;
    size_t length = input_left(&input);
    enum problem problem = event_body_parse(kind, text, length, &body, detail);
    if (problem == PROBLEM_NONE)
        check_taken(kind, &body, text, length);
    else
        must((problem == PROBLEM_MALFORMED || problem == PROBLEM_INVALID) && strlen(detail) > 10,
             "a refusal is 400 or 422, and tells why");
}
