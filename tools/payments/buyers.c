#include "tools/payments/buyers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/problem.h"

enum {
    CALLERS = 16, /* to the shop, and as many to the provider */
    ANSWER_SECONDS = 8,
    AGAIN_MILLISECONDS = 100,
    VISITS_MAX = 40,        /* of one who finds all tickets held or sold */
    LOOK_MILLISECONDS = 50, /* whether all charges are settled */
    SILENT_SECONDS = 10, /* then the shop is given up; a server that is started again takes less */
    REQUEST_SIZE = 1024,
};

enum step {
    STEP_HOLD, /* at the shop */
    STEP_PAY,  /* at the provider */
    STEP_LOOK, /* at the shop: what has become of the hold */
    STEP_DONE,
};

struct buyer {
    enum step step;
    int visits;
    char hold[ID_TEXT_SIZE]; /* "" where there was none to have */
    int64_t amount;
    char currency[CURRENCY_SIZE];
    enum order_state state; /* as of the last look */
    bool late;              /* sold after it had expired */
};

/* A pair of connections, at which one buyer stands. */
struct place {
    struct buyers *buyers;
    struct caller *shop, *provider; /* owned */
    struct caller *asked;           /* one of these; NULL: it pauses, or nobody is there */
    struct buyer *buyer;
    int64_t silent_since; /* the first of the requests in a row that decided nothing; 0: none */
    struct loop_timer due;
};

struct buyers {
    struct loop *loop;
    const struct buyers_settings *settings;
    const struct book *book;
    const struct courier *courier;
    struct buyer *all; /* owned */
    struct place places[CALLERS];
    int64_t begun, done; /* in this round */
    bool looking;        /* the second round: what has become of the holds */
    struct loop_timer settled;
    bool over;               /* both rounds came to their end */
    bool silent;             /* the shop did not answer any more */
    char refusal[CODE_SIZE]; /* why the latest hold was refused, as the shop says */
    char run[ID_TEXT_SIZE];  /* makes this run's keys its own */
};

/* --- asking ------------------------------------------------------------------------------------ */

static int write_hold(const struct place *place, char *request)
{
    const struct buyers *buyers = place->buyers;
    char body[256];
    int length = snprintf(body, sizeof body, "{\"event\":\"%s\",\"seconds\":%" PRId64 "}",
                          buyers->settings->event, buyers->settings->hold_seconds);
    return snprintf(request, REQUEST_SIZE,
                    "POST /holds HTTP/1.1\r\nHost: %s\r\nIdempotency-Key: pay-demo-%s-%td-%d\r\n"
                    "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                    buyers->settings->shop->host, buyers->run, place->buyer - buyers->all,
                    place->buyer->visits, length, body);
}

static int write_payment(const struct place *place, char *request)
{
    const struct buyer *buyer = place->buyer;
    char body[256];
    int length =
        snprintf(body, sizeof body, "{\"hold\":\"%s\",\"amount\":%" PRId64 ",\"currency\":\"%s\"}",
                 buyer->hold, buyer->amount, buyer->currency);
    return snprintf(request, REQUEST_SIZE,
                    "POST /payments HTTP/1.1\r\nHost: %s\r\n"
                    "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                    place->buyers->settings->provider.host, length, body);
}

static int write_look(const struct place *place, char *request)
{
    return snprintf(request, REQUEST_SIZE, "GET /holds/%s HTTP/1.1\r\nHost: %s\r\n\r\n",
                    place->buyer->hold, place->buyers->settings->shop->host);
}

static void ask(struct place *place)
{
    char request[REQUEST_SIZE];
    enum step step = place->buyer->step;
    int length = step == STEP_HOLD  ? write_hold(place, request)
                 : step == STEP_PAY ? write_payment(place, request)
                                    : write_look(place, request);
    place->asked = step == STEP_PAY ? place->provider : place->shop;
    loop_timer_set(place->buyers->loop, &place->due,
                   clock_monotonic() + ANSWER_SECONDS * CLOCK_SECOND);
    caller_send(place->asked, request, (size_t)length);
}

/* --- answers ----------------------------------------------------------------------------------- */

static void copy_text(char *out, size_t size, const cJSON *json, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
    snprintf(out, size, "%s", text != NULL ? text : "");
}

static void read_hold(struct buyer *buyer, const char *body, size_t length)
{
    char error[JSON_ERROR_SIZE], state[16];
    cJSON *json = json_parse(body, length, error);
    const cJSON *price = cJSON_GetObjectItemCaseSensitive(json, "price");
    copy_text(buyer->hold, sizeof buyer->hold, json, "id");
    copy_text(buyer->currency, sizeof buyer->currency, price, "currency");
    copy_text(state, sizeof state, json, "state");
    json_integer(cJSON_GetObjectItemCaseSensitive(price, "amount"), 0, AMOUNT_MAX, &buyer->amount);
    buyer->state = order_state_from_name(state);
    buyer->late = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "late"));
    cJSON_Delete(json);
}

/* Tickets that others hold come free again; whatever else it is stays as it is. */
static enum step after_refusal(struct place *place, const char *body, size_t length)
{
    char error[JSON_ERROR_SIZE], *code = place->buyers->refusal;
    cJSON *json = json_parse(body, length, error);
    copy_text(code, CODE_SIZE, json, "code");
    cJSON_Delete(json);
    bool again = strcmp(code, problem_code(PROBLEM_SOLD_OUT)) == 0;
    return again && ++place->buyer->visits < VISITS_MAX ? STEP_HOLD : STEP_DONE;
}

/* What comes after this answer. */
static enum step next_step(struct place *place, unsigned status, const char *body, size_t length)
{
    struct buyer *buyer = place->buyer;
    if (status == 0 || status >= 500)
        return buyer->step;
    if (buyer->step == STEP_HOLD && status >= 400)
        return after_refusal(place, body, length);
    if (buyer->step == STEP_PAY || status >= 400)
        return STEP_DONE;
    bool paying = buyer->step == STEP_HOLD;
    read_hold(buyer, body, length);
    return paying && buyer->hold[0] != '\0' ? STEP_PAY : STEP_DONE;
}

/* Also the provider's 503 is the shop's silence: it could not ask what a hold costs. */
static void note_silence(struct place *place, unsigned status)
{
    int64_t now = clock_monotonic();
    if (status != 0 && status < 500)
        place->silent_since = 0;
    else if (place->silent_since == 0)
        place->silent_since = now;
    else if (now - place->silent_since > SILENT_SECONDS * CLOCK_SECOND) {
        place->buyers->silent = true;
        loop_stop(place->buyers->loop);
    }
}

static void answered(void *context, unsigned status, const char *body, size_t length)
{
    struct place *place = context;
    enum step step = next_step(place, status, body, length);
    note_silence(place, status);
    bool again = step == place->buyer->step;
    int64_t pause = again ? AGAIN_MILLISECONDS * CLOCK_MILLISECOND : 0;
    place->buyer->step = step;
    place->asked = NULL;
    loop_timer_set(place->buyers->loop, &place->due, clock_monotonic() + pause);
}

/* The next of this round takes the place. */
static void come(struct place *place)
{
    struct buyers *buyers = place->buyers;
    place->buyer = NULL;
    while (place->buyer == NULL && buyers->begun < buyers->settings->count) {
        struct buyer *buyer = &buyers->all[buyers->begun++];
        if (buyers->looking && buyer->hold[0] == '\0')
            buyers->done++;
        else
            place->buyer = buyer;
    }
    if (place->buyer == NULL)
        return;
    place->buyer->step = buyers->looking ? STEP_LOOK : STEP_HOLD;
    ask(place);
}

static void on_due(void *context)
{
    struct place *place = context;
    if (place->asked != NULL) {
        caller_cut(place->asked, "no answer in time");
    } else if (place->buyer != NULL && place->buyer->step != STEP_DONE) {
        ask(place);
    } else {
        place->buyers->done += place->buyer != NULL;
        come(place);
    }
}

static void begin_round(struct buyers *buyers, bool looking)
{
    buyers->looking = looking;
    buyers->begun = buyers->done = 0;
    for (size_t i = 0; i < CALLERS; i++)
        come(&buyers->places[i]);
}

/* First all hold and pay; when the last charge is settled, all look what they have. */
static void look_whether_settled(void *context)
{
    struct buyers *buyers = context;
    bool over = buyers->done == buyers->settings->count && courier_under_way(buyers->courier) == 0;
    if (over && buyers->looking) {
        buyers->over = true;
        loop_stop(buyers->loop);
        return;
    }
    if (over)
        begin_round(buyers, true);
    loop_timer_set(buyers->loop, &buyers->settled,
                   clock_monotonic() + LOOK_MILLISECONDS * CLOCK_MILLISECOND);
}

struct buyers *buyers_open(struct loop *loop, const struct buyers_settings *settings,
                           const struct book *book, const struct courier *courier)
{
    struct buyers *buyers = memory_new(sizeof *buyers);
    struct id run = id_make();
    *buyers = (struct buyers){.loop = loop, .settings = settings, .book = book, .courier = courier};
    id_format(&run, buyers->run);
    buyers->all = memory_new((size_t)settings->count * sizeof *buyers->all);
    for (size_t i = 0; i < CALLERS; i++) {
        struct place *place = &buyers->places[i];
        place->buyers = buyers;
        place->shop = caller_open(loop, settings->shop, answered, place);
        place->provider = caller_open(loop, &settings->provider, answered, place);
        place->due = (struct loop_timer){.ring = on_due, .context = place};
    }
    buyers->settled = (struct loop_timer){.ring = look_whether_settled, .context = buyers};
    begin_round(buyers, false);
    look_whether_settled(buyers);
    return buyers;
}

void buyers_close(struct buyers *buyers)
{
    loop_timer_forget(buyers->loop, &buyers->settled);
    for (size_t i = 0; i < CALLERS; i++) {
        loop_timer_forget(buyers->loop, &buyers->places[i].due);
        caller_close(buyers->places[i].shop);
        caller_close(buyers->places[i].provider);
    }
    free(buyers->all);
    free(buyers);
}

/* --- the books --------------------------------------------------------------------------------- */

/* Money that was taken for the hold and stands for tickets. */
static int64_t paid_for(const struct book *book, const char *hold, size_t *charges)
{
    int64_t amount = 0;
    *charges = 0;
    for (size_t i = 0; i < book->count; i++) {
        bool paid = book->charges[i].state == CHARGE_PAID;
        if (paid && strcmp(book->charges[i].hold, hold) == 0) {
            amount += book->charges[i].amount;
            (*charges)++;
        }
    }
    return amount;
}

/* Who has tickets has paid for them once, and who has none has paid nothing. */
static bool is_fair(const struct buyers *buyers, const struct buyer *buyer)
{
    size_t charges;
    int64_t paid = paid_for(buyers->book, buyer->hold, &charges);
    bool sold = buyer->state == ORDER_SOLD;
    return buyer->hold[0] == '\0' ||
           (charges == (sold ? 1U : 0U) && paid == (sold ? buyer->amount : 0));
}

static void print_row(const char *what, size_t count, int64_t amount)
{
    printf("  %-34s %6zu %12" PRId64 ".%02" PRId64 "\n", what, count, amount / 100, amount % 100);
}

/* What buyers have, as the shop says. */
struct tickets {
    size_t sold, late, unfair;
    int64_t revenue, late_revenue;
};

static void add_up(const struct buyers *buyers, struct tickets *tickets)
{
    *tickets = (struct tickets){0};
    for (int64_t i = 0; i < buyers->settings->count; i++) {
        const struct buyer *buyer = &buyers->all[i];
        tickets->unfair += !is_fair(buyers, buyer);
        if (buyer->hold[0] == '\0' || buyer->state != ORDER_SOLD)
            continue;
        tickets->sold++;
        tickets->revenue += buyer->amount;
        tickets->late += buyer->late;
        tickets->late_revenue += buyer->late ? buyer->amount : 0;
    }
}

static bool anybody_had_a_hold(const struct buyers *buyers)
{
    for (int64_t i = 0; i < buyers->settings->count; i++)
        if (buyers->all[i].hold[0] != '\0')
            return true;
    return false;
}

static void say_nobody_had_one(const struct buyers *buyers)
{
    bool sold_out = strcmp(buyers->refusal, problem_code(PROBLEM_SOLD_OUT)) == 0;
    if (sold_out)
        log_line("nobody got a hold: " BUYERS_NO_TICKETS);
    else
        log_line("nobody got a hold: the shop says \"%s\"", buyers->refusal);
}

/* Whether there is something to compare; else that is said. */
static bool is_comparable(const struct buyers *buyers)
{
    if (buyers->silent)
        log_line("the shop at http://%s did not answer for %d s: not comparable",
                 buyers->settings->shop->host, SILENT_SECONDS);
    else if (!buyers->over)
        log_line("interrupted: not comparable");
    else if (!anybody_had_a_hold(buyers))
        say_nobody_had_one(buyers);
    else
        return true;
    return false;
}

bool buyers_judge(const struct buyers *buyers)
{
    struct book_totals totals;
    struct tickets tickets;
    if (!is_comparable(buyers))
        return false;
    book_add_up(buyers->book, &totals);
    add_up(buyers, &tickets);
    int64_t charged = book_charged(&totals), returned = totals.amount[CHARGE_REFUNDED];
    size_t charges =
        buyers->book->count - totals.count[CHARGE_ABANDONED] - totals.count[CHARGE_PENDING];
    bool even = charged == tickets.revenue + returned;
    printf("\n");
    print_row("charged by the provider", charges, charged);
    print_row("sold by the shop", tickets.sold, tickets.revenue);
    print_row("  of it after the hold had expired", tickets.late, tickets.late_revenue);
    print_row("given back: no tickets were left", totals.count[CHARGE_REFUNDED], returned);
    print_row("not settled", totals.count[CHARGE_UNSETTLED], totals.amount[CHARGE_UNSETTLED]);
    print_row("never paid", totals.count[CHARGE_ABANDONED], totals.amount[CHARGE_ABANDONED]);
    printf(
        "\n  charged = sold + given back: %s; paid without tickets, or the other way round: %zu; "
        "contradictions: %zu\n",
        even ? "yes" : "NO", tickets.unfair, buyers->book->contradictions);
    return even && tickets.unfair == 0 && buyers->book->contradictions == 0;
}
