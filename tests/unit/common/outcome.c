#include "common/outcome.h"

#include <string.h>

#include "common/item.h"
#include "common/json.h"
#include "tests/lib/suite.h"

static struct outcome a_sale(void)
{
    struct outcome outcome = {.stored = true};
    outcome.sale = (struct sale){.event = "demo",
                                 .tier = "standard",
                                 .buyer = "somebody",
                                 .server = "server-2",
                                 .currency = "EUR",
                                 .quantity = 2,
                                 .first_number = 17,
                                 .amount = 5000,
                                 .created_at = 0};
    CU_ASSERT(id_parse("0193b0aa-0000-7abc-8def-0123456789ab", &outcome.sale.id));
    return outcome;
}

#define ORDER "0193b0aa-0000-7abc-8def-0123456789ab"

static struct item an_item(enum verb verb)
{
    struct item item = {.verb = verb, .key = "0123456789\"\\abcdef", .purchase = {.event = "demo"}};
    CU_ASSERT(id_parse(ORDER, &item.order));
    return item;
}

static void a_sale_is_written_without_its_buyer(void)
{
    struct item item = an_item(VERB_PURCHASE);
    struct outcome outcome = a_sale();
    struct buffer out = {0};
    CU_ASSERT_EQUAL(outcome_status(&outcome, &item), 201);
    outcome_append(&out, &outcome, &item);
    CU_ASSERT_STRING_EQUAL(
        buffer_text(&out),
        "{\"id\":\"0193b0aa-0000-7abc-8def-0123456789ab\",\"event\":\"demo\","
        "\"tier\":\"standard\",\"quantity\":2,\"state\":\"sold\",\"tickets\":[{\"number\":17},{"
        "\"number\":18}],"
        "\"price\":{\"amount\":5000,\"currency\":\"EUR\"},\"server\":\"server-2\","
        "\"created_at\":\"1970-01-01T00:00:00.000000Z\"}");
    buffer_free(&out);
}

static void a_repeat_of_what_has_ended_is_no_creation(void)
{
    static const unsigned statuses[ORDER_STATES] = {
        [ORDER_SOLD] = 201,     [ORDER_HELD] = 201,    [ORDER_WAITING] = 202,
        [ORDER_RELEASED] = 200, [ORDER_EXPIRED] = 200, [ORDER_REFUNDED] = 200,
    };
    static const enum verb verbs[] = {VERB_PURCHASE, VERB_HOLD, VERB_CONFIRM};
    struct outcome outcome = a_sale();
    outcome.replayed = true;
    for (int state = 0; state < ORDER_STATES; state++)
        for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
            struct item item = an_item(verbs[i]);
            outcome.sale.state = (enum order_state)state;
            CU_ASSERT_EQUAL(outcome_status(&outcome, &item), statuses[state]);
        }
}

/* The member of the problem details that the outcome is written as. */
static void expect_of(const struct item *item, const struct outcome *outcome, const char *member,
                      const char *fragment)
{
    struct buffer out = {0};
    char error[JSON_ERROR_SIZE];
    outcome_append(&out, outcome, item);
    cJSON *read = json_parse(out.data, out.length, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(read);
    cJSON *value = cJSON_GetObjectItem(read, member);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    char *text = cJSON_PrintUnformatted(value);
    if (!strstr(text, fragment))
        CU_FAIL(fragment);
    if (outcome->problem != PROBLEM_NONE)
        CU_ASSERT_EQUAL(cJSON_GetObjectItem(read, "status")->valueint,
                        (int)outcome_status(outcome, item));
    cJSON_free(text);
    cJSON_Delete(read);
    buffer_free(&out);
}

static void expect(const struct outcome *outcome, const char *member, const char *fragment)
{
    struct item item = an_item(VERB_PURCHASE);
    expect_of(&item, outcome, member, fragment);
}

static void expect_body(const struct outcome *outcome, enum verb verb, unsigned status,
                        const char *body)
{
    struct item item = an_item(verb);
    struct buffer out = {0};
    CU_ASSERT_EQUAL(outcome_status(outcome, &item), status);
    outcome_append(&out, outcome, &item);
    CU_ASSERT_STRING_EQUAL(buffer_text(&out), body);
    buffer_free(&out);
}

#define START                                                                                      \
    "{\"id\":\"" ORDER "\",\"event\":\"demo\",\"tier\":\"standard\",\"quantity\":2,\"state\":\""
#define MIDDLE                                                                                     \
    ",\"price\":{\"amount\":5000,\"currency\":\"EUR\"},\"server\":\"server-2\","                   \
    "\"created_at\":\"1970-01-01T00:00:00.000000Z\""
#define TICKETS ",\"tickets\":[{\"number\":17},{\"number\":18}]"
#define END     ",\"expires_at\":\"1970-01-01T00:00:01.000000Z\"}"

static void a_hold_says_until_when(void)
{
    struct outcome outcome = a_sale();
    outcome.sale.first_number = 0;
    outcome.sale.state = ORDER_WAITING;
    outcome.place = 3;
    expect_body(&outcome, VERB_HOLD, 202, START "waiting\",\"place\":3" MIDDLE "}");
    outcome.place = 0;
    outcome.sale.expires_at = 1000000;
    outcome.sale.state = ORDER_HELD;
    expect_body(&outcome, VERB_HOLD, 201, START "held\"" MIDDLE END);
    outcome.sale.state = ORDER_RELEASED;
    expect_body(&outcome, VERB_RELEASE, 200, START "released\"" MIDDLE END);
    expect_body(&outcome, VERB_HOLD, 201, START "released\"" MIDDLE END);
    outcome.sale.state = ORDER_SOLD;
    outcome.sale.first_number = 17;
    expect_body(&outcome, VERB_HOLD, 201, START "sold\"" TICKETS MIDDLE END);
    expect_body(&outcome, VERB_CONFIRM, 201, START "sold\"" TICKETS MIDDLE "}");
    outcome.late = true;
    expect_body(&outcome, VERB_CONFIRM, 201, START "sold\"" TICKETS MIDDLE ",\"late\":true}");
    outcome.sale.state = ORDER_REFUNDED;
    outcome.late = false;
    expect_body(&outcome, VERB_PURCHASE, 201, START "refunded\"" TICKETS MIDDLE "}");
}

static void a_payment_in_vain_is_named(void)
{
    static const enum problem owed[] = {PROBLEM_HOLD_EXPIRED, PROBLEM_HOLD_RELEASED,
                                        PROBLEM_NOT_OFFERED, PROBLEM_ALREADY_PAID};
    struct item confirm = an_item(VERB_CONFIRM), release = an_item(VERB_RELEASE);
    for (size_t i = 0; i < sizeof owed / sizeof *owed; i++) {
        struct outcome outcome = {.problem = owed[i]};
        expect_of(&confirm, &outcome, "reference", "0123456789\\\"\\\\abcdef");
        expect_of(&confirm, &outcome, "owed", "true");
        expect_of(&confirm, &outcome, "detail", "owed back");
    }
    struct outcome outcome = {.problem = PROBLEM_HOLD_EXPIRED};
    struct buffer out = {0};
    outcome_append(&out, &outcome, &release);
    CU_ASSERT_PTR_NULL(strstr(buffer_text(&out), "owed"));
    buffer_free(&out);
}

static void what_is_not_known_is_named(void)
{
    struct outcome outcome = {.problem = PROBLEM_OUTCOME_UNKNOWN};
    struct item hold = an_item(VERB_HOLD), confirm = an_item(VERB_CONFIRM),
                release = an_item(VERB_RELEASE);
    expect_of(&hold, &outcome, "event", "demo");
    expect_of(&hold, &outcome, "key", "0123456789");
    expect_of(&confirm, &outcome, "hold", ORDER);
    expect_of(&confirm, &outcome, "payment", "0123456789");
    expect_of(&confirm, &outcome, "detail", "for the hold " ORDER " with the payment 0123456789");
    expect_of(&release, &outcome, "hold", ORDER);
    expect_of(&release, &outcome, "detail", "released");
}

static void a_refusal_says_what_to_do(void)
{
    struct outcome outcome = {.problem = PROBLEM_SOLD_OUT};
    expect(&outcome, "remaining", "0");
    expect(&outcome, "detail", "All tickets are sold or held.");
    outcome.remaining = 3;
    expect(&outcome, "remaining", "3");
    expect(&outcome, "detail", "Tickets left: 3");
    outcome = (struct outcome){.problem = PROBLEM_OVER_LIMIT, .limit = 10};
    expect(&outcome, "limit", "10");
    expect(&outcome, "detail", "At most 10 tickets");
    outcome = (struct outcome){.problem = PROBLEM_BUYER_LIMIT, .remaining = 2};
    expect(&outcome, "remaining", "2");
    expect(&outcome, "detail", "2 more tickets");
    outcome = (struct outcome){.problem = PROBLEM_OUTCOME_UNKNOWN};
    expect(&outcome, "event", "demo");
    expect(&outcome, "key", "0123456789\\\"\\\\abcdef");
    expect(&outcome, "detail", "event demo with the Idempotency-Key 0123456789");
}

static void every_refusal_has_a_sentence(void)
{
    for (int i = PROBLEM_NONE + 1; i < PROBLEM_COUNT; i++) {
        struct outcome outcome = {.problem = (enum problem)i};
        expect(&outcome, "detail", "\"");
        expect(&outcome, "code", problem_code(outcome.problem));
    }
}

static void server_ids_are_short_and_plain(void)
{
    CU_ASSERT(server_id_valid("server-1"));
    CU_ASSERT(server_id_valid("a"));
    CU_ASSERT(server_id_valid("0123456789abcdef0123456789abcdef"));
    CU_ASSERT_FALSE(server_id_valid("0123456789abcdef0123456789abcdef0"));
    CU_ASSERT_FALSE(server_id_valid(""));
    CU_ASSERT_FALSE(server_id_valid("Server"));
    CU_ASSERT_FALSE(server_id_valid("a b"));
    CU_ASSERT_FALSE(server_id_valid("../a"));
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("outcome", "a repeat of what has ended is no creation",
              a_repeat_of_what_has_ended_is_no_creation);
    suite_add("outcome", "a sale is written without its buyer",
              a_sale_is_written_without_its_buyer);
    suite_add("outcome", "a hold says until when", a_hold_says_until_when);
    suite_add("outcome", "a payment in vain is named", a_payment_in_vain_is_named);
    suite_add("outcome", "what is not known is named", what_is_not_known_is_named);
    suite_add("outcome", "a refusal says what to do", a_refusal_says_what_to_do);
    suite_add("outcome", "every refusal has a sentence", every_refusal_has_a_sentence);
    suite_add("outcome", "server ids are short and plain", server_ids_are_short_and_plain);
}
