#include "common/outcome.h"

#include <string.h>

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

static void a_sale_is_written_without_its_buyer(void)
{
    struct outcome outcome = a_sale();
    struct buffer out = {0};
    CU_ASSERT_EQUAL(outcome_status(&outcome), 201);
    outcome_append(&out, &outcome, "demo", "key");
    CU_ASSERT_STRING_EQUAL(
        buffer_text(&out),
        "{\"id\":\"0193b0aa-0000-7abc-8def-0123456789ab\",\"event\":\"demo\","
        "\"tier\":\"standard\",\"quantity\":2,\"tickets\":[{\"number\":17},{\"number\":18}],"
        "\"price\":{\"amount\":5000,\"currency\":\"EUR\"},\"server\":\"server-2\","
        "\"created_at\":\"1970-01-01T00:00:00.000000Z\"}");
    buffer_free(&out);
}

/* The member of the problem details that the outcome is written as. */
static void expect(const struct outcome *outcome, const char *member, const char *fragment)
{
    struct buffer out = {0};
    char error[JSON_ERROR_SIZE];
    outcome_append(&out, outcome, "demo", "0123456789\"\\abcdef");
    cJSON *read = json_parse(out.data, out.length, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(read);
    cJSON *value = cJSON_GetObjectItem(read, member);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    char *text = cJSON_PrintUnformatted(value);
    if (!strstr(text, fragment))
        CU_FAIL(fragment);
    CU_ASSERT_EQUAL(cJSON_GetObjectItem(read, "status")->valueint, (int)outcome_status(outcome));
    cJSON_free(text);
    cJSON_Delete(read);
    buffer_free(&out);
}

static void a_refusal_says_what_to_do(void)
{
    struct outcome outcome = {.problem = PROBLEM_SOLD_OUT};
    expect(&outcome, "remaining", "0");
    expect(&outcome, "detail", "All tickets are sold.");
    outcome.remaining = 3;
    expect(&outcome, "remaining", "3");
    expect(&outcome, "detail", "Tickets left: 3");
    outcome = (struct outcome){.problem = PROBLEM_OVER_LIMIT, .limit = 10};
    expect(&outcome, "limit", "10");
    expect(&outcome, "detail", "At most 10 tickets");
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
    suite_add("outcome", "a sale is written without its buyer",
              a_sale_is_written_without_its_buyer);
    suite_add("outcome", "a refusal says what to do", a_refusal_says_what_to_do);
    suite_add("outcome", "every refusal has a sentence", every_refusal_has_a_sentence);
    suite_add("outcome", "server ids are short and plain", server_ids_are_short_and_plain);
}
