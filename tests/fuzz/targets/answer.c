/* A flight's answer, as the balancer reads it back from a ticket server: what is taken keeps the bounds,
 * is either an order or a refusal, and printed reads as the same. The first byte: how many were asked. */
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

/* What could have been asked, for each verb. */
static const struct item asked_for[] = {
    {.verb = VERB_PURCHASE, .purchase = {.event = "demo", .quantity = 2}},
    {.verb = VERB_HOLD, .key = "0123456789abcdef", .purchase = {.event = "demo", .quantity = 2}},
    {.verb = VERB_CONFIRM, .key = "p"},
    {.verb = VERB_RELEASE},
};

/* The first of these that the outcome fits; NULL: none. */
static const struct item *asked_by(const struct outcome *outcome)
{
    for (size_t i = 0; i < sizeof asked_for / sizeof *asked_for; i++)
        if (answer_fits(outcome, &asked_for[i]))
            return &asked_for[i];
    return NULL;
}

static bool within(int64_t number, int64_t min, int64_t max)
{
    return number >= min && number <= max;
}

static void check_order(const struct outcome *outcome)
{
    const struct sale *sale = &outcome->sale;
    bool sold = sale->state == ORDER_SOLD || sale->state == ORDER_REFUNDED;
    must(outcome->stored && !outcome->remaining && !outcome->limit && !outcome->retry_at,
         "an order has no refusal's fields");
    must(purchase_name_valid(sale->tier), "its tier has a name");
    must(!sale->buyer[0], "a buyer is not sent back");
    must(server_id_valid(sale->server), "a server decided it");
    must(strlen(sale->currency) == 3, "its price has a currency");
    must(within(sale->quantity, 1, QUANTITY_MAX) && purchase_name_valid(sale->event),
         "it is of some tickets of an event");
    must(within(sale->first_number, sold, sold ? most : 0) && within(sale->amount, 0, most) &&
             within(sale->created_at, 0, most / 2) && within(sale->expires_at, 0, most / 2),
         "its numbers are within bounds");
    must(within(outcome->place, sale->state == ORDER_WAITING, most) &&
             (sale->state == ORDER_WAITING || outcome->place == 0),
         "who waits has a place, and nobody else");
    must(sold || !outcome->late, "only what is sold was late");
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

/* Completed, as it goes to the client. */
static void check_decided(struct outcome outcome, const struct item *item,
                          const struct figures *figures)
{
    answer_complete(&outcome, item, figures);
    check_order(&outcome);
}

/* As a client is told: it must never be more than fits, whatever a server says. */
static void check_body(struct outcome outcome, const struct item *item,
                       const struct figures *figures)
{
    struct buffer body = {0};
    char error[JSON_ERROR_SIZE];
    answer_complete(&outcome, item, figures);
    outcome_append(&body, &outcome, item);
    cJSON *json = json_parse(body.data, body.length, error);
    must(json != NULL, "an outcome is told in JSON");
    cJSON_Delete(json);
    buffer_free(&body);
}

/* Completed or not, it is told again as it was. */
static void check_again(const struct figures *figures, size_t asked)
{
    struct buffer out = {0};
    struct figures told;
    char error[JSON_ERROR_SIZE];
    answer_begin(&out, figures);
    for (size_t i = 0; i < asked; i++) {
        struct outcome outcome = outcomes[i];
        const struct item *item = asked_by(&outcome);
        answer_complete(&outcome, item, figures);
        answer_add(&out, &outcome, item);
    }
    answer_end(&out);
    must(answer_parse(out.data, out.length, asked, &told, again, error), "what is printed is read");
    must(strcmp(figures->server, told.server) == 0 && figures->boot == told.boot &&
             figures->commit == told.commit && figures->sold == told.sold,
         "and is the same");
    for (size_t i = 0; i < asked; i++) {
        const struct item *item = asked_by(&outcomes[i]);
        answer_complete(&outcomes[i], item, figures);
        answer_complete(&again[i], item, figures);
    }
    must(memcmp(outcomes, again, asked * sizeof *again) == 0, "and its outcomes are");
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
    for (size_t i = 0; i < asked; i++) {
        const struct item *item = asked_by(&outcomes[i]);
        if (item == NULL) /* the balancer would refuse it all */
            return;
        if (outcomes[i].problem == PROBLEM_NONE)
            check_decided(outcomes[i], item, &figures);
        else
            check_refusal(&outcomes[i]);
        check_body(outcomes[i], item, &figures);
    }
    check_again(&figures, asked);
}
