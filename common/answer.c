#include "common/answer.h"

#include <string.h>

#include "common/wire.h"

enum outcome_field {
    OUTCOME_TIER,
    OUTCOME_FIRST,
    OUTCOME_AMOUNT,
    OUTCOME_CURRENCY,
    OUTCOME_CREATED_AT,
    OUTCOME_SALE,
    OUTCOME_SERVER,
    OUTCOME_STATE,
    OUTCOME_PLACE,
    OUTCOME_EXPIRES_AT,
    OUTCOME_EVENT,
    OUTCOME_QUANTITY,
    OUTCOME_LATE,
    OUTCOME_PROBLEM,
    OUTCOME_REMAINING,
    OUTCOME_LIMIT,
    OUTCOME_RETRY_AT,
    OUTCOME_STORED,
    OUTCOME_REPLAYED,
    OUTCOME_FIELDS,
};

static const char *const outcome_names[OUTCOME_FIELDS] = {
    "tier",      "first", "amount",     "currency", "created_at", "sale", "server",
    "state",     "place", "expires_at", "event",    "quantity",   "late", "problem",
    "remaining", "limit", "retry_at",   "stored",   "replayed"};

/* All fields of an order; those of a refusal come after them. */
static const uint32_t order_fields = (1u << OUTCOME_PROBLEM) - 1;

/* Those that every order has. */
static const uint32_t each_order =
    1u << OUTCOME_TIER | 1u << OUTCOME_AMOUNT | 1u << OUTCOME_CURRENCY | 1u << OUTCOME_CREATED_AT;

void answer_begin(struct buffer *out, const struct figures *figures)
{
    wire_text(out, "{\"server\":\"", figures->server);
    wire_number(out, ",\"boot\":", figures->boot);
    wire_number(out, ",\"commit\":", figures->commit);
    wire_number(out, ",\"sold\":", figures->sold);
    buffer_add(out, ",\"outcomes\":[");
}

static void add_state(struct buffer *out, const struct outcome *outcome)
{
    const struct sale *sale = &outcome->sale;
    if (sale->state != ORDER_SOLD)
        wire_text(out, ",\"state\":\"", order_state_name(sale->state));
    if (outcome->place)
        wire_number(out, ",\"place\":", outcome->place);
    if (sale->expires_at)
        wire_number(out, ",\"expires_at\":", sale->expires_at);
    if (outcome->late)
        buffer_add(out, ",\"late\":true");
}

/* What nobody could tell from what was asked for. */
static void add_whose(struct buffer *out, const struct outcome *outcome, const struct item *item)
{
    const struct sale *sale = &outcome->sale;
    bool by_order = verb_names_order(item->verb);
    if (by_order)
        wire_text(out, ",\"event\":\"", sale->event);
    if (by_order || sale->quantity != purchase_quantity(&item->purchase))
        wire_number(out, ",\"quantity\":", sale->quantity);
    if (outcome->replayed && !by_order)
        wire_id(out, ",\"sale\":\"", &sale->id);
    if (outcome->replayed || item->verb == VERB_RELEASE)
        wire_text(out, ",\"server\":\"", sale->server);
}

static void add_order(struct buffer *out, const struct outcome *outcome, const struct item *item)
{
    const struct sale *sale = &outcome->sale;
    wire_text(out, "{\"tier\":\"", sale->tier);
    if (sale->first_number)
        wire_number(out, ",\"first\":", sale->first_number);
    wire_number(out, ",\"amount\":", sale->amount);
    wire_text(out, ",\"currency\":\"", sale->currency);
    wire_number(out, ",\"created_at\":", sale->created_at);
    if (item->verb != VERB_PURCHASE || outcome->replayed) {
        add_state(out, outcome);
        add_whose(out, outcome, item);
    }
}

static void add_refusal(struct buffer *out, const struct outcome *outcome)
{
    wire_text(out, "{\"problem\":\"", problem_code(outcome->problem));
    if (outcome->remaining)
        wire_number(out, ",\"remaining\":", outcome->remaining);
    if (outcome->limit)
        wire_number(out, ",\"limit\":", outcome->limit);
    if (outcome->retry_at) /* an event's, from its store */
        wire_number(out, ",\"retry_at\":",
                    outcome->retry_at < WIRE_TIME_MAX ? outcome->retry_at : WIRE_TIME_MAX);
    if (outcome->stored)
        buffer_add(out, ",\"stored\":true");
}

void answer_add(struct buffer *out, const struct outcome *outcome, const struct item *item)
{
    wire_comma(out);
    if (outcome->problem == PROBLEM_NONE)
        add_order(out, outcome, item);
    else
        add_refusal(out, outcome);
    buffer_add(out, outcome->replayed ? ",\"replayed\":true}" : "}");
}

void answer_end(struct buffer *out)
{
    flight_end(out);
}

static void read_problem(struct json_reader *reader, struct outcome *outcome)
{
    char code[32];
    if (!wire_read_text(reader, "problem", code, sizeof code))
        return;
    outcome->problem = problem_from_code(code);
    wire_demand(reader, outcome->problem != PROBLEM_NONE, "problem");
}

/* That it is sold goes without saying. */
static void read_state(struct json_reader *reader, enum order_state *state)
{
    char name[16];
    if (!wire_read_text(reader, "state", name, sizeof name))
        return;
    *state = order_state_from_name(name);
    wire_demand(reader, *state != ORDER_STATES && *state != ORDER_SOLD, "state");
}

static void read_sale_field(struct json_reader *reader, enum outcome_field field, struct sale *sale)
{
    const char *name = outcome_names[field];
    switch (field) {
    case OUTCOME_SALE:
        wire_read_id(reader, name, &sale->id);
        break;
    case OUTCOME_TIER:
        wire_read_checked(reader, name, sale->tier, sizeof sale->tier, purchase_name_valid);
        break;
    case OUTCOME_FIRST:
        sale->first_number = wire_read_number(reader, name, 1, WIRE_NUMBER_MAX);
        break;
    case OUTCOME_AMOUNT:
        sale->amount = wire_read_number(reader, name, 0, WIRE_NUMBER_MAX);
        break;
    case OUTCOME_CURRENCY:
        wire_read_checked(reader, name, sale->currency, sizeof sale->currency, currency_valid);
        break;
    case OUTCOME_SERVER:
        wire_read_checked(reader, name, sale->server, sizeof sale->server, server_id_valid);
        break;
    case OUTCOME_STATE:
        read_state(reader, &sale->state);
        break;
    case OUTCOME_EVENT:
        wire_read_checked(reader, name, sale->event, sizeof sale->event, purchase_name_valid);
        break;
    case OUTCOME_QUANTITY:
        sale->quantity = (int)wire_read_number(reader, name, 1, QUANTITY_MAX);
        break;
    case OUTCOME_EXPIRES_AT:
        sale->expires_at = wire_read_number(reader, name, 1, WIRE_TIME_MAX);
        break;
    default:
        sale->created_at = wire_read_number(reader, name, 0, WIRE_TIME_MAX);
    }
}

static void read_outcome_field(struct json_reader *reader, enum outcome_field field,
                               struct outcome *outcome)
{
    switch (field) {
    case OUTCOME_PROBLEM:
        read_problem(reader, outcome);
        break;
    case OUTCOME_REMAINING:
        outcome->remaining = wire_read_number(reader, "remaining", 0, WIRE_NUMBER_MAX);
        break;
    case OUTCOME_LIMIT:
        outcome->limit = wire_read_number(reader, "limit", 0, WIRE_NUMBER_MAX);
        break;
    case OUTCOME_RETRY_AT:
        outcome->retry_at = wire_read_number(reader, "retry_at", 1, WIRE_TIME_MAX);
        break;
    case OUTCOME_PLACE:
        outcome->place = wire_read_number(reader, "place", 1, WIRE_NUMBER_MAX);
        break;
    case OUTCOME_LATE:
        json_read_bool(reader, &outcome->late);
        break;
    case OUTCOME_STORED:
        json_read_bool(reader, &outcome->stored);
        break;
    case OUTCOME_REPLAYED:
        json_read_bool(reader, &outcome->replayed);
        break;
    default:
        read_sale_field(reader, field, &outcome->sale);
    }
}

static bool was_sold(const struct sale *sale)
{
    return sale->state == ORDER_SOLD || sale->state == ORDER_REFUNDED;
}

/* What must be told of an order in this state, told by its event (as to a confirm or release) or not. */
static uint32_t fields_needed(const struct outcome *outcome, bool by_event)
{
    const struct sale *sale = &outcome->sale;
    uint32_t fields = each_order;
    if (was_sold(sale))
        fields |= 1u << OUTCOME_FIRST;
    if (sale->state == ORDER_WAITING)
        fields |= 1u << OUTCOME_PLACE;
    if (sale->state == ORDER_HELD)
        fields |= 1u << OUTCOME_EXPIRES_AT;
    if (by_event)
        fields |= 1u << OUTCOME_EVENT | 1u << OUTCOME_QUANTITY;
    if (outcome->replayed && !by_event)
        fields |= 1u << OUTCOME_SALE;
    if (outcome->replayed || (by_event && sale->state == ORDER_RELEASED))
        fields |= 1u << OUTCOME_SERVER;
    return fields;
}

/* What may be told beside. */
static uint32_t fields_allowed(const struct outcome *outcome, bool by_event)
{
    const struct sale *sale = &outcome->sale;
    uint32_t fields = 1u << OUTCOME_STATE;
    if (sale->state != ORDER_WAITING && (outcome->replayed || by_event))
        fields |= 1u << OUTCOME_EXPIRES_AT;
    if (outcome->replayed)
        fields |= 1u << OUTCOME_QUANTITY;
    if (was_sold(sale) && (outcome->replayed || by_event))
        fields |= 1u << OUTCOME_LATE;
    return fields;
}

/* Either a whole order and nothing of a refusal, or a refusal and nothing of an order. */
static void demand_one_kind(struct json_reader *reader, uint32_t seen, struct outcome *outcome)
{
    bool by_event = seen & 1u << OUTCOME_EVENT;
    seen &= ~(1u << OUTCOME_REPLAYED);
    if (seen & 1u << OUTCOME_PROBLEM ? seen & order_fields : seen == 0) {
        json_reader_fail(reader, "an outcome is neither a sale nor a refusal");
        return;
    }
    if (seen & 1u << OUTCOME_PROBLEM)
        return;
    uint32_t needed = fields_needed(outcome, by_event);
    if ((seen & needed) == needed && !(seen & ~needed & ~fields_allowed(outcome, by_event)))
        outcome->stored = true;
    else
        json_reader_fail(reader, "an outcome is neither a sale nor a refusal");
}

static void read_outcome(struct json_reader *reader, struct outcome *outcome)
{
    uint32_t seen = 0;
    memset(outcome, 0, sizeof *outcome);
    if (!json_enter(reader, JSON_OBJECT))
        return;
    while (json_more(reader)) {
        int field = json_read_field(reader, outcome_names, OUTCOME_FIELDS, &seen);
        if (field >= 0)
            read_outcome_field(reader, (enum outcome_field)field, outcome);
    }
    demand_one_kind(reader, seen, outcome);
}

static void read_outcomes(struct json_reader *reader, size_t count, struct outcome *outcomes)
{
    size_t read = 0;
    if (!json_enter(reader, JSON_ARRAY))
        return;
    while (json_more(reader)) {
        if (read == count)
            json_reader_fail(reader, "more than %zu outcomes", count);
        else
            read_outcome(reader, &outcomes[read++]);
    }
    if (read < count)
        json_reader_fail(reader, "%zu outcomes where %zu were asked for", read, count);
}

enum answer_field {
    ANSWER_SERVER,
    ANSWER_BOOT,
    ANSWER_COMMIT,
    ANSWER_SOLD,
    ANSWER_OUTCOMES,
    ANSWER_FIELDS,
};

static const char *const answer_names[ANSWER_FIELDS] = {"server", "boot", "commit", "sold",
                                                        "outcomes"};

static void read_answer_field(struct json_reader *reader, enum answer_field field, size_t count,
                              struct figures *figures, struct outcome *outcomes)
{
    const char *name = answer_names[field];
    switch (field) {
    case ANSWER_SERVER:
        wire_read_checked(reader, name, figures->server, sizeof figures->server, server_id_valid);
        break;
    case ANSWER_BOOT:
        figures->boot = wire_read_number(reader, name, 0, WIRE_NUMBER_MAX);
        break;
    case ANSWER_COMMIT:
        figures->commit = wire_read_number(reader, name, 0, WIRE_NUMBER_MAX);
        break;
    case ANSWER_SOLD:
        figures->sold = wire_read_number(reader, name, 0, WIRE_NUMBER_MAX);
        break;
    default:
        read_outcomes(reader, count, outcomes);
    }
}

bool answer_parse(const char *text, size_t length, size_t count, struct figures *figures,
                  struct outcome *outcomes, char error[JSON_ERROR_SIZE])
{
    struct json_reader reader;
    uint32_t seen = 0;
    memset(figures, 0, sizeof *figures);
    json_reader_open(&reader, text, length);
    if (json_enter(&reader, JSON_OBJECT))
        while (json_more(&reader)) {
            int field = json_read_field(&reader, answer_names, ANSWER_FIELDS, &seen);
            if (field >= 0)
                read_answer_field(&reader, (enum answer_field)field, count, figures, outcomes);
        }
    wire_demand_fields(&reader, seen, (1u << ANSWER_FIELDS) - 1, answer_names);
    return wire_finish(&reader, error);
}

/* Of an order that was decided now. */
static bool state_fits(enum order_state state, enum verb verb)
{
    if (verb == VERB_HOLD)
        return state == ORDER_HELD || state == ORDER_WAITING;
    return state == (verb == VERB_RELEASE ? ORDER_RELEASED : ORDER_SOLD);
}

bool answer_fits(const struct outcome *outcome, const struct item *item)
{
    const struct sale *sale = &outcome->sale;
    if (outcome->problem != PROBLEM_NONE)
        return true;
    if ((sale->event[0] != '\0') != verb_names_order(item->verb))
        return false;
    if (!outcome->replayed)
        return state_fits(sale->state, item->verb);
    if (item->verb == VERB_HOLD)
        return true;
    return item->verb == VERB_RELEASE ? sale->state == ORDER_RELEASED : was_sold(sale);
}

void answer_complete(struct outcome *outcome, const struct item *item,
                     const struct figures *figures)
{
    struct sale *sale = &outcome->sale;
    if (outcome->problem != PROBLEM_NONE)
        return;
    if (verb_names_order(item->verb)) {
        sale->id = item->order;
    } else {
        memcpy(sale->event, item->purchase.event, sizeof sale->event);
        if (sale->quantity == 0)
            sale->quantity = purchase_quantity(&item->purchase);
        if (!outcome->replayed)
            sale->id = item->request;
    }
    if (sale->server[0] == '\0')
        memcpy(sale->server, figures->server, sizeof sale->server);
}
