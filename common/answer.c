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
    OUTCOME_PROBLEM,
    OUTCOME_REMAINING,
    OUTCOME_LIMIT,
    OUTCOME_STORED,
    OUTCOME_REPLAYED,
    OUTCOME_FIELDS,
};

static const char *const outcome_names[OUTCOME_FIELDS] = {
    "tier",   "first",   "amount",    "currency", "created_at", "sale",
    "server", "problem", "remaining", "limit",    "stored",     "replayed"};

/* All fields of a sale; those of a refusal come after them. */
static const uint32_t sale_fields = (1u << OUTCOME_PROBLEM) - 1;

/* Sold before: by whom and under which id is told, too. */
static const uint32_t replayed_fields = 1u << OUTCOME_SALE | 1u << OUTCOME_SERVER;

void answer_begin(struct buffer *out, const struct figures *figures)
{
    wire_text(out, "{\"server\":\"", figures->server);
    wire_number(out, ",\"boot\":", figures->boot);
    wire_number(out, ",\"commit\":", figures->commit);
    wire_number(out, ",\"sold\":", figures->sold);
    buffer_add(out, ",\"outcomes\":[");
}

static void add_sale(struct buffer *out, const struct sale *sale, bool replayed)
{
    wire_text(out, "{\"tier\":\"", sale->tier);
    wire_number(out, ",\"first\":", sale->first_number);
    wire_number(out, ",\"amount\":", sale->amount);
    wire_text(out, ",\"currency\":\"", sale->currency);
    wire_number(out, ",\"created_at\":", sale->created_at);
    if (!replayed)
        return;
    wire_id(out, ",\"sale\":\"", &sale->id);
    wire_text(out, ",\"server\":\"", sale->server);
}

static void add_refusal(struct buffer *out, const struct outcome *outcome)
{
    wire_text(out, "{\"problem\":\"", problem_code(outcome->problem));
    if (outcome->remaining)
        wire_number(out, ",\"remaining\":", outcome->remaining);
    if (outcome->limit)
        wire_number(out, ",\"limit\":", outcome->limit);
    if (outcome->stored)
        buffer_add(out, ",\"stored\":true");
}

void answer_add(struct buffer *out, const struct outcome *outcome)
{
    wire_comma(out);
    if (outcome->problem == PROBLEM_NONE)
        add_sale(out, &outcome->sale, outcome->replayed);
    else
        add_refusal(out, outcome);
    buffer_add(out, outcome->replayed ? ",\"replayed\":true}" : "}");
}

void answer_end(struct buffer *out)
{
    flight_end(out);
}

static bool currency_valid(const char *text)
{
    for (int i = 0; i < 3; i++)
        if (text[i] < 'A' || text[i] > 'Z')
            return false;
    return text[3] == '\0';
}

static void read_problem(struct json_reader *reader, struct outcome *outcome)
{
    char code[32];
    if (!wire_read_text(reader, "problem", code, sizeof code))
        return;
    outcome->problem = problem_from_code(code);
    wire_demand(reader, outcome->problem != PROBLEM_NONE, "problem");
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

/* Either a whole sale and nothing of a refusal, or a refusal and nothing of a sale. */
static void demand_one_kind(struct json_reader *reader, uint32_t seen, struct outcome *outcome)
{
    uint32_t sale = outcome->replayed ? sale_fields : sale_fields & ~replayed_fields;
    seen &= ~(1u << OUTCOME_REPLAYED);
    if (seen == sale)
        outcome->stored = true;
    else if ((seen & sale_fields) || !(seen & 1u << OUTCOME_PROBLEM))
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

void answer_complete(struct outcome *outcome, const struct item *item,
                     const struct figures *figures)
{
    struct sale *sale = &outcome->sale;
    if (outcome->problem != PROBLEM_NONE)
        return;
    memcpy(sale->event, item->purchase.event, sizeof sale->event);
    sale->quantity = purchase_quantity(&item->purchase);
    if (outcome->replayed)
        return;
    sale->id = item->request;
    memcpy(sale->server, figures->server, sizeof sale->server);
}
