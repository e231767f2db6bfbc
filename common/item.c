#include "common/item.h"

#include <string.h>

#include "common/json_reader.h"

#define TIME_MAX   (INT64_C(1) << 52) /* microseconds: past the year 2100, and exact as a double */
#define NUMBER_MAX (INT64_C(1) << 53)

enum item_field {
    ITEM_REQUEST,
    ITEM_KEY,
    ITEM_MADE,
    ITEM_ATTEMPT,
    ITEM_ADMITTED,
    ITEM_DEADLINE,
    ITEM_EVENT,
    ITEM_TIER,
    ITEM_QUANTITY,
    ITEM_BUYER,
    ITEM_FIELDS,
};

static const char *const item_names[ITEM_FIELDS] = {"request",  "key",      "made",  "attempt",
                                                    "admitted", "deadline", "event", "tier",
                                                    "quantity", "buyer"};

static const uint32_t item_required = 1u << ITEM_REQUEST | 1u << ITEM_KEY | 1u << ITEM_ATTEMPT |
                                      1u << ITEM_ADMITTED | 1u << ITEM_DEADLINE | 1u << ITEM_EVENT;

bool figures_newer(const struct figures *a, const struct figures *b)
{
    return a->boot != b->boot ? a->boot > b->boot : a->commit > b->commit;
}

/* --- writing a request ------------------------------------------------------------------------- */

void flight_begin(struct buffer *out, const char *router)
{
    buffer_add(out, "{\"router\":\"");
    buffer_add(out, router);
    buffer_add(out, "\",\"items\":[");
}

/* Adds what `lead` says, then the text, which needs no escapes, then a quote. */
static void add_text(struct buffer *out, const char *lead, const char *text)
{
    buffer_add(out, lead);
    buffer_add(out, text);
    buffer_add_char(out, '"');
}

static void add_number(struct buffer *out, const char *lead, int64_t number)
{
    buffer_add(out, lead);
    buffer_add_number(out, number);
}

static void add_id(struct buffer *out, const char *lead, const struct id *id)
{
    char text[ID_TEXT_SIZE];
    id_format(id, text);
    add_text(out, lead, text);
}

static void add_comma(struct buffer *out)
{
    if (out->data[out->length - 1] == '}')
        buffer_add_char(out, ',');
}

void item_append(struct buffer *out, const struct item *item)
{
    const struct purchase *purchase = &item->purchase;
    add_comma(out);
    add_id(out, "{\"request\":\"", &item->request);
    buffer_add(out, ",\"key\":");
    json_append(out, item->key);
    if (item->key_made)
        buffer_add(out, ",\"made\":true");
    add_number(out, ",\"attempt\":", item->attempt);
    add_number(out, ",\"admitted\":", item->admitted);
    add_number(out, ",\"deadline\":", item->deadline);
    add_text(out, ",\"event\":\"", purchase->event);
    if (purchase->tier[0])
        add_text(out, ",\"tier\":\"", purchase->tier);
    if (purchase->quantity)
        add_number(out, ",\"quantity\":", purchase->quantity);
    if (purchase->buyer[0]) {
        buffer_add(out, ",\"buyer\":");
        json_append(out, purchase->buyer);
    }
    buffer_add_char(out, '}');
}

void flight_end(struct buffer *out)
{
    buffer_add(out, "]}");
}

/* --- reading ----------------------------------------------------------------------------------- */

/* Reads a string that must fit. */
static bool read_text(struct json_reader *reader, const char *name, char *out, size_t size)
{
    size_t length;
    if (!json_read_text(reader, out, size, &length))
        return false;
    if (length >= size)
        json_reader_fail(reader, "%s is too long", name);
    return length < size;
}

/* Fails where a value was read but is not valid. */
static void demand(struct json_reader *reader, bool valid, const char *name)
{
    if (!valid)
        json_reader_fail(reader, "%s is not valid", name);
}

static void read_id(struct json_reader *reader, const char *name, struct id *id)
{
    char text[ID_TEXT_SIZE];
    if (read_text(reader, name, text, sizeof text))
        demand(reader, id_parse(text, id), name);
}

static void read_checked(struct json_reader *reader, const char *name, char *out, size_t size,
                         bool valid(const char *text))
{
    if (read_text(reader, name, out, size))
        demand(reader, valid(out), name);
}

static int64_t read_number(struct json_reader *reader, const char *name, int64_t min, int64_t max)
{
    int64_t number = 0;
    bool inside;
    if (json_read_number(reader, min, max, &number, &inside))
        demand(reader, inside, name);
    return number;
}

static bool router_valid(const char *text)
{
    return text[0] && text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "0123456789-")] == '\0';
}

static void read_item_field(struct json_reader *reader, enum item_field field, struct item *item)
{
    const char *name = item_names[field];
    struct purchase *purchase = &item->purchase;
    switch (field) {
    case ITEM_REQUEST:
        read_id(reader, name, &item->request);
        break;
    case ITEM_KEY:
        read_checked(reader, name, item->key, sizeof item->key, purchase_key_valid);
        break;
    case ITEM_MADE:
        json_read_bool(reader, &item->key_made);
        break;
    case ITEM_ATTEMPT:
        item->attempt = (int)read_number(reader, name, 1, ATTEMPTS_MAX);
        break;
    case ITEM_ADMITTED:
        item->admitted = read_number(reader, name, 0, TIME_MAX);
        break;
    case ITEM_DEADLINE:
        item->deadline = read_number(reader, name, 0, TIME_MAX);
        break;
    case ITEM_EVENT:
        read_checked(reader, name, purchase->event, sizeof purchase->event, purchase_name_valid);
        break;
    case ITEM_TIER:
        read_checked(reader, name, purchase->tier, sizeof purchase->tier, purchase_name_valid);
        break;
    case ITEM_QUANTITY:
        purchase->quantity = (int)read_number(reader, name, 1, QUANTITY_MAX);
        break;
    case ITEM_BUYER:
        read_checked(reader, name, purchase->buyer, sizeof purchase->buyer, purchase_buyer_valid);
        break;
    case ITEM_FIELDS:
        break;
    }
}

/* Fails where a field that must be there was not seen. */
static void demand_fields(struct json_reader *reader, uint32_t seen, uint32_t required,
                          const char *const *names)
{
    uint32_t missing = required & ~seen;
    if (missing)
        json_reader_fail(reader, "%s is missing before the end", names[__builtin_ctz(missing)]);
}

static void read_item(struct json_reader *reader, struct item *item)
{
    uint32_t seen = 0;
    memset(item, 0, sizeof *item);
    if (!json_enter(reader, JSON_OBJECT))
        return;
    while (json_more(reader)) {
        int field = json_read_field(reader, item_names, ITEM_FIELDS, &seen);
        if (field >= 0)
            read_item_field(reader, (enum item_field)field, item);
    }
    demand_fields(reader, seen, item_required, item_names);
}

static size_t read_items(struct json_reader *reader, struct item *items, size_t max)
{
    size_t count = 0;
    if (!json_enter(reader, JSON_ARRAY))
        return 0;
    while (json_more(reader)) {
        if (count == max)
            json_reader_fail(reader, "more than %zu items", max);
        else
            read_item(reader, &items[count++]);
    }
    return count;
}

/* True where the whole text was read without a failure; else the reason is copied. */
static bool finish(struct json_reader *reader, char error[JSON_ERROR_SIZE])
{
    if (json_finish(reader))
        return true;
    memcpy(error, reader->error, JSON_ERROR_SIZE);
    return false;
}

int flight_parse(const char *text, size_t length, struct item *items, size_t max,
                 char router[ID_TEXT_SIZE], char error[JSON_ERROR_SIZE])
{
    static const char *const names[] = {"router", "items"};
    struct json_reader reader;
    uint32_t seen = 0;
    size_t count = 0;
    json_reader_open(&reader, text, length);
    if (json_enter(&reader, JSON_OBJECT))
        while (json_more(&reader)) {
            int field = json_read_field(&reader, names, 2, &seen);
            if (field == 0)
                read_checked(&reader, names[0], router, ID_TEXT_SIZE, router_valid);
            else if (field == 1)
                count = read_items(&reader, items, max);
        }
    demand_fields(&reader, seen, 3, names);
    if (count == 0)
        json_reader_fail(&reader, "a flight without items");
    return finish(&reader, error) ? (int)count : -1;
}

/* --- answers ----------------------------------------------------------------------------------- */

enum outcome_field {
    OUTCOME_SALE,
    OUTCOME_EVENT,
    OUTCOME_TIER,
    OUTCOME_QUANTITY,
    OUTCOME_FIRST,
    OUTCOME_AMOUNT,
    OUTCOME_CURRENCY,
    OUTCOME_SERVER,
    OUTCOME_CREATED_AT,
    OUTCOME_PROBLEM,
    OUTCOME_REMAINING,
    OUTCOME_LIMIT,
    OUTCOME_STORED,
    OUTCOME_REPLAYED,
    OUTCOME_FIELDS,
};

static const char *const outcome_names[OUTCOME_FIELDS] = {
    "sale",   "event",      "tier",    "quantity",  "first", "amount", "currency",
    "server", "created_at", "problem", "remaining", "limit", "stored", "replayed"};

/* All fields of a sale; those of a refusal come after them. */
static const uint32_t sale_required = (1u << OUTCOME_PROBLEM) - 1;

void answer_begin(struct buffer *out, const struct figures *figures)
{
    add_text(out, "{\"server\":\"", figures->server);
    add_number(out, ",\"boot\":", figures->boot);
    add_number(out, ",\"commit\":", figures->commit);
    add_number(out, ",\"sold\":", figures->sold);
    buffer_add(out, ",\"outcomes\":[");
}

static void add_sale(struct buffer *out, const struct sale *sale)
{
    add_id(out, "{\"sale\":\"", &sale->id);
    add_text(out, ",\"event\":\"", sale->event);
    add_text(out, ",\"tier\":\"", sale->tier);
    add_number(out, ",\"quantity\":", sale->quantity);
    add_number(out, ",\"first\":", sale->first_number);
    add_number(out, ",\"amount\":", sale->amount);
    add_text(out, ",\"currency\":\"", sale->currency);
    add_text(out, ",\"server\":\"", sale->server);
    add_number(out, ",\"created_at\":", sale->created_at);
}

static void add_refusal(struct buffer *out, const struct outcome *outcome)
{
    add_text(out, "{\"problem\":\"", problem_code(outcome->problem));
    if (outcome->remaining)
        add_number(out, ",\"remaining\":", outcome->remaining);
    if (outcome->limit)
        add_number(out, ",\"limit\":", outcome->limit);
    if (outcome->stored)
        buffer_add(out, ",\"stored\":true");
}

void answer_add(struct buffer *out, const struct outcome *outcome)
{
    add_comma(out);
    if (outcome->problem == PROBLEM_NONE)
        add_sale(out, &outcome->sale);
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
    return strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static void read_problem(struct json_reader *reader, struct outcome *outcome)
{
    char code[32];
    if (!read_text(reader, "problem", code, sizeof code))
        return;
    outcome->problem = problem_from_code(code);
    demand(reader, outcome->problem != PROBLEM_NONE, "problem");
}

static void read_sale_field(struct json_reader *reader, enum outcome_field field, struct sale *sale)
{
    const char *name = outcome_names[field];
    switch (field) {
    case OUTCOME_SALE:
        read_id(reader, name, &sale->id);
        break;
    case OUTCOME_EVENT:
        read_checked(reader, name, sale->event, sizeof sale->event, purchase_name_valid);
        break;
    case OUTCOME_TIER:
        read_checked(reader, name, sale->tier, sizeof sale->tier, purchase_name_valid);
        break;
    case OUTCOME_QUANTITY:
        sale->quantity = (int)read_number(reader, name, 1, QUANTITY_MAX);
        break;
    case OUTCOME_FIRST:
        sale->first_number = read_number(reader, name, 1, NUMBER_MAX);
        break;
    case OUTCOME_AMOUNT:
        sale->amount = read_number(reader, name, 0, NUMBER_MAX);
        break;
    case OUTCOME_CURRENCY:
        read_checked(reader, name, sale->currency, sizeof sale->currency, currency_valid);
        break;
    case OUTCOME_SERVER:
        read_checked(reader, name, sale->server, sizeof sale->server, server_id_valid);
        break;
    default:
        sale->created_at = read_number(reader, name, 0, TIME_MAX);
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
        outcome->remaining = read_number(reader, "remaining", 0, NUMBER_MAX);
        break;
    case OUTCOME_LIMIT:
        outcome->limit = read_number(reader, "limit", 0, NUMBER_MAX);
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
    seen &= ~(1u << OUTCOME_REPLAYED);
    if (seen == sale_required)
        outcome->stored = true;
    else if ((seen & sale_required) || !(seen & 1u << OUTCOME_PROBLEM))
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
        read_checked(reader, name, figures->server, sizeof figures->server, server_id_valid);
        break;
    case ANSWER_BOOT:
        figures->boot = read_number(reader, name, 0, NUMBER_MAX);
        break;
    case ANSWER_COMMIT:
        figures->commit = read_number(reader, name, 0, NUMBER_MAX);
        break;
    case ANSWER_SOLD:
        figures->sold = read_number(reader, name, 0, NUMBER_MAX);
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
    demand_fields(&reader, seen, (1u << ANSWER_FIELDS) - 1, answer_names);
    return finish(&reader, error);
}
