/* Making and changing events and tiers, for who has the scope `events`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ticket_server/accept.h"
#include "ticket_server/event_body.h"
#include "ticket_server/fields.h"
#include "ticket_server/replies.h"

/* --- answering ----------------------------------------------------------------------------------- */

/* The event as it is now, which a read sees once the change is durable. */
static void show_event(struct catalog *catalog, struct http_request *request, const char *event,
                       unsigned status)
{
    struct buffer body = {0};
    char location[HTTP_FIELD_SIZE];
    enum problem problem = catalog_event(catalog, event, &body);
    if (problem != PROBLEM_NONE) {
        buffer_free(&body);
        reply_problem(request, PROBLEM_OUTCOME_UNKNOWN,
                      "The change was made, but the event cannot be read now: GET it.", NULL);
        return;
    }
    snprintf(location, sizeof location, "/events/%s", event);
    reply_json(request, status, &body, status == 201 ? "Location" : NULL, location);
}

static void refuse_change(struct http_request *request, const struct change *change)
{
    char detail[PROBLEM_DETAIL_SIZE], members[48];
    if (change->kind == CHANGE_EVENT && change->problem == PROBLEM_TOO_MANY) {
        reply_problem(
            request, change->problem,
            "The event has too many orders and refusals to count what each buyer has: set "
            "buyer_limit before the sale.",
            NULL);
        return;
    }
    if (change->problem != PROBLEM_CAPACITY_TAKEN) {
        reply_problem(request, change->problem, NULL, NULL);
        return;
    }
    snprintf(detail, sizeof detail,
             "%lld tickets of this tier are sold or held: its capacity cannot be less.",
             (long long)change->taken);
    snprintf(members, sizeof members, "\"taken\":%lld", (long long)change->taken);
    reply_problem(request, change->problem, detail, members);
}

static void answer_change(struct http_request *request, const struct change *change, void *context)
{
    const struct acceptor *acceptor = context;
    bool made = change->kind == CHANGE_EVENT_CREATE || change->kind == CHANGE_TIER_CREATE;
    if (change->problem != PROBLEM_NONE)
        refuse_change(request, change);
    else
        show_event(acceptor->catalog, request, change->event.name, made ? 201 : 200);
}

/* --- asking -------------------------------------------------------------------------------------- */

/* Reads the body; false where the request was refused. */
static bool read_body(struct http_request *request, enum event_body_kind kind,
                      struct event_body *body)
{
    size_t length;
    struct fields fields;
    const char *text = http_body(request, &length);
    enum problem problem = fields_media(&fields, request);
    if (problem == PROBLEM_NONE)
        problem = event_body_parse(kind, text, length, body, fields.detail);
    if (problem == PROBLEM_NONE)
        return true;
    reply_problem(request, problem, fields.detail, NULL);
    return false;
}

/* Gives what was read of `kind` to the seller. */
static void submit(struct acceptor *acceptor, struct http_request *request, enum change_kind kind,
                   const struct event_body *body)
{
    struct change change = {.kind = kind,
                            .set = body->set,
                            .event = body->event,
                            .tiers = body->tiers,
                            .tier_count = body->tier_count};
    accept_change(acceptor, request, &change, answer_change, acceptor);
}

static void make_event(struct acceptor *acceptor, struct http_request *request,
                       const char *const *parts)
{
    struct event_body body;
    (void)parts;
    if (read_body(request, EVENT_CREATE, &body))
        submit(acceptor, request, CHANGE_EVENT_CREATE, &body);
}

/* Finds the event that a path names; else refuses. */
static bool find_event(struct acceptor *acceptor, struct http_request *request, const char *name,
                       struct event_terms *terms)
{
    enum problem problem = catalog_terms(acceptor->catalog, name, terms);
    if (problem == PROBLEM_NONE)
        return true;
    reply_problem(request, problem, NULL, NULL);
    return false;
}

/* A bound of the sale may be changed alone: it is held against the other one as it stands. */
static enum problem judge_sale(const struct event_terms *now, const struct event_body *body,
                               char detail[PROBLEM_DETAIL_SIZE])
{
    struct event_terms then = body->event;
    if ((body->set & (SET_SALE_FROM | SET_SALE_UNTIL)) == 0)
        return PROBLEM_NONE;
    if (!(body->set & SET_SALE_FROM))
        then.sale_from = now->sale_from;
    if (!(body->set & SET_SALE_UNTIL))
        then.sale_until = now->sale_until;
    return event_body_judge_sale(&then, detail);
}

static void change_event(struct acceptor *acceptor, struct http_request *request,
                         const char *const *parts)
{
    struct event_body body;
    struct event_terms now;
    char detail[PROBLEM_DETAIL_SIZE];
    if (!read_body(request, EVENT_CHANGE, &body) || !find_event(acceptor, request, parts[0], &now))
        return;
    enum problem problem = judge_sale(&now, &body, detail);
    if (problem != PROBLEM_NONE) {
        reply_problem(request, problem, detail, NULL);
        return;
    }
    memcpy(body.event.name, now.name, sizeof now.name);
    submit(acceptor, request, CHANGE_EVENT, &body);
}

/* --- tiers --------------------------------------------------------------------------------------- */

static void keep_currency(void *context, const struct tier_counts *tier)
{
    memcpy(context, tier->currency, sizeof tier->currency);
}

static void make_tier(struct acceptor *acceptor, struct http_request *request,
                      const char *const *parts)
{
    struct event_body body;
    struct event_terms now;
    char currency[CURRENCY_SIZE] = "", detail[PROBLEM_DETAIL_SIZE];
    if (!read_body(request, TIER_CREATE, &body) || !find_event(acceptor, request, parts[0], &now))
        return;
    store_read_tiers(catalog_store(acceptor->catalog), now.name, keep_currency, currency);
    if (currency[0] != '\0' && strcmp(currency, body.tiers[0].currency) != 0) {
        snprintf(detail, sizeof detail,
                 "currency must be that of the event's other tiers, which is %s.", currency);
        reply_problem(request, PROBLEM_INVALID, detail, NULL);
        return;
    }
    memcpy(body.event.name, now.name, sizeof now.name);
    submit(acceptor, request, CHANGE_TIER_CREATE, &body);
}

static void change_tier(struct acceptor *acceptor, struct http_request *request,
                        const char *const *parts)
{
    struct event_body body;
    struct event_terms now;
    if (!read_body(request, TIER_CHANGE, &body) || !find_event(acceptor, request, parts[0], &now))
        return;
    if (!purchase_name_valid(parts[1])) {
        reply_problem(request, PROBLEM_NO_SUCH_TIER, NULL, NULL);
        return;
    }
    strcpy(body.tiers[0].name, parts[1]);
    memcpy(body.event.name, now.name, sizeof now.name);
    submit(acceptor, request, CHANGE_TIER, &body);
}

const struct route event_routes[] = {
    {"POST", "/events", SCOPE_EVENTS, make_event},
    {"PATCH", "/events/{}", SCOPE_EVENTS, change_event},
    {"POST", "/events/{}/tiers", SCOPE_EVENTS, make_tier},
    {"PATCH", "/events/{}/tiers/{}", SCOPE_EVENTS, change_tier},
    {0},
};
