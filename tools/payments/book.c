#include "tools/payments/book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"

static const char *const names[CHARGE_STATES] = {
    [CHARGE_PENDING] = "pending",     [CHARGE_TAKEN] = "taken",
    [CHARGE_PAID] = "paid",           [CHARGE_REFUNDED] = "refunded",
    [CHARGE_ABANDONED] = "abandoned", [CHARGE_UNSETTLED] = "unsettled",
};

const char *charge_state_name(enum charge_state state)
{
    return names[state];
}

void book_open(struct book *book)
{
    *book = (struct book){.charges = memory_new(CHARGES_MAX * sizeof *book->charges)};
}

void book_close(struct book *book)
{
    free(book->charges);
}

/* The number finds the charge, and the id cannot be guessed. */
struct charge *book_add(struct book *book, const char *hold, int64_t amount, const char *currency)
{
    char text[ID_TEXT_SIZE];
    struct id id = id_make();
    if (book->count == CHARGES_MAX)
        return NULL;
    struct charge *charge = &book->charges[book->count++];
    id_format(&id, text);
    snprintf(charge->reference, sizeof charge->reference, "pay-%zu-%s", book->count, text);
    snprintf(charge->hold, sizeof charge->hold, "%s", hold);
    snprintf(charge->currency, sizeof charge->currency, "%s", currency);
    charge->amount = amount;
    return charge;
}

struct charge *book_find(const struct book *book, const char *reference)
{
    size_t number = 0;
    if (sscanf(reference, "pay-%7zu-", &number) != 1 || number == 0 || number > book->count)
        return NULL;
    struct charge *charge = &book->charges[number - 1];
    return strcmp(charge->reference, reference) == 0 ? charge : NULL;
}

/* --- settling ---------------------------------------------------------------------------------- */

static const char refunded[] = "refunded"; /* an order's state, and the reason of such a charge */

struct verdict {
    enum charge_state state; /* CHARGE_TAKEN: none yet */
    char reason[CODE_SIZE];
};

/* A hold that the shop does not know can never be paid for; of all others it says itself what is owed. */
static void read_refusal(const char *body, size_t length, struct verdict *verdict)
{
    char error[JSON_ERROR_SIZE];
    cJSON *json = json_parse(body, length, error);
    const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "code"));
    bool owed = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "owed"));
    if (code != NULL && (owed || strcmp(code, "no_such_hold") == 0)) {
        verdict->state = CHARGE_REFUNDED;
        snprintf(verdict->reason, sizeof verdict->reason, "%s", code);
    }
    cJSON_Delete(json);
}

/* It was sold, and is no more: the money went back. */
static void read_ended(const char *body, size_t length, struct verdict *verdict)
{
    char error[JSON_ERROR_SIZE];
    cJSON *json = json_parse(body, length, error);
    const char *state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "state"));
    if (state != NULL && strcmp(state, refunded) == 0) {
        verdict->state = CHARGE_REFUNDED;
        snprintf(verdict->reason, sizeof verdict->reason, "%s", refunded);
    }
    cJSON_Delete(json);
}

static struct verdict judge(unsigned status, const char *body, size_t length)
{
    struct verdict verdict = {.state = CHARGE_TAKEN};
    if (status == 201)
        verdict.state = CHARGE_PAID;
    else if (status == 200)
        read_ended(body, length, &verdict);
    else if (status >= 400 && status < 500)
        read_refusal(body, length, &verdict);
    return verdict;
}

bool book_settle(struct book *book, struct charge *charge, unsigned status, const char *body,
                 size_t length)
{
    struct verdict verdict = judge(status, body, length);
    bool settled = charge->state == CHARGE_PAID || charge->state == CHARGE_REFUNDED;
    if (verdict.state == CHARGE_TAKEN)
        return false;
    bool ended = charge->state == CHARGE_PAID && strcmp(verdict.reason, refunded) == 0;
    bool late = verdict.state == CHARGE_PAID && strcmp(charge->reason, refunded) == 0;
    if (late) /* the answer to an earlier one of two */
        return true;
    if (!settled || ended) {
        charge->state = verdict.state;
        memcpy(charge->reason, verdict.reason, sizeof charge->reason);
    } else if (charge->state != verdict.state) {
        book->contradictions++;
        log_line("%s was %s, and now the shop says %s", charge->reference, names[charge->state],
                 names[verdict.state]);
    }
    return true;
}

void book_give_up(struct charge *charge)
{
    if (charge->state != CHARGE_TAKEN)
        return;
    charge->state = CHARGE_UNSETTLED;
    log_line("%s: the shop could not be told that hold %s is paid; look into it by hand",
             charge->reference, charge->hold);
}

/* --- sums -------------------------------------------------------------------------------------- */

void book_add_up(const struct book *book, struct book_totals *totals)
{
    *totals = (struct book_totals){0};
    for (size_t i = 0; i < book->count; i++) {
        const struct charge *charge = &book->charges[i];
        totals->count[charge->state]++;
        totals->amount[charge->state] += charge->amount;
    }
}

int64_t book_charged(const struct book_totals *totals)
{
    return totals->amount[CHARGE_TAKEN] + totals->amount[CHARGE_PAID] +
           totals->amount[CHARGE_REFUNDED] + totals->amount[CHARGE_UNSETTLED];
}
