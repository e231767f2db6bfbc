#include "common/outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"

unsigned outcome_status(const struct outcome *outcome)
{
    return outcome->problem == PROBLEM_NONE ? 201 : problem_status(outcome->problem);
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

void sale_append(struct buffer *out, const struct sale *sale)
{
    char id[ID_TEXT_SIZE];
    char time[CLOCK_TEXT_SIZE];
    id_format(&sale->id, id);
    clock_format(sale->created_at, time);
    buffer_add(out, "{\"id\":\"");
    buffer_add(out, id);
    buffer_add(out, "\",\"event\":\"");
    buffer_add(out, sale->event);
    buffer_add(out, "\",\"tier\":\"");
    buffer_add(out, sale->tier);
    buffer_add(out, "\",\"quantity\":");
    buffer_add_number(out, sale->quantity);
    append_tickets(out, sale);
    buffer_add(out, ",\"price\":{\"amount\":");
    buffer_add_number(out, sale->amount);
    buffer_add(out, ",\"currency\":\"");
    buffer_add(out, sale->currency);
    buffer_add(out, "\"},\"server\":\"");
    buffer_add(out, sale->server);
    buffer_add(out, "\",\"created_at\":\"");
    buffer_add(out, time);
    buffer_add(out, "\"}");
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

static void append_unknown(struct buffer *out, const char *event, const char *key)
{
    char detail[PROBLEM_DETAIL_SIZE + NAME_SIZE + KEY_SIZE];
    snprintf(detail, sizeof detail,
             "It is not known whether this purchase was made. Send it again, unchanged, for the "
             "event %s with the Idempotency-Key %s: it is sold at most once, and the answer tells.",
             event, key);
    struct buffer members = {0};
    buffer_add(&members, "\"event\":");
    json_append(&members, event);
    buffer_add(&members, ",\"key\":");
    json_append(&members, key);
    problem_append(out, PROBLEM_OUTCOME_UNKNOWN, detail, buffer_text(&members));
    buffer_free(&members);
}

void outcome_append(struct buffer *out, const struct outcome *outcome, const char *event,
                    const char *key)
{
    switch (outcome->problem) {
    case PROBLEM_NONE:
        sale_append(out, &outcome->sale);
        break;
    case PROBLEM_SOLD_OUT:
        append_sold_out(out, outcome->remaining);
        break;
    case PROBLEM_OVER_LIMIT:
        append_over_limit(out, outcome->limit);
        break;
    case PROBLEM_OUTCOME_UNKNOWN:
        append_unknown(out, event, key);
        break;
    default:
        problem_append(out, outcome->problem, problem_detail(outcome->problem), NULL);
    }
}
