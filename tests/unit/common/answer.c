#include "common/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire.h"
#include "tests/lib/suite.h"

#define SALE_ID "0193b0aa-0000-7abc-8def-0123456789ab"
#define SALE                                                                                       \
    "\"tier\":\"a\",\"first\":17,\"amount\":5000,\"currency\":\"EUR\","                            \
    "\"created_at\":1700000000000000"
#define HELD                                                                                       \
    "\"tier\":\"a\",\"amount\":5000,\"currency\":\"EUR\",\"created_at\":1700000000000000,"         \
    "\"state\":\"held\""
#define BEFORE ",\"sale\":\"" SALE_ID "\",\"server\":\"server-2\""
#define ANSWER(outcomes)                                                                           \
    "{\"server\":\"server-1\",\"boot\":3,\"commit\":17,\"sold\":6,\"outcomes\":[" outcomes "]}"

static struct outcome a_sale(void)
{
    struct outcome outcome = {.stored = true};
    outcome.sale = (struct sale){.event = "demo",
                                 .tier = "standard",
                                 .server = "server-1",
                                 .currency = "EUR",
                                 .quantity = 2,
                                 .first_number = 17,
                                 .amount = 5000,
                                 .created_at = 1700000000123456};
    outcome.sale.id = id_make();
    return outcome;
}

static struct outcome sold_before(void)
{
    struct outcome outcome = a_sale();
    outcome.replayed = true;
    strcpy(outcome.sale.server, "server-2");
    return outcome;
}

static bool same_sale(const struct sale *a, const struct sale *b)
{
    return id_equal(&a->id, &b->id) && strcmp(a->event, b->event) == 0 &&
           strcmp(a->tier, b->tier) == 0 && strcmp(a->server, b->server) == 0 &&
           strcmp(a->currency, b->currency) == 0 && a->quantity == b->quantity &&
           a->first_number == b->first_number && a->amount == b->amount &&
           a->created_at == b->created_at && a->state == b->state && a->expires_at == b->expires_at;
}

static struct item asked_for(const struct sale *sale)
{
    struct item item = {.request = sale->id, .purchase = {.quantity = sale->quantity}};
    strcpy(item.purchase.event, sale->event);
    return item;
}

static void an_answer_comes_back(void)
{
    struct outcome outcomes[] = {
        a_sale(),
        sold_before(),
        {.problem = PROBLEM_SOLD_OUT, .remaining = 3, .stored = true},
        {.problem = PROBLEM_OVER_LIMIT, .limit = 10, .replayed = true},
        {.problem = PROBLEM_NOT_ON_SALE_YET, .retry_at = 1700000000123456},
    };
    struct item asked[2] = {asked_for(&outcomes[0].sale), asked_for(&outcomes[1].sale)};
    asked[1].request = id_make(); /* of the repeat */
    struct figures figures = {.server = "server-1", .boot = 3, .commit = 17, .sold = 6};
    struct figures told;
    struct outcome read[5];
    struct buffer out = {0};
    char error[JSON_ERROR_SIZE] = "";
    answer_begin(&out, &figures);
    for (int i = 0; i < 5; i++)
        answer_add(&out, &outcomes[i], &asked[i == 1]);
    answer_end(&out);
    CU_ASSERT(answer_parse(out.data, out.length, 5, &told, read, error));
    CU_ASSERT_STRING_EQUAL(error, "");
    CU_ASSERT_STRING_EQUAL(told.server, "server-1");
    CU_ASSERT(told.boot == 3 && told.commit == 17 && told.sold == 6);
    for (int i = 0; i < 2; i++) {
        answer_complete(&read[i], &asked[i], &told);
        CU_ASSERT(same_sale(&outcomes[i].sale, &read[i].sale));
    }
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(outcomes[i].problem, read[i].problem);
        CU_ASSERT_EQUAL(outcomes[i].remaining, read[i].remaining);
        CU_ASSERT_EQUAL(outcomes[i].limit, read[i].limit);
        CU_ASSERT_EQUAL(outcomes[i].retry_at, read[i].retry_at);
        CU_ASSERT_EQUAL(outcomes[i].stored, read[i].stored);
        CU_ASSERT_EQUAL(outcomes[i].replayed, read[i].replayed);
    }
    CU_ASSERT_FALSE(answer_parse(out.data, out.length, 4, &told, read, error));
    buffer_free(&out);
}

/* An answer with one value that cannot be read takes all the others with it: so whatever a store holds is told. */
static void any_begin_of_a_sale_can_be_told(void)
{
    static const int64_t times[][2] = {{1, 1},
                                       {WIRE_TIME_MAX, WIRE_TIME_MAX},
                                       {WIRE_TIME_MAX + 1, WIRE_TIME_MAX},
                                       {INT64_MAX, WIRE_TIME_MAX}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct outcome outcomes[2] = {a_sale()}, read[2];
        struct item asked = asked_for(&outcomes[0].sale);
        struct figures figures = {.server = "server-1", .boot = 3}, told;
        struct buffer out = {0};
        char error[JSON_ERROR_SIZE] = "";
        outcomes[1] = (struct outcome){.problem = PROBLEM_NOT_ON_SALE_YET, .retry_at = times[i][0]};
        answer_begin(&out, &figures);
        answer_add(&out, &outcomes[0], &asked);
        answer_add(&out, &outcomes[1], &asked);
        answer_end(&out);
        CU_ASSERT(answer_parse(out.data, out.length, 2, &told, read, error));
        CU_ASSERT_EQUAL(read[1].retry_at, times[i][1]);
        buffer_free(&out);
    }
}

/* An order in this state, of which `item` asked. */
static struct outcome an_order(enum order_state state, bool replayed)
{
    struct outcome outcome = replayed ? sold_before() : a_sale();
    bool sold = state == ORDER_SOLD || state == ORDER_REFUNDED;
    outcome.sale.state = state;
    outcome.sale.first_number = sold ? 17 : 0;
    outcome.sale.expires_at = state == ORDER_WAITING ? 0 : 1700000600123456;
    outcome.place = state == ORDER_WAITING ? 3 : 0;
    return outcome;
}

static const struct lives {
    enum verb verb;
    enum order_state state;
    bool replayed, late, fits;
} lives[] = {
    {VERB_PURCHASE, ORDER_SOLD, true, false, true},
    {VERB_PURCHASE, ORDER_REFUNDED, true, true, true},
    {VERB_PURCHASE, ORDER_HELD, true, false, false},
    {VERB_HOLD, ORDER_HELD, false, false, true},
    {VERB_HOLD, ORDER_WAITING, false, false, true},
    {VERB_HOLD, ORDER_SOLD, true, true, true},
    {VERB_HOLD, ORDER_HELD, true, false, true},
    {VERB_HOLD, ORDER_WAITING, true, false, true},
    {VERB_HOLD, ORDER_RELEASED, true, false, true},
    {VERB_HOLD, ORDER_EXPIRED, true, false, true},
    {VERB_HOLD, ORDER_REFUNDED, true, true, true},
    {VERB_CONFIRM, ORDER_SOLD, false, false, true},
    {VERB_CONFIRM, ORDER_SOLD, false, true, true},
    {VERB_CONFIRM, ORDER_SOLD, true, true, true},
    {VERB_CONFIRM, ORDER_REFUNDED, true, false, true},
    {VERB_RELEASE, ORDER_RELEASED, false, false, true},
    {VERB_RELEASE, ORDER_RELEASED, true, false, true},
    {VERB_RELEASE, ORDER_SOLD, true, false, false},
};

static struct item asks(const struct lives *life, const struct sale *sale)
{
    struct item item = asked_for(sale);
    item.verb = life->verb;
    if (life->replayed)
        item.request = id_make();
    if (verb_names_order(life->verb)) {
        item.order = sale->id;
        memset(&item.purchase, 0, sizeof item.purchase);
    }
    return item;
}

/* The line may have offered fewer than were asked for. */
static void an_order_comes_back_in_any_state(void)
{
    static const struct figures figures = {.server = "server-1", .boot = 3};
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        const struct lives *life = &lives[i];
        struct outcome outcome = an_order(life->state, life->replayed), read;
        outcome.late = life->late;
        struct item item = asks(life, &outcome.sale);
        if (life->verb == VERB_HOLD && life->replayed)
            item.purchase.quantity = 5;
        if (life->verb == VERB_RELEASE)
            strcpy(outcome.sale.server, "server-3");
        struct figures told;
        struct buffer out = {0};
        char error[JSON_ERROR_SIZE] = "";
        answer_begin(&out, &figures);
        answer_add(&out, &outcome, &item);
        answer_end(&out);
        CU_ASSERT(answer_parse(out.data, out.length, 1, &told, &read, error));
        CU_ASSERT_STRING_EQUAL(error, "");
        CU_ASSERT_EQUAL(answer_fits(&read, &item), life->fits);
        answer_complete(&read, &item, &told);
        CU_ASSERT(same_sale(&outcome.sale, &read.sale) || !life->fits);
        CU_ASSERT(read.late == life->late && read.place == outcome.place && read.stored);
        buffer_free(&out);
    }
}

static void what_was_not_asked_for_does_not_fit(void)
{
    struct outcome sale = a_sale(), held = an_order(ORDER_HELD, false);
    struct item item = asked_for(&sale.sale), confirm = {.verb = VERB_CONFIRM};
    sale.sale.event[0] = held.sale.event[0] = '\0'; /* as it is read */
    CU_ASSERT(answer_fits(&sale, &item));
    CU_ASSERT_FALSE(answer_fits(&held, &item));
    CU_ASSERT_FALSE(answer_fits(&sale, &confirm));
    strcpy(sale.sale.event, "demo");
    CU_ASSERT(answer_fits(&sale, &confirm));
    CU_ASSERT_FALSE(answer_fits(&sale, &item));
    item.verb = VERB_HOLD;
    CU_ASSERT(answer_fits(&held, &item));
}

struct row {
    const char *text;
    const char *error;
};

static const struct row rows[] = {
    {"{}", "server is missing"},
    {ANSWER(""), "0 outcomes where 1 were asked for"},
    {ANSWER("{" SALE "},{" SALE "}"), "more than 1 outcomes"},
    {ANSWER("{}"), "neither a sale nor a refusal"},
    {ANSWER("{\"replayed\":true}"), "neither a sale nor a refusal"},
    {ANSWER("{\"remaining\":1}"), "neither a sale nor a refusal"},
    {ANSWER("{\"sale\":\"" SALE_ID "\"}"), "neither a sale nor a refusal"},
    {ANSWER("{" SALE ",\"sale\":\"" SALE_ID "\"}"), "neither a sale nor a refusal"},
    {ANSWER("{" SALE ",\"server\":\"server-2\"}"), "neither a sale nor a refusal"},
    {ANSWER("{" SALE ",\"replayed\":true}"), "neither a sale nor a refusal"},
    {ANSWER("{" SALE BEFORE "}"), "neither a sale nor a refusal"},
    {ANSWER("{" SALE ",\"problem\":\"sold_out\"}"), "neither a sale nor a refusal"},
    {ANSWER("{" SALE ",\"stored\":true}"), "neither a sale nor a refusal"},
    {ANSWER("{\"problem\":\"sold_out\",\"tier\":\"a\"}"), "neither a sale nor a refusal"},
    {ANSWER("{\"problem\":\"sold_out\",\"server\":\"server-1\",\"replayed\":true}"),
     "neither a sale nor a refusal"},
    {ANSWER("{" SALE ",\"state\":\"held\"}"), "neither a sale nor a refusal"},
    {ANSWER("{" SALE ",\"expires_at\":1}"), "neither a sale nor a refusal"},
    {ANSWER("{" SALE ",\"late\":true}"), "neither a sale nor a refusal"},
    {ANSWER("{" SALE ",\"place\":1}"), "neither a sale nor a refusal"},
    {ANSWER("{" SALE ",\"event\":\"demo\"}"), "neither a sale nor a refusal"},
    {ANSWER("{" SALE ",\"quantity\":2}"), "neither a sale nor a refusal"},
    {ANSWER("{" HELD "}"), "neither a sale nor a refusal"},
    {ANSWER("{" HELD ",\"expires_at\":1,\"first\":1}"), "neither a sale nor a refusal"},
    {ANSWER("{" HELD ",\"expires_at\":1,\"server\":\"server-2\"}"), "neither a sale nor a refusal"},
    {ANSWER("{" HELD ",\"expires_at\":1,\"late\":true}"), "neither a sale nor a refusal"},
    {ANSWER("{" HELD ",\"expires_at\":0}"), "expires_at is not valid"},
    {ANSWER("{\"state\":\"sold\"}"), "state is not valid"},
    {ANSWER("{\"state\":\"gone\"}"), "state is not valid"},
    {ANSWER("{\"place\":0}"), "place is not valid"},
    {ANSWER("{\"quantity\":1001}"), "quantity is not valid"},
    {ANSWER("{\"problem\":\"not_on_sale_yet\",\"retry_at\":0}"), "retry_at is not valid"},
    {ANSWER("{\"problem\":\"sold\"}"), "problem is not valid"},
    {ANSWER("{\"problem\":\"\"}"), "problem is not valid"},
    {ANSWER("{\"problem\":\"sold_out\",\"remaining\":-1}"), "remaining is not valid"},
    {ANSWER("{\"first\":0}"), "first is not valid"},
    {ANSWER("{\"currency\":\"EU\"}"), "currency is not valid"},
    {ANSWER("{\"server\":\"Server\"}"), "server is not valid"},
    {ANSWER("{\"x\":1}"), "unknown field \"x\""},
    {"{\"server\":\"server-1\",\"boot\":-3}", "boot is not valid"},
    {"{\"server\":\"\"}", "server is not valid"},
    {"{\"store\":\"x\"}", "unknown field"},
};

static void refuses_any_other_answer(void)
{
    struct outcome outcomes[1];
    struct figures figures;
    char error[JSON_ERROR_SIZE];
    static const char good[] = ANSWER("{" SALE "}");
    CU_ASSERT(answer_parse(good, sizeof good - 1, 1, &figures, outcomes, error));
    CU_ASSERT(outcomes[0].stored && !outcomes[0].replayed);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        bool read = answer_parse(row->text, strlen(row->text), 1, &figures, outcomes, error);
        if (read || !strstr(error, row->error)) {
            printf("\n  %s: %d, \"%s\"\n", row->text, read, error);
            CU_FAIL("an answer is not refused as it should be");
        }
    }
}

/* Cut at every byte: none of the pieces may be taken, nor a byte past its end be read. */
static void refuses_whatever_is_cut_short(void)
{
    static const char answer[] = ANSWER("{" SALE BEFORE ",\"replayed\":true}");
    struct outcome outcomes[1];
    struct figures figures;
    char error[JSON_ERROR_SIZE];
    CU_ASSERT(answer_parse(answer, sizeof answer - 1, 1, &figures, outcomes, error));
    for (size_t length = 0; length < sizeof answer - 1; length++) {
        char *exact = memory_new(length);
        memcpy(exact, answer, length);
        CU_ASSERT_FALSE(answer_parse(exact, length, 1, &figures, outcomes, error));
        free(exact);
    }
}

static void a_refusal_stays_as_it_is(void)
{
    struct outcome outcome = {.problem = PROBLEM_SOLD_OUT, .remaining = 1};
    struct sale sale = a_sale().sale;
    struct item item = asked_for(&sale);
    struct figures figures = {.server = "server-1"};
    answer_complete(&outcome, &item, &figures);
    CU_ASSERT_EQUAL(outcome.problem, PROBLEM_SOLD_OUT);
    CU_ASSERT_EQUAL(outcome.remaining, 1);
    CU_ASSERT_EQUAL(outcome.sale.quantity, 0);
    CU_ASSERT_STRING_EQUAL(outcome.sale.event, "");
    CU_ASSERT_STRING_EQUAL(outcome.sale.server, "");
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("answer", "an answer comes back", an_answer_comes_back);
    suite_add("answer", "an order comes back in any state", an_order_comes_back_in_any_state);
    suite_add("answer", "what was not asked for does not fit", what_was_not_asked_for_does_not_fit);
    suite_add("answer", "any begin of a sale can be told", any_begin_of_a_sale_can_be_told);
    suite_add("answer", "a refusal stays as it is", a_refusal_stays_as_it_is);
    suite_add("answer", "refuses any other answer", refuses_any_other_answer);
    suite_add("answer", "refuses whatever is cut short", refuses_whatever_is_cut_short);
}
