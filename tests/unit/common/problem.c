#include "common/problem.h"

#include <string.h>

#include "common/json.h"
#include "tests/lib/suite.h"

static void has_a_row_for_each(void)
{
    for (int i = PROBLEM_NONE + 1; i < PROBLEM_COUNT; i++) {
        enum problem problem = (enum problem)i;
        CU_ASSERT_PTR_NOT_NULL_FATAL(problem_code(problem));
        CU_ASSERT_PTR_NOT_NULL_FATAL(problem_detail(problem));
        CU_ASSERT(problem_status(problem) >= 400 && problem_status(problem) < 600);
        CU_ASSERT_EQUAL(problem_from_code(problem_code(problem)), problem);
        CU_ASSERT_EQUAL(problem_retry_after(problem) > 0, problem_status(problem) == 503 ||
                                                              problem == PROBLEM_NOT_ON_SALE_YET ||
                                                              problem == PROBLEM_TOO_MANY_REQUESTS);
    }
    CU_ASSERT_EQUAL(problem_from_code("no such code"), PROBLEM_NONE);
}

static void type_is_the_code_with_dashes(void)
{
    for (int i = PROBLEM_NONE + 1; i < PROBLEM_COUNT; i++) {
        struct buffer out = {0};
        char error[JSON_ERROR_SIZE];
        char wanted[80] = "urn:problem:box-office:";
        strcat(wanted, problem_code((enum problem)i));
        for (char *c = wanted; (c = strchr(c, '_'));)
            *c = '-';
        problem_append(&out, (enum problem)i, "x", NULL);
        cJSON *read = json_parse(out.data, out.length, error);
        CU_ASSERT_PTR_NOT_NULL_FATAL(read);
        CU_ASSERT_STRING_EQUAL(cJSON_GetObjectItem(read, "type")->valuestring, wanted);
        cJSON_Delete(read);
        buffer_free(&out);
    }
}

static void is_written_with_detail_and_members(void)
{
    struct buffer out = {0};
    problem_append(&out, PROBLEM_SOLD_OUT, "say \"no\"\n", "\"remaining\":3");
    CU_ASSERT_STRING_EQUAL(buffer_text(&out),
                           "{\"type\":\"urn:problem:box-office:sold-out\",\"title\":\"Sold out\","
                           "\"status\":409,\"detail\":\"say \\\"no\\\"\\n\",\"code\":\"sold_out\","
                           "\"remaining\":3}");
    buffer_free(&out);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("problem", "has a row for each", has_a_row_for_each);
    suite_add("problem", "type is the code with dashes", type_is_the_code_with_dashes);
    suite_add("problem", "is written with detail and members", is_written_with_detail_and_members);
}
