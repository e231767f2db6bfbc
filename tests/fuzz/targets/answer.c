/* A flight's answer, as the balancer reads it back from a ticket server: what is taken keeps the bounds,
 * is either a sale or a refusal, and printed reads as the same. The first byte: how many were asked. */
#include <stdlib.h>
#include <string.h>

#include "common/answer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"

enum {
    ASKED_MAX = 8,
};

static const int64_t most = INT64_C(1) << 53;

static struct outcome outcomes[ASKED_MAX], again[ASKED_MAX];

static const struct item asked_for = {.purchase = {.event = "demo", .quantity = 2}};

static void complete(struct outcome *list, size_t count, const struct figures *figures)
{
    for (size_t i = 0; i < count; i++)
        answer_complete(&list[i], &asked_for, figures);
}

static bool within(int64_t number, int64_t min, int64_t max)
{
    return number >= min && number <= max;
}

static void check_sale(const struct outcome *outcome)
{
    const struct sale *sale = &outcome->sale;
    must(outcome->stored && !outcome->remaining && !outcome->limit,
         "a sale has no refusal's fields");
    must(purchase_name_valid(sale->tier), "its tier has a name");
    must(!sale->buyer[0], "a buyer is not sent back");
    must(server_id_valid(sale->server), "a server sold it");
    must(strlen(sale->currency) == 3, "its price has a currency");
    must(sale->quantity == 2 && strcmp(sale->event, "demo") == 0, "it is what was asked for");
    must(within(sale->first_number, 1, most) && within(sale->amount, 0, most) &&
             within(sale->created_at, 0, most / 2),
         "its numbers are within bounds");
}

static void check_refusal(const struct outcome *outcome)
{
    must(outcome->problem > PROBLEM_NONE && outcome->problem < PROBLEM_COUNT, "it has a problem");
    must(within(outcome->remaining, 0, most) && within(outcome->limit, 0, most),
         "its numbers are within bounds");
    const struct sale *sale = &outcome->sale;
    must(!sale->event[0] && !sale->tier[0] && !sale->server[0] && !sale->currency[0] &&
             !sale->quantity && !sale->first_number && !sale->amount && !sale->created_at,
         "a refusal has no sale's fields");
}

/* As a client is told: it must never be more than fits, whatever a server says. */
static void check_body(const struct outcome *outcome)
{
    struct buffer body = {0};
    char error[JSON_ERROR_SIZE];
    outcome_append(&body, outcome, "demo", "0123456789abcdef");
    cJSON *json = json_parse(body.data, body.length, error);
    must(json != NULL, "an outcome is told in JSON");
    cJSON_Delete(json);
    buffer_free(&body);
}

static void check_again(const struct figures *figures, size_t asked)
{
    struct buffer out = {0};
    struct figures told;
    char error[JSON_ERROR_SIZE];
    answer_begin(&out, figures);
    for (size_t i = 0; i < asked; i++)
        answer_add(&out, &outcomes[i]);
    answer_end(&out);
    must(answer_parse(out.data, out.length, asked, &told, again, error), "what is printed is read");
    complete(again, asked, &told);
    must(strcmp(figures->server, told.server) == 0 && figures->boot == told.boot &&
             figures->commit == told.commit && figures->sold == told.sold &&
             memcmp(outcomes, again, asked * sizeof *again) == 0,
         "and is the same");
    must(!answer_parse(out.data, out.length, asked + 1, &told, again, error),
         "one outcome too few is refused");
    must(asked == 0 || !answer_parse(out.data, out.length, asked - 1, &told, again, error),
         "one outcome too many is refused");
    buffer_free(&out);
}

void fuzz_answer(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    struct figures figures;
    char error[JSON_ERROR_SIZE] = "";
    size_t asked = input_byte(&input) % ASKED_MAX;
    bool good =
        answer_parse((const char *)input.at, input_left(&input), asked, &figures, outcomes, error);
    must(good == (error[0] == '\0'), "a refusal has a reason");
    if (!good)
        return;
    must(server_id_valid(figures.server), "a server tells");
    must(within(figures.boot, 0, most) && within(figures.commit, 0, most) &&
             within(figures.sold, 0, most),
         "its figures are within bounds");
    complete(outcomes, asked, &figures);
    for (size_t i = 0; i < asked; i++) {
        if (outcomes[i].problem == PROBLEM_NONE)
            check_sale(&outcomes[i]);
        else
            check_refusal(&outcomes[i]);
        check_body(&outcomes[i]);
    }
    check_again(&figures, asked);
}
