#include "common/outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/item.h"
#include "common/json.h"

static bool has_ended(enum order_state state)
{
    return state != ORDER_SOLD && state != ORDER_HELD && state != ORDER_WAITING;
}

unsigned outcome_status(const struct outcome *outcome, const struct item *item)
{
    if (outcome->problem != PROBLEM_NONE)
        return problem_status(outcome->problem);
    if (item->verb == VERB_RELEASE || (outcome->replayed && has_ended(outcome->sale.state)))
        return 200;
    return outcome->sale.state == ORDER_WAITING ? 202 : 201;
}

static const char *const state_names[ORDER_STATES] = {
    [ORDER_SOLD] = "sold",         [ORDER_HELD] = "held",       [ORDER_WAITING] = "waiting",
    [ORDER_RELEASED] = "released", [ORDER_EXPIRED] = "expired", [ORDER_REFUNDED] = "refunded",
};

const char *order_state_name(enum order_state state)
{
    return state_names[state];
}

enum order_state order_state_from_name(const char *name)
{
    int state = 0;
    while (state < ORDER_STATES && strcmp(state_names[state], name) != 0)
        state++;
    return (enum order_state)state;
}

bool currency_valid(const char *text)
{
    for (int i = 0; i < CURRENCY_SIZE - 1; i++)
        if (text[i] < 'A' || text[i] > 'Z')
            return false;
    return text[CURRENCY_SIZE - 1] == '\0';
}

bool server_id_valid(const char *id)
{
    size_t length = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length > 0 && length < SERVER_SIZE && id[length] == '\0';
}

static void append_tickets(struct buffer *out, const struct sale *sale)
{
    buffer_add(out, ",\"tickets\":[");
    for (int i = 0; i < sale->quantity; i++) {
        buffer_add(out, i > 0 ? ",{\"number\":" : "{\"number\":");
        buffer_add_number(out, sale->first_number + i);
        buffer_add_char(out, '}');
    }
    buffer_add_char(out, ']');
}

static void append_time(struct buffer *out, const char *lead, int64_t time)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(time, text);
    buffer_add(out, lead);
    buffer_add(out, text);
    buffer_add_char(out, '"');
}

void price_append(struct buffer *out, int64_t amount, const char *currency)
{
    buffer_add(out, ",\"price\":{\"amount\":");
    buffer_add_number(out, amount);
    buffer_add(out, ",\"currency\":\"");
    buffer_add(out, currency);
    buffer_add(out, "\"}");
}

/* Up to the brace that ends it. */
static void append_order(struct buffer *out, const struct sale *sale, int64_t place)
{
    char id[ID_TEXT_SIZE];
    id_format(&sale->id, id);
    buffer_add(out, "{\"id\":\"");
    buffer_add(out, id);
    buffer_add(out, "\",\"event\":\"");
    buffer_add(out, sale->event);
    buffer_add(out, "\",\"tier\":\"");
    buffer_add(out, sale->tier);
    buffer_add(out, "\",\"quantity\":");
    buffer_add_number(out, sale->quantity);
    buffer_add(out, ",\"state\":\"");
    buffer_add(out, order_state_name(sale->state));
    buffer_add_char(out, '"');
    if (place > 0) {
        buffer_add(out, ",\"place\":");
        buffer_add_number(out, place < ORDER_PLACE_MAX ? place : ORDER_PLACE_MAX);
    }
    if (sale->first_number > 0)
        append_tickets(out, sale);
    price_append(out, sale->amount, sale->currency);
    buffer_add(out, ",\"server\":\"");
    buffer_add(out, sale->server);
    append_time(out, "\",\"created_at\":\"", sale->created_at);
}

void sale_append(struct buffer *out, const struct sale *sale)
{
    append_order(out, sale, 0);
    buffer_add_char(out, '}');
}

static void end_order(struct buffer *out, bool late)
{
    buffer_add(out, late ? ",\"late\":true}" : "}");
}

void hold_append(struct buffer *out, const struct sale *sale, int64_t place, bool late)
{
    append_order(out, sale, place);
    if (sale->expires_at > 0)
        append_time(out, ",\"expires_at\":\"", sale->expires_at);
    end_order(out, late);
}

static void append_decided(struct buffer *out, const struct outcome *outcome,
                           const struct item *item)
{
    if (item->verb == VERB_HOLD || item->verb == VERB_RELEASE) {
        hold_append(out, &outcome->sale, outcome->place, outcome->late);
        return;
    }
    append_order(out, &outcome->sale, 0);
    end_order(out, outcome->late);
}

static void append_sold_out(struct buffer *out, int64_t remaining)
{
    char detail[PROBLEM_DETAIL_SIZE];
    char member[40];
    if (remaining > 0)
        snprintf(detail, sizeof detail,
                 "Tickets left: %" PRId64 ". Ask for no more, with a new Idempotency-Key.",
                 remaining);
    else
        snprintf(detail, sizeof detail, "%s", problem_detail(PROBLEM_SOLD_OUT));
    snprintf(member, sizeof member, "\"remaining\":%" PRId64, remaining);
    problem_append(out, PROBLEM_SOLD_OUT, detail, member);
}

static void append_over_limit(struct buffer *out, int64_t limit)
{
    char detail[PROBLEM_DETAIL_SIZE];
    char member[40];
    snprintf(detail, sizeof detail, "At most %" PRId64 " tickets can be bought in one order.",
             limit);
    snprintf(member, sizeof member, "\"limit\":%" PRId64, limit);
    problem_append(out, PROBLEM_OVER_LIMIT, detail, member);
}

static void append_buyer_limit(struct buffer *out, int64_t remaining)
{
    char detail[PROBLEM_DETAIL_SIZE];
    char member[40];
    snprintf(detail, sizeof detail, "This buyer may have %" PRId64 " more tickets of this event.",
             remaining);
    snprintf(member, sizeof member, "\"remaining\":%" PRId64, remaining);
    problem_append(out, PROBLEM_BUYER_LIMIT, detail, member);
}

/* Whoever has paid in vain is told by which reference the money comes back. */
static void append_owed(struct buffer *out, enum problem problem, const char *reference)
{
    char detail[PROBLEM_DETAIL_SIZE];
    struct buffer members = {0};
    snprintf(detail, sizeof detail, "%s The payment is recorded as owed back.",
             problem_detail(problem));
    buffer_add(&members, "\"reference\":");
    json_append(&members, reference);
    buffer_add(&members, ",\"owed\":true");
    problem_append(out, problem, detail, buffer_text(&members));
    buffer_free(&members);
}

enum {
    UNKNOWN_SIZE = PROBLEM_DETAIL_SIZE + NAME_SIZE + KEY_SIZE,
};

static void add_member(struct buffer *members, const char *lead, const char *text)
{
    buffer_add(members, lead);
    json_append(members, text);
}

static void name_request(const struct item *item, char detail[UNKNOWN_SIZE], struct buffer *members)
{
    bool hold = item->verb == VERB_HOLD;
    snprintf(detail, UNKNOWN_SIZE,
             "It is not known whether this %s was made. Send it again, unchanged, for the event %s "
             "with the Idempotency-Key %s: it is %s at most once, and the answer tells.",
             verb_name(item->verb), item->purchase.event, item->key, hold ? "made" : "sold");
    add_member(members, "\"event\":", item->purchase.event);
    add_member(members, ",\"key\":", item->key);
}

static void name_order(const struct item *item, char detail[UNKNOWN_SIZE], struct buffer *members)
{
    char hold[ID_TEXT_SIZE];
    bool confirm = item->verb == VERB_CONFIRM;
    id_format(&item->order, hold);
    snprintf(detail, UNKNOWN_SIZE,
             "It is not known whether this hold was %s. Send this again, unchanged, for the hold "
             "%s%s%s: it counts once, and the answer tells.",
             confirm ? "confirmed" : "released", hold, confirm ? " with the payment " : "",
             confirm ? item->key : "");
    add_member(members, "\"hold\":", hold);
    if (confirm)
        add_member(members, ",\"payment\":", item->key);
}

static void append_unknown(struct buffer *out, const struct item *item)
{
    char detail[UNKNOWN_SIZE];
    struct buffer members = {0};
    if (verb_names_order(item->verb))
        name_order(item, detail, &members);
    else
        name_request(item, detail, &members);
    problem_append(out, PROBLEM_OUTCOME_UNKNOWN, detail, buffer_text(&members));
    buffer_free(&members);
}

static bool is_owed(enum problem problem)
{
    return problem == PROBLEM_HOLD_EXPIRED || problem == PROBLEM_HOLD_RELEASED ||
           problem == PROBLEM_NOT_OFFERED || problem == PROBLEM_ALREADY_PAID;
}

void outcome_append(struct buffer *out, const struct outcome *outcome, const struct item *item)
{
    enum problem problem = outcome->problem;
    if (problem == PROBLEM_NONE)
        append_decided(out, outcome, item);
    else if (problem == PROBLEM_SOLD_OUT)
        append_sold_out(out, outcome->remaining);
    else if (problem == PROBLEM_BUYER_LIMIT)
        append_buyer_limit(out, outcome->remaining);
    else if (problem == PROBLEM_OVER_LIMIT)
        append_over_limit(out, outcome->limit);
    else if (problem == PROBLEM_OUTCOME_UNKNOWN)
        append_unknown(out, item);
    else if (item->verb == VERB_CONFIRM && is_owed(problem))
        append_owed(out, problem, item->key);
    else
        problem_append(out, problem, problem_detail(problem), NULL);
}
