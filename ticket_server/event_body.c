#include "ticket_server/event_body.h"

#include <stdio.h>
#include <string.h>

#include "common/plain_text.h"
#include "common/time_zone.h"
#include "ticket_server/fields.h"

#define COUNT(table)    (sizeof(table) / sizeof *(table))
#define IN_EVENT(field) offsetof(struct event_body, event.field)
#define IN_TIER(field)  offsetof(struct tier_terms, field)

static const char name_rule[] =
    "1 to 64 characters of A-Z a-z 0-9 . _ - and begin with a letter or digit";

static const char zone_rule[] = "a time zone of the IANA database, like Europe/Berlin";

static bool title_valid(const char *text)
{
    return plain_text_valid(text, TITLE_SIZE);
}

/* Which zones there are is judged when the rest is sound: it reads the disk. */
static bool zone_fits(const char *text)
{
    return strlen(text) < ZONE_SIZE;
}

/* --- tiers --------------------------------------------------------------------------------------- */

/* What may be changed of a tier, which is read alike where it is made. */
#define TIER_PRICE                                                                                 \
    .name = "price", .kind = FIELD_NUMBER, .at = IN_TIER(price), .mark = SET_PRICE, .min = 0,      \
    .max = PRICE_MAX
#define TIER_CAPACITY                                                                              \
    .name = "capacity", .kind = FIELD_NUMBER, .at = IN_TIER(capacity), .mark = SET_CAPACITY,       \
    .min = 0, .max = CAPACITY_MAX
#define TIER_LIMIT                                                                                 \
    .name = "limit", .kind = FIELD_NUMBER, .at = IN_TIER(limit), .mark = SET_LIMIT, .min = 1,      \
    .max = QUANTITY_MAX

static const struct field tier_fields[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .required = true,
     .at = IN_TIER(name),
     .valid = purchase_name_valid,
     .rule = name_rule},
    {TIER_PRICE, .required = true},
    {.name = "currency",
     .kind = FIELD_TEXT,
     .required = true,
     .at = IN_TIER(currency),
     .valid = currency_valid,
     .rule = "an ISO 4217 code: three of A-Z"},
    {TIER_CAPACITY, .required = true},
    {TIER_LIMIT},
};

static const struct field tier_change_fields[] = {{TIER_PRICE}, {TIER_CAPACITY}, {TIER_LIMIT}};

static void judge_tier(struct fields *fields, const struct event_body *body,
                       const struct tier_terms *tier)
{
    for (size_t i = 0; i < body->tier_count; i++)
        if (strcmp(body->tiers[i].name, tier->name) == 0 && tier->name[0] != '\0')
            fields_break(fields, "tiers must have different names; %s comes twice.", tier->name);
    if (body->tier_count > 0 && strcmp(body->tiers[0].currency, tier->currency) != 0)
        fields_break(fields, "tiers of one event must have the same currency.");
}

/* One more element of "tiers"; what is too many is read as well, for what may be malformed in it. */
static void read_tier(struct fields *fields, void *into)
{
    struct event_body *body = into;
    struct tier_terms tier = {.limit = STORE_ORDER_LIMIT};
    fields_read(fields, tier_fields, COUNT(tier_fields), &tier);
    if (json_reader_failed(&fields->json))
        return;
    if (body->tier_count == STORE_TIERS_MAX) {
        fields_break(fields, "tiers must be at most %d.", STORE_TIERS_MAX);
        return;
    }
    judge_tier(fields, body, &tier);
    body->tiers[body->tier_count++] = tier;
}

/* --- events -------------------------------------------------------------------------------------- */

/* What an event is made with and what is changed of it have the same fields, but for the first two, and the last. */
static const struct field event_fields[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .required = true,
     .at = IN_EVENT(name),
     .valid = purchase_name_valid,
     .rule = name_rule},
    {.name = "tiers", .kind = FIELD_LIST, .required = true, .list = read_tier},
    {.name = "title",
     .kind = FIELD_TEXT,
     .at = IN_EVENT(title),
     .mark = SET_TITLE,
     .valid = title_valid,
     .rule = "1 to 400 bytes of " PLAIN_TEXT_RULE},
    {.name = "time_zone",
     .kind = FIELD_TEXT,
     .at = IN_EVENT(zone),
     .mark = SET_ZONE,
     .valid = zone_fits,
     .rule = zone_rule},
    {.name = "starts_at",
     .kind = FIELD_TIME,
     .nullable = true,
     .at = IN_EVENT(starts_at),
     .mark = SET_STARTS_AT},
    {.name = "sale_from",
     .kind = FIELD_TIME,
     .nullable = true,
     .at = IN_EVENT(sale_from),
     .mark = SET_SALE_FROM},
    {.name = "sale_until",
     .kind = FIELD_TIME,
     .nullable = true,
     .at = IN_EVENT(sale_until),
     .mark = SET_SALE_UNTIL},
    {.name = "buyer_limit",
     .kind = FIELD_NUMBER,
     .nullable = true,
     .at = IN_EVENT(buyer_limit),
     .mark = SET_BUYER_LIMIT,
     .min = 1,
     .max = CAPACITY_MAX},
    {.name = "hold_seconds",
     .kind = FIELD_NUMBER,
     .at = IN_EVENT(hold_seconds),
     .mark = SET_HOLD_SECONDS,
     .min = 1,
     .max = HOLD_SECONDS_MAX},
    {.name = "waiting_list",
     .kind = FIELD_FLAG,
     .at = IN_EVENT(waiting_list),
     .mark = SET_WAITING_LIST},
    {.name = "closed", .kind = FIELD_FLAG, .at = IN_EVENT(closed), .mark = SET_CLOSED},
};

enum {
    FIRST_CHANGEABLE = 2,
};

/* --- the whole ----------------------------------------------------------------------------------- */

static enum problem broken(char detail[PROBLEM_DETAIL_SIZE], const char *sentence)
{
    snprintf(detail, PROBLEM_DETAIL_SIZE, "%s", sentence);
    return PROBLEM_INVALID;
}

enum problem event_body_judge_sale(const struct event_terms *event,
                                   char detail[PROBLEM_DETAIL_SIZE])
{
    if (store_window_valid(event->sale_from, event->sale_until))
        return PROBLEM_NONE;
    return broken(detail, "sale_until must be later than sale_from.");
}

static void fill_in(struct event_body *body)
{
    struct event_terms *event = &body->event;
    if (!(body->set & SET_TITLE))
        memcpy(event->title, event->name, sizeof event->name);
    if (!(body->set & SET_ZONE))
        strcpy(event->zone, "UTC");
    if (!(body->set & SET_HOLD_SECONDS))
        event->hold_seconds = HOLD_SECONDS;
}

/* Whose machine has no database is not told that his zone is wrong. */
static enum problem judge_zone(const char *zone, char detail[PROBLEM_DETAIL_SIZE])
{
    if (time_zone_known(zone))
        return PROBLEM_NONE;
    if (!time_zone_database())
        return broken(detail,
                      "No time zone database (tzdata) is installed at this server: time_zone can "
                      "only be UTC.");
    snprintf(detail, PROBLEM_DETAIL_SIZE, "time_zone must be %s.", zone_rule);
    return PROBLEM_INVALID;
}

static enum problem judge(enum event_body_kind kind, struct event_body *body,
                          char detail[PROBLEM_DETAIL_SIZE])
{
    if (kind == EVENT_CREATE) {
        fill_in(body);
        if (body->tier_count == 0)
            return broken(detail, "tiers must be at least one.");
    } else if (kind != TIER_CREATE && body->set == 0) {
        return broken(detail, "Nothing is to be changed: send at least one field.");
    }
    enum problem problem =
        body->set & SET_ZONE ? judge_zone(body->event.zone, detail) : PROBLEM_NONE;
    return problem != PROBLEM_NONE ? problem : event_body_judge_sale(&body->event, detail);
}

enum problem event_body_parse(enum event_body_kind kind, const char *text, size_t length,
                              struct event_body *body, char detail[PROBLEM_DETAIL_SIZE])
{
    static const struct {
        const struct field *table;
        size_t count;
    } forms[] = {
        [EVENT_CREATE] = {event_fields, COUNT(event_fields)},
        [EVENT_CHANGE] = {event_fields + FIRST_CHANGEABLE, COUNT(event_fields) - FIRST_CHANGEABLE},
        [TIER_CREATE] = {tier_fields, COUNT(tier_fields)},
        [TIER_CHANGE] = {tier_change_fields, COUNT(tier_change_fields)},
    };
    struct fields fields;
    bool of_tier = kind == TIER_CREATE || kind == TIER_CHANGE;
    *body = (struct event_body){.tiers[0].limit = STORE_ORDER_LIMIT, .tier_count = of_tier};
    void *into = of_tier ? (void *)&body->tiers[0] : (void *)body;
    enum problem problem =
        fields_parse(&fields, text, length, forms[kind].table, forms[kind].count, into, &body->set);
    if (problem == PROBLEM_NONE)
        return judge(kind, body, detail);
    memcpy(detail, fields.detail, sizeof fields.detail);
    return problem;
}
