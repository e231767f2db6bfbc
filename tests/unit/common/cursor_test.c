#include "common/cursor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"

static struct buffer text;
static char error[CURSOR_ERROR_SIZE];

static struct cursor over(const char *line)
{
    buffer_clear(&text);
    buffer_reserve(&text, strlen(line) + 1);
    error[0] = '\0';
    return (struct cursor){line, line, line + strlen(line), &text, error};
}

static void words_are_stepped_over(void)
{
    struct cursor cursor = over("one two");
    CU_ASSERT_FALSE(cursor_skip(&cursor, "two"));
    CU_ASSERT_FALSE(cursor_skip(&cursor, "one two three"));
    CU_ASSERT(cursor_skip(&cursor, ""));
    CU_ASSERT(cursor_skip(&cursor, "one"));
    CU_ASSERT_STRING_EQUAL(error, "");
    CU_ASSERT(cursor_expect(&cursor, " t"));
    CU_ASSERT_FALSE(cursor_expect(&cursor, "wow"));
    CU_ASSERT_STRING_EQUAL(error, "expected wow at byte 5");
    CU_ASSERT_FALSE(cursor_expect(&cursor, "another"));
    CU_ASSERT_STRING_EQUAL(error, "expected wow at byte 5"); /* the first reason stays */
    CU_ASSERT(cursor_expect(&cursor, "wo"));
    CU_ASSERT_FALSE(cursor_skip(&cursor, "x")); /* at the end */
}

static void a_long_reason_is_cut(void)
{
    char long_word[300];
    memset(long_word, 'x', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    struct cursor cursor = over("y");
    CU_ASSERT_FALSE(cursor_fail(&cursor, long_word));
    CU_ASSERT_EQUAL(strlen(error), strlen("expected  at byte 0") + 60);
}

/* What is a number without a sign, what with one, and which. */
static const struct {
    const char *text;
    bool number, with_sign;
    int64_t value;
} numbers[] = {
    {"0", true, true, 0},
    {"7x", true, true, 7},
    {"9223372036854775807", true, true, INT64_MAX},
    {"9223372036854775808", false, false, 0},
    {"99999999999999999999999", false, false, 0},
    {"-1", false, true, -1},
    {"-9223372036854775807", false, true, -INT64_MAX},
    {"-9223372036854775808", false, false, 0},
    {"--1", false, false, 0},
    {"+1", false, false, 0},
    {"", false, false, 0},
    {"-", false, false, 0},
    {" 1", false, false, 0},
    {"x", false, false, 0},
};

static void numbers_by_the_table(void)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int64_t number = 0;
        uint64_t count = 0;
        struct cursor cursor = over(numbers[i].text);
        CU_ASSERT_EQUAL(cursor_number(&cursor, &number), numbers[i].number);
        CU_ASSERT(!numbers[i].number || number == numbers[i].value);
        CU_ASSERT_EQUAL(error[0] == '\0', numbers[i].number);
        cursor = over(numbers[i].text);
        CU_ASSERT_EQUAL(cursor_count(&cursor, &count), numbers[i].number);
        CU_ASSERT(!numbers[i].number || count == (uint64_t)numbers[i].value);
        cursor = over(numbers[i].text);
        CU_ASSERT_EQUAL(cursor_signed(&cursor, &number), numbers[i].with_sign);
        CU_ASSERT(!numbers[i].with_sign || number == numbers[i].value);
    }
}

static void a_time_is_read_whole(void)
{
    static const char *const others[] = {
        "", "2026-11-21T10:00:00.000042", "2026-11-21T10:00:00.00004Z ",
        "2026-11-31T10:00:00.000042Z", "x2026-11-21T10:00:00.000042Z"};
    int64_t time = 0;
    struct cursor cursor = over("2026-11-21T10:00:00.000042Z,");
    CU_ASSERT(cursor_time(&cursor, &time) && cursor_skip(&cursor, ","));
    CU_ASSERT_EQUAL(time, INT64_C(1795255200000042));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        cursor = over(others[i]);
        CU_ASSERT_FALSE(cursor_time(&cursor, &time));
        CU_ASSERT_STRING_EQUAL(error, "expected a time at byte 0");
    }
}

/* A value, and what stands behind it; NULL: it is none. */
static const struct {
    const char *text, *value, *rest;
} values[] = {
    {"a", "a", ""},
    {"a b", "a", " b"},
    {"", "", ""},
    {" b", "", " b"},
    {"\"\" b", "", " b"},
    {"\"a b\" c", "a b", " c"},
    {"\"a\"b", "a", "b"},
    {"a\"b c", "a\"b", " c"},
    {"\"\\\"\\\\\\b\\f\\n\\r\\t\"", "\"\\\b\f\n\r\t", ""},
    {"\"\\u0001\\u00e9\\u2028\"", "\x01\xc3\xa9\xe2\x80\xa8", ""},
    {"\"a", NULL, NULL},
    {"\"", NULL, NULL},
    {"\"a\\", NULL, NULL},
    {"\"a\\\"", NULL, NULL},
    {"\"\\x\"", NULL, NULL},
    {"\"\\u00\"", NULL, NULL},
    {"\"\\u", NULL, NULL},
    {"\"\\u000A\"", NULL, NULL},
    {"\"\\u0000\"", NULL, NULL},
    {"\"\\ud800\"", NULL, NULL},
    {"\"\\udfff\"", NULL, NULL},
};

static void values_by_the_table(void)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const char *value = NULL;
        struct cursor cursor = over(values[i].text);
        bool good = cursor_value(&cursor, &value);
        CU_ASSERT_EQUAL(good, values[i].value != NULL);
        CU_ASSERT(good || error[0] != '\0');
        if (!good || values[i].value == NULL)
            continue;
        CU_ASSERT_STRING_EQUAL(value, values[i].value);
        CU_ASSERT_STRING_EQUAL(cursor.at, values[i].rest);
        CU_ASSERT(text.length <= strlen(values[i].text) + 1); /* what the caller has reserved */
    }
}

static void values_are_kept_one_after_the_other(void)
{
    const char *a, *b;
    int64_t number;
    struct cursor cursor = over("a=one n=5 b=\"t w\"");
    CU_ASSERT(cursor_text(&cursor, "a=", &a) && cursor_field(&cursor, " n=", &number));
    CU_ASSERT(cursor_text(&cursor, " b=", &b));
    CU_ASSERT_STRING_EQUAL(a, "one");
    CU_ASSERT_STRING_EQUAL(b, "t w");
    CU_ASSERT_EQUAL(number, 5);
    cursor = over("a=one");
    CU_ASSERT_FALSE(cursor_text(&cursor, "b=", &b));
    CU_ASSERT_FALSE(cursor_field(&cursor, "a=", &number));
    cursor = over("xyz");
    size_t start = text.length;
    cursor_keep(&cursor, 'x');
    cursor_keep(&cursor, 'y');
    CU_ASSERT_STRING_EQUAL(cursor_kept(&cursor, start), "xy");
    buffer_free(&text);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("cursor", "words are stepped over", words_are_stepped_over);
    suite_add("cursor", "a long reason is cut", a_long_reason_is_cut);
    suite_add("cursor", "numbers by the table", numbers_by_the_table);
    suite_add("cursor", "a time is read whole", a_time_is_read_whole);
    suite_add("cursor", "values by the table", values_by_the_table);
    suite_add("cursor", "values are kept one after the other", values_are_kept_one_after_the_other);
}
