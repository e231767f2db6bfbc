/* json_parse takes exactly what the grammar has; what it took prints and reads again as the same; and
 * what json_append writes is the string it was given. */
#include "common/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"

/* 1e999 is spelled well, but no double holds it. */
static bool finite_all(const cJSON *value)
{
    if (cJSON_IsNumber(value) && !isfinite(value->valuedouble))
        return false;
    for (const cJSON *child = value->child; child != NULL; child = child->next)
        if (!finite_all(child))
            return false;
    return true;
}

static void check_again(const cJSON *value)
{
    char error[JSON_ERROR_SIZE] = "";
    char *printed = cJSON_PrintUnformatted(value);
    cJSON *again = json_parse(printed, strlen(printed), error);
    must(again != NULL, "what was read prints as what can be read");
    must(!finite_all(value) || cJSON_Compare(value, again, true), "it reads as the same again");
    cJSON_Delete(again);
    free(printed);
}

static void check_string(const char *text)
{
    struct buffer out = {0};
    char error[JSON_ERROR_SIZE];
    json_append(&out, text);
    cJSON *again = json_parse(out.data, out.length, error);
    must(cJSON_IsString(again) && strcmp(again->valuestring, text) == 0,
         "json_append writes what reads as the same string");
    cJSON_Delete(again);
    buffer_free(&out);
}

static void check_value(const cJSON *value)
{
    int64_t number;
    if (cJSON_IsString(value))
        check_string(value->valuestring);
    if (cJSON_IsNumber(value) && json_integer(value, -1000, INT64_C(1) << 53, &number))
        must((double)number == value->valuedouble && number >= -1000, "json_integer is exact");
    for (const cJSON *child = value->child; child != NULL; child = child->next)
        check_value(child);
}

void fuzz_json(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    char error[JSON_ERROR_SIZE] = "";
    cJSON *ours = json_parse(text, size, error);
    cJSON *due = grammar_json(text, size);
    must((ours != NULL) == (due != NULL),
         "json_parse takes what the grammar has, and nothing else");
    must((ours != NULL) == (error[0] == '\0'), "a refusal has a reason");
    must(strlen(error) < sizeof error, "the reason fits");
    if (ours != NULL) {
        must(!finite_all(ours) || cJSON_Compare(ours, due, true), "both read the same");
        check_again(ours);
        check_value(ours);
    }
    cJSON_Delete(ours);
    cJSON_Delete(due);
}
